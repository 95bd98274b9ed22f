"""Two people tie, merge and edit incidents at the same moment: no circle, no deadlock, nothing lost between them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from tests.rooms.incidents.test_races import at_once
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Organisation, Team
from tocsin.rooms.incidents import actions
from tocsin.rooms.incidents.actions.family import LEVELS
from tocsin.rooms.incidents.models import Incident, Merge, Task, TimelineEntry
from tocsin.rooms.notices import actions as notices
from tocsin.rooms.notices.models import Notice

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.postgresql,  # SQLite lets one writer in at a time
]


def opened(person: Person, title: str, *codes: str) -> Incident:
    places = list(Organisation.objects.filter(code__in=codes))
    return actions.open_incident(actor=person, title=title, organisations=places)


def one_won(outcomes: list[Any], kind: type = Incident) -> None:
    kinds = [type(one) for one in outcomes]
    assert kinds.count(kind) == 1, outcomes
    assert kinds.count(ValidationError) == len(kinds) - 1, outcomes


def test_two_do_not_make_a_circle(chart: Mapping[str, Person]) -> None:
    responder = chart["responder"]
    one, two, three = (opened(responder, name) for name in ("one", "two", "three"))
    for _ in range(5):
        Incident.objects.update(parent=None)
        outcomes = at_once(
            *(
                partial(actions.set_parent, actor=responder, incident=child, parent=parent)
                for child, parent in ((one, two), (two, three), (three, one))
            )
        )
        assert [type(outcome) for outcome in outcomes].count(Incident) == 2, outcomes
        assert [type(outcome) for outcome in outcomes].count(ValidationError) == 1, outcomes


def test_two_do_not_nest_too_deeply(chart: Mapping[str, Person]) -> None:
    responder = chart["responder"]
    upper, lower = ([opened(responder, f"{side}{n}") for n in range(3)] for side in "ul")
    for side in (upper, lower):
        for n in range(2):
            actions.set_parent(actor=responder, incident=side[n + 1], parent=side[n])
    for _ in range(3):
        Incident.objects.filter(pk__in=[upper[0].pk, lower[0].pk]).update(parent=None)
        middle = opened(responder, "middle")
        at_once(
            partial(actions.set_parent, actor=responder, incident=middle, parent=upper[2]),
            partial(actions.set_parent, actor=responder, incident=lower[0], parent=middle),
        )
        depth, here = 1, Incident.objects.get(pk=lower[2].pk)
        while here.parent is not None:
            depth, here = depth + 1, here.parent
        assert depth <= LEVELS


def test_two_merge_one_into_each_other(chart: Mapping[str, Person]) -> None:
    responder, ciso = chart["responder"], chart["ciso"]
    for _ in range(4):
        one, two = opened(responder, "one", "DEPA"), opened(ciso, "two", "DEPA")
        one_won(
            at_once(
                partial(actions.merge, actor=ciso, source=one, target=two),
                partial(actions.merge, actor=ciso, source=two, target=one),
            ),
            Merge,
        )
        assert set(Incident.objects.filter(pk__in=[one.pk, two.pk]).values_list("open", flat=True)) == {True, False}


def test_what_is_written_while_it_is_merged_is_lost_to_nobody(chart: Mapping[str, Person]) -> None:
    """Each writer comes before the merge, and goes along, or after it, and is told so."""
    responder, ciso, analyst = chart["responder"], chart["ciso"], chart["analyst"]
    for _ in range(5):
        target = opened(responder, "target", "DEPB")
        source = actions.open_incident(
            actor=analyst, title="source", organisations=[Organisation.objects.get(code="DEPA")],
            offer_to=Team.objects.get(code="CSIRC"),
        )  # fmt: skip
        source = actions.accept(actor=responder, hand_off=source.hand_offs.get())
        task = actions.add_task(actor=responder, incident=source, title="first")
        part = source.entities.get()
        outcomes = at_once(
            partial(actions.merge, actor=ciso, source=source, target=target),
            partial(actions.add_task, actor=responder, incident=source, title="while"),
            partial(actions.comment, actor=responder, incident=source, text="while", entity=part, audience="entity"),
            partial(actions.answer_task, actor=responder, task=task, state="done"),
            partial(actions.inform, actor=responder, incident=source, entity=part, subject="s", text="t"),
            partial(actions.change, actor=analyst, incident=source, title="x"),
        )
        assert isinstance(outcomes[0], Merge), outcomes
        left = (Task.objects.filter(incident=source), TimelineEntry.objects.filter(incident=source, text="while"),
                Notice.objects.filter(matter=source.uuid))  # fmt: skip
        assert [rows.count() for rows in left] == [0, 0, 0], outcomes
        assert Task.objects.filter(incident=target, title="first").exists()
        for outcome in outcomes[1:5]:
            assert isinstance(outcome, ValidationError) == ("go on there" in str(outcome)), outcome


def test_a_merge_meets_a_seal_without_waiting_in_a_circle(chart: Mapping[str, Person]) -> None:
    responder, ciso = chart["responder"], chart["ciso"]
    for _ in range(5):
        source, target = opened(responder, "source", "DEPA"), opened(responder, "target", "DEPA")
        for each in (source, target):
            actions.inform(actor=responder, incident=each, entity=each.entities.get(), subject="s", text="t")
        outcomes = at_once(
            partial(actions.merge, actor=ciso, source=source, target=target),
            partial(actions.seal, actor=responder, incident=target, people=[ciso]),
            partial(actions.seal, actor=responder, incident=source, people=[ciso]),
        )
        assert all(isinstance(one, Merge | Incident | ValidationError) for one in outcomes), outcomes
        now = Incident.objects.get(pk=source.pk)
        if now.merged_into is not None:
            assert now.sealed == now.merged_into.sealed
            assert set(Notice.objects.filter(matter=target.uuid).values_list("sealed", flat=True)) == {now.sealed}


def test_a_merge_meets_a_notice_that_is_drafted(chart: Mapping[str, Person]) -> None:
    from tocsin.rooms.incidents.queries import matter_of

    responder = chart["responder"]
    for _ in range(5):
        source, target = opened(responder, "source", "DEPA"), opened(responder, "target", "DEPA")
        outcomes = at_once(
            partial(actions.merge, actor=chart["ciso"], source=source, target=target),
            partial(
                notices.draft, actor=responder, title="t", kind="incident", severity=3, tlp="AMBER",
                facts={"DEPA": ()}, matter=matter_of(source),
            ),
        )  # fmt: skip
        assert isinstance(outcomes[0], Merge), outcomes
        assert isinstance(outcomes[1], Notice), outcomes
        assert Notice.objects.get(pk=outcomes[1].pk).matter == target.uuid


def test_one_of_two_takes_it_apart(chart: Mapping[str, Person]) -> None:
    responder, ciso = chart["responder"], chart["ciso"]
    source, target = opened(responder, "source", "DEPA"), opened(responder, "target", "DEPB")
    actions.merge(actor=responder, source=source, target=target)
    one_won(
        at_once(
            partial(actions.take_apart, actor=responder, incident=source),
            partial(actions.take_apart, actor=ciso, incident=source),
        )
    )


def test_two_who_change_one_field_do_not_pass_each_other(chart: Mapping[str, Person]) -> None:
    responder, ciso = chart["responder"], chart["ciso"]
    for _ in range(5):
        incident = opened(responder, "before", "DEPA")
        outcomes = at_once(
            *(
                partial(
                    actions.change, actor=person, incident=incident, shown={"title": "before"}, title=person.username
                )
                for person in (responder, ciso)
            )
        )
        assert {type(one) for one in outcomes} == {Incident, actions.Clashed}, outcomes
        [clashed] = [one for one in outcomes if isinstance(one, actions.Clashed)]
        assert clashed.clashes[0].theirs == Incident.objects.get(pk=incident.pk).title
