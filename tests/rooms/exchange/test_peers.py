"""What the exports of each system become; the samples are written by hand after what the systems give."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rooms.exchange.conftest import DATA
from tests.rooms.exchange.test_split import VALUES
from tocsin.rooms.exchange import knowledge
from tocsin.rooms.exchange.knowledge.split import cleaned
from tocsin.rooms.incidents.models import Incident


def convert(name: str, file: str) -> tuple[list[Any], knowledge.Reader]:
    peer = knowledge.peers()[name]
    reader = knowledge.Reader(peer)
    found: list[Any] = []
    for record in knowledge.records(DATA / file, peer):
        try:
            assert not record.problem, record.problem
            found.append(reader.convert(record.content))
        except (knowledge.Unusable, knowledge.PassedOver) as error:
            found.append(str(error))
    return found, reader


def short(case: dict[str, Any]) -> tuple[Any, ...]:
    names = ("id", "title", "state", "severity", "tlp", "rsit", "organisations", "restricted")
    return tuple(case[name] for name in names)


def test_fir() -> None:
    found, reader = convert("fir", "fir.json")
    first, second, third, again, untitled, last, comment, *_rest = found
    assert short(first) == (
        "41", "Phishing against the finance desk", "closed", 3, "AMBER", "fraud/phishing",
        ["Group > Name of DEPA", "DEPB"], False,
    )  # fmt: skip
    assert first["closed"] == "2019-03-05T08:00:00+00:00"
    assert "alert(1)" not in first["summary"]
    assert "<" not in first["summary"]
    assert [entry["author"] for entry in first["entries"]] == ["analyst", "m.unknown", "analyst"]
    assert first["tasks"][0]["state"] == "done"
    assert [each.get("words", False) for each in first["observables"]] == [False, True]
    assert "Attributes: victims: 3" in first["facts"]
    assert short(second) == ("42", "Day that is none", "analysis", 2, "AMBER", "", ["Archive"], False)
    assert (third["tlp"], third["restricted"]) == ("RED", True)
    assert again["id"] == "41"
    assert untitled == "it has no title"
    assert (last["severity"], last["state"]) == (2, "containment")
    assert (comment["parent"], comment["item"]["text"]) == ("45", "Info\nSeen again from 198.51.100.7")
    assert {sort: dict(counts) for sort, counts in reader.remarks.unknown.items()} == {
        "opened": {"2020-02-30T10:00:00Z": 1}, "severity": {"9": 1}, "marking": {"C7": 1}, "category": {"Réseau": 1},
    }  # fmt: skip


def test_thehive() -> None:
    found, reader = convert("thehive", "thehive.json")
    cv, leak, old, deleted, *things, whole = found
    assert short(cv) == (
        "~4120", "Macro in a CV", "closed", 3, "AMBER+STRICT", "malicious-code/infected-system",
        ["Name of DEPA"], False,
    )  # fmt: skip
    assert (cv["closed"], cv["cause"]) == ("2023-05-06T19:06:40+00:00", "Cleaned.")
    assert "Fields: hosts: 2" in cv["facts"]
    assert (leak["tlp"], leak["restricted"], leak["named"]) == (
        "RED",
        True,
        ["responder@tocsin.example", "gone@tocsin.example"],
    )
    assert short(old)[:6] == ("AVqqdpY2", "Of the third version", "rejected", 2, "CLEAR", "")
    assert deleted == "it was deleted there"
    assert [thing if isinstance(thing, str) else (thing["into"], thing["parent"]) for thing in things] == [
        ("tasks", "~4120"), ("tasks", "~4120"), ("entries", "~4120"), ("observables", "~4120"),
        ("observables", "~4120"), ("observables", "~4120"), ("entries", "~4120"),
        "alert: no case took it up; let what raised it deliver to the intake",
        "it does not say which incident it belongs to",
    ]  # fmt: skip
    assert [things[n]["item"]["state"] for n in (0, 1)] == ["done", "refused"]
    assert things[2]["item"]["text"] == "Ask HR\nThree people did."
    assert things[5]["item"] == {"value": "cv.docm", "note": "file", "words": True}
    assert short(whole)[:5] == ("~5000", "With everything inside", "reported", 1, "RED")
    assert [entry["text"] for entry in whole["entries"]] == ["Call them\nNo answer.", "Later then."]
    assert reader.remarks.dropped == {}


def test_iris() -> None:
    found, reader = convert("iris", "iris.json")
    now, older, wrapped, wrong = found
    assert short(now) == (
        "12", "Ransomware at the archive", "containment", 4, "RED", "malicious-code/infected-system", ["DEPA"], False,
    )  # fmt: skip
    assert now["opened"] == "2024-03-01T07:30:00+00:00"
    assert (now["owner"], now["reporter"]) == ("responder", "analyst")
    texts = [entry["text"] for entry in now["entries"]]
    assert any(text.startswith("First encryption\non FS01\nCategory: Impact") for text in texts)
    assert any("Evidence: disk.e01" in text and "d41d8cd98f00b204e9800998ecf8427e" in text for text in texts)
    assert "Call\n<b>They</b> want money" in texts
    assert "No." in texts
    assert {each["value"] for each in now["observables"]} == {
        "203.0.113.5", "d41d8cd98f00b204e9800998ecf8427e", "10.0.0.5", "pay.example", "HKLM\\Run\\x",
    }  # fmt: skip
    assert now["tasks"][0]["assignee"] == "responder"
    assert short(older)[:5] == ("3", "Of an older version", "closed", 2, "AMBER")
    assert (older["opened"], older["closed"]) == ("2022-04-01T00:00:00+00:00", "2022-04-02T00:00:00+00:00")
    assert short(wrapped)[:3] == ("13", "From the interface", "rejected")
    assert wrong.startswith("it is nothing that DFIR-IRIS exports")
    assert reader.remarks.unknown == {}


def test_a_table() -> None:
    columns = {
        "Ticket": "id", "Objet": "title", "Gravité": "severity", "Statut": "state", "Entité": "organisations",
        "IOCs": "observable", "Ouvert le": "opened", "Budget": "fact", "Secret": "", "Notes": "comment",
    }  # fmt: skip
    reader = knowledge.Reader(knowledge.peer_of_columns(columns))
    row = {
        "Ticket": "T1", "Objet": "Hameçonnage", "Gravité": "Élevée", "Statut": "Clôturé", "Entité": "DEPA",
        "IOCs": "198.51.100.1, evil[.]example", "Ouvert le": "03/04/2025 10:00", "Budget": "=1+1", "Secret": "x",
        "Notes": "n",
    }  # fmt: skip
    case = reader.convert(row)
    assert short(case) == ("T1", "Hameçonnage", "closed", 3, "AMBER", "", ["DEPA"], False)
    assert case["opened"] == "2025-04-03T10:00:00+00:00"
    assert (case["facts"], [each["value"] for each in case["observables"]]) == (
        ["Budget: =1+1"], ["198.51.100.1", "evil[.]example"],
    )  # fmt: skip
    assert reader.remarks.dropped == {}
    without = {name: field for name, field in columns.items() if name != "Ticket"}
    same = [knowledge.Reader(knowledge.peer_of_columns(without)).convert(row)["id"] for _ in range(2)]
    assert same[0] == same[1] != "T1"


def test_headings_are_recognised() -> None:
    header = ("Ticket ID", "Short description", "Statut", "Priorité", "Business line", "Customer", "Foo", "État")
    assert list(knowledge.proposed(header).values()) == [
        "id", "title", "state", "severity", "organisations", "organisations", "fact", "fact",
    ]  # fmt: skip


@given(st.sampled_from(["fir", "thehive", "iris", "tocsin"]), VALUES, st.data())
def test_no_content_breaks_a_reader(name: str, value: Any, data: st.DataObject) -> None:
    """Whatever stands where something is expected, a record is taken, refused or passed over."""
    peer = knowledge.peers()[name]
    record: dict[str, Any] = {}
    for kind in peer.records[:3]:
        record |= {path.partition(".")[0]: {path.partition(".")[2] or "x": value} for path in kind.has}
        record |= {path: allowed[0] for path, allowed in kind.values.items()}
        paths = [path for where in kind.fields.values() for path in (*where.first, *where.all)]
        record |= {path.partition(".")[0]: data.draw(VALUES) for path in paths[:6]}
        record |= {child.list.partition(".")[0]: data.draw(VALUES) for child in kind.children}
    case: dict[str, Any] = {"into": "refused"}
    with suppress(knowledge.Unusable, knowledge.PassedOver):
        case = knowledge.Reader(peer).convert(cleaned(record))
    assert "into" in case or case["state"] in Incident.State.values


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("name: xx\ntitle: X\nstate: {Open: nonsense}\n", 1, "nonsense"),
        ("name: xx\ntitle: X\ncolour: red\n", 3, "Extra inputs"),
        ("name: xx\ntitle: X\nrecords:\n  - name: a\n    fields: {id: {match: '(a)(b)'}}\n", 5, "one group"),
        ("name: xx\ntitle: [\n", 3, "expected"),
        ("name: xx\ntitle: X\nrecords:\n  - name: a\n", 4, "needs fields"),
    ],
)
def test_a_broken_file_names_its_line(tmp_path: Path, text: str, line: int, said: str) -> None:
    path = tmp_path / "xx.yaml"
    path.write_text(text)
    with pytest.raises(knowledge.PeerError, match=rf"xx\.yaml:{line}: .*{said}"):
        knowledge.load(path)


def test_a_new_system_is_one_file(tmp_path: Path) -> None:
    path = tmp_path / "desk.yaml"
    path.write_text(
        "name: desk\ntitle: Desk\nlists: [tickets]\nstate: {shut: closed}\nrecords:\n"
        "  - {name: ticket, has: [nr], fields: {id: nr, title: about, state: how}}\n"
    )
    peer = knowledge.load(path)
    export = tmp_path / "e.json"
    export.write_text('{"tickets": [{"nr": 7, "about": "Fire", "how": "shut"}]}')
    [record] = knowledge.records(export, peer)
    case = knowledge.Reader(peer).convert(record.content)
    assert (case["id"], case["title"], case["state"]) == ("7", "Fire", "closed")


def test_what_is_no_text_is_refused_with_advice(tmp_path: Path) -> None:
    for head, advice in {b"PK\x03\x04": "ZIP", b"\x1f\x8b\x08": "gzip", b"": "empty", b"%PDF-1.7": "PDF"}.items():
        path = tmp_path / "f"
        path.write_bytes(head)
        with pytest.raises(knowledge.NotReadable, match=advice):
            list(knowledge.records(path, knowledge.peers()["fir"]))


def test_json_of_a_windows_shell_is_read(tmp_path: Path) -> None:
    path = tmp_path / "f.json"
    path.write_bytes('[{"id": 1, "subject": "Ünïcode"}]'.encode("utf-16"))
    [record] = knowledge.records(path, knowledge.peers()["fir"])
    assert record.content == {"id": 1, "subject": "Ünïcode"}
