"""A playbook is gone through step by step: who said what of it and when, and what follows from it."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone, translation

from tests.rooms.playbooks.conftest import branch, step
from tests.rooms.playbooks.files import document, written
from tocsin.platform.models import AuditEntry
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.incidents import actions as incidents
from tocsin.rooms.incidents import knowledge as sayings
from tocsin.rooms.incidents.models import Incident, Task
from tocsin.rooms.playbooks import actions, queries
from tocsin.rooms.playbooks.models import Playbook, Run, Step, Tick

pytestmark = pytest.mark.django_db


def tick(person: Person, run: Run, title: str, state: str = "done", text: str = "") -> Run:
    return actions.tick(actor=person, run=run, step=step(run, title), state=state, text=text)


def choose(person: Person, run: Run, title: str, when: str = "") -> Run:
    chosen = branch(run, title, when) if when else None
    return actions.choose(actor=person, run=run, step=step(run, title), branch=chosen)


def asked(run: Run) -> list[str]:
    course = queries.course(Run.objects.get(pk=run.pk))
    return [row.step.title for row in course.rows if row.asked and not row.busy]


def progress(run: Run) -> tuple[int, int]:
    course = queries.course(run)
    return course.settled, course.total


def told(incident: Incident) -> list[str]:
    found = incident.timeline.filter(event__startswith="playbook").order_by("time", "id")
    return [sayings.said(entry) for entry in found]


def test_from_the_first_step_to_the_last(responder: Person, run: Run) -> None:
    tick(responder, run, "One", text="as agreed")
    assert progress(run) == (1, 3)
    tick(responder, run, "Three")
    tick(responder, run, "Two", "skipped", "not here")
    after = Run.objects.get()
    assert (after.state, after.ended_at is not None) == ("done", True)
    said = [(tick.step.title, tick.state, tick.by, tick.note) for tick in run.ticks.order_by("id")]
    assert said == [
        ("One", "done", responder, "as agreed"), ("Three", "done", responder, ""),
        ("Two", "skipped", responder, "not here"),
    ]  # fmt: skip
    assert told(run.incident) == [
        "Playbook started: A playbook", "Done: One (A playbook)\nas agreed", "Done: Three (A playbook)",
        "Playbook ended: A playbook – done 2, skipped 1, failed 0.",
    ]  # fmt: skip
    assert {entry.kind for entry in run.incident.timeline.filter(event__startswith="playbook")} == {"response"}
    assert AuditEntry.objects.filter(verb__startswith="playbook.").count() == 6


def test_a_step_is_skipped_with_a_reason_only(responder: Person, run: Run) -> None:
    with pytest.raises(ValidationError, match="Say why"):
        tick(responder, run, "One", "skipped", " ")
    with pytest.raises(ValidationError, match="done, skipped or failed"):
        tick(responder, run, "One", "chosen")


def test_the_second_is_told_who_was_first(responder: Person, colleague: Person, run: Run) -> None:
    tick(responder, run, "One")
    with pytest.raises(ValidationError, match="Responder was first: “One” is done already"):
        tick(colleague, run, "One", "failed")


def test_what_was_said_is_taken_back_and_stays_on_record(responder: Person, colleague: Person, run: Run) -> None:
    tick(responder, run, "One", text="mistaken")
    actions.undo(actor=colleague, run=run, step=step(run, "One"))
    assert progress(run) == (0, 3)
    kept = Tick.objects.get()
    assert (kept.current, kept.by, kept.undone_by, kept.note) == (False, responder, colleague, "mistaken")
    assert kept.undone_at is not None
    assert told(run.incident)[-1] == "Taken back: One (A playbook)"
    with pytest.raises(ValidationError, match="taken back already"):
        actions.undo(actor=responder, run=run, step=step(run, "One"))
    tick(responder, run, "One")
    assert Tick.objects.count() == 2


def test_taking_back_opens_a_run_again(responder: Person, run: Run) -> None:
    for title in ("One", "Two", "Three"):
        tick(responder, run, title)
    with pytest.raises(ValidationError, match="over"):
        tick(responder, run, "Three")
    assert actions.undo(actor=responder, run=run, step=step(run, "Two")).state == "running"
    assert asked(run) == ["Two"]


def test_only_the_chosen_branch_is_asked_of(responder: Person, long_run: Run) -> None:
    tick(responder, long_run, "Isolate")
    with pytest.raises(ValidationError, match="not chosen"):
        tick(responder, long_run, "Tell")
    with pytest.raises(ValidationError, match="choose how it goes on"):
        tick(responder, long_run, "Stolen?")
    with pytest.raises(ValidationError, match="one of the branches"):
        actions.choose(
            actor=responder, run=long_run, step=step(long_run, "Stolen?"), branch=branch(long_run, "How far?", "case")
        )
    with pytest.raises(ValidationError, match="one of the branches"):
        choose(responder, long_run, "Stolen?")
    before = progress(long_run)[1]
    choose(responder, long_run, "Stolen?", "true")
    assert progress(long_run)[1] == before + 1
    tick(responder, long_run, "Tell")
    with pytest.raises(ValidationError, match="First take back what followed from it: Tell"):
        actions.undo(actor=responder, run=long_run, step=step(long_run, "Stolen?"))
    with pytest.raises(ValidationError, match="was first"):
        choose(responder, long_run, "Stolen?", "false")


def test_a_failure_leads_to_its_branch(responder: Person, long_run: Run) -> None:
    assert "Cut the segment off" not in asked(long_run)
    tick(responder, long_run, "Isolate", "failed", "no access")
    assert asked(long_run)[0] == "Cut the segment off"
    assert "Call the CISO" not in asked(long_run)


def test_a_failure_can_leave_out_what_follows(responder: Person, incident: Incident) -> None:
    made = document({
        "start_1": {"on_completion": "action_1"},
        "action_1": {"name": "A", "on_success": "action_2", "on_failure": "action_9"},
        "action_9": {"name": "F", "on_completion": "action_3"}, "action_2": {"name": "B", "on_completion": "action_3"},
        "action_3": {"name": "C", "on_completion": "end_1"}, "end_1": {},
    })  # fmt: skip
    playbook = actions.take_file(actor=responder, raw=written(made)).playbook
    run = actions.start(actor=responder, incident=incident, playbook=playbook)
    assert asked(run) == ["A", "B", "C"]
    tick(responder, run, "A", "failed")
    assert asked(run) == ["F", "C"]


def test_a_failure_that_says_nothing_leads_to_the_exception(responder: Person, long_run: Run) -> None:
    choose(responder, long_run, "Stolen?", "true")
    tick(responder, long_run, "Tell", "failed")
    assert asked(long_run)[-1] == "Call the CISO"


def test_a_loop_is_asked_until_it_is_left(responder: Person, long_run: Run) -> None:
    choose(responder, long_run, "More?", "body")
    with pytest.raises(ValidationError, match="not all settled"):
        choose(responder, long_run, "More?")
    tick(responder, long_run, "Restore", text="first")
    choose(responder, long_run, "More?", "body")
    tick(responder, long_run, "Restore", text="second")
    assert "More?" in asked(long_run)
    choose(responder, long_run, "More?")
    assert "More?" not in asked(long_run)
    assert list(Tick.objects.filter(step__title="Restore").order_by("id").values_list("note", flat=True)) == [
        "first", "second",
    ]  # fmt: skip
    assert "Decided: More? – go on (A playbook)" in told(long_run.incident)


def test_the_whole_way_comes_to_its_end(responder: Person, long_run: Run) -> None:
    tick(responder, long_run, "Isolate")
    choose(responder, long_run, "Stolen?", "false")
    choose(responder, long_run, "How far?", "case")
    for title in ("Rebuild one", "Backups", "Secrets"):
        tick(responder, long_run, title)
    choose(responder, long_run, "More?")
    assert Run.objects.get().state == "running"
    assert tick(responder, long_run, "Close").state == "done"


def test_a_step_becomes_a_task_and_both_are_done_at_once(responder: Person, colleague: Person, run: Run) -> None:
    due = timezone.now()
    task = actions.assign(actor=responder, run=run, step=step(run, "One"), assignee=colleague, due_at=due)
    assert (task.title, task.assignee, task.due_at) == ("One", colleague, due)
    tick(colleague, run, "One", text="there you are")
    task.refresh_from_db()
    assert (task.state, task.answer) == ("done", "there you are")
    assert told(run.incident) == ["Playbook started: A playbook"]  # the task says it


def test_an_officer_sees_only_what_became_their_task(responder: Person, officer_a: Person, run: Run) -> None:
    from tocsin.rooms.incidents.queries import tabs, view_or_404

    view = view_or_404(officer_a, run.incident.uuid)
    assert "playbooks" not in [tab.name for tab in tabs(view)]
    assert not view.tasks().exists()
    actions.assign(actor=responder, run=run, step=step(run, "Two"), entity=run.incident.entities.get())
    assert [task.title for task in view.tasks()] == ["Two"]
    assert not queries.runs_on(view).exists()


def test_a_decision_is_not_given_away(responder: Person, long_run: Run) -> None:
    with pytest.raises(ValidationError, match="decision"):
        actions.assign(actor=responder, run=long_run, step=step(long_run, "Stolen?"))


def test_somebody_elses_organisation_gets_no_task(responder: Person, run: Run) -> None:
    other = incidents.open_incident(
        actor=responder, title="o", organisations=[Organisation.objects.get(code="DEPB")]
    ).entities.get()
    with pytest.raises(ValidationError):
        actions.assign(actor=responder, run=run, step=step(run, "One"), entity=other)
    assert not Task.objects.exists()


def test_a_run_is_stopped_with_a_reason(responder: Person, run: Run) -> None:
    with pytest.raises(ValidationError):
        actions.stop(actor=responder, run=run, reason=" ")
    tick(responder, run, "One")
    actions.stop(actor=responder, run=run, reason="the wrong one")
    assert told(run.incident)[-1] == "Playbook stopped: A playbook\nthe wrong one"
    with pytest.raises(ValidationError, match="over"):
        tick(responder, run, "Two")
    with pytest.raises(ValidationError, match="stopped"):
        actions.undo(actor=responder, run=run, step=step(run, "One"))


def test_old_runs_keep_their_version(responder: Person, run: Run, playbook: Playbook) -> None:
    from tests.rooms.playbooks.test_files import lines, save

    save(responder, playbook, lines(playbook)[:1])
    assert run.version.steps.count() == 3
    second = actions.start(actor=responder, incident=run.incident, playbook=playbook)
    assert (second.version.number, second.version.steps.count()) == (2, 1)


def test_runs_go_over_when_incidents_merge_and_come_back(responder: Person, run: Run) -> None:
    incidents.withdraw(actor=responder, hand_off=run.incident.hand_offs.get())
    target = incidents.open_incident(actor=responder, title="o", organisations=[Organisation.objects.get(code="DEPA")])
    source = Incident.objects.get(pk=run.incident_id)
    plan = incidents.plan_merge(actor=responder, source=source, target=target)
    assert ("A playbook",) in [tuple(going.names) for _label, going in plan.sections]
    incidents.merge(actor=responder, source=source, target=target)
    assert Run.objects.get().incident == target
    after = tick(responder, run, "One")  # by who still has the page of before
    assert after.incident == target
    assert target.timeline.filter(event="playbook_step_done").exists()
    incidents.take_apart(actor=responder, incident=Incident.objects.get(pk=run.incident_id))
    assert Run.objects.get().incident_id == run.incident_id


def test_a_task_that_went_to_another_incident_shows_no_more(responder: Person, run: Run) -> None:
    task = actions.assign(actor=responder, run=run, step=step(run, "One"))
    Task.objects.filter(pk=task.pk).update(
        incident=incidents.open_incident(actor=responder, title="o", organisations=[])
    )
    assert queries.shown(Run.objects.get()).tasks == {}
    tick(responder, run, "One")
    assert Task.objects.get().state == "open"


@pytest.mark.parametrize("name", ["analyst", "officer_a", "officer_b", "admin", "outsider"])
def test_others_say_nothing(
    name: str, chart: dict[str, Person], incident: Incident, run: Run, playbook: Playbook
) -> None:
    person, first = chart[name], step(run, "One")
    for act in (
        lambda: actions.start(actor=person, incident=incident, playbook=playbook),
        lambda: actions.tick(actor=person, run=run, step=first, state="done"),
        lambda: actions.undo(actor=person, run=run, step=first),
        lambda: actions.choose(actor=person, run=run, step=first, branch=None),
        lambda: actions.assign(actor=person, run=run, step=first),
        lambda: actions.stop(actor=person, run=run, reason="x"),
    ):
        with pytest.raises(PermissionDenied):
            act()


def test_a_step_of_another_run_is_none(responder: Person, run: Run, long_run: Run) -> None:
    with pytest.raises(ValidationError, match="no such step"):
        actions.tick(actor=responder, run=run, step=step(long_run, "Isolate"), state="done")
    with pytest.raises(ValidationError, match="no such step"):
        actions.tick(actor=responder, run=long_run, step=branch(long_run, "Stolen?", "true"), state="done")


def test_what_is_switched_off_or_over_starts_nothing(responder: Person, incident: Incident, playbook: Playbook) -> None:
    actions.switch(actor=responder, playbook=playbook, on=False)
    with pytest.raises(ValidationError, match="switched off"):
        actions.start(actor=responder, incident=incident, playbook=playbook)
    actions.switch(actor=responder, playbook=playbook, on=True)
    Incident.objects.update(open=False)
    with pytest.raises(ValidationError, match="over"):
        actions.start(actor=responder, incident=incident, playbook=playbook)


def test_the_timeline_is_read_in_french(responder: Person, incident: Incident) -> None:
    actions.take_starter(actor=responder)
    run = actions.start(actor=responder, incident=incident, playbook=Playbook.objects.get(name="Ransomware"))
    first: Step = run.version.steps.order_by("position")[0]
    actions.tick(actor=responder, run=run, step=first, state="done")
    with translation.override("fr"):
        assert "Désigner un responsable" in told(incident)[-1]
        assert "Rançongiciel" in told(incident)[-1]


@pytest.mark.parametrize(
    ("rsit_class", "rsit_type", "severity", "first"),
    [
        ("fraud", "phishing", 2, "Phishing with credential loss"),
        ("intrusions", "application-compromise", 2, "Web server compromise"),
        ("malicious-code", "infected-system", 4, "Ransomware"),
    ],
)
def test_what_fits_comes_first(
    incident: Incident, responder: Person, rsit_class: str, rsit_type: str, severity: int, first: str
) -> None:
    actions.take_starter(actor=responder)
    Incident.objects.update(rsit_class=rsit_class, rsit_type=rsit_type, severity=severity)
    offered = queries.offered(responder, Incident.objects.get())
    assert offered[0].playbook.name == first
    assert offered[0].fits
    assert len(offered) == 3
    Incident.objects.update(severity=0)
    assert not any(one.fits for one in queries.offered(responder, Incident.objects.get()))
