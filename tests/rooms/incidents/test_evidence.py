"""Evidence: who adds it, who sees it, what is written down, and what becomes of it."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client

from tests.rooms.incidents.filing import added, stored
from tocsin.platform import house_key
from tocsin.platform.gate import Refused
from tocsin.platform.models import AuditEntry, GateEntry
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.artefacts import queries as artefacts
from tocsin.rooms.artefacts.models import Artefact
from tocsin.rooms.constituency.models import Mandate, Membership, Organisation, Team
from tocsin.rooms.incidents import actions, knowledge, queries
from tocsin.rooms.incidents.models import Evidence, Incident

pytestmark = pytest.mark.django_db
CONTENT = b"what the attacker left behind"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TOCSIN_HOME", str(tmp_path))
    return tmp_path


def acts(evidence: Evidence) -> list[str]:
    return list(artefacts.custody_of(evidence.artefact).values_list("act", flat=True))


def seen(user: Person, incident: Incident) -> list[str]:
    view = queries.view_or_404(Person.objects.get(pk=user.pk), incident.uuid)
    return sorted(queries.evidence_of(view).values_list("title", flat=True))


def told(incident: Incident) -> list[str]:
    return [knowledge.said(entry) for entry in incident.timeline.filter(kind="response")]


def read(content: io.BufferedReader) -> bytes:
    with content:
        return content.read()


def test_it_is_added_with_digest_custody_and_a_line_in_the_timeline(incident: Incident, responder: Person) -> None:
    [evidence] = added(
        responder, incident, CONTENT, name="C:\\temp\\dropper\u202e.exe", collected_by="M. Roe", source="ws-17"
    )
    file, digest = evidence.artefact, hashlib.sha256(CONTENT).hexdigest()
    assert (evidence.title, file.name, file.size, file.digest) == ("dropper.exe", "dropper.exe", 29, digest)
    [entry] = file.custody.all()
    assert (entry.act, entry.person, entry.reason) == ("received", responder, "M. Roe, ws-17")
    assert f"Evidence added: dropper.exe (SHA-256 {digest})" in told(incident)
    audited = AuditEntry.objects.get(verb="artefact.received")
    assert (audited.object_uuid, (audited.details or {})["chain"]) == (incident.uuid, entry.chain)
    assert [each.value for each in queries.view_or_404(responder, incident.uuid).observables()] == [digest]


def test_the_database_holds_nothing_of_it(incident: Incident, responder: Person) -> None:
    [evidence] = added(responder, incident, CONTENT)
    row = Artefact.objects.filter(pk=evidence.artefact_id).values().get()
    assert b"attacker" not in repr(row).encode()
    assert Evidence.objects.get().text == ""


def test_those_it_is_for_see_it_and_nobody_else(
    incident: Incident, responder: Person, analyst: Person, officer_a: Person, officer_b: Person,
    department_b: Organisation,
) -> None:  # fmt: skip
    part_b = actions.add_organisation(actor=responder, incident=incident, organisation=department_b)
    part_a = incident.entities.get(organisation__code="DEPA")
    for title, entity, audience in (
        ("team", None, "team"), ("team a", part_a, "team"), ("a", part_a, "entity"), ("b", part_b, "entity"),
        ("all", None, "all"),
    ):  # fmt: skip
        added(responder, incident, CONTENT, title=title, entity=entity, audience=audience)
    assert seen(analyst, incident) == ["a", "all", "b", "team", "team a"]
    assert seen(officer_a, incident) == ["a", "all"]
    assert seen(officer_b, incident) == ["all", "b"]


def test_an_officer_adds_to_their_own_part_and_to_nothing_else(
    incident: Incident, responder: Person, officer_a: Person, officer_b: Person, department_b: Organisation
) -> None:
    part_b = actions.add_organisation(actor=responder, incident=incident, organisation=department_b)
    part_a = incident.entities.get(organisation__code="DEPA")
    [evidence] = added(officer_a, incident, CONTENT, entity=part_a, audience="all")
    assert (evidence.entity, evidence.audience) == (part_a, "entity")
    for entity in (None, part_b):
        with pytest.raises(PermissionDenied):
            added(officer_a, incident, CONTENT, entity=entity)
    assert seen(officer_b, incident) == []
    actions.verify_evidence(actor=officer_a, evidence=evidence)
    for act in (actions.hold_evidence, actions.destroy_evidence, actions.release_evidence):
        with pytest.raises(PermissionDenied):
            act(actor=officer_a, evidence=evidence, reason="x")
    with pytest.raises(PermissionDenied):
        actions.take_along(actor=officer_b, evidence=evidence)


def test_who_may_only_look_adds_nothing(incident: Incident, outsider: Person, chart: object) -> None:
    Membership.objects.create(person=outsider, role="network_operator", team=Team.objects.get(code="SOC"))
    looker = Person.objects.get(pk=outsider.pk)
    with pytest.raises(PermissionDenied):
        added(looker, incident, CONTENT)


def test_a_part_of_another_incident_is_refused(incident: Incident, responder: Person, department_a: object) -> None:
    other = actions.open_incident(actor=responder, title="t", organisations=[Organisation.objects.get(code="DEPA")])
    with pytest.raises(ValidationError, match="not concerned"):
        added(responder, incident, CONTENT, entity=other.entities.get())
    with pytest.raises(ValidationError, match="which organisation"):
        added(responder, incident, CONTENT, audience="entity")


def test_a_handler_with_a_narrow_mandate_handles_only_what_they_see(
    incident: Incident, responder: Person, department_b: Organisation, outsider: Person
) -> None:
    actions.add_organisation(actor=responder, incident=incident, organisation=department_b)
    [evidence] = added(responder, incident, CONTENT, entity=incident.entities.get(organisation__code="DEPA"))
    narrow = Team.objects.create(code="NARROW", name="Narrow", organisation=department_b)
    Mandate.objects.create(team=narrow, organisation=department_b)
    Membership.objects.create(person=outsider, role="responder", team=narrow)
    person = Person.objects.get(pk=outsider.pk)
    for act in (actions.verify_evidence, actions.take_along):
        with pytest.raises(PermissionDenied):
            act(actor=person, evidence=evidence)
    with pytest.raises(PermissionDenied):
        actions.hold_evidence(actor=person, evidence=evidence, reason="x")


def test_a_sealed_incident_keeps_its_evidence(incident: Incident, responder: Person, analyst: Person) -> None:
    [evidence] = added(responder, incident, CONTENT, audience="all")
    actions.seal(actor=responder, incident=incident, people=[])
    with pytest.raises(PermissionDenied):
        actions.take_along(actor=Person.objects.get(pk=analyst.pk), evidence=evidence)
    assert read(actions.take_along(actor=responder, evidence=evidence)) == CONTENT
    assert GateEntry.objects.get(allowed=True).item_title == ""


def test_taking_it_along_is_asked_of_the_gate_and_written_down(
    incident: Incident, responder: Person, officer_a: Person
) -> None:
    [evidence] = added(
        responder, incident, CONTENT, entity=incident.entities.get(), audience="entity", tlp="AMBER+STRICT"
    )
    assert read(actions.take_along(actor=officer_a, evidence=evidence)) == CONTENT
    assert acts(evidence) == ["received", "downloaded"]
    entry = GateEntry.objects.get(item_uuid=incident.uuid, action="export")
    assert (entry.allowed, entry.recipient, entry.tlp) == (True, officer_a.email, "AMBER+STRICT")


def test_what_the_gate_refuses_stays(incident: Incident, responder: Person, chart: object) -> None:
    [evidence] = added(responder, incident, CONTENT, tlp="RED")
    Incident.objects.update(opened_by=responder)
    incident.entities.update(organisation=Organisation.objects.get(code="OTHER"))
    with pytest.raises(Refused, match="TLP:RED"):
        actions.take_along(actor=Person.objects.get(pk=responder.pk), evidence=evidence)
    assert acts(evidence) == ["received"]
    assert GateEntry.objects.filter(allowed=False).count() == 1


def test_verifying_reads_all_of_it_again(incident: Incident, responder: Person, home: Path) -> None:
    [evidence] = added(responder, incident, CONTENT)
    assert actions.verify_evidence(actor=responder, evidence=evidence).act == "verified"
    [path] = (home / "artefacts").glob("??/*")
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    entry = actions.verify_evidence(actor=responder, evidence=evidence)
    assert (entry.act, entry.reason) == ("altered", "it was altered from byte 0 on")
    with pytest.raises(ValidationError, match="not what was taken in"):
        actions.take_along(actor=responder, evidence=evidence)
    assert any(line.startswith("EVIDENCE FOUND ALTERED: evidence.bin") for line in told(incident))


def test_on_legal_hold_nobody_destroys_it(
    incident: Incident, responder: Person, home: Path, django_capture_on_commit_callbacks: Callable[..., object]
) -> None:
    [evidence] = added(responder, incident, CONTENT, searchable=True)
    with pytest.raises(ValidationError, match="Say why"):
        actions.hold_evidence(actor=responder, evidence=evidence, reason=" \0 ")
    actions.hold_evidence(actor=responder, evidence=evidence, reason="court order 17")
    with pytest.raises(ValidationError, match="already"):
        actions.hold_evidence(actor=responder, evidence=evidence, reason="again")
    with pytest.raises(ValidationError, match="on legal hold"):
        actions.destroy_evidence(actor=responder, evidence=evidence, reason="old")
    actions.release_evidence(actor=responder, evidence=evidence, reason="court order 18")
    actions.read_waiting()
    evidence.refresh_from_db()
    assert evidence.text
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        actions.destroy_evidence(actor=responder, evidence=evidence, reason="retention is over")
    file = Artefact.objects.get()
    assert (bytes(file.key), Evidence.objects.get().text) == (b"", "")
    assert list((home / "artefacts").glob("??/*")) == []
    assert acts(evidence) == ["received", "held", "released", "read", "destroyed"]
    assert artefacts.custody_is_whole(file, incident)
    for act in (actions.take_along, actions.verify_evidence):
        with pytest.raises(ValidationError, match="destroyed"):
            act(actor=responder, evidence=Evidence.objects.get())
    said = told(incident)
    assert "Legal hold on evidence.bin:\ncourt order 17" in said
    assert any(line.endswith("\nretention is over") for line in said)


def test_a_handing_over_says_to_whom_and_why(incident: Incident, responder: Person, officer_a: Person) -> None:
    [evidence] = added(responder, incident, CONTENT, entity=incident.entities.get(), audience="entity")
    with pytest.raises(ValidationError, match="to whom"):
        actions.hand_over_evidence(actor=responder, evidence=evidence, recipient=" ", reason="x")
    actions.hand_over_evidence(actor=responder, evidence=evidence, recipient="Inspector Doe", reason="warrant 5")
    view = queries.view_or_404(responder, incident.uuid)
    entry = queries.custody_log(view, evidence).last()
    assert entry is not None
    assert (entry.act, entry.recipient, entry.reason) == ("handed_over", "Inspector Doe", "warrant 5")
    mine = queries.custody_log(queries.view_or_404(officer_a, incident.uuid), evidence)
    assert [each.act for each in mine] == ["received"]


def test_text_is_read_only_where_its_adder_agreed(incident: Incident, responder: Person, officer_a: Person) -> None:
    part = incident.entities.get()
    added(responder, incident, b"kept to itself: c1.evil.example", title="closed")
    added(responder, incident, b"open: c2.evil.example", entity=part, audience="entity", title="open", searchable=True)
    assert actions.read_waiting() == 1
    assert actions.read_waiting() == 0
    assert dict(Evidence.objects.values_list("title", "text")) == {"closed": "", "open": "open: c2.evil.example"}
    named = {each.value for each in queries.view_or_404(officer_a, incident.uuid).observables()}
    assert "c2.evil.example" in named
    assert "c1.evil.example" not in {each.value for each in queries.view_or_404(responder, incident.uuid).observables()}
    assert acts(Evidence.objects.get(title="open")) == ["received", "read"]


def test_what_teams_keep_to_themselves_names_nothing_to_an_officer(
    incident: Incident, responder: Person, officer_a: Person
) -> None:
    added(responder, incident, b"c2.evil.example", searchable=True)
    actions.read_waiting()
    assert list(queries.view_or_404(officer_a, incident.uuid).observables()) == []


def test_a_zip_bomb_is_kept_and_not_opened(
    incident: Incident, responder: Person, client_of: Callable[[Person], Client]
) -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", b"\0" * (8 << 20))
    [evidence] = added(responder, incident, bomb.getvalue(), name="bomb.zip", searchable=True)
    actions.read_waiting()
    evidence.refresh_from_db()
    assert (evidence.reading, evidence.text_problem, evidence.text) == ("refused", "ratio", "")
    page = client_of(responder).get(f"/incidents/{incident.uuid}/evidence/{evidence.uuid}/").content.decode()
    assert "looks like a ZIP bomb" in page
    assert read(actions.take_along(actor=responder, evidence=evidence)) == bomb.getvalue()


def test_every_problem_of_a_text_has_its_words() -> None:
    assert set(knowledge.TEXT_PROBLEMS) == {"members", "unpacked", "ratio", "depth", "broken", "damaged"}


def test_a_damaged_file_is_not_read(incident: Incident, responder: Person, home: Path) -> None:
    [evidence] = added(responder, incident, CONTENT, searchable=True)
    [path] = (home / "artefacts").glob("??/*")
    path.unlink()
    actions.read_waiting()
    evidence.refresh_from_db()
    assert (evidence.reading, evidence.text_problem) == ("refused", "damaged")


def test_without_the_key_nothing_is_opened_and_nothing_is_lost(
    incident: Incident, responder: Person, home: Path
) -> None:
    [evidence] = added(responder, incident, CONTENT, searchable=True)
    key = house_key.path(home)
    kept = key.read_text()
    key.unlink()
    with pytest.raises(ValidationError, match="tocsin doctor"):
        actions.take_along(actor=responder, evidence=evidence)
    with pytest.raises(house_key.HouseKeyError):
        actions.read_waiting()
    with pytest.raises(house_key.HouseKeyError):
        stored(CONTENT)
    key.write_text(kept)
    assert actions.read_waiting() == 1
    assert read(actions.take_along(actor=responder, evidence=evidence)) == CONTENT


def test_several_files_are_all_added_or_none(incident: Incident, responder: Person) -> None:
    files = [("a.txt", stored(b"a")), ("b.txt", stored(b"b"))]
    about = actions.About(title="Logs of ws-17")
    made = actions.add_evidence(actor=responder, incident=incident, files=files, about=about)
    assert [each.title for each in made] == ["Logs of ws-17: a.txt", "Logs of ws-17: b.txt"]
    with pytest.raises(ValidationError, match="at least one"):
        actions.add_evidence(actor=responder, incident=incident, files=[], about=about)
