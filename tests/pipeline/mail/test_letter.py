"""What is read of a mail: headers, text, attachments, and how much of it."""

from __future__ import annotations

import base64
import hashlib
import io
from datetime import UTC, datetime

import pytest

from tests.pipeline.mail.writing import letter, page
from tocsin.pipeline.mail.letter import LIMIT, Attachment, Letter, read_letter


def mail(*lines: str) -> Letter:
    return read_letter(io.BytesIO("\r\n".join(lines).encode()))


def test_it_reads_the_headers() -> None:
    found = mail(
        "Return-Path: <Bounce@Agency.example>",
        'From: "evil@cert.example, CERT" <Anna.L@Agency.example>',
        "To: CERT <cert@cert.example>, x@y.example",
        "Cc: X@y.example",
        "Subject: =?utf-8?q?Re=3A_r=C3=A9seau?= =?iso-8859-1?b?6XTp?=",
        "Date: Thu, 12 Nov 2026 10:30:00 +0100",
        "Message-ID: <1@agency.example>",
        "In-Reply-To: <0@cert.example>",
        "References: <a@cert.example>",
        "\t<0@cert.example>",
        "",
        "Done.",
    )
    assert (found.sender, found.return_path) == ("anna.l@agency.example", "bounce@agency.example")
    assert found.recipients == ("cert@cert.example", "x@y.example")
    assert found.subject == "Re: réseauété"
    assert found.date == datetime(2026, 11, 12, 9, 30, tzinfo=UTC)
    assert (found.message_id, found.in_reply_to) == ("<1@agency.example>", "<0@cert.example>")
    assert found.references == ("<a@cert.example>", "<0@cert.example>")
    assert (found.text, found.own, found.automatic, found.truncated) == ("Done.", "Done.", "", False)


def test_attachments_are_named_and_hashed() -> None:
    data = bytes(range(256))
    found = mail(
        'Content-Type: multipart/mixed; boundary="b"', "", "--b", "Content-Type: text/plain", "", "See this.", "--b",
        "Content-Type: application/pdf", "Content-Disposition: attachment; filename*=utf-8''r%C3%A9ponse.pdf",
        "Content-Transfer-Encoding: base64", "", base64.b64encode(data).decode(), "--b--",
    )  # fmt: skip
    assert found.attachments == (Attachment("réponse.pdf", "application/pdf", 256, hashlib.sha256(data).hexdigest()),)
    assert found.text == "See this."


def test_a_file_of_text_is_no_answer() -> None:
    found = mail(
        'Content-Type: multipart/mixed; boundary="b"', "", "--b", "Content-Type: text/plain", "", "See file.", "--b",
        'Content-Type: text/plain; name="log.txt"', "", "Done.", "--b--",
    )  # fmt: skip
    assert found.own == "See file."
    assert [attachment.name for attachment in found.attachments] == ["log.txt"]


def test_html_is_read_where_the_plain_text_is_empty() -> None:
    found = mail(
        'Content-Type: multipart/alternative; boundary="b"', "", "--b", "Content-Type: text/plain", "", " ", "--b",
        "Content-Type: text/html", "", "<p>D&eacute;j&agrave; <b>fait</b>.<br>Anne</p>", "--b--",
    )  # fmt: skip
    assert found.text == "Déjà fait.\nAnne"


@pytest.mark.parametrize(
    ("content", "body"),
    [
        ("text/plain; charset=utf-8", "é".encode()),
        ("text/plain; charset=iso-8859-1", b"\xe9"),
        ("text/plain; charset=windows-1252", b"\xe9"),
        ("text/plain; charset=us-ascii", "é".encode()),
        ("text/plain; charset=x-unknown", "é".encode()),
        ("text/plain; charset=unicode_escape", "é".encode()),
        ("text/plain; charset=utf-8", b"\xe9"),
        ("text/plain; charset=rot13", b"\xe9"),
        ("text/plain", b"\xe9"),
    ],
)
def test_text_is_decoded_as_it_is_meant(content: str, body: bytes) -> None:
    found = read_letter(io.BytesIO(f"Content-Type: {content}\n\n".encode() + body))
    assert found.text == "é"


def test_flowed_lines_are_joined() -> None:
    found = mail("Content-Type: text/plain; format=flowed", "", "It is ", "not fixed.", "> a ", "> b")
    assert found.text.splitlines()[0] == "It is not fixed."


def test_a_long_mail_is_counted_and_its_text_still_read() -> None:
    head = (
        b'Subject: x\nContent-Type: multipart/mixed; boundary="b"\n\n--b\n\nDone.\n--b\n'
        b"Content-Type: image/png; name=a.png\nContent-Transfer-Encoding: base64\n\n"
    )
    data = head + b"QUJD" * (LIMIT // 2)
    found = read_letter(io.BytesIO(data))
    assert (found.size, found.truncated, found.own) == (len(data), True, "Done.")
    assert [(file.name, file.sha256) for file in found.attachments] == [("a.png", "")]


def test_a_text_that_is_cut_says_nothing() -> None:
    found = read_letter(io.BytesIO(b"Subject: x\n\nDone.\n" + b" \n" * LIMIT + b"not"))
    assert (found.truncated, found.own, found.text[:5]) == (True, "", "Done.")
    assert letter("Done.\n" + "x\n" * 300_000).own == ""


def test_control_and_direction_characters_are_left_out() -> None:
    assert letter("not\u202e fi\u200bxed\x00").text == "not fixed"
    assert page("<p>n&#x200b;ot fixed</p>").text == "not fixed"


@pytest.mark.parametrize(
    "sender", ["MAILER-DAEMON@x.example", "postmaster@x.example", "no-reply@x.example", "noreply+5@x.example"]
)
def test_some_senders_are_machines(sender: str) -> None:
    assert mail(f"From: <{sender}>", "", "Done.").automatic == f"From: {sender.lower()}"


def test_nesting_and_parts_are_bounded() -> None:
    nested = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(200))
    found = read_letter(io.BytesIO(f"{nested}\nDone.".encode()))
    assert found.truncated
    assert found.own == ""
    many = 'Content-Type: multipart/mixed; boundary="b"\n\n' + "--b\n\nDone.\n" * 5000
    assert read_letter(io.BytesIO(many.encode())).truncated
