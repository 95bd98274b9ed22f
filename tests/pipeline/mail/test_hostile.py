"""Whatever the bytes, reading gives a letter and understanding an answer, in bounded time."""

from __future__ import annotations

import io
import time
import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.pipeline.mail.builder import build, entries
from tocsin.pipeline.mail.letter import LIMIT, TEXT, Letter, read_letter
from tocsin.pipeline.mail.replies import understand

KINDS = {
    "acknowledged", "not_applicable", "planned", "done", "refused", "question", "out_of_office", "bounced", "delayed",
    "delivered", "read", "automatic", "unclear",
}  # fmt: skip
MAILS = [build(entry) for name in ("en", "fr", "automatic", "bounces") for entry in entries(name)[::6]]
RELAXED = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
HEADERS = st.sampled_from(
    ["From", "To", "Subject", "Date", "Message-ID", "References", "Content-Type", "Content-Transfer-Encoding",
     "Content-Disposition", "Auto-Submitted", "Return-Path", "Precedence", "X-Failed-Recipients"]
)  # fmt: skip
VALUES = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        ["multipart/mixed; boundary=b", "multipart/alternative; boundary=b", "multipart/report; boundary=b",
         "text/html", "text/plain; charset=utf-7", "text/plain; charset=idna", "text/plain; charset=punycode",
         "text/x; a*=b'c",
         "text/plain; charset*=x''%ff", "multipart/mixed; boundary=", "multipart/mixed; boundary*0*=x''%41", "base64",
         "message/delivery-status", "message/rfc822", "=?utf-8?b?/////?=", "=?idna?q?=ff?=", "=?x?q??=", "<>",
         "quoted-printable", "x-uuencode", "Thu, 99 Nov 99999 99:99:99 +9999", "Mon, 1 Jan 0001 00:00:00 +2359",
         "attachment; filename*=utf-16''%ff", '"a\\', "((((", "a@b, <c@d>, \"e@f\" <g@h>"]
    ),
)  # fmt: skip


def read(data: bytes) -> Letter:
    found = read_letter(io.BytesIO(data))
    assert len(found.text) <= TEXT
    assert found.size == len(data)
    assert understand(found).kind in KINDS
    return found


@RELAXED
@given(st.binary(max_size=2000))
def test_any_bytes(data: bytes) -> None:
    read(data)


@RELAXED
@given(st.sampled_from(MAILS), st.lists(st.tuples(st.integers(0, 5000), st.binary(max_size=8)), max_size=12))
def test_changed_mails(mail: bytes, changes: list[tuple[int, bytes]]) -> None:
    data = bytearray(mail)
    for place, change in changes:
        data[place % len(data) : place % len(data) + len(change)] = change
    read(bytes(data))


@RELAXED
@given(st.sampled_from(MAILS), st.integers(0, 5000), st.integers(0, 5000))
def test_cut_and_spliced_mails(mail: bytes, start: int, end: int) -> None:
    read(mail[: start % len(mail)] + mail[end % len(mail) :])


@RELAXED
@given(st.lists(st.tuples(HEADERS, VALUES), max_size=8), st.lists(st.sampled_from(["--b", "--b--", "", "x", "> y"])))
def test_any_headers(headers: list[tuple[str, str]], lines: list[str]) -> None:
    mail = "".join(f"{name}: {value}\n" for name, value in headers) + "\n" + "\n".join(lines)
    read(mail.encode("utf-8", "surrogatepass"))


@RELAXED
@given(st.text(max_size=400))
def test_any_text_and_any_page(text: str) -> None:
    data = text.encode("utf-8", "surrogatepass")
    read(b"Content-Type: text/plain; charset=utf-8\n\n" + data)
    read(b"Content-Type: text/html; charset=utf-8\n\n<p>" + data)


HEAD = b"From: a@b.example\n"
PAGE = HEAD + b"Content-Type: text/html\n\n"
LONG = {
    "nested": HEAD + b"".join(b'Content-Type: multipart/x; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(9000)),
    "parts": HEAD + b'Content-Type: multipart/x; boundary="b"\n\n' + b"--b\n\n" * 200_000,
    "headers": b"A: b\n" * 200_000,
    "folded": b"A: b\n" + b" b\n" * 300_000,
    "one header": b"Subject: " + b"=?utf-8?q?" * 100_000,
    "addresses": b"To: " + b"a@b," * 250_000,
    "comments": b"From: " + b"(" * 200_000 + b"\nDate: " + b"(" * 200_000,
    "deep page": PAGE + b"<div>" * 100_000,
    "quoted page": PAGE + b"<blockquote>" * 50_000,
    "open tag": PAGE + b"<p a=" * 100_000,
    "attributions": HEAD + b"\n" + b"On 1 @\n" * 100_000,
    "one line": HEAD + b"\n" + b"le 1 " * 200_000,
    "header lines": HEAD + b"\n" + b"From: x\n" * 100_000,
    "blank lines": HEAD + b"\n" + b"\n \n" * 300_000,
    "quotes": HEAD + b"\n" + b"> a\nb\n" * 100_000,
    "nul": b"\x00" * 1_000_000,
    "words": HEAD + b"\n" + b"not " * 490,
    "marks": HEAD + b'\nA "' + b'"a' * 900,
    "days": HEAD + b"\n" + b"will be done by monday the " * 70,
}


@pytest.mark.parametrize("name", LONG)
def test_mails_made_to_take_long_do_not(name: str) -> None:
    started = time.process_time()
    read(LONG[name])
    # A second at most on any machine of today; ten leaves room for a busy one.
    assert time.process_time() - started < 10


def test_a_huge_mail_is_not_held_in_memory() -> None:
    class Endless(io.BytesIO):
        left = 50 * 1024 * 1024

        def read(self, size: int | None = -1, /) -> bytes:
            wanted = self.left if size is None or size < 0 else size
            given, self.left = min(wanted, self.left), max(0, self.left - wanted)
            return b"A" * given

    stream = Endless()
    tracemalloc.start()
    found = read_letter(stream)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.size == 50 * 1024 * 1024
    assert peak < 10 * LIMIT
