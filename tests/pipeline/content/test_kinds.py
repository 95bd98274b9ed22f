"""What a content is, by its bytes alone."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.pipeline.content.kinds import KINDS, KindsError, load, media_type

MAIL = b"Received: from a by b\r\nFrom: a@a.example\r\nTo: b@b.example\r\nSubject: hi\r\n\r\nText.\r\n"
ZIPPED = io.BytesIO()
zipfile.ZipFile(ZIPPED, "w").close()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "application/octet-stream"),
        (b"plain text, \xc3\xa9t\xc3\xa9\n", "text/plain"),
        ("été\n".encode("utf-16"), "text/plain"),
        (MAIL, "message/rfc822"),
        (b"From a@a.example Fri Nov 27 10:00:00 2026\n" + MAIL, "message/rfc822"),
        (b"From: the team\nTo be done: all.\n", "text/plain"),
        (b"PK\x03\x04rest", "application/zip"),
        (ZIPPED.getvalue(), "application/zip"),
        (b"MZ\x90\0", "application/vnd.microsoft.portable-executable"),
        (b"%PDF-1.7", "application/pdf"),
        (b"\x7fELF\x02", "application/x-elf"),
        (b"ElfFile\0\0", "application/x-ms-evtx"),
        (bytes(257) + b"ustar\x00", "application/x-tar"),
        (b"\0\1\2\3", "application/octet-stream"),
        (b"<html><script>alert(1)</script>", "text/plain"),
        (b"\x01\x02\x03 a few letters", "application/octet-stream"),
    ],
)
def test_it_is_told_by_its_first_bytes(content: bytes, kind: str) -> None:
    assert media_type(content) == kind


@given(st.binary(max_size=500))
def test_every_content_is_something(content: bytes) -> None:
    assert "/" in media_type(content)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a: b", ":1: it must be a list"),
        ("- {type: a/b, hex: 00}\n- {type: a/b}", ":2: give `type`"),
        ("- {type: a/b, hex: xy}", ":1: non-hexadecimal"),
        ("- {type: a/b, hex: 00, at: x}", ":1: invalid literal"),
        ("- {type: a/b, hex: 00, size: 1}", ":1: give `type`"),
        ("-\n  - [", ":2: "),
        ("- x", ":1: give"),
    ],
)
def test_a_broken_file_is_refused_with_its_line(text: str, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / "kinds.yaml"
    path.write_text(text)
    with pytest.raises(KindsError, match=complaint):
        load(path)


def test_the_house_s_own_file_is_whole() -> None:
    assert len(load(KINDS)) > 20
    assert all(kind.begins and kind.at + len(kind.begins) < 4096 for kind in load(KINDS))
