"""An import from the file to the incidents: accounted for, once only, with its times, and back again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.rooms.exchange.conftest import Receive
from tocsin.platform.models import AuditEntry
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Membership, Organisation, Team
from tocsin.rooms.exchange import actions, queries
from tocsin.rooms.exchange.models import Import, Origin, Staged
from tocsin.rooms.incidents import actions as incident_actions
from tocsin.rooms.incidents import knowledge
from tocsin.rooms.incidents import queries as incident_queries
from tocsin.rooms.incidents.models import Incident
from tocsin.rooms.intel.models import Observable

pytestmark = pytest.mark.django_db
FIR = {"Archive": "DEPB"}


def accounts(load: Import) -> tuple[int, int, int, int]:
    return load.records, load.imported, load.duplicates, load.rejected


def test_every_record_is_accounted_for(bring: Receive) -> None:
    load = bring("fir", "fir.json", organisations=FIR, base_url="https://fir.example/")
    assert (load.state, accounts(load)) == ("done", (9, 6, 1, 2))
    assert {(row.line, row.reason) for row in queries.rejected(load)} == {
        (20, "the same record stands in the file twice"), (21, "it has no title"),
        (26, "the incident it belongs to is not in the file"),
    }  # fmt: skip
    assert '"subject": "   "' in queries.rejected(load).get(line=21).raw
    assert '"subject": "Phishing' in queries.rejected(load).get(line=20).text
    assert "For nobody" in queries.rejected(load).get(line=26).text
    assert not queries.folder(load).exists()


def test_it_keeps_times_writers_and_origin(bring: Receive, responder: Person) -> None:
    load = bring("fir", "fir.json", organisations=FIR, base_url="https://fir.example/")
    incident = Incident.objects.get(origin__identity="41")
    assert (incident.created_at, incident.closed_at) == (
        datetime(2019, 3, 4, 8, 12, tzinfo=UTC), datetime(2019, 3, 5, 8, tzinfo=UTC),
    )  # fmt: skip
    assert (incident.state, incident.open, incident.owner_team, incident.rsit_type) == (
        "closed",
        False,
        None,
        "phishing",
    )
    assert (incident.origin.source, incident.origin.url) == ("FIR", "https://fir.example/events/41/")
    view = incident_queries.view_or_404(responder, incident.uuid)
    lines = [
        (str(entry.time)[:10], entry.author and entry.author.username, knowledge.said(entry))
        for entry in view.timeline()
    ]
    assert lines[2:5] == [
        ("2019-03-04", "analyst", "analyst in FIR:\nOpened\nIncident opened"),
        ("2019-03-04", None, "m.unknown in FIR:\nTakedown\n\nTaken down by the hoster"),
        ("2019-03-05", "analyst", "analyst in FIR:\nClosed\nDone"),
    ]  # fmt: skip
    assert lines[-1][1:] == ("ciso", "Brought in from FIR, where it has the number 41.\nhttps://fir.example/events/41/")
    assert [(task.title, task.state) for task in view.tasks()] == [("Reset the passwords", "done")]
    assert {each.value for each in view.observables()} >= {"pay-portal.example", "https://pay-portal.example/login"}
    assert not Observable.objects.filter(value="invoice.docm").exists()
    assert [part.organisation.code for part in view.entities] == ["DEPA", "DEPB"]
    assert AuditEntry.objects.filter(verb="incident.adopt").count() == load.imported - 2


def test_what_is_restricted_there_is_sealed_here(
    bring: Receive, responder: Person, analyst: Person, ciso: Person
) -> None:
    load = bring("thehive", "thehive.json")
    leak = Incident.objects.get(origin__identity="~4200")
    assert leak.sealed
    assert set(leak.seals.values_list("person", flat=True)) == {ciso.pk, responder.pk}
    assert not Incident.objects.visible_to(analyst).filter(pk=leak.pk).exists()
    assert Incident.objects.visible_to(responder).filter(pk=leak.pk).exists()
    assert load.state == "done"


def test_the_same_again_changes_nothing(bring: Receive) -> None:
    bring("fir", "fir.json", organisations=FIR)
    Incident.objects.filter(origin__identity="41").update(title="Changed here")
    before = list(Incident.objects.order_by("pk").values())
    again = bring("fir", "fir.json", organisations=FIR)
    assert accounts(again) == (9, 0, 7, 2)
    assert list(Incident.objects.order_by("pk").values()) == before
    assert queries.rejected(again).filter(reason="already here").count() == 4
    elsewhere = bring("fir", "fir.json", organisations=FIR, source="FIR of another house")
    assert accounts(elsewhere) == (9, 6, 1, 2)


def test_two_imports_of_the_same_bring_it_once(receive: Receive, ciso: Person) -> None:
    loads = [receive("fir", "fir.json") for _ in range(2)]
    for load in loads:
        actions.decide(actor=ciso, load=load, organisations=FIR, people={})
        load.refresh_from_db()
        actions.ask_to_bring_in(actor=ciso, load=load)
    assert actions.work() == 2
    assert [accounts(Import.objects.get(pk=load.pk)) for load in loads] == [(9, 6, 1, 2), (9, 0, 7, 2)]


def test_nothing_is_brought_in_before_every_organisation_is_chosen(receive: Receive, ciso: Person) -> None:
    load = receive("fir", "fir.json")
    assert queries.undecided(ciso, load) == ("Archive",)
    with pytest.raises(ValidationError, match="Archive"):
        actions.ask_to_bring_in(actor=ciso, load=load)
    assert not Incident.objects.exists()


def test_what_is_chosen_is_remembered_for_the_source(bring: Receive, receive: Receive, ciso: Person) -> None:
    bring("fir", "fir.json", organisations=FIR)
    assert queries.undecided(ciso, receive("fir", "fir.json")) == ()
    assert queries.undecided(ciso, receive("fir", "fir.json", source="Another")) == ("Archive",)


def test_organisations_may_be_left_out_or_none(bring: Receive, responder: Person) -> None:
    left = bring("fir", "fir.json", organisations={"Archive": "-"})
    assert accounts(left) == (9, 5, 1, 3)
    assert queries.rejected(left).get(identity="42").reason == "left out, as was decided: Archive"
    none = bring("fir", "fir.json", organisations={"Archive": "0"}, source="Another")
    assert Incident.objects.get(origin__load=none, origin__identity="42").entities.count() == 0


def test_a_person_may_be_chosen_or_kept_as_text(receive: Receive, ciso: Person, responder: Person) -> None:
    load = receive("fir", "fir.json")
    actions.decide(actor=ciso, load=load, organisations=FIR, people={"m.unknown": "responder", "analyst": ""})
    load.refresh_from_db()
    actions.ask_to_bring_in(actor=ciso, load=load)
    actions.work()
    entries = Incident.objects.get(origin__identity="41").timeline.filter(event="written_there")
    assert {(e.details["name"], e.author and e.author.username) for e in entries} == {
        ("analyst", None), ("m.unknown", "responder"),
    }  # fmt: skip
    with pytest.raises(ValidationError, match="no person nobody"):
        actions.decide(actor=ciso, load=receive("fir", "fir.json"), organisations={}, people={"x": "nobody"})


def test_what_is_open_goes_to_the_chosen_team(receive: Receive, ciso: Person) -> None:
    load = receive("fir", "fir.json")
    csirc = Team.objects.get(code="CSIRC")
    actions.decide(actor=ciso, load=load, organisations=FIR, people={}, team=csirc)
    load.refresh_from_db()
    actions.ask_to_bring_in(actor=ciso, load=load)
    actions.work()
    assert dict(Incident.objects.values_list("origin__identity", "owner_team__code")) == {
        "41": None, "42": "CSIRC", "43": "CSIRC", "45": "CSIRC",
    }  # fmt: skip


def test_a_whole_import_is_taken_back(bring: Receive, ciso: Person) -> None:
    kept = incident_actions.open_incident(
        actor=ciso, title="Seen 198.51.100.7", organisations=[Organisation.objects.get(code="DEPA")]
    )
    load = bring("fir", "fir.json", organisations=FIR)
    assert Observable.objects.get(value="198.51.100.7").seen == 2
    actions.ask_to_undo(actor=ciso, load=load)
    actions.work()
    load.refresh_from_db()
    assert load.state == "undone"
    assert list(Incident.objects.all()) == [kept]
    assert not Origin.objects.exists()
    assert dict(Observable.objects.values_list("value", "seen"))["198.51.100.7"] == 1
    assert Observable.objects.get(value="pay-portal.example").seen == 0
    assert AuditEntry.objects.filter(verb="incident.let_go").count() == 4
    assert accounts(bring("fir", "fir.json", organisations=FIR)) == (9, 6, 1, 2)


def test_nothing_is_taken_back_once_one_was_changed(bring: Receive, ciso: Person) -> None:
    load = bring("fir", "fir.json", organisations=FIR)
    incident = Incident.objects.get(origin__identity="45")
    actions.ask_to_undo(actor=ciso, load=load)
    incident_actions.comment(actor=ciso, incident=incident, text="we work on this")
    actions.work()
    load.refresh_from_db()
    assert (load.state, load.problem) == ("done", "Not taken back: 1 of the incidents were changed meanwhile.")
    assert Incident.objects.count() == 4
    with pytest.raises(ValidationError, match="1 of these incidents were changed"):
        actions.ask_to_undo(actor=ciso, load=load)


def test_only_whoever_may_import_does(
    receive: Receive, chart: Mapping[str, Person], admin: Person, ciso: Person
) -> None:
    for name in ("analyst", "responder", "officer_a", "outsider"):
        with pytest.raises(PermissionDenied):
            receive("fir", "fir.json", actor=chart[name])
    load = receive("fir", "fir.json")
    acts: tuple[Callable[[], object], ...] = (
        lambda: actions.decide(actor=admin, load=load, organisations={}, people={}),
        lambda: actions.ask_to_bring_in(actor=admin, load=load),
        lambda: actions.ask_to_undo(actor=admin, load=load),
        lambda: actions.discard(actor=admin, load=load),
    )
    for act in acts:
        with pytest.raises(PermissionDenied):
            act()
    assert not queries.imports(admin).exists()
    assert queries.imports(ciso).get() == load


def test_only_for_organisations_in_reach(receive: Receive, outsider: Person) -> None:
    Membership.objects.create(person=outsider, role="ciso", organisation=Organisation.objects.get(code="DEPB"))
    narrow = Person.objects.get(pk=outsider.pk)
    load = receive("fir", "fir.json", actor=narrow)
    assert set(queries.undecided(narrow, load)) == {"Archive", "DEPA", "Group > Name of DEPA"}
    for code in ("DEPA", "INST", "OTHER", "nonsense"):
        with pytest.raises(ValidationError):
            actions.decide(actor=narrow, load=load, organisations={"DEPA": code}, people={})


def test_a_right_that_ended_meanwhile_ends_the_import(receive: Receive, ciso: Person) -> None:
    load = receive("fir", "fir.json")
    actions.decide(actor=ciso, load=load, organisations=FIR, people={})
    load.refresh_from_db()
    actions.ask_to_bring_in(actor=ciso, load=load)
    Membership.objects.filter(person=ciso).update(valid_to=timezone.now())
    actions.work()
    load.refresh_from_db()
    assert (load.state, Incident.objects.count()) == ("failed", 0)


def test_a_killed_worker_is_taken_over(receive: Receive, ciso: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    from tocsin.rooms.exchange.actions import bringing

    load = receive("fir", "fir.json")
    Import.objects.filter(pk=load.pk).update(state="reading")  # as if the first pass had died
    actions.work()
    load.refresh_from_db()
    assert accounts(load) == (9, 0, 1, 2)
    actions.decide(actor=ciso, load=load, organisations=FIR, people={})
    load.refresh_from_db()
    actions.ask_to_bring_in(actor=ciso, load=load)
    monkeypatch.setattr(bringing, "INCIDENTS", 1)
    real, left = incident_actions.adopt, [2]

    def dying(**given: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return real(**given)

    monkeypatch.setattr(incident_actions, "adopt", dying)
    with pytest.raises(KeyboardInterrupt):
        actions.work()
    assert Incident.objects.count() == 2
    monkeypatch.setattr(incident_actions, "adopt", real)
    actions.work()
    load.refresh_from_db()
    assert (load.state, accounts(load), Incident.objects.count()) == ("done", (9, 6, 1, 2), 4)


def test_a_batch_takes_a_number_of_queries_that_does_not_grow(receive: Receive, ciso: Person) -> None:
    def made(number: int, source: str) -> int:
        rows = ",".join(
            f'{{"id": {n}, "subject": "t{n}", "concerned_business_lines": ["DEPA"], "comments_set": ['
            f'{{"id": {n}, "comment": "198.51.100.{n}", "date": "2020-01-01T00:00:00Z", "opened_by": "p{n}"}}]}}'
            for n in range(number)
        )
        load = receive("fir", f"[{rows}]", source=source)
        actions.ask_to_bring_in(actor=ciso, load=load)
        with CaptureQueriesContext(connection) as asked:
            actions.work()
        return len(asked)

    assert made(150, "a") <= made(5, "b") + 60  # long statements are cut in pieces; one a row would be 145 more


def test_what_nobody_comes_back_to_is_thrown_away(
    receive: Receive, django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[object]]
) -> None:
    load = receive("fir", "fir.json")
    Import.objects.filter(pk=load.pk).update(updated_at=timezone.now() - timedelta(days=31))
    with django_capture_on_commit_callbacks(execute=True):
        assert actions.sweep() == 1
    load.refresh_from_db()
    assert (load.state, Staged.objects.count(), queries.folder(load).exists()) == ("discarded", 0, False)


def test_a_table_waits_for_its_columns(receive: Receive, ciso: Person) -> None:
    text = "Ticket;Objet;Entité;Gravité\n1;Hameçonnage;DEPA;Élevée\n2;Déni;DEPB;=cmd|'/c calc'!A1\n3;Rien\n"
    load = receive("csv", text.encode("cp1252"))
    assert (load.state, load.columns) == (
        "columns", {"Ticket": "id", "Objet": "title", "Entité": "organisations", "Gravité": "severity"},
    )  # fmt: skip
    with pytest.raises(ValidationError, match="each column"):
        actions.match_columns(actor=ciso, load=load, columns={"Ticket": "id"})
    with pytest.raises(ValidationError, match="title"):
        actions.match_columns(actor=ciso, load=load, columns=dict.fromkeys(load.columns, "fact"))
    actions.keep_mapping(actor=ciso, name="Registre", columns=load.columns)
    actions.match_columns(actor=ciso, load=load, columns=load.columns)
    actions.work()
    load.refresh_from_db()
    assert (load.state, accounts(load)) == ("ready", (3, 0, 0, 1))
    assert load.summary["unknown"] == {"severity": {"=cmd|'/c calc'!A1": 1}}
    assert queries.rejected(load).get().reason == "2 cells where the heading has 4"
    same = receive("csv", text.encode("cp1252"), mapping=queries.mappings(ciso).get())
    assert same.state == "ready"


def test_files_that_cannot_be_read_say_what_to_do(receive: Receive, ciso: Person) -> None:
    zipped = receive("thehive", b"PK\x03\x04....")
    assert (zipped.state, "unpack it" in zipped.problem) == ("failed", True)
    many = ",".join(f'{{"id": {n}, "subject": "x", "concerned_business_lines": ["o{n}"]}}' for n in range(2_100))
    assert "Is the right column" in receive("fir", f"[{many}]").problem
    with pytest.raises(actions.ExchangeError, match="no system nonsense"):
        receive("nonsense", "{}")
    with pytest.raises(actions.ExchangeError, match="more than 0 MB"):
        receive("fir", "x" * 2_000, most=1_000)
    gone = Import.objects.create(peer="fir", source="x", name="x", created_by=ciso)
    actions.look_at(gone)
    gone.refresh_from_db()
    assert "upload it again" in gone.problem


def test_cases_that_name_each_other_in_a_circle_stay_two(bring: Receive) -> None:
    circle = (
        '[{"_id": "a", "_type": "Case", "title": "A", "startDate": 1, "mergeInto": "b", "organisation": "DEPA"},'
        ' {"_id": "b", "_type": "Case", "title": "B", "startDate": 1, "mergeInto": "a", "organisation": "DEPA"},'
        ' {"_id": "c", "_type": "Task", "title": "T", "extraData": {"case": {"_id": "c"}}}]'
    )
    load = bring("thehive", circle)
    assert accounts(load) == (3, 2, 0, 1)
    assert Incident.objects.count() == 2


def test_nothing_was_promised_before_it_came(bring: Receive, ciso: Person) -> None:
    """An incident of years ago is not late on arrival; what was done elsewhere is not measured here."""
    bring("fir", "fir.json", organisations=FIR)
    new = Incident.objects.get(origin__identity="43")
    deadlines = list(new.deadlines.filter(entity=None))
    assert {each.kind for each in deadlines} >= {"acknowledge", "contain"} - {"acknowledge"}
    came = new.timeline.get(event="adopted").time
    assert {each.started_at for each in new.deadlines.all()} == {came}
    assert not new.breached
    assert new.next_due_at == min(each.due_at for each in deadlines)
    contained = Incident.objects.get(origin__identity="45")  # it is in containment
    before = set(contained.deadlines.values_list("kind", "entity", "due_at"))
    assert "acknowledge" not in {kind for kind, entity, _due in before if entity is None}
    incident_actions.comment(actor=ciso, incident=contained, text="we look at it")
    assert set(contained.deadlines.values_list("kind", "entity", "due_at")) == before
    assert not contained.timeline.filter(event="deadlines_moved").exists()
    closed = Incident.objects.get(origin__identity="41")
    assert not closed.deadlines.exists()


def test_somebody_answers_for_what_is_open(bring: Receive, ciso: Person, admin: Person) -> None:
    bring("fir", "fir.json", organisations=FIR)
    assert dict(Incident.objects.values_list("origin__identity", "owner__username")) == {
        "41": None, "42": "ciso", "43": "ciso", "45": "ciso",
    }  # fmt: skip
    by_admin = bring("fir", "fir.json", organisations=FIR, source="Another", actor=admin)
    assert {each.owner for each in Incident.objects.filter(origin__load=by_admin)} == {None}
