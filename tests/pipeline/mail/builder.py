"""Turn the entries of the corpus into the bytes of mails.

A shape names how the mail program quotes our notice, and how it encodes the text:

    plain, as-is        the text alone; as-is carries its own quotes
    quote-below[-fr]    "On ... wrote:" and > before each line; quote-above: the same with the answer below it
    inline              each paragraph stands below a piece of the quote
    outlook[-fr]        From: Sent: To: Subject: and the notice without any mark
    original[-fr]       -----Original Message-----
    marker[-fr]         the notice without any mark, but for its first line
    html-*              HTML alone, as Outlook, Gmail or Apple write it; html-hr: a line and From: Sent:
    alt-*               the same with a plain text beside it
    b64, qp, latin1, cp1252, flowed
"""

from __future__ import annotations

import base64
import quopri
from collections.abc import Mapping
from email.header import Header
from html import escape
from pathlib import Path
from typing import Any

import yaml

from tocsin.pipeline.mail.own_words import REPLY_ABOVE

CORPUS = Path(__file__).parent / "corpus"
DATE = "Thu, 12 Nov 2026 10:30:00 +0100"
NOTICE = {
    "en": f"""{REPLY_ABOVE["en"]}

Dear colleagues,

These addresses of your network are infected: 192.0.2.14, 192.0.2.15. We will patch nothing for you.
Please answer: acknowledged, not applicable, done, or tell us by when it will be done.
If it has been fixed, write: done. If this address is not ours, say: not applicable.

CERT Operations""",
    "fr": f"""{REPLY_ABOVE["fr"]}

Chers collègues,

Ces adresses de votre réseau sont infectées : 192.0.2.14, 192.0.2.15.
Merci de répondre : pris en compte, non concerné, fait, ou pour quand c'est prévu.
Si le problème est corrigé, écrivez : c'est fait. Si l'adresse ne vous appartient pas : non concerné.

CERT Operations""",
}
SAID = {
    "en": "On Thu, 12 Nov 2026 at 09:14, CERT Operations <cert@cert.example> wrote:",
    "fr": "Le jeu. 12 nov. 2026 à 09:14, CERT Operations <cert@cert.example> a écrit :",
}
ABOVE = {
    "en": "From: CERT Operations <cert@cert.example>\nSent: Thursday, November 12, 2026 9:14 AM\n"
    "To: Security <security@agency.example>\nSubject: Infected addresses in your network",
    "fr": "De : CERT Operations <cert@cert.example>\nEnvoyé : jeudi 12 novembre 2026 09:14\n"
    "À : Sécurité <securite@agence.example>\nObjet : Adresses infectées dans votre réseau",
}
ORIGINAL = {"en": "-----Original Message-----", "fr": "-----Message d'origine-----"}


def entries(name: str) -> list[Mapping[str, Any]]:
    """Give the entries of one file of the corpus."""
    found: list[Mapping[str, Any]] = yaml.safe_load((CORPUS / f"{name}.yaml").read_text(encoding="utf-8"))
    return found


def build(entry: Mapping[str, Any]) -> bytes:
    """Give the mail of an entry."""
    layout, *ways = entry["shape"].split()
    if layout in {"report", "mdn", "feedback"}:
        return _report(entry, layout)
    if layout == "returned":
        text = f"{entry['text']}\n\nMessage-ID: <notice-0417@cert.example>\nSubject: Infected addresses\n"
        return _head(entry) + _part("plain", text, ways)
    language = "fr" if layout.endswith("-fr") else "en"
    kind, text = layout.removesuffix("-fr"), entry["text"]
    if kind.startswith("html-"):
        return _head(entry) + _part("html", _html(kind.removeprefix("html-"), text, language), ways)
    if kind.startswith("alt-"):
        style = kind.removeprefix("alt-")
        plain = _plain("outlook" if style == "outlook" else "quote-below", text, language)
        parts = (
            _part("plain", text if style == "plain" else plain, ways),
            _part("html", _html(style, text, language), ways),
        )
        return _head(entry) + _multipart("alternative", parts)
    return _head(entry) + _part("plain", _plain(kind, text, language), ways)


def _head(entry: Mapping[str, Any]) -> bytes:
    given = {
        "From": entry.get("from", "Some One <security@agency.example>"),
        "To": "CERT Operations <cert@cert.example>",
        "Date": DATE,
        "Message-ID": "<answer@agency.example>",
        "In-Reply-To": "<notice-0417@cert.example>",
        "References": "<notice-0417@cert.example>",
        "MIME-Version": "1.0",
        **entry.get("headers", {}),
    }
    subject = Header(entry.get("subject", "Re: [CERT-2026-0417] Infected addresses in your network"), "utf-8").encode()
    return "".join(f"{name}: {value}\n" for name, value in {"Subject": subject, **given}.items()).encode()


