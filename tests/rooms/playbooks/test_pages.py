"""The pages of the room: list, one, edit, import, and a run on an incident."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.rooms.playbooks.conftest import step
from tests.rooms.playbooks.files import branching, identifier, linear, written
from tocsin.platform.models import GateEntry
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.incidents import actions as incidents
from tocsin.rooms.incidents.models import Incident
from tocsin.rooms.playbooks import actions
from tocsin.rooms.playbooks.models import Playbook, PlaybookVersion, Run, Tick

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(responder: Person, client_of: Callable[[Person], Client]) -> Client:
    return client_of(responder)


def said(answer: Any) -> str:
    return " ".join(str(message) for message in answer.context["messages"])


def upload(client: Client, raw: bytes) -> Any:
    return client.post("/playbooks/import/", {"file": SimpleUploadedFile("p.json", raw)}, follow=True)


def test_a_file_is_taken_in_and_shown(client: Client) -> None:
    answer = upload(client, written(branching()))
    page = answer.content.decode()
    assert "A playbook is taken in." in said(answer)
    assert page.count("<rect ") + page.count("<polygon ") == 14
    assert "Cut the segment off" in page
    listed = client.get("/playbooks/").content.decode()
    assert "A playbook" in listed
    assert re.search(r'class="num"[^>]*>13<', listed)


def test_a_wrong_file_is_told_of_place_by_place_and_nothing_is_taken(client: Client) -> None:
    made = linear("One", "Two")
    made["workflow"][identifier("action_2")]["on_completion"] = identifier("action_1")
    answer = upload(client, written(made))
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "One → Two → One" in page
    assert f"$.workflow[&#x27;{identifier('action_2')}&#x27;].on_completion" in page
    assert not Playbook.objects.exists()


@pytest.mark.parametrize(
    "raw", [b"", b"\0" * 50, b"<html><script>alert(1)</script>", b"=cmd|' /C calc'!A0", b"x" * 3_000_000]
)
def test_any_bytes_get_an_answer(client: Client, raw: bytes) -> None:
    answer = upload(client, raw)
    assert answer.status_code == 200
    assert "<script>alert" not in answer.content.decode()
    assert not Playbook.objects.exists()


def test_a_hundred_megabytes_are_not_read_whole(client: Client) -> None:
    answer = upload(client, b" " * 100_000_000)
    assert "2 MB" in answer.content.decode()


def test_pasted_text_is_taken_too(client: Client) -> None:
    text = written(linear("One")).decode()
    assert client.post("/playbooks/import/", {"text": text}).status_code == 302
    assert bytes(PlaybookVersion.objects.get().source or b"").decode() == text
    assert client.post("/playbooks/import/", {"text": " "}).status_code == 200


def test_the_houses_own_come_by_a_button(client: Client) -> None:
    assert "3 playbooks are new." in said(client.post("/playbooks/starter/", follow=True))
    assert "0 playbooks are new." in said(client.post("/playbooks/starter/", follow=True))
    page = client.get("/playbooks/?rsit=phishing").content.decode()
    assert "Phishing with credential loss" in page
    assert "Ransomware" not in page


def test_french_readers_read_french(client: Client, responder: Person) -> None:
    actions.take_starter(actor=responder)
    playbook = Playbook.objects.get(name="Ransomware")
    page = client.get(f"/playbooks/{playbook.uuid}/", headers={"Accept-Language": "fr"}).content.decode()
    Person.objects.update(language="fr")
    page = client.get(f"/playbooks/{playbook.uuid}/").content.decode()
    assert "Rançongiciel" in page
    assert "Une machine" in page
    assert "Cut the affected machines off" not in page


def test_a_file_goes_out_byte_for_byte(client: Client, playbook: Playbook) -> None:
    answer = client.get(f"/playbooks/{playbook.uuid}/file/")
    assert answer.content == written(linear("One", "Two", "Three"))
    assert answer["Content-Disposition"] == 'attachment; filename="a-playbook-v1-TLP-AMBER.json"'
    assert GateEntry.objects.get(item_type="playbook").allowed


@pytest.mark.parametrize("number", ["0", "2", "x", "²", "99999999999999999999", "-1"])
def test_versions_that_are_none_are_not_found(client: Client, playbook: Playbook, number: str) -> None:
    assert client.get(f"/playbooks/{playbook.uuid}/?version={number}").status_code == 404


def test_the_list_goes_out_as_a_harmless_sheet(client: Client, responder: Person) -> None:
    actions.write_new(actor=responder, name="=cmd|' /C calc'!A0", step="x")
    body = b"".join(client.get("/playbooks/?export=csv")).decode()
    assert "\"'=cmd|" in body


def page_of(client: Client, playbook: Playbook) -> dict[str, Any]:
    """Give the form of the editing page as a browser would post it."""
    page = client.get(f"/playbooks/{playbook.uuid}/edit/").content.decode()
    return form_of(page)


def form_of(page: str) -> dict[str, Any]:
    form: dict[str, Any] = {"line": re.findall(r'name="line" value="([^"]*)"', page), "tlp": "AMBER"}
    for name, value in re.findall(
        r'<input[^>]*name="((?:title|responsible|minutes)-[^"]+|seen|name)"[^>]*?value="([^"]*)"', page
    ):
        form[name] = value
    return form


def outline(playbook: Playbook) -> list[tuple[int, str]]:
    version = playbook.versions.order_by("-number")[0]
    return [(one.depth, one.title or one.when) for one in version.steps.order_by("position")]


def edit(client: Client, playbook: Playbook, form: dict[str, Any], do: str) -> Any:
    return client.post(f"/playbooks/{playbook.uuid}/edit/", form | {"do": do})


def test_a_checklist_is_edited_without_any_script(client: Client, playbook: Playbook) -> None:
    form = page_of(client, playbook)
    one, two, three = (each.partition(":")[0] for each in form["line"])
    form = form_of(edit(client, playbook, form, f"up:{three}").content.decode())
    form = form_of(edit(client, playbook, form, f"remove:{one}").content.decode())
    form = form_of(edit(client, playbook, form, f"add:{three}").content.decode())
    form = form_of(edit(client, playbook, form, "question:end").content.decode())
    new, question = form["line"][1].partition(":")[0], form["line"][3].partition(":")[0]
    assert PlaybookVersion.objects.count() == 1
    form |= {f"title-{new}": "  New\nstep ", f"minutes-{new}": "15", f"title-{question}": "Sure?", f"text-{two}": "How"}
    form["note"] = "shorter"
    answer = edit(client, playbook, form, "save")
    assert answer.status_code == 302
    assert outline(playbook) == [(0, "Three"), (0, "New step"), (0, "Two"), (0, "Sure?"), (1, "true"), (1, "false")]
    version = playbook.versions.get(number=2)
    assert (version.note, version.steps.get(title="New step").minutes) == ("shorter", 15)
    assert version.steps.get(title="Two").text == "How"


def test_a_step_without_a_title_is_not_saved_and_nothing_typed_is_lost(client: Client, playbook: Playbook) -> None:
    form = page_of(client, playbook)
    form[f"title-{form['line'][1].partition(':')[0]}"] = " "
    answer = edit(client, playbook, form | {"name": "Typed name"}, "save")
    page = answer.content.decode()
    assert "Step 2 has no title." in page
    assert "Typed name" in page
    assert playbook.versions.count() == 1


def test_whoever_saves_second_keeps_what_they_typed(client: Client, responder: Person, playbook: Playbook) -> None:
    from tests.rooms.playbooks.test_files import lines, save

    form = page_of(client, playbook)
    save(responder, playbook, lines(playbook)[:2])
    answer = edit(client, playbook, form | {"name": "My own words"}, "save")
    assert "Somebody saved version 2" in answer.content.decode()
    assert "My own words" in answer.content.decode()
    assert playbook.versions.count() == 2


def test_removing_where_a_failure_goes_on_goes_on_with_what_follows(client: Client, responder: Person) -> None:
    from tests.rooms.playbooks.files import document

    made = document({
        "start_1": {"on_completion": "action_1"},
        "action_1": {"name": "A", "on_success": "action_2", "on_failure": "action_9"},
        "action_9": {"name": "F", "on_completion": "action_3"}, "action_2": {"name": "B", "on_completion": "action_3"},
        "action_3": {"name": "C", "on_completion": "action_4"}, "action_4": {"name": "D", "on_completion": "end_1"},
        "end_1": {},
    })  # fmt: skip
    playbook = actions.take_file(actor=responder, raw=written(made)).playbook
    before = {one.title: one for one in playbook.versions.get().steps.all()}
    assert before[""].resume == str(before["C"].key)
    form = form_of(edit(client, playbook, page_of(client, playbook), f"remove:{before['C'].key}").content.decode())
    edit(client, playbook, form, "save")
    assert playbook.versions.get(number=2).steps.get(kind="branch").resume == str(before["D"].key)


def test_the_longest_checklist_is_shown_and_saved(client: Client, responder: Person) -> None:
    names = (f"Step {number}" for number in range(398))
    playbook = actions.take_file(actor=responder, raw=written(linear(*names))).playbook
    assert client.get(f"/playbooks/{playbook.uuid}/").content.count(b"<rect ") == 398
    form = page_of(client, playbook)
    for name in form["line"]:
        form[f"text-{name.partition(':')[0]}"] = "How"
    assert len(form["line"]) == 398
    assert edit(client, playbook, form, "save").status_code == 302
    assert playbook.versions.get(number=2).steps.filter(text="How").count() == 398


def hostile_forms(form: dict[str, Any]) -> dict[str, dict[str, Any]]:
    first = form["line"][0]
    key = first.partition(":")[0]
    return {
        "nothing": {"line": []},
        "twice": {"line": [first, first]},
        "deep": {"line": [f"{key}:action:7:"]},
        "negative": {"line": [f"{key}:action:-1:"]},
        "no number": {"line": [f"{key}:action:x:"]},
        "huge": {"line": [f"{key}:action:{'9' * 5000}:"]},
        "no key": {"line": ["x:action:0:"]},
        "no kind": {"line": [f"{uuid4()}:dance:0:"]},
        "other kind": {"line": [f"{uuid4()}:loop:0:"]},
        "lonely branch": {"line": [f"{uuid4()}:branch:0:true"]},
        "empty question": {"line": [f"{uuid4()}:choice:0:"]},
        "many": {"line": [f"{uuid4()}:action:0:" for _ in range(501)]},
    }


@pytest.mark.parametrize("name", list(hostile_forms({"line": ["a:b"]})))
def test_forms_that_no_page_makes_change_nothing(client: Client, playbook: Playbook, name: str) -> None:
    form = page_of(client, playbook)
    for do in ("save", "up:x", "add:end", "dance"):
        answer = edit(client, playbook, form | hostile_forms(form)[name], do)
        assert answer.status_code == 302
    assert playbook.versions.count() == 1


def test_a_run_from_the_incident(client: Client, incident: Incident, playbook: Playbook) -> None:
    room = f"/incidents/{incident.uuid}/playbooks/"
    assert "No playbook was started yet." in client.get(room).content.decode()
    begun = client.post(f"{room}start/", {"playbook": str(playbook.uuid)})
    run = Run.objects.get()
    assert begun["Location"] == f"{room}{run.uuid}/"
    answer = client.post(f"{room}{run.uuid}/0/tick/", {"state": "done", "text": "<b>x</b>"}, follow=True)
    page = answer.content.decode()
    assert "1 of 3" in page
    assert "&lt;b&gt;x&lt;/b&gt;" in page
    client.post(f"{room}{run.uuid}/0/undo/")
    page = client.get(f"{room}{run.uuid}/").content.decode()
    assert "taken back by Responder" in page
    client.post(f"{room}{run.uuid}/1/assign/", {"assignee": "responder", "due_at": "2026-12-01T10:00"})
    assert incident.tasks.get().title == "Two"
    client.post(f"{room}{run.uuid}/stop/", {"reason": "enough"})
    assert Run.objects.get().state == "stopped"


@pytest.mark.parametrize(
    ("act", "form"),
    [
        ("0/tick/", {"state": "dance"}), ("0/tick/", {}), ("0/tick/", {"state": "done", "text": "x" * 1_000_000}),
        ("0/choose/", {"branch": "-5"}), ("0/choose/", {"branch": "999999999999"}), ("0/choose/", {}),
        ("0/undo/", {}), ("0/assign/", {"assignee": "nobody"}), ("0/assign/", {"entity": str(uuid4())}),
        ("0/assign/", {"due_at": "soon"}), ("stop/", {}), ("0/assign/", {"assignee": "officer_b"}),
    ],
)  # fmt: skip
def test_nonsense_is_told_and_changes_nothing(client: Client, run: Run, act: str, form: Mapping[str, str]) -> None:
    room = f"/incidents/{run.incident.uuid}/playbooks/{run.uuid}/"
    answer = client.post(f"{room}{act}", form, follow=True)
    assert answer.status_code in {200, 404}
    assert not Tick.objects.exists()
    assert Run.objects.get().state == "running"
    assert client.post(f"{room}99/tick/", {"state": "done"}).status_code == 404


def test_nul_is_refused_at_the_door(client: Client, run: Run) -> None:
    path = f"/incidents/{run.incident.uuid}/playbooks/{run.uuid}/0/tick/"
    assert client.post(path, {"state": "done", "text": "a\0b"}).status_code == 400


def test_a_run_is_not_reached_through_another_incident(client: Client, responder: Person, run: Run) -> None:
    other = incidents.open_incident(actor=responder, title="o", organisations=[])
    assert client.get(f"/incidents/{other.uuid}/playbooks/{run.uuid}/").status_code == 404


def test_of_a_sealed_incident_no_run_shows(
    client: Client, ciso: Person, run: Run, playbook: Playbook, client_of: Callable[[Person], Client]
) -> None:
    assert run.incident.reference in client_of(ciso).get(f"/playbooks/{playbook.uuid}/").content.decode()
    handler = run.started_by
    incidents.withdraw(actor=handler, hand_off=run.incident.hand_offs.get())
    incidents.seal(actor=handler, incident=Incident.objects.get(), people=[])
    assert run.incident.reference not in client_of(ciso).get(f"/playbooks/{playbook.uuid}/").content.decode()
    assert run.incident.reference in client.get(f"/playbooks/{playbook.uuid}/").content.decode()


def test_a_step_ticked_by_a_colleague_is_said_to_the_second(client: Client, colleague: Person, run: Run) -> None:
    actions.tick(actor=colleague, run=run, step=step(run, "One"), state="done")
    path = f"/incidents/{run.incident.uuid}/playbooks/{run.uuid}/0/tick/"
    answer = client.post(path, {"state": "failed"}, follow=True)
    assert "Outsider was first" in said(answer)
    assert "1 of 3" in answer.content.decode()
