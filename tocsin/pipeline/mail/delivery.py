"""Understand what mail servers report about a mail: failed, delayed, delivered (RFC 3464), read (RFC 8098)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tocsin.pipeline.mail.headers import addresses, clean
from tocsin.pipeline.mail.letter import Letter
from tocsin.pipeline.mail.phrases import meaning, plain

RECIPIENTS, DIAGNOSTIC = 100, 500
_ACTION = re.compile(r"\s*(failed|delayed|delivered|relayed|expanded)\b", re.IGNORECASE)
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)")
_ERROR = re.compile(r"(?m)^.*(?<![\d.])[45]\d\d[ -].*$")
_SERVERS = re.compile(r"(?:mailer-daemon|postmaster|microsoftexchange\w*|bounces?)\b.*@.*")
# From here on a server gives back the mail it could not deliver.
_COPY = re.compile(r"(?im)^-{2,}.{0,20}(?:copy of the message|original message|returned message|unsent message).*$")
_MESSAGE_ID = re.compile(r"(?im)^message-id:\s*(<[^<>\s]{1,500}>)")
_NAMED = re.compile(
    r"(?m)^\s*(?:recipient:\s*)?<?([^\s<>:@]{1,64}@[^\s<>:@]{1,253}?)>?(?:\s*:.*|\s+on .*|\s*)$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a mail for one recipient; ``permanent`` says that another attempt is of no use."""

    address: str
    action: str
    status: str
    permanent: bool
    diagnostic: str


@dataclass(frozen=True, slots=True)
class Notification:
    """A report of a mail server or of a mail program; ``kind`` is as in `replies.Understood`."""

    kind: str
    evidence: str
    deliveries: tuple[Delivery, ...] = ()
    message_id: str = ""
    envelope_id: str = ""


def read_notification(letter: Letter) -> Notification | None:
    """Read a report about a mail; none when the letter is something else."""
    for report in letter.reports:
        if report.content_type.endswith("delivery-status"):
            return _delivery_status(letter, list(_groups(report.text)))
        if report.content_type.endswith("disposition-notification"):
            return _disposition(letter, next(_groups(report.text), {}))
    return _told(letter) if letter.failed or _SERVERS.fullmatch(letter.sender) else None


def _groups(text: str) -> Iterator[Mapping[str, str]]:
    """Give the groups of fields, which stand apart by blank lines."""
    group: dict[str, str] = {}
    name = ""
    for line in [*text.splitlines(), ""]:
        if not line.strip():
            if group:
                yield group
            group, name = {}, ""
        elif line[0] in " \t" and name:
            group[name] = f"{group[name]} {line.strip()}"[: 2 * DIAGNOSTIC]
        else:
            name, _, value = line.partition(":")
            name = name.strip().lower()
            group.setdefault(name, value.strip()[: 2 * DIAGNOSTIC])


def _delivery_status(letter: Letter, groups: list[Mapping[str, str]]) -> Notification:
    deliveries = tuple(d for d in map(_delivery, groups[: RECIPIENTS + 1]) if d.address and d.action)[:RECIPIENTS]
    actions = {delivery.action for delivery in deliveries}
    about = groups[0] if groups else {}
    return Notification(
        kind=_kind(actions),
        evidence=f"Action: {', '.join(sorted(actions))}" if actions else letter.automatic,
        deliveries=deliveries,
        message_id=_original(letter, about),
        envelope_id=clean(about.get("original-envelope-id", "")),
    )


def _kind(actions: set[str]) -> str:
    if "failed" in actions:
        return "bounced"
    if "delayed" in actions:
        return "delayed"
    return "delivered" if actions else "automatic"


def _delivery(group: Mapping[str, str]) -> Delivery:
    recipient = group.get("final-recipient") or group.get("original-recipient") or ""
    action = _ACTION.match(group.get("action", ""))
    status = _STATUS.search(group.get("status", ""))
    kind, _, diagnostic = group.get("diagnostic-code", "").partition(";")
    return Delivery(
        address=(addresses((recipient.rpartition(";")[2],)) or ("",))[0],
        action=action[1].lower() if action else "",
        status=status[1] if status else "",
        permanent=bool(status and status[1].startswith("5") and action and action[1].lower() == "failed"),
        diagnostic=clean(diagnostic.strip() or kind)[:DIAGNOSTIC],
    )


def _original(letter: Letter, fields: Mapping[str, str]) -> str:
    for name in ("original-message-id", "x-original-message-id"):
        if fields.get(name):
            return clean(fields[name])
    return next(iter(letter.returned), letter.in_reply_to)


def _disposition(letter: Letter, fields: Mapping[str, str]) -> Notification:
    disposition = fields.get("disposition", "")
    what = plain(disposition.rpartition(";")[2]).strip()
    shown = what.partition("/")[0].strip() in {"displayed", "read"}
    return Notification(
        kind="read" if shown else "automatic",
        evidence=f"Disposition: {clean(disposition)[:100]}",
        message_id=_original(letter, fields),
    )


def _told(letter: Letter) -> Notification | None:
    """Understand a server that tells in words what became of the mail."""
    told, copy = _before_copy(letter.text[:20_000])
    words = plain(f"{letter.subject}\n{told}")
    for kind, action in (("delayed", "delayed"), ("bounced", "failed")):
        evidence = meaning(kind).first(words)
        if evidence:
            found = _MESSAGE_ID.search(copy)
            return Notification(
                kind=kind,
                evidence=evidence,
                deliveries=tuple(_from_words(letter, told, action)),
                message_id=found[1] if found else next(iter(letter.returned), letter.in_reply_to),
            )
    return None


def _before_copy(text: str) -> tuple[str, str]:
    copy = _COPY.search(text)
    return (text[: copy.start()], text[copy.end() :]) if copy else (text, text)


def _from_words(letter: Letter, told: str, action: str) -> Iterator[Delivery]:
    status = _STATUS.search(told)
    error = _ERROR.search(told)
    named = letter.failed or addresses(tuple(_NAMED.findall(told)))
    for address in named[:RECIPIENTS]:
        yield Delivery(
            address=address,
            action=action,
            status=status[1] if status else "",
            # A server that gives up without a number has still given up.
            permanent=action == "failed" and (not status or status[1].startswith("5")),
            diagnostic=clean(error[0].strip())[:DIAGNOSTIC] if error else "",
        )