def _plain(kind: str, text: str, language: str) -> str:
    notice = NOTICE[language]
    quoted = "\n".join(f"> {line}".rstrip() for line in notice.splitlines())
    match kind:
        case "plain" | "as-is":
            return text
        case "quote-below":
            return f"{text}\n\n{SAID[language]}\n\n{quoted}\n"
        case "quote-above":
            return f"{SAID[language]}\n{quoted}\n\n{text}\n"
        case "inline":
            first, second = text.split("\n\n")
            return f"{SAID[language]}\n> 192.0.2.14 is infected\n\n{first}\n\n> 192.0.2.15 is infected\n\n{second}\n"
        case "outlook":
            return f"{text}\n\n{ABOVE[language]}\n\n{notice}\n"
        case "original":
            return f"{text}\n\n{ORIGINAL[language]}\n{ABOVE[language]}\n\n{notice}\n"
        case "marker":
            return f"{text}\n\n{notice}\n"
    raise ValueError(kind)


def _html(style: str, text: str, language: str) -> str:
    notice, said = _paragraphs(NOTICE[language]), escape(SAID[language])
    lines = [line.split(":", 1) for line in ABOVE[language].split("\n")]
    headers = "<br>".join(f"<b>{escape(name)}:</b>{escape(value)}" for name, value in lines)
    below = {
        "only": "",
        "plain": "",
        "outlook": f'<div style="border:none;border-top:solid #E1E1E1 1.0pt"><p>{headers}</p></div>{notice}',
        "gmail": f'<div class="gmail_quote"><div class="gmail_attr">{said}<br></div>'
        f'<blockquote class="gmail_quote">{notice}</blockquote></div>',
        "apple": f'<div><br><blockquote type="cite"><div>{said}<br></div>{notice}</blockquote></div>',
        "hr": f'<hr style="width:98%"><div id="divRplyFwdMsg">{headers}</div><div>{notice}</div>',
    }[style]
    return f"<html><head><style>p {{ margin: 0 }}</style></head><body>{_paragraphs(text)}{below}</body></html>"


def _paragraphs(text: str) -> str:
    lines = (f"<p>{escape(line) or '&nbsp;'}</p>" for line in text.splitlines())
    return f"<div>{''.join(lines)}</div>"


def _part(kind: str, text: str, ways: list[str]) -> bytes:
    charset = next((way for way in ways if way in {"latin1", "cp1252"}), "utf-8")
    content = f'text/{kind}; charset="{ {"latin1": "iso-8859-1", "cp1252": "windows-1252"}.get(charset, "utf-8") }"'
    if "flowed" in ways:
        content += "; format=flowed"
        text = "\n".join(_flow(line) for line in text.split("\n"))
    data, encoding = text.encode(charset), "8bit"
    if "b64" in ways:
        data, encoding = base64.encodebytes(data), "base64"
    elif "qp" in ways:
        data, encoding = quopri.encodestring(data), "quoted-printable"
    return f"Content-Type: {content}\nContent-Transfer-Encoding: {encoding}\n\n".encode() + data + b"\n"


def _flow(line: str) -> str:
    if line.startswith(">") or len(line) < 40:
        return line
    cut = line.rfind(" ", 0, 40)
    return f"{line[: cut + 1]}\n{line[cut + 1 :]}"


def _multipart(kind: str, parts: tuple[bytes, ...], more: str = "") -> bytes:
    body = b"".join(b"--=_cut\n" + part + b"\n" for part in parts)
    return f'Content-Type: multipart/{kind}; boundary="=_cut"{more}\n\n'.encode() + body + b"--=_cut--\n"


def _report(entry: Mapping[str, Any], layout: str) -> bytes:
    kind = {"report": "delivery-status", "mdn": "disposition-notification", "feedback": "feedback-report"}[layout]
    returned = "Message-ID: <notice-0417@cert.example>\nFrom: cert@cert.example\nSubject: Infected addresses\n"
    parts = (
        _part("plain", entry["human"], []),
        f"Content-Type: message/{kind}\n\n{entry['report']}\n".encode(),
        f"Content-Type: text/rfc822-headers\n\n{returned}".encode(),
    )
    return _head(entry) + _multipart("report", parts, f"; report-type={kind}")
