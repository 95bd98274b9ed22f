"""Rosters: who is on call now, what a change touches, what is warned of, who may change it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from tocsin.cli import main
from tocsin.platform.models import AuditEntry
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Membership, Organisation, Team
from tocsin.rooms.rota import actions, queries
from tocsin.rooms.rota.models import Layer, Line, Roster, Shift, StandIn

pytestmark = pytest.mark.django_db
Add = Callable[..., Layer]
WEEK = timedelta(weeks=1)


def names(team: Team, at: datetime | None = None) -> list[str]:
    return [shift.person.username for shift in queries.on_call_of(team, at)]


def roster_of(team: Team) -> Roster:
    return Roster.objects.select_related("team__organisation").get(team=team)


def warned(team: Team) -> list[str]:
    now = timezone.now()
    shifts = queries.shifts_of(roster_of(team), now, now + WEEK * 4)
    return [each.text for each in queries.warnings(roster_of(team), shifts, now, now + WEEK * 4)]


def test_the_lines_are_given_in_order(roster: None, csirc: Team) -> None:
    assert names(csirc) == ["responder", "second", "lead"]


def test_turns_follow_each_other_week_by_week(crew: Mapping[str, Person], layer: Add, csirc: Team) -> None:
    layer(crew["responder"], [crew["responder"], crew["second"], crew["lead"]])
    now = timezone.now()
    assert [names(csirc, now + WEEK * n) for n in range(4)] == [["lead"], ["responder"], ["second"], ["lead"]]


def test_far_beyond_the_plan_it_is_worked_out(crew: Mapping[str, Person], layer: Add, csirc: Team) -> None:
    layer(crew["responder"], [crew["responder"], crew["second"]])
    planned_until = roster_of(csirc).planned_until
    assert planned_until is not None
    far = timezone.now() + WEEK * 100
    assert far > planned_until
    assert names(csirc, far) == names(csirc, timezone.now())
    assert names(csirc, far + WEEK) != names(csirc, far)


def test_what_is_past_stays_when_the_layer_changes(crew: Mapping[str, Person], layer: Add, csirc: Team) -> None:
    made = layer(crew["responder"], [crew["responder"]])
    hours_ago = timezone.now() - timedelta(hours=3)
    Shift.objects.filter(starts_at__lte=timezone.now()).update(starts_at=hours_ago)
    layer(crew["responder"], [crew["second"]], layer=made)
    assert names(csirc, hours_ago + timedelta(hours=1)) == ["responder"]
    assert names(csirc) == ["second"]
    actions.remove_layer(actor=crew["responder"], layer=made)
    assert names(csirc) == []
    assert names(csirc, hours_ago + timedelta(hours=1)) == ["responder"]


def test_a_change_that_changes_nothing_touches_no_shift(crew: Mapping[str, Person], layer: Add, csirc: Team) -> None:
    made = layer(crew["responder"], [crew["responder"], crew["second"]])
    before = list(Shift.objects.order_by("pk").values_list("pk", "starts_at"))
    layer(crew["responder"], [crew["responder"], crew["second"]], layer=made)
    actions.plan_ahead()
    assert list(Shift.objects.order_by("pk").values_list("pk", "starts_at"))[: len(before)] == before


def test_somebody_stands_in_and_it_is_taken_back(crew: Mapping[str, Person], layer: Add, csirc: Team) -> None:
    made, now = layer(crew["responder"], [crew["responder"]]), timezone.now()
    stand_in = actions.stand_in(
        actor=crew["second"], layer=made, person=crew["second"], starts_at=now + WEEK, ends_at=now + WEEK * 2
    )
    assert names(csirc, now + WEEK * 1.5) == ["second"]
    actions.withdraw_stand_in(actor=crew["responder"], stand_in=stand_in)
    assert names(csirc, now + WEEK * 1.5) == ["responder"]
    with pytest.raises(ValidationError, match="taken back"):
        actions.withdraw_stand_in(actor=crew["responder"], stand_in=stand_in)


def test_two_swap_their_shifts_and_may_swap_back(crew: Mapping[str, Person], layer: Add, csirc: Team) -> None:
    layer(crew["responder"], [crew["responder"], crew["second"]])
    now = timezone.now()

    def pair() -> tuple[Shift, Shift]:
        one, other = queries.coming(csirc)[1:3]
        return one, other

    for expected in (["second", "responder"], ["responder", "second"]):
        one, other = pair()
        before = [one.person.username, other.person.username]
        actions.swap(actor=crew["second"], one=one, other=other)
        assert [each.person.username for each in pair()] == before[::-1]
        assert set(before) == set(expected)
    assert StandIn.objects.count() == 4
    assert names(csirc, now) == ["responder"]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.lists(
        st.tuples(st.sampled_from(["stand_in", "people", "weeks", "hours"]), st.integers(0, 9), st.integers(1, 30)),
        max_size=5,
    )
)
def test_the_shifts_kept_are_those_the_layers_say(
    crew: Mapping[str, Person], layer: Add, csirc: Team, changes: list[tuple[str, int, int]]
) -> None:
    Shift.objects.all().delete()
    Layer.objects.all().delete()
    people = [crew["responder"], crew["second"], crew["lead"]]
    made = layer(crew["responder"], people)
    for kind, some, days in changes:
        now = timezone.now()
        if kind == "stand_in":
            begins = now + timedelta(days=some)
            actions.stand_in(
                actor=crew["lead"], layer=made, person=people[some % 3], starts_at=begins,
                ends_at=begins + timedelta(days=days, hours=some),
            )  # fmt: skip
        elif kind == "people":
            layer(crew["lead"], people[some % 3 :] + people[: some % 3], layer=made)
        elif kind == "weeks":
            layer(crew["lead"], people, layer=made, weeks=some % 8 + 1)
        else:
            layer(crew["lead"], people, layer=made, hours=(time(some), time(some + 9)), days=(0, 2, some % 7))
    now = timezone.now().replace(microsecond=0) + timedelta(seconds=1)
    until = now + WEEK * 20
    kept = [(s.person_id, max(s.starts_at, now), s.ends_at) for s in queries.shifts_of(roster_of(csirc), now, until)]
    fresh = Layer.objects.get(pk=made.pk)
    said = queries.planned(
        queries.rotation_of(fresh, roster_of(csirc).timezone), queries.stand_ins_of(fresh), now, until
    )
    assert [(p, low, min(high, until)) for p, low, high in kept] == [(d.person, d.start, d.end) for d in said]


def test_a_gap_is_named_on_the_teams_clock(crew: Mapping[str, Person], layer: Add, csirc: Team) -> None:
    Organisation.objects.filter(code="INST").update(timezone="Europe/Brussels")
    csirc.refresh_from_db()
    layer(Person.objects.get(pk=crew["responder"].pk), [crew["responder"]], team=Team.objects.get(code="CSIRC"),
          hours=(time(8), time(2)), days=range(7))  # fmt: skip
    gaps = [text for text in warned(csirc) if text.startswith("Nobody on the first line Saturday")]
    assert gaps
    assert "02:00–08:00." in gaps[0]


def test_whoever_leaves_the_team_is_a_gap_and_is_not_on_call(
    crew: Mapping[str, Person], layer: Add, csirc: Team
) -> None:
    layer(crew["lead"], [crew["responder"]])
    end = timezone.now() + timedelta(days=3)
    Membership.objects.filter(person=crew["responder"]).update(valid_to=end)
    assert names(csirc) == ["responder"]
    assert names(csirc, end) == []
    texts = warned(csirc)
    assert any("Responder has a shift" in text and "does not serve" in text for text in texts)
    assert any(text.startswith("Nobody on the first line") for text in texts)
    Membership.objects.filter(person=crew["responder"]).update(valid_to=timezone.now())
    assert names(csirc) == []


def test_two_duties_at_once_are_warned_of(roster: None, crew: Mapping[str, Person], layer: Add, csirc: Team) -> None:
    assert warned(csirc) == []
    soc = Team.objects.get(code="SOC")
    Membership.objects.create(person=crew["second"], role="analyst", team=soc)
    layer(Person.objects.get(username="second"), [crew["second"]], team=soc)
    layer(crew["lead"], [crew["responder"]], Line.SECOND)
    texts = warned(csirc)
    assert any("Second is on duty in another team as well" in text for text in texts)
    assert any("Responder is on duty twice in this team" in text for text in texts)


def test_whoever_has_no_telephone_is_warned_of(roster: None, crew: Mapping[str, Person], csirc: Team) -> None:
    Person.objects.filter(username="lead").update(phone="")
    assert warned(csirc) == ["Lead has entered no telephone: pages reach them by mail only."]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"people": []}, "Name from 1"),
        ({"name": " "}, "name"),
        ({"weeks": 0}, "weeks"),
        ({"weeks": 9}, "weeks"),
        ({"line": 4}, "Choose a line"),
        ({"days": [7]}, "Choose a line"),
        ({"starts_on": date(1, 1, 1)}, "too far"),
        ({"starts_on": date(9999, 12, 31)}, "too far"),
        ({"ends_on": date(2020, 1, 1)}, "before the first"),
    ],
)
def test_a_layer_without_sense_is_refused(
    wrong: dict[str, Any], says: str, crew: Mapping[str, Person], csirc: Team
) -> None:
    given: dict[str, Any] = {
        "name": "First", "line": 1, "people": [crew["responder"]], "starts_on": timezone.now().date(),
        "handover_at": time(9),
    }  # fmt: skip
    with pytest.raises(ValidationError, match=says):
        actions.save_layer(actor=crew["responder"], team=csirc, **(given | wrong))
    assert not Layer.objects.exists()


def test_a_stand_in_without_sense_is_refused(crew: Mapping[str, Person], layer: Add, analyst: Person) -> None:
    made, now = layer(crew["responder"], [crew["responder"]]), timezone.now()
    for begins, ends, person in [
        (now + WEEK, now + WEEK, crew["second"]),
        (now - WEEK, now - timedelta(days=1), crew["second"]),
        (now, now + WEEK * 20, crew["second"]),
        (now, now + WEEK, analyst),  # serves in another team
    ]:
        with pytest.raises(ValidationError):
            actions.stand_in(actor=crew["responder"], layer=made, person=person, starts_at=begins, ends_at=ends)
    assert not StandIn.objects.exists()


def test_only_the_team_and_its_administrator_change_a_roster(
    crew: Mapping[str, Person], layer: Add, analyst: Person, officer_a: Person, admin: Person, outsider: Person
) -> None:
    made = layer(admin, [crew["responder"]])
    for person in (analyst, officer_a, outsider):
        with pytest.raises(PermissionDenied):
            layer(person, [crew["responder"]])
        with pytest.raises(PermissionDenied):
            actions.remove_layer(actor=person, layer=made)


def test_the_page_shows_it_and_its_forms_work(
    crew: Mapping[str, Person], csirc: Team, client_of: Callable[[Person], Client], officer_a: Person
) -> None:
    client, path = client_of(crew["responder"]), f"/on-call/teams/{csirc.uuid}/"
    monday = timezone.now().date() - timedelta(days=timezone.now().weekday())
    form = {
        "name": "Front =cmd|' /C calc'!A0", "line": "1", "people": "responder\nsecond", "starts_on": monday.isoformat(),
        "handover_at": "00:00", "weeks": "1",
    }  # fmt: skip
    assert client.post(f"{path}layer/", form).status_code == 302
    made = Layer.objects.get()
    shown = client.get(path).content.decode()
    assert "Front =cmd" in shown
    assert "Somebody stands in" in shown
    begins = f"{monday + timedelta(days=8)}T10:00"
    ends = f"{monday + timedelta(days=9)}T10:00"
    given = {"layer": made.uuid, "person": "responder", "starts_at": begins, "ends_at": ends, "note": "<b>"}
    assert client.post(f"{path}stand-in/", given).status_code == 302
    assert "&lt;b&gt;" in client.get(path).content.decode()
    one, other = queries.coming(csirc)[0], queries.coming(csirc)[3]
    assert client.post(f"{path}swap/", {"one": one.uuid, "other": other.uuid}).status_code == 302
    assert client.post(f"{path}set-up/", {"time_zone": "Europe/Brussels", "webhook": ""}).status_code == 302
    assert client.get(f"/on-call/layers/{made.uuid}/").status_code == 200
    assert client.post(f"/on-call/layers/{made.uuid}/", form | {"weeks": "2"}).status_code == 302
    made.refresh_from_db()
    assert made.weeks == 2
    assert client.post(f"/on-call/stand-ins/{StandIn.objects.all()[0].uuid}/remove/").status_code == 302
    officers = client_of(officer_a)
    assert "Somebody stands in" not in officers.get(path).content.decode()
    assert officers.post(f"/on-call/layers/{made.uuid}/remove/").status_code == 403
    assert client.post(f"/on-call/layers/{made.uuid}/remove/").status_code == 302
    assert AuditEntry.objects.filter(verb__startswith="rota.").count() == 8


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "nonsense", "-1", "\0", "x" * 1_000_000, "2026-02-30"])
def test_any_week_may_be_asked_for(
    day: str, roster: None, crew: Mapping[str, Person], csirc: Team, client_of: Callable[[Person], Client]
) -> None:
    answer = client_of(crew["responder"]).get(f"/on-call/teams/{csirc.uuid}/", {"day": day})
    assert answer.status_code in {200, 400}


@pytest.mark.parametrize(
    "people", ["nobody-here", "officer_a", "", "responder\0", "<script>", "a" * 5000, "responder " * 400]
)
def test_a_layer_takes_people_of_the_team_only(
    people: str, crew: Mapping[str, Person], csirc: Team, client_of: Callable[[Person], Client]
) -> None:
    form = {"name": "x", "line": "1", "people": people, "starts_on": "2026-11-23", "handover_at": "09:00", "weeks": "1"}
    client_of(crew["responder"]).post(f"/on-call/teams/{csirc.uuid}/layer/", form)
    assert not Layer.objects.exists()


def test_the_calendar_is_read_by_calendar_programs(
    roster: None, crew: Mapping[str, Person], csirc: Team, client_of: Callable[[Person], Client]
) -> None:
    Person.objects.filter(username="responder").update(full_name="Ann; \\ B,\r\nX-EVIL:1" + "é" * 90)
    client = client_of(Person.objects.get(username="responder"))
    for path in (f"/on-call/teams/{csirc.uuid}/shifts.ics", "/on-call/mine.ics"):
        answer = client.get(path)
        assert answer["Content-Type"] == "text/calendar; charset=utf-8"
        assert all(len(line) <= 75 for line in answer.content.split(b"\r\n"))
        assert b"\nX-EVIL" not in answer.content
        read = Calendar.from_ical(answer.content)
        events = read.walk("VEVENT")
        assert events
        assert len({str(event["uid"]) for event in events}) == len(events)
        assert answer.content.count(b"\r\nDTSTART:") == len(events)
        assert all(line.endswith(b"Z") for line in answer.content.split(b"\r\n") if line.startswith(b"DTSTART"))
        assert any("Ann; \\ B," in str(event["summary"]) for event in events)
    mine = Calendar.from_ical(client.get("/on-call/mine.ics").content).walk("VEVENT")
    again = Calendar.from_ical(client.get("/on-call/mine.ics").content).walk("VEVENT")
    assert [str(event["uid"]) for event in mine] == [str(event["uid"]) for event in again]


def test_the_team_page_and_the_desk_say_who_is_on_call(
    roster: None, crew: Mapping[str, Person], csirc: Team, client_of: Callable[[Person], Client], officer_a: Person
) -> None:
    team = f"/organisations/teams/{csirc.uuid}/"
    own = client_of(crew["second"]).get(team).content.decode()
    assert "On call now" in own
    assert "+32 2 295 60 01" in own
    others = client_of(officer_a).get(team).content.decode()
    assert "Responder" in others
    assert "+32 2 295 60 01" not in others
    desk = client_of(crew["responder"]).get("/").content.decode()
    assert "You are on call for CSIRC, first line, until" in desk
    assert "On call now for CSIRC, second line: Second" in desk


def test_the_command_says_who_is_on_call(roster: None, csirc: Team) -> None:
    found = CliRunner().invoke(main, ["rota", "who", "CSIRC"])
    assert found.exit_code == 0
    assert found.output.splitlines()[0].startswith("first line   Responder (responder) +32 2 295 60 01 until ")
    found = CliRunner().invoke(main, ["rota", "who", "CSIRC", "--json", "--at", "2035-01-01T03:00:00+01:00"])
    assert [json.loads(line)["username"] for line in found.output.splitlines()] == ["responder", "second", "lead"]


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["CSIRC", "--at", "2001-01-01"], 1, "nobody is on call"),
        (["SOC"], 1, "nobody is on call"),
        (["NOPE"], 2, "there is no team 'NOPE'; the teams are CSIRC, SOC"),
        (["CSIRC", "--at", "soon"], 2, "is no time"),
        ([""], 2, "there is no team"),
    ],
)
def test_the_command_refuses_in_whole_sentences(roster: None, arguments: list[str], status: int, says: str) -> None:
    found = CliRunner().invoke(main, ["rota", "who", *arguments])
    assert found.exit_code == status
    assert says in found.output


def test_the_wall_clock_of_a_layer_stays_when_the_zone_is_set(
    crew: Mapping[str, Person], layer: Add, csirc: Team
) -> None:
    layer(crew["responder"], [crew["responder"], crew["second"]], handover_at=time(9))
    actions.set_up(actor=crew["responder"], team=csirc, time_zone="Asia/Tokyo")
    later = queries.coming(csirc)[2]
    assert later.starts_at.astimezone(UTC).time() == time(0)
