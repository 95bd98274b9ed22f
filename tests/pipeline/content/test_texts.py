"""The text in what people send, and nothing of what was made to hurt."""

from __future__ import annotations

import io
import random
import struct
import time
import zipfile
from collections.abc import Callable, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.pipeline.content import archive
from tocsin.pipeline.content.errors import Refused
from tocsin.pipeline.content.texts import LONGEST, text_of

MAIL = (
    b"Received: from mail.evil.example (198.51.100.7) by mx.a.example\r\nFrom: Boss <boss@evil.example>\r\n"
    b"To: victim@a.example\r\nSubject: =?utf-8?q?Facture_pay=C3=A9e?=\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="x"\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\n'
    b"See http://c2.evil.example/gate\r\n--x\r\nContent-Type: application/octet-stream\r\n"
    b'Content-Disposition: attachment; filename="invoice.js"\r\n\r\nMZ\r\n--x--\r\n'
)


def zipped(members: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as made:
        for name, content in members.items():
            made.writestr(name, content)
    return file.getvalue()


def text(content: bytes) -> str:
    return text_of(io.BytesIO(content))


def why(content: bytes) -> str:
    with pytest.raises(Refused) as refused:
        text(content)
    return refused.value.why


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_plain_text_in_any_encoding(encoding: str) -> None:
    assert text("été 198.51.100.7\n".encode(encoding)) == "été 198.51.100.7"


def test_of_a_long_text_the_start() -> None:
    found = text("é".encode() * LONGEST)
    assert set(found) == {"é"}
    assert len(found.encode()) in range(LONGEST - 4, LONGEST + 1)


def test_a_mail_with_the_way_it_came_and_what_hangs_on_it() -> None:
    found = text(MAIL)
    for part in ("198.51.100.7", "Facture payée", "boss@evil.example", "http://c2.evil.example/gate", "invoice.js"):
        assert part in found


def test_of_markup_the_text() -> None:
    assert text(b'<?xml version="1.0"?>\n<a xmlns="http://schema.example/">hello <b>world</b></a>') == "hello  world"


def test_an_archive_with_names_texts_and_what_lies_deeper() -> None:
    inner = zipped({"note.txt": b"deep secret", "mail.eml": MAIL})
    found = text(zipped({"readme.txt": b"beacon.evil.example", "run.exe": b"MZ\0\0", "inner.zip": inner}))
    for part in ("readme.txt", "beacon.evil.example", "run.exe", "inner.zip/note.txt", "deep secret", "Facture"):
        assert part in found


def test_what_is_encrypted_or_packed_otherwise_shows_its_name_only() -> None:
    content = bytearray(zipped({"secret.txt": b"x" * 100}))
    for at in (content.index(b"PK\3\4") + 6, content.index(b"PK\1\2") + 8):
        content[at] |= 1
    assert text(bytes(content)) == "secret.txt"
    assert text(zipped({"a.txt": b"x" * 100}, zipfile.ZIP_LZMA)) == "a.txt"


@pytest.mark.parametrize("content", [b"", b"\0" * 5000, b"MZ\0\0\0", b"%PDF-1.7 text"])
def test_of_the_rest_nothing(content: bytes) -> None:
    assert text(content) == ""


def test_a_bomb_is_refused_by_its_ratio() -> None:
    assert why(zipped({"a": b"\0" * (8 << 20)})) == "ratio"


def test_a_bomb_is_refused_by_its_depth() -> None:
    bomb = b"text"
    for _level in range(archive.DEPTH + 1):
        bomb = zipped({"a.zip": bomb}, zipfile.ZIP_STORED)
    assert why(bomb) == "depth"


def test_a_bomb_is_refused_by_the_number_of_its_members() -> None:
    assert why(zipped({f"{n}.txt": b"x" for n in range(archive.MEMBERS + 1)})) == "members"


def test_the_members_of_all_archives_within_count_together() -> None:
    some = zipped({f"{n}": b"" for n in range(archive.MEMBERS // 2)})
    assert why(zipped({"a.zip": some, "b.zip": some, "c.zip": some})) == "members"


def test_a_bomb_is_refused_by_what_it_says_it_unpacks_to() -> None:
    content = bytearray(zipped({"a": b"x" * 1000}, zipfile.ZIP_STORED))
    content[content.index(b"PK\1\2") + 24 :][:4] = b""
    at = content.index(b"PK\1\2") + 24
    content[at : at + 4] = struct.pack("<I", 0xFFFFFFF0)
    assert why(bytes(content)) == "unpacked"


def test_members_that_lie_over_one_another_are_refused() -> None:
    content = zipped({f"{n}": random.Random(1).randbytes(50_000) for n in range(5)}, zipfile.ZIP_STORED)
    start = content.index(b"PK\1\2")
    entries = content[start : content.index(b"PK\5\6")]
    first = entries[: entries.index(b"PK\1\2", 4)]
    end = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 400, 400, len(first) * 400, start, 0)
    assert why(content[:start] + first * 400 + end) == "broken"


def test_a_list_of_members_of_gigabytes_is_not_read() -> None:
    class Huge(io.BytesIO):
        asked = 0

        def read(self, size: int | None = -1, /) -> bytes:
            Huge.asked = max(Huge.asked, size or 0)
            return super().read(size)

    content = zipped({"a": b"x"})
    end = content.index(b"PK\5\6")
    broken = content[:end] + bytes(5 << 20) + struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 1, 1, 5 << 20, end, 0)
    with pytest.raises(Refused):
        text_of(Huge(broken))
    assert Huge.asked <= archive.DIRECTORY


@pytest.mark.parametrize("make", [lambda c: c[:-5], lambda c: c[:30], lambda c: b"PK\3\4" + bytes(100)])
def test_a_broken_archive_is_refused(make: Callable[[bytes], bytes]) -> None:
    assert why(make(zipped({"a.txt": b"hello" * 100}))) == "broken"


@settings(max_examples=300)
@given(st.data())
def test_whatever_comes_gives_a_text_or_a_refusal(data: st.DataObject) -> None:
    content = bytearray(zipped({"a.txt": b"hello", "b.eml": MAIL, "c.zip": zipped({"d": b"x"})}))
    for _change in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = text(bytes(content))
    except Refused:
        return
    assert "\0" not in found
    found.encode()


@given(st.binary(max_size=2000))
def test_any_bytes_give_a_text_that_can_be_kept(content: bytes) -> None:
    try:
        found = text(content)
    except Refused:
        return
    assert "\0" not in found
    assert len(found.encode()) <= LONGEST


@pytest.mark.parametrize(
    "content", [b"<" * 200_000, b"<html>" + b"<a" * 100_000, b" " * 200_000, b"\n \n" * 60_000, b"From:" * 40_000]
)
def test_text_made_to_take_long_does_not(content: bytes) -> None:
    before = time.process_time()
    text(content)
    assert time.process_time() - before < 2
