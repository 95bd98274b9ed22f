"""Ask the server of an organisation that an administrator named, in JSON: at public addresses or in listed networks.

Who asks for something to leave asks the gate first; here it is only carried.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from tocsin.platform import posting, webhooks
from tocsin.platform.handover import NotTaken, Unknown

MOST = 4 << 20  # bytes of one answer
LONGEST = 250


class Silent(Exception):
    """The server gave no answer: it may or may not have done what it was asked."""


@dataclass(frozen=True, slots=True)
class Said:
    """An answer: its status and what it holds, None where that is no JSON or is too long."""

    status: int
    content: Any
    text: str = ""
    whole: bool = True


def checked(url: str) -> str:
    """Give the base of a server's addresses, without a slash at its end; ValidationError when it is none.

    Plain http:// is for addresses in the networks of TOCSIN_WEBHOOK_NETWORKS alone.
    """
    base = url.strip().rstrip("/")
    try:
        target = posting.Target.of(base)
    except ValueError as error:
        raise ValidationError(_("This is no address of a web server: %s.") % error, code="invalid") from error
    if "?" in base or len(base) > LONGEST:
        raise ValidationError(_("Write only where it begins, such as https://rt.example.org."), code="invalid")
    known = _literal(target.host)
    listed = known is not None and any(known in network for network in webhooks.inside())
    if not target.secure and not listed:
        raise ValidationError(_("Tickets are sent to https:// only."), code="invalid")
    if known is not None and not listed and not posting.is_public(known):
        raise ValidationError(
            _("This address is not public; list its network in TOCSIN_WEBHOOK_NETWORKS first."), code="invalid"
        )
    return base


def _literal(host: str) -> posting.Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def ask(method: str, url: str, headers: Mapping[str, str], content: Any = None) -> Said:
    """Ask a server; raise `Silent` when it gives no answer within 30 s."""
    body = None if content is None else orjson.dumps(content)
    given = dict(headers) if body is None else {**headers, "Content-Type": "application/json; charset=utf-8"}
    try:
        target = posting.Target.of(url)
        answer = posting.ask(target, posting.addresses_of(target, webhooks.inside()), method, body, given, MOST)
    except (NotTaken, Unknown, ValueError) as error:
        raise Silent(str(error)) from error
    return _said(answer)


def _said(answer: posting.Answer) -> Said:
    text = " ".join(answer.body[:1000].decode("utf-8", "replace").split())[:200]
    try:
        content = orjson.loads(answer.body) if answer.whole else None
    except orjson.JSONDecodeError:
        content = None
    return Said(answer.status, content, text, answer.whole)
