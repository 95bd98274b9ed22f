"""A suppression keeps alerts out of the queue, there alone, until its day; nothing is lost, and nothing is silent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.rooms.alerts.conftest import chunk, expire, hit, hits, rule
from tocsin.platform.models import AuditEntry
from tocsin.rooms.alerts import actions, queries
from tocsin.rooms.alerts.actions import NotSuppressed, ReasonMissing
from tocsin.rooms.alerts.models import LONGEST, SOON, Alert, Suppression
from tocsin.rooms.alerts.models import Hit as StoredHit
from tocsin.rooms.alerts.schemas import Filters, SuppressionFilters
from tocsin.rooms.constituency.models import Mandate, Organisation
from tocsin.rooms.notifications.models import Notification
from tocsin.rooms.notifications.queries import as_shown

if TYPE_CHECKING:
    from tocsin.rooms.accounts.models import Person
    from tocsin.rooms.intake.models import Receipt

Suppress = Callable[..., Suppression]
AlertOf = Callable[..., Alert]


def waiting(person: Person) -> list[str]:
    return [alert.subject for alert in queries.queue(person, Filters()).order_by("pk")]


def test_what_is_suppressed_is_kept_and_stays_out_of_the_queue(
    receipt: Receipt, suppress: Suppress, analyst: Person
) -> None:
    held = suppress()

    assert actions.record_hits(receipt, chunk(hits(3, start=100))) == (3, 1)
    alert = Alert.objects.get(suppression=held)
    assert (alert.state, alert.open, alert.disposition) == ("suppressed", False, held.reason)
    assert (alert.count, alert.hits.count(), alert.raw_lines.count()) == (3, 3, 3)
    assert alert.closed_at is not None
    assert waiting(analyst) == []
    held.refresh_from_db()
    assert (held.hidden, held.last_hidden_at is not None) == (1, True)
    assert [each.pk for each in queries.queue(analyst, Filters(state="suppressed"))] == [alert.pk]
    of_it = Filters(state="all", suppression=str(held.uuid))
    assert [each.pk for each in queries.queue(analyst, of_it)] == [alert.pk]


def test_further_hits_of_the_group_join_the_quiet_alert(receipt: Receipt, suppress: Suppress) -> None:
    held = suppress()
    for start in (100, 200, 300):
        actions.record_hits(receipt, chunk(hits(2, start=start)))

    alert = Alert.objects.get(suppression=held)
    assert (alert.count, alert.generation) == (6, 1)
    held.refresh_from_db()
    assert held.hidden == 1


def test_the_same_hits_again_are_not_counted_again(receipt: Receipt, suppress: Suppress) -> None:
    held, given = suppress(), chunk(hits(5, start=100))
    actions.record_hits(receipt, given)

    assert actions.record_hits(receipt, given) == (0, 0)
    held.refresh_from_db()
    assert (held.hidden, Alert.objects.get(suppression=held).count) == (1, 5)


def test_what_is_open_already_stays_open(receipt: Receipt, suppress: Suppress, alert_of: AlertOf) -> None:
    working = alert_of()
    held = suppress()
    actions.record_hits(receipt, chunk(hits(2, start=100)))

    working.refresh_from_db()
    assert (working.count, working.open, working.suppression) == (3, True, None)
    held.refresh_from_db()
    assert (held.hidden, held.last_hidden_at) == (0, None)


def test_what_would_come_again_after_it_was_closed_is_kept_quiet(
    receipt: Receipt, suppress: Suppress, alert_of: AlertOf, analyst: Person
) -> None:
    closed = alert_of()
    actions.dispose(actor=analyst, alert=closed, disposition="benign", reason="Backup.")
    suppress()
    actions.record_hits(receipt, chunk(hits(2, start=100)))

    again = Alert.objects.get(key=closed.key, generation=2)
    assert (again.state, again.count) == ("suppressed", 2)


@pytest.mark.parametrize("end", ["expiry", "lift"])
def test_after_its_end_hits_are_in_the_queue_again(
    receipt: Receipt, suppress: Suppress, analyst: Person, end: str
) -> None:
    held = suppress()
    actions.record_hits(receipt, chunk(hits(2, start=100)))
    if end == "expiry":
        expire(held)
    else:
        actions.lift(actor=analyst, suppression=held, reason="The backup is fixed.")
    actions.record_hits(receipt, chunk(hits(3, start=200)))

    alert = Alert.objects.get(open=True)
    assert (alert.generation, alert.state, alert.count, alert.suppression) == (2, "new", 3, None)
    assert waiting(analyst) == [alert.subject]
    assert Alert.objects.get(suppression=held).count == 2


@pytest.mark.parametrize(
    "other",
    [
        {"organisations": ("DEPB",)},
        {"organisations": ("INST",)},
        {"organisations": ()},
        {"rule": rule(id="another")},
        {"subject": "ws02.depa.example"},
    ],
)
def test_it_keeps_nothing_else_quiet(
    receipt: Receipt, suppress: Suppress, other: Mapping[str, object], analyst: Person
) -> None:
    held = suppress(subject="ws01.depa.example")
    actions.record_hits(receipt, chunk([hit(100), hit(101, **other)]))

    assert Alert.objects.get(suppression=held).count == 1
    assert len(waiting(analyst)) == 1


def test_a_hit_of_two_organisations_is_quiet_at_the_one_alone(receipt: Receipt, suppress: Suppress) -> None:
    suppress()
    actions.record_hits(receipt, chunk([hit(100, organisations=("DEPA", "DEPB"))]))

    states = dict(Alert.objects.filter(hits__record=100).values_list("organisation__code", "state"))
    assert states == {"DEPA": "suppressed", "DEPB": "new"}


def test_one_can_reach_all_that_its_owner_works_for(receipt: Receipt, suppress: Suppress) -> None:
    held = suppress(None, everywhere=True)
    places = ("INST", "DEPA", "DEPB", "OTHER")
    actions.record_hits(receipt, chunk([*(hit(100 + n, organisations=(p,)) for n, p in enumerate(places)),
                                        hit(110, organisations=())]))  # fmt: skip

    quiet = Alert.objects.filter(suppression=held).values_list("organisation__code", flat=True)
    assert sorted(quiet) == ["DEPA", "DEPB", "INST"]
    assert Alert.objects.filter(open=True).count() == 2
    held.refresh_from_db()
    assert held.hidden == 3


def test_one_can_be_for_what_is_nobodys(receipt: Receipt, suppress: Suppress, responder: Person) -> None:
    held = suppress(None)
    actions.record_hits(receipt, chunk([hit(100, organisations=()), hit(101)]))
    assert Alert.objects.get(suppression=held).organisation is None
    assert Alert.objects.filter(open=True).count() == 1
    with pytest.raises(PermissionDenied):
        suppress(None, actor=responder)
    assert not Suppression.objects.visible_to(responder).exists()


def test_the_one_that_names_the_subject_counts(receipt: Receipt, suppress: Suppress) -> None:
    whole, narrow = suppress(), suppress(subject="ws01.depa.example")
    actions.record_hits(receipt, chunk([hit(100), hit(101, subject="ws02.depa.example")]))

    for held in (whole, narrow):
        held.refresh_from_db()
    assert (whole.hidden, narrow.hidden) == (1, 1)
    assert Alert.objects.get(suppression=narrow).subject == "ws01.depa.example"


def test_what_was_hidden_can_be_opened_and_then_takes_the_hits(
    receipt: Receipt, suppress: Suppress, analyst: Person
) -> None:
    held = suppress()
    actions.record_hits(receipt, chunk([hit(100)]))
    actions.reopen(actor=analyst, alert=Alert.objects.get(suppression=held), reason="It is no backup.")
    actions.record_hits(receipt, chunk(hits(4, start=101)))

    alert = Alert.objects.get(suppression=held)
    assert (alert.count, alert.open, alert.state) == (5, True, "triage")


def test_a_hundred_quiet_groups_take_three_statements_more(receipt: Receipt, suppress: Suppress) -> None:
    held = suppress()
    plain = [hit(n, subject=f"h{n}", organisations=("DEPB",)) for n in range(100, 200)]
    quiet = [hit(n, subject=f"h{n}") for n in range(200, 300)]

    asked = []
    for given in (plain, quiet):
        with CaptureQueriesContext(connection) as made:
            actions.record_hits(receipt, chunk(given))
        asked.append(len(made))
    held.refresh_from_db()
    assert held.hidden == 100
    assert StoredHit.objects.filter(alert__suppression=held).count() == 100
    assert asked[1] <= asked[0] + 3


def test_the_trail_says_how_many_were_kept_quiet(receipt: Receipt, suppress: Suppress) -> None:
    suppress()
    actions.record_hits(receipt, chunk([hit(100)]))
    entry = AuditEntry.objects.filter(verb="alerts.recorded").latest("pk")
    assert entry.details == {"hits": 1, "alerts": 1, "suppressed": 1}


def test_making_prolonging_and_lifting_is_in_the_trail(suppress: Suppress, analyst: Person) -> None:
    held = suppress(subject="ws01")
    later = held.until + timedelta(days=30)
    actions.prolong(actor=analyst, suppression=held, until=later, reason="Still.")
    actions.lift(actor=analyst, suppression=held)

    entries = AuditEntry.objects.filter(object_uuid=held.uuid).order_by("pk")
    assert [entry.verb for entry in entries] == ["suppression.make", "suppression.prolong", "suppression.lift"]
    assert entries[0].details is not None
    assert (entries[0].details["organisation"], entries[0].details["subject"]) == ("DEPA", "ws01")
    changes = [(c.event, c.text, c.until) for c in queries.suppression_trail(held)]
    assert changes == [
        ("make", held.reason, held.until), ("prolong", "Still.", later), ("lift", "", later),
    ]  # fmt: skip
    held.refresh_from_db()
    assert (held.ended_by, held.in_force, held.state) == (analyst, False, "ended")


def test_it_refuses_what_has_no_rule_no_reason_or_no_end(suppress: Suppress) -> None:
    now = timezone.now()
    for wrong in ({"rule": ""}, {"rule": "no such"}, {"until": now}, {"until": now + LONGEST + timedelta(hours=1)}):
        with pytest.raises(NotSuppressed):
            suppress(**wrong)
    with pytest.raises(ReasonMissing):
        suppress(reason=" ")
    suppress()
    with pytest.raises(NotSuppressed):
        suppress()
    assert Suppression.objects.count() == 1


def test_it_is_prolonged_to_later_only_and_within_the_limit(suppress: Suppress, analyst: Person) -> None:
    held = suppress()
    for until in (held.until, held.until - timedelta(days=1), timezone.now() + LONGEST + timedelta(hours=1)):
        with pytest.raises(NotSuppressed):
            actions.prolong(actor=analyst, suppression=held, until=until, reason="x")
    expire(held)
    with pytest.raises(NotSuppressed):
        actions.prolong(actor=analyst, suppression=held, until=timezone.now() + timedelta(days=1), reason="x")
    with pytest.raises(NotSuppressed):
        actions.lift(actor=analyst, suppression=held)


def test_its_owner_hears_once_that_it_ends(suppress: Suppress, analyst: Person) -> None:
    held = suppress()
    assert actions.remind() == 0
    actions.prolong(actor=analyst, suppression=held, until=held.until + timedelta(days=1), reason="x")
    Suppression.objects.filter(pk=held.pk).update(until=timezone.now() + SOON)

    assert (actions.remind(), actions.remind()) == (1, 0)
    told = Notification.objects.get()
    assert (told.person, told.kind, told.thing) == (analyst, "suppression_ends", held.pk)
    (line,) = as_shown(analyst, Notification.objects.visible_to(analyst))
    assert (line.about.title, line.about.url) == (str(held), f"/alerts/suppressions/{held.uuid}/")

    actions.prolong(actor=analyst, suppression=held, until=timezone.now() + timedelta(days=60), reason="Still.")
    assert actions.remind() == 0
    Suppression.objects.filter(pk=held.pk).update(until=timezone.now() + SOON)
    assert actions.remind() == 1


@pytest.mark.parametrize("name", ["officer_a", "ciso", "admin", "outsider"])
def test_only_those_who_decide_on_alerts_suppress(suppress: Suppress, chart: Mapping[str, Person], name: str) -> None:
    held = suppress()
    with pytest.raises(PermissionDenied):
        suppress(actor=chart[name], subject="x")
    with pytest.raises(PermissionDenied):
        actions.lift(actor=chart[name], suppression=held)


def test_another_organisation_is_out_of_reach(suppress: Suppress) -> None:
    with pytest.raises(PermissionDenied):
        suppress("OTHER")


@pytest.mark.parametrize(
    ("name", "sees"), [("analyst", 3), ("ciso", 2), ("officer_a", 2), ("officer_b", 1), ("admin", 0), ("outsider", 0)]
)
def test_each_sees_what_reaches_their_own(
    suppress: Suppress, chart: Mapping[str, Person], name: str, sees: int
) -> None:
    for given in ({"code": "DEPA"}, {"code": None, "everywhere": True}, {"code": None}):
        suppress(**given)
    assert queries.suppressions(chart[name], SuppressionFilters()).count() == sees


def test_what_it_hid_elsewhere_is_not_told(receipt: Receipt, suppress: Suppress, officer_a: Person) -> None:
    suppress(None, everywhere=True)
    actions.record_hits(receipt, chunk([hit(100, organisations=("DEPB",))]))
    seen = queries.suppressions(officer_a, SuppressionFilters()).get()
    assert (seen.hidden, seen.counted, seen.last_hidden) == (1, None, None)


def test_who_works_for_some_of_its_places_does_not_lift_it(suppress: Suppress, responder: Person) -> None:
    held = suppress(None, everywhere=True)
    Mandate.objects.filter(team__code="CSIRC").update(subtree=False, organisation=Organisation.objects.get(code="DEPA"))
    assert queries.suppressions(responder, SuppressionFilters()).get().counted is None
    with pytest.raises(PermissionDenied):
        actions.lift(actor=responder, suppression=held)
