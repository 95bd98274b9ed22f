"""The pages of the exchange: every step by hand, what is hostile as text, others' imports as if they were not."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from tests.architecture.test_hostile import EVIL, Reader
from tests.rooms.exchange.conftest import DATA, Receive
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.exchange import actions, queries
from tocsin.rooms.exchange.models import Import
from tocsin.rooms.incidents.models import Incident

pytestmark = pytest.mark.django_db
ClientOf = Callable[[Person], Client]


def upload(client: Client, *contents: bytes, **given: str) -> Import:
    files = [SimpleUploadedFile(f"f{number}.json", content) for number, content in enumerate(contents)]
    answer = client.post(reverse("import_new"), {"peer": "fir", "file": files, **given})
    assert answer.status_code == 302, answer.content.decode()
    actions.work()
    return Import.objects.latest("pk")


def test_from_the_file_to_the_incidents_and_back(client_of: ClientOf, ciso: Person) -> None:
    client = client_of(ciso)
    load = upload(client, (DATA / "fir.json").read_bytes(), source="FIR of A", base_url="https://fir.example/")
    address = reverse("import", args=[load.uuid])
    page = client.get(address).content.decode()
    for text in (
        "Phishing against the finance desk",
        "1 name of an organisation is not known here",
        "Archive",
        "m.unknown",
        "C7",
    ):
        assert text in page
    form = {
        "organisation-name-0": "Archive",
        "organisation-choice-0": "DEPB",
        "team": "CSIRC",
        "rest": "",
        "do": "bring",
    }
    answer = client.post(reverse("import_decide", args=[load.uuid]), form, follow=True)
    assert "It is brought in now" in answer.content.decode()
    assert client.get(address, headers={"HX-Request": "true"}).content.decode().startswith('<div id="state"')
    actions.work()
    assert client.get(address, headers={"HX-Request": "true"})["HX-Refresh"] == "true"
    page = client.get(address).content.decode()
    assert "For few eyes" in page
    assert "it has no title" in page
    records = reverse("import_records", args=[load.uuid])
    assert "the incident it belongs to is not in the file" in client.get(records).content.decode()
    incident = Incident.objects.get(origin__identity="41")
    elsewhere = client.get(reverse("incident_elsewhere", args=[incident.uuid])).content.decode()
    assert 'href="https://fir.example/events/41/"' in elsewhere
    assert "Take the whole import back" in page
    client.post(reverse("import_undo", args=[load.uuid]))
    actions.work()
    assert "taken back" in client.get(address).content.decode()
    assert not Incident.objects.exists()


def test_all_other_names_are_chosen_for_at_once(client_of: ClientOf, ciso: Person) -> None:
    rows = ",".join(f'{{"id": {n}, "subject": "x", "concerned_business_lines": ["unit {n}"]}}' for n in range(150))
    client = client_of(ciso)
    load = upload(client, f"[{rows}]".encode())
    page = client.get(reverse("import", args=[load.uuid])).content.decode()
    assert "50 more names" in page
    form = {"organisation-name-0": "unit 7", "organisation-choice-0": "-", "rest": "DEPA", "do": "bring"}
    client.post(reverse("import_decide", args=[load.uuid]), form)
    actions.work()
    load.refresh_from_db()
    assert (load.imported, load.rejected) == (149, 1)


def test_the_columns_of_a_table_are_matched(client_of: ClientOf, ciso: Person) -> None:
    client = client_of(ciso)
    load = upload(client, b"Nr;Was;Wo\n1;Feuer;DEPA\n", peer="csv")
    address = reverse("import", args=[load.uuid])
    assert "Feuer" in client.get(address).content.decode()
    form = {"day_first": "1", "keep_as": "Liste"}
    for number, (heading, field) in enumerate({"Nr": "id", "Was": "title", "Wo": "organisations"}.items()):
        form |= {f"column-name-{number}": heading, f"column-choice-{number}": field}
    wrong = client.post(reverse("import_columns", args=[load.uuid]), form | {"column-choice-1": "fact"}, follow=True)
    assert "Choose the column that holds the title" in wrong.content.decode()
    client.post(reverse("import_columns", args=[load.uuid]), form)
    actions.work()
    load.refresh_from_db()
    assert (load.state, load.columns["Was"], queries.mappings(ciso).get().name) == ("ready", "title", "Liste")
    page = client.get(address).content.decode()
    assert "Match the columns otherwise" in page
    again = upload(client, b"Nr;Was;Wo\n2;Wasser;DEPA\n", peer="csv")
    assert again.columns == load.columns  # proposed: the same headings as a mapping that was kept


def test_what_is_wrong_with_an_upload_is_said(client_of: ClientOf, ciso: Person) -> None:
    client, address = client_of(ciso), reverse("import_new")
    for given, said in (
        ({"peer": "fir"}, "This field is required"),
        ({"peer": "nonsense", "file": SimpleUploadedFile("f", b"{}")}, "Select a valid choice"),
        ({"peer": "fir", "file": SimpleUploadedFile("f", b"")}, "empty"),
        (
            {"peer": "fir", "file": SimpleUploadedFile("f", b"{}"), "base_url": "javascript:x"},
            "Enter a valid URL",
        ),
        ({"peer": "fir", "file": [SimpleUploadedFile("f", b"{}") for _ in range(51)]}, "not more than 50"),
    ):
        answer = client.post(address, given)
        assert answer.status_code == 200
        assert said in answer.content.decode()
    assert not Import.objects.exists()
    zipped = upload(client, b"PK\x03\x04")
    assert "unpack it" in client.get(reverse("import", args=[zipped.uuid])).content.decode()
    client.post(reverse("import_discard", args=[zipped.uuid]))
    zipped.refresh_from_db()
    assert zipped.state == "discarded"


def test_an_upload_that_is_too_long_is_refused_unread(client_of: ClientOf, ciso: Person) -> None:
    def unread(*_: object) -> bytes:
        raise AssertionError("it is read")

    client = client_of(ciso)
    answer = client.generic(
        "POST", reverse("import_new"), b"x", content_type="multipart/form-data; boundary=x",
        CONTENT_LENGTH=str(2 << 30), **{"wsgi.input": type("Body", (), {"read": unread, "readline": unread})()},
    )  # fmt: skip
    assert answer.status_code == 413
    assert "takes 256 MB at most" in answer.content.decode()


def test_the_form_is_checked_against_forgery(ciso: Person) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ciso, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.post(reverse("import_new"), {"peer": "fir", "file": SimpleUploadedFile("f", b"{}")})
    assert answer.status_code == 403
    assert not Import.objects.exists()


def test_others_see_nothing_of_it(client_of: ClientOf, receive: Receive, chart: Mapping[str, Person]) -> None:
    load = receive("fir", "fir.json")
    for name in ("admin", "analyst", "officer_a", "outsider"):
        client = client_of(chart[name])
        wanted = 404 if name == "admin" else 403
        for page in ("import", "import_records"):
            assert client.get(reverse(page, args=[load.uuid])).status_code == wanted
        for step in ("import_decide", "import_columns", "import_undo", "import_discard"):
            assert client.post(reverse(step, args=[load.uuid])).status_code == wanted
            assert client.post(reverse(step, args=[uuid4()])).status_code == wanted
    assert load.name not in client_of(chart["admin"]).get(reverse("exchange")).content.decode()
    load.refresh_from_db()
    assert load.state == "ready"


def test_what_is_hostile_stays_text(client_of: ClientOf, ciso: Person, bring: Receive, receive: Receive) -> None:
    said = {"comment": EVIL, "opened_by": EVIL[:100], "date": EVIL}
    fields = dict.fromkeys(("id", "subject", "description", "severity", "status", "category", "opened_by", EVIL), EVIL)
    record = fields | {"concerned_business_lines": [EVIL[:150]], "comments_set": [said]}
    text = json.dumps([record, {EVIL: "x"}])
    quoted = EVIL.replace('"', '""')
    waiting = receive("fir", text)
    table = receive("csv", f'Titre,"{quoted}"\n=1+1,"{quoted}"\n')
    done = bring("fir", text, organisations=dict.fromkeys(waiting.summary["organisations"], "DEPA"))
    incident = Incident.objects.get()
    client, shown = client_of(ciso), 0
    for address in (
        reverse("exchange"), *(reverse("import", args=[load.uuid]) for load in (waiting, table, done)),
        reverse("import_records", args=[done.uuid]), reverse("incident", args=[incident.uuid]),
        reverse("incident_elsewhere", args=[incident.uuid]),
    ):  # fmt: skip
        reader, page = Reader(), client.get(address)
        assert page.status_code == 200
        reader.feed(page.content.decode())
        assert reader.found == [], address
        shown += "&lt;script&gt;" in page.content.decode()
    assert shown >= 4
    exported = client.get(reverse("import_records", args=[done.uuid]) + "?export=csv").getvalue().decode()
    assert "it is nothing that FIR exports" in exported


def test_rejected_rows_leave_harmless(client_of: ClientOf, ciso: Person, receive: Receive) -> None:
    load = receive("csv", "Titre,Id\n=cmd|' /C calc'!A1,1,2\n")
    actions.match_columns(actor=ciso, load=load, columns=load.columns)
    actions.work()
    exported = client_of(ciso).get(reverse("import_records", args=[load.uuid]) + "?export=csv").getvalue().decode()
    assert "\"'=cmd|" in exported
