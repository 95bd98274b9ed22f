"""Evidence over HTTP: sent as a form or by a program, taken along as a file that runs nowhere."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import FileResponse, UnreadablePostError
from django.test import Client, RequestFactory

from tests.rooms.incidents.filing import added
from tests.rooms.incidents.test_api import bearer
from tocsin.platform import house_key
from tocsin.platform.stream_cipher import CHUNK, Damaged
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.artefacts.actions import receive_body
from tocsin.rooms.artefacts.actions.turns import LARGE, _turns
from tocsin.rooms.artefacts.models import Artefact
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.incidents import actions
from tocsin.rooms.incidents.models import Evidence, Incident

pytestmark = pytest.mark.django_db
ClientOf = Callable[[Person], Client]
HANDLING = ["incidents.view", "incidents.work"]
CONTENT = b"beacon to c2.evil.example\n" * 1000


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TOCSIN_HOME", str(tmp_path))
    return tmp_path


def files(home: Path) -> list[Path]:
    return [path for path in (home / "artefacts").rglob("*") if path.is_file() and path.name != house_key.MARK]


def file(content: bytes = CONTENT, name: str = "log.txt") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def posted(client: Client, incident: Incident, **form: Any) -> str:
    """Send the form as a browser does, and give what the page says then."""
    given = {"audience": "team", "tlp": "AMBER", "file": file(), **form, "whole": "1"}
    answer = client.post(f"/incidents/{incident.uuid}/evidence/add/", given, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def body(answer: Any) -> bytes:
    return b"".join(answer)


def test_several_files_are_added_by_one_form(incident: Incident, responder: Person, client_of: ClientOf) -> None:
    client = client_of(responder)
    page = posted(client, incident, file=[file(), file(b"", "empty.txt")], collected_by="M. Roe", searchable="on")
    assert "2 files added." in page
    assert hashlib.sha256(CONTENT).hexdigest() in page
    assert sorted(Evidence.objects.values_list("title", "reading")) == [
        ("empty.txt", "waiting"),
        ("log.txt", "waiting"),
    ]
    one = Evidence.objects.get(title="log.txt")
    detail = client.get(f"/incidents/{incident.uuid}/evidence/{one.uuid}/").content.decode()
    assert "text/plain" in detail
    assert "M. Roe" in detail


def test_it_comes_back_as_it_was_and_runs_nowhere(incident: Incident, responder: Person, client_of: ClientOf) -> None:
    content = os.urandom(CHUNK + 1000)
    [evidence] = added(responder, incident, content, name='<script>"é\r\n.html')
    answer = client_of(responder).post(f"/incidents/{incident.uuid}/evidence/{evidence.uuid}/download/")
    assert isinstance(answer, FileResponse)
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("application/octet-stream", "nosniff")
    assert answer["Content-Disposition"].startswith("attachment; filename*=utf-8''")
    assert "sandbox" in answer["Content-Security-Policy"]
    assert int(answer["Content-Length"]) == len(content)
    assert answer["X-SHA-256"] == evidence.artefact.digest
    assert body(answer) == content


def test_a_download_is_no_link(incident: Incident, responder: Person, client_of: ClientOf) -> None:
    [evidence] = added(responder, incident, CONTENT)
    assert client_of(responder).get(f"/incidents/{incident.uuid}/evidence/{evidence.uuid}/download/").status_code == 405
    assert evidence.artefact.custody.count() == 1


def test_a_file_altered_in_its_middle_never_ends_as_a_whole_answer(
    incident: Incident, responder: Person, client_of: ClientOf, home: Path
) -> None:
    [evidence] = added(responder, incident, os.urandom(3 * CHUNK))
    [path] = files(home)
    altered = bytearray(path.read_bytes())
    altered[2 * CHUNK] ^= 1
    path.write_bytes(altered)
    answer = client_of(responder).post(f"/incidents/{incident.uuid}/evidence/{evidence.uuid}/download/")
    with pytest.raises(Damaged):
        body(answer)


def test_a_file_cut_off_gives_nothing_at_all(
    incident: Incident, responder: Person, client_of: ClientOf, home: Path
) -> None:
    [evidence] = added(responder, incident, os.urandom(3 * CHUNK))
    [path] = files(home)
    os.truncate(path, 2 * CHUNK)
    url = f"/incidents/{incident.uuid}/evidence/{evidence.uuid}/download/"
    answer = client_of(responder).post(url, follow=True)
    assert "The file is not what was taken in" in answer.content.decode()
    again = client_of(responder).get(f"/api{url.removesuffix('download/')}content", headers=bearer(responder, HANDLING))
    assert again.status_code == 400


def test_the_form_needs_its_token_and_keeps_nothing_without(incident: Incident, responder: Person, home: Path) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(responder, backend="django.contrib.auth.backends.ModelBackend")
    url = f"/incidents/{incident.uuid}/evidence/"
    form = {"audience": "team", "tlp": "AMBER", "file": file(), "whole": "1"}
    assert client.post(f"{url}add/", form).status_code == 403
    assert files(home) == []
    token = client.get(url).content.decode().split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    assert client.post(f"{url}add/", {"csrfmiddlewaretoken": token, **form, "file": file()}).status_code == 302
    assert Evidence.objects.count() == 1


def test_nothing_is_read_of_who_may_not_add(
    incident: Incident, officer_b: Person, client_of: ClientOf, home: Path
) -> None:
    for client, status in ((client_of(officer_b), 404), (Client(), 302)):
        form = {"file": file(), "whole": "1"}
        assert client.post(f"/incidents/{incident.uuid}/evidence/add/", form).status_code == status
    assert files(home) == []


def test_a_form_that_was_cut_off_keeps_nothing(
    incident: Incident, responder: Person, client_of: ClientOf, home: Path
) -> None:
    client = client_of(responder)
    sent = RequestFactory().post("/", {"audience": "team", "tlp": "AMBER", "file": file(), "whole": "1"})
    for part in (0.5, 0.9):
        cut = sent.body[: int(len(sent.body) * part)]
        answer = client.generic(
            "POST", f"/incidents/{incident.uuid}/evidence/add/", cut, sent.content_type, follow=True,
            CONTENT_TYPE=sent.META["CONTENT_TYPE"],
        )  # fmt: skip
        assert answer.status_code in {200, 302}
        assert Evidence.objects.count() == 0
        assert files(home) == []
    assert "cut off on its way" in client.get(f"/incidents/{incident.uuid}/evidence/").content.decode()


@pytest.mark.parametrize(
    ("form", "complaint"),
    [
        ({"tlp": "PURPLE"}, "Marking"),
        ({"audience": "entity"}, "which organisation"),
        ({"file": ""}, "Files"),
        ({"title": "x" * 201}, "Title"),
        ({"collected_at": "yesterday"}, "Collected"),
        ({"title": "a\0b"}, "Title"),
        ({"description": "x" * 1_000_000}, "Description"),
        ({"entity": "-1"}, "Organisation"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_kept(
    form: dict[str, Any], complaint: str, incident: Incident, responder: Person, client_of: ClientOf, home: Path
) -> None:
    assert complaint in posted(client_of(responder), incident, **form)
    assert (Evidence.objects.count(), files(home)) == (0, [])


def test_a_name_made_to_hurt_is_shown_as_text(incident: Incident, responder: Person, client_of: ClientOf) -> None:
    evil = "<img src=x onerror=alert(1)>'\"=cmd|x"
    page = posted(client_of(responder), incident, file=file(name=evil), title=evil, source=evil, description=evil)
    assert "<img src=x" not in page
    one = Evidence.objects.get()
    assert (
        "<img src=x"
        not in client_of(responder).get(f"/incidents/{incident.uuid}/evidence/{one.uuid}/").content.decode()
    )


def test_too_much_is_refused_before_it_is_read(
    incident: Incident, responder: Person, client_of: ClientOf, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOCSIN_UPLOAD_LIMIT", "1")
    page = posted(client_of(responder), incident, file=file(b"x" * (3 << 20)))
    assert "That is too large: 1 MiB may be sent at once. Nothing was kept." in page
    answer = Client().post(
        f"/api/incidents/{incident.uuid}/evidence?name=a", b"x" * (3 << 20), "application/octet-stream",
        headers=bearer(responder, HANDLING),
    )  # fmt: skip
    assert (answer.status_code, "too large" in answer.json()["detail"][0]) == (400, True)
    assert (Evidence.objects.count(), files(home)) == (0, [])


def test_a_full_disk_or_a_missing_key_is_said(
    incident: Incident, responder: Person, client_of: ClientOf, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of(responder)

    def full(*_given: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("tocsin.platform.stream_cipher.Encryptor.write", full)
        assert "no room for it on the disk" in posted(client, incident)
    posted(client, incident)
    house_key.path(home).unlink()
    assert "key of the strongroom is missing" in posted(client, incident)
    assert (Evidence.objects.count(), len(files(home))) == (1, 1)


def test_large_files_take_turns(
    incident: Incident, responder: Person, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of(responder)
    [evidence] = added(responder, incident, CONTENT)
    monkeypatch.setattr("tocsin.rooms.artefacts.actions.turns.LARGE", 100)
    assert LARGE > 100
    taken = [_turns.acquire(blocking=False) for _number in range(2)]
    assert taken == [True, True]
    url = f"/incidents/{incident.uuid}/evidence/{evidence.uuid}/download/"
    try:
        assert "Other large files are on their way" in posted(client, incident)
        assert "Other large files" in client.post(url, follow=True).content.decode()
    finally:
        for _number in range(2):
            _turns.release()
    for _number in range(4):  # each gives its turn back when it ends
        answer = client.post(url)
        assert body(answer) == CONTENT
        posted(client, incident)


def test_what_is_done_is_said_and_stays_on_the_page(incident: Incident, responder: Person, client_of: ClientOf) -> None:
    [evidence] = added(responder, incident, CONTENT)
    client, url = client_of(responder), f"/incidents/{incident.uuid}/evidence/{evidence.uuid}/"
    for act, form, said in (
        ("verify", {}, "its digest and its custody log are whole"),
        ("hold", {"reason": ""}, "Reason"),
        ("hold", {"reason": "court order 17"}, "It is on legal hold."),
        ("destroy", {"reason": "x"}, "lift that first"),
        ("release", {"reason": "court order 18"}, "The legal hold is lifted."),
        ("hand-over", {"recipient": "Inspector Doe", "reason": "warrant"}, "Written down."),
        ("destroy", {"reason": "retention"}, "It is destroyed"),
    ):
        answer = client.post(f"{url}{act}/", form, follow=True)
        assert answer.redirect_chain == [(url, 302)]
        assert said in answer.content.decode(), act
    page = client.get(url).content.decode()
    assert "court order 17" in page
    assert "Destroy for good" not in page
    assert "destroyed" in client.get(f"/incidents/{incident.uuid}/evidence/").content.decode()


def test_an_officer_adds_and_sees_only_what_is_meant_for_them(
    incident: Incident, responder: Person, officer_a: Person, client_of: ClientOf
) -> None:
    [secret] = added(responder, incident, CONTENT, title="for the team")
    client = client_of(officer_a)
    page = posted(client, incident, entity=str(incident.entities.get().uuid), audience="all")
    assert "1 file added." in page
    assert "for the team" not in page
    assert Evidence.objects.get(title="log.txt").audience == "entity"
    for path in ("", "download/", "verify/", "hold/"):
        url = f"/incidents/{incident.uuid}/evidence/{secret.uuid}/{path}"
        assert client.get(url).status_code in {404, 405}
        assert client.post(url, {"reason": "x"}).status_code in {404, 405}


def test_a_list_turns_its_pages(incident: Incident, responder: Person, client_of: ClientOf) -> None:
    for number in range(51):
        added(responder, incident, b"", title=f"number {number:03}")
    client, url = client_of(responder), f"/incidents/{incident.uuid}/evidence/"
    page = client.get(url).content.decode()
    assert "number 050" in page
    assert "number 000" not in page
    after = page.split('rel="next"')[1].split('href="')[1].split('"')[0]
    assert "number 000" in client.get(url + after).content.decode()


def test_programs_send_list_and_take(incident: Incident, responder: Person, home: Path) -> None:
    headers, url = bearer(responder, HANDLING), f"/api/incidents/{incident.uuid}/evidence"
    said = "name=dump%2Fmemory.raw&title=Memory&organisation=DEPA&source=ws-17&searchable=true"
    sent = Client().post(f"{url}?{said}", CONTENT, "application/octet-stream", headers=headers)
    assert sent.status_code == 201, sent.content
    answer = sent.json()
    assert (answer["sha256"], answer["size"]) == (hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))
    assert (answer["name"], answer["audience"], answer["organisation"]) == ("memory.raw", "entity", "DEPA")
    listed = Client().get(url, headers=headers).json()
    assert [item["uuid"] for item in listed["items"]] == [answer["uuid"]]
    since = listed["items"][0]["updated_at"]
    actions.hold_evidence(actor=responder, evidence=Evidence.objects.get(), reason="order")
    changed = Client().get(url, {"updated_since": since}, headers=headers).json()["items"]
    assert [(item["held"], item["updated_at"] > since) for item in changed] == [(True, True)]
    content = Client().get(f"{url}/{answer['uuid']}/content", headers=headers)
    assert body(content) == CONTENT
    assert content["X-SHA-256"] == answer["sha256"]


def test_what_a_program_sends_wrongly_is_not_kept(incident: Incident, responder: Person, home: Path) -> None:
    headers, url = bearer(responder, HANDLING), f"/api/incidents/{incident.uuid}/evidence"

    def status(query: str, kind: str = "application/octet-stream", **more: Any) -> int:
        return Client().post(f"{url}?{query}", CONTENT, kind, headers=headers, **more).status_code

    assert status("title=x") == 422
    assert status("name=a&organisation=DEPB") == 400
    assert status("name=a&audience=entity") == 400
    assert status("name=a&tlp=PURPLE") == 422
    assert status("name=a", "multipart/form-data; boundary=x") == 415
    assert status("name=a", CONTENT_LENGTH="") == 411
    assert status("name=a&title=%00") in {400, 422}
    assert (Artefact.objects.count(), files(home)) == (0, [])


@pytest.mark.parametrize("ends", ["early", "with an error"])
def test_a_body_that_is_cut_off_is_not_kept(ends: str, home: Path) -> None:
    pieces = iter([b"some", b""])

    def read(_size: int) -> bytes:
        piece = next(pieces)
        if not piece and ends == "with an error":
            raise UnreadablePostError("connection reset")
        return piece

    with pytest.raises(ValidationError, match="cut off"), receive_body(read, 10):
        pass
    assert files(home) == []


def test_a_program_without_the_right_adds_and_takes_nothing(
    incident: Incident, responder: Person, officer_b: Person, home: Path
) -> None:
    [evidence] = added(responder, incident, CONTENT)
    url = f"/api/incidents/{incident.uuid}/evidence"
    for headers, status in ((bearer(responder, ["incidents.view"]), 403), (bearer(officer_b), 404)):
        assert Client().post(f"{url}?name=a", b"x", "application/octet-stream", headers=headers).status_code == status
    for path in (url, f"{url}/{evidence.uuid}/content"):
        assert Client().get(path, headers=bearer(officer_b)).status_code == 404
        assert Client().get(path, headers=bearer(responder, ["alerts.view"])).status_code == 403
    assert len(files(home)) == 1


def test_the_gate_is_asked_of_programs_too(incident: Incident, responder: Person) -> None:
    [evidence] = added(responder, incident, CONTENT, tlp="RED")
    Incident.objects.update(opened_by=responder)
    incident.entities.update(organisation=Organisation.objects.get(code="OTHER"))
    url = f"/api/incidents/{incident.uuid}/evidence/{evidence.uuid}/content"
    answer = Client().get(url, headers=bearer(responder, HANDLING))
    assert (answer.status_code, "TLP:RED" in answer.json()["detail"]) == (403, True)
