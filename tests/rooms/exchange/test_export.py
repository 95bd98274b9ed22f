"""Taking along what one sees: no more than the pages show, what changed since, and back into an empty house."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from tests.architecture.stage import furnish
from tests.architecture.test_routes import bearer
from tests.rooms.exchange.conftest import Receive
from tocsin.platform.gate import Action
from tocsin.platform.models import AuditEntry, GateEntry
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Membership, Organisation, Team
from tocsin.rooms.exchange import actions, queries
from tocsin.rooms.exchange.knowledge.manual import PAGE, export_page
from tocsin.rooms.exchange.models import Import, Origin, Staged
from tocsin.rooms.exchange.schemas import ABOUT, FIELDS
from tocsin.rooms.incidents import actions as incident_actions
from tocsin.rooms.incidents.actions.record import note
from tocsin.rooms.incidents.models import Incident, Sighting
from tocsin.rooms.incidents.queries import view_or_404
from tocsin.rooms.incidents.queries.evidence import evidence_of

pytestmark = pytest.mark.django_db
NAMES = ("incidents", "entities", "timeline", "tasks", "sightings")


@pytest.fixture
def things(chart: Mapping[str, Person], shared: Incident) -> Mapping[str, Any]:
    """Furnish the house as well."""
    made = furnish(chart)
    incident = Incident.objects.get(uuid=made["incident.uuid"])
    note(incident, "linked", author=None, text="names the sealed one", other=Incident.objects.get(title="Sealed away"))
    return made


@pytest.fixture
def shared(chart: Mapping[str, Person]) -> Incident:
    """Open an incident that two departments share, and a sealed one."""
    responder = Person.objects.get(pk=chart["responder"].pk)
    shared = incident_actions.open_incident(
        actor=responder,
        title="Shared 198.51.100.7",
        organisations=list(Organisation.objects.filter(code__in=["DEPA", "DEPB"])),
        occurred_at=timezone.now() - timedelta(days=3),
    )
    for part in shared.entities.select_related("organisation"):
        code = part.organisation.code
        incident_actions.comment(
            actor=responder, incident=shared, text=f"for {code} 198.51.100.8", entity=part, audience="entity"
        )
        incident_actions.comment(
            actor=responder, incident=shared, text=f"of {code}, for us", entity=part, audience="team"
        )
        incident_actions.add_task(
            actor=responder, incident=shared, title=f"Task of {code}", entity=part, due_at=timezone.now()
        )
    incident_actions.comment(actor=responder, incident=shared, text="for all", audience="all")
    incident_actions.change(
        actor=responder, incident=shared, rsit_class="fraud", rsit_type="phishing", severity=4, tlp="GREEN"
    )
    sealed = incident_actions.open_incident(
        actor=responder, title="Sealed away", organisations=[Organisation.objects.get(code="DEPA")]
    )
    incident_actions.seal(actor=responder, incident=sealed, people=[chart["ciso"]])
    return shared


def taken(
    person: Person, since: datetime | None = None, names: tuple[str, ...] = ()
) -> dict[str, list[dict[str, Any]]]:
    fresh = Person.objects.get(pk=person.pk)
    taking = actions.begin(actor=fresh, kinds=["all"], since=since)
    return {
        kind.name: [orjson.loads(line) for part in taking.lines(kind, since) for line in part.splitlines()]
        for kind in queries.kinds_for(fresh)
        if not names or kind.name in names
    }


@pytest.mark.parametrize("name", ["analyst", "responder", "ciso", "officer_a", "officer_b"])
def test_it_shows_what_the_pages_show(name: str, things: Mapping[str, Any], chart: Mapping[str, Person]) -> None:
    person = Person.objects.get(pk=chart[name].pk)
    found = taken(person)
    views = [view_or_404(person, each.uuid) for each in Incident.objects.visible_to(person)]
    assert {line["uuid"] for line in found["incidents"]} == {str(view.incident.uuid) for view in views}
    pages: dict[str, list[Any]] = {
        "entities": [part for view in views for part in view.entities],
        "timeline": [entry for view in views for entry in view.timeline()],
        "tasks": [task for view in views for task in view.tasks()],
        "hand_offs": [offer for view in views for offer in view.hand_offs()],
        "deadlines": [deadline for view in views for deadline in view.deadlines()],
        "evidence": [file for view in views for file in evidence_of(view)],
    }
    for kind, shown in pages.items():
        assert {line["uuid"] for line in found.get(kind, [])} == {str(each.uuid) for each in shown}, kind
    assert {line["value"] for line in found["sightings"]} == {o.value for view in views for o in view.observables()}
    for kind, lines in found.items():
        assert all(set(line) == set(FIELDS[kind]) for line in lines)
    if name.startswith("officer"):
        assert {line["summary"] for line in found["incidents"]} == {""}
    assert ("names the sealed one" in str(found)) is (name in {"responder", "ciso"})
    other = {"officer_a": "DEPB", "officer_b": "DEPA"}.get(name)
    assert other is None or other not in str({**found, "organisations": []})


def test_the_page_of_lines_is_current() -> None:
    assert PAGE.read_text() == export_page(), "run `tocsin export --fields > docs/reference/export.md`"


def test_every_kind_is_described() -> None:
    assert list(FIELDS) == list(ABOUT) == list(queries.KINDS)


def test_what_is_sealed_goes_with_those_named_alone(things: Mapping[str, Any], chart: Mapping[str, Person]) -> None:
    sealed = Incident.objects.get(title="Sealed away")
    for name, there in {"ciso": True, "responder": True, "analyst": False, "officer_a": False, "admin": False}.items():
        assert (str(sealed.uuid) in str(taken(chart[name]))) is there, name
    line = next(line for line in taken(chart["ciso"])["incidents"] if line["uuid"] == str(sealed.uuid))
    assert (line["sealed"], line["named"]) == (True, ["ciso", "responder"])
    assert not GateEntry.objects.filter(action="export", item_title__contains="Sealed").exists()


def test_the_gate_is_asked_and_may_say_no(things: Mapping[str, Any], ciso: Person, outsider: Person) -> None:
    sealed = Incident.objects.get(title="Sealed away")
    Membership.objects.create(person=outsider, role="responder", organisation=Organisation.objects.get(code="OTHER"))
    named = Person.objects.get(pk=outsider.pk)
    incident_actions.seal(actor=ciso, incident=sealed, people=[named])
    assert Incident.objects.visible_to(named).count() == 1
    taking = actions.Taking(named, Action.EXPORT)
    assert list(taking.lines(queries.KINDS["incidents"])) == [b""]
    assert taking.withheld == 1
    refusal = GateEntry.objects.get(actor=named.uuid, allowed=False)
    assert (refusal.item_type, "stays with the organisations" in refusal.reason) == ("export.incident", True)
    with pytest.raises(PermissionDenied):
        actions.Taking(Person.objects.create(username="nobody"), Action.EXPORT)


def test_later_comes_what_changed_since(things: Mapping[str, Any], responder: Person) -> None:
    Incident.objects.update(updated_at=timezone.now() - timedelta(days=2))
    since = timezone.now() - timedelta(days=1)
    assert taken(responder, since, ("incidents", "timeline")) == {"incidents": [], "timeline": []}
    shared = Incident.objects.get(title="Shared 198.51.100.7")
    incident_actions.comment(actor=responder, incident=shared, text="news")
    later = taken(responder, since)
    assert [line["uuid"] for line in later["incidents"]] == [str(shared.uuid)]
    assert "news" in {line["text"] for line in later["timeline"]}
    assert {line["incident"] for line in later["timeline"]} == {str(shared.uuid)}


def test_programs_read_page_by_page(things: Mapping[str, Any], chart: Mapping[str, Person]) -> None:
    whole = taken(chart["responder"])
    client = Client(headers=bearer(chart["responder"]))
    for kind, lines in whole.items():
        read: list[dict[str, Any]] = []
        cursor = ""
        while True:
            answer = client.get(f"/api/export/{kind}?limit=1&cursor={cursor}").json()
            read += answer["items"]
            cursor = answer["next"]
            if cursor is None:
                break
        assert [line["uuid"] for line in read] == [line["uuid"] for line in lines]
    assert {each["kind"] for each in client.get("/api/export").json()} == set(whole)
    assert client.get("/api/export/nonsense").status_code == 404
    assert client.get("/api/export/incidents?cursor=nonsense").status_code == 400
    assert Client(headers=bearer(chart["officer_a"])).get("/api/export/notices").status_code == 403
    assert Client(headers=bearer(chart["outsider"])).get("/api/export/incidents").status_code == 403


def test_a_page_gives_it_as_a_file(
    things: Mapping[str, Any], chart: Mapping[str, Person], client_of: Callable[[Person], Client]
) -> None:
    answer = client_of(chart["officer_a"]).get("/exchange/export/everything/?since=2020-01-01+00:00")
    lines = [orjson.loads(line) for line in answer.getvalue().splitlines()]
    assert {line["kind"] for line in lines} >= {"organisations", "incidents", "entities", "alerts", "notice_parts"}
    assert "attachment" in answer["Content-Disposition"]
    assert AuditEntry.objects.filter(verb="exchange.export").count() == 1
    assert client_of(chart["officer_a"]).get("/exchange/export/notices/").status_code == 404
    assert client_of(chart["outsider"]).get("/exchange/export/incidents/").status_code == 403


def plain(lines: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """Leave out what the new house says of itself: who opened it there, when it changed, that it was brought in."""
    ours = {"opened_by", "updated_at", "source", "number_there", "team", "offered_to", "created_at"}
    kept = {}
    for kind in NAMES:
        entries = [line for line in lines[kind] if line.get("event") != "adopted"]
        dropped = ours if kind != "incidents" else ours - {"created_at"}
        without = ("uuid",) if kind == "sightings" else ()
        kept[kind] = sorted(
            ({k: v for k, v in line.items() if k not in dropped and k not in without} for line in entries),
            key=lambda line: orjson.dumps(line, option=orjson.OPT_SORT_KEYS),
        )
    return kept


def test_there_and_back(shared: Incident, chart: Mapping[str, Person], receive: Receive) -> None:
    """What a house exports makes the same incidents in another, with the same ids, and exports the same again."""
    before = taken(chart["ciso"])
    content = b"".join(actions.written(line) for lines in before.values() for line in lines)
    Incident.objects.all().delete()
    Sighting.objects.all().delete()
    load = receive("tocsin", content)
    assert (load.state, load.problem, load.rejected, load.duplicates) == ("ready", "", 0, 0)
    assert {text.partition(":")[0] for text in load.summary["passed_over"]} == {"organisations", "deadlines"}
    actions.ask_to_bring_in(actor=chart["ciso"], load=load)
    actions.work()
    load.refresh_from_db()
    assert (load.state, load.records) == ("done", load.imported)
    after = taken(chart["ciso"])
    assert plain(after) == plain(before)
    again = receive("tocsin", content)
    assert again.duplicates == again.records == load.records


def test_our_own_export_of_what_never_left_is_here_already(
    things: Mapping[str, Any], chart: Mapping[str, Person], receive: Receive
) -> None:
    content = b"".join(actions.written(line) for line in taken(chart["ciso"])["incidents"])
    load = receive("tocsin", content)
    assert (load.records, load.duplicates) == (Incident.objects.visible_to(chart["ciso"]).count(),) * 2


def test_ids_of_a_file_take_nobody_elses_place(
    things: Mapping[str, Any], chart: Mapping[str, Person], receive: Receive
) -> None:
    """A file made by hand may name ids that are taken, or two times the same: those are drawn anew."""
    known = Incident.objects.exclude(title="Sealed away").first()
    assert known is not None
    entry = known.timeline.all()[0]
    fresh = "018f0000-0000-7000-8000-000000000001"
    forged_line = {
        "kind": "incidents",
        "uuid": fresh,
        "title": "Forged",
        "state": "analysis",
        "severity": 2,
        "tlp": "RED",
    }
    said = {
        "kind": "timeline",
        "incident": fresh,
        "uuid": str(entry.uuid),
        "time": "2026-01-01T00:00:00Z",
        "author": "analyst",
    }
    odd = {"entry": "comment", "event": "sealed", "details": {"number": "x"}}
    lines: list[dict[str, Any]] = [
        forged_line | {"reference": known.reference},
        said | odd | {"text": "a"},
        said | odd | {"text": "b"},
    ]
    load = receive("tocsin", b"".join(map(actions.written, lines)))
    assert (load.records, load.duplicates) == (3, 1)
    actions.ask_to_bring_in(actor=chart["ciso"], load=load)
    actions.work()
    forged = Incident.objects.get(uuid=fresh)
    assert forged.reference != known.reference
    assert known.timeline.filter(uuid=entry.uuid).exists()
    assert forged.timeline.filter(text="a").exists()
    assert not forged.timeline.filter(uuid=entry.uuid).exists()


def test_nothing_of_others_imports_shows(things: Mapping[str, Any], chart: Mapping[str, Person]) -> None:
    assert Import.objects.exists()
    assert Staged.objects.exists()
    assert not Origin.objects.exists()
    for name in ("analyst", "admin", "officer_a"):
        assert "Secret title of A import" not in str(taken(chart[name]))
    assert Team.objects.exists()
