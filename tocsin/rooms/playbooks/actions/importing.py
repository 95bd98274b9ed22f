"""Take CACAO files in: as they are, with their digest, as a new playbook or as a new version of one that is there."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.platform import audit
from tocsin.platform.access import require
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.playbooks import knowledge
from tocsin.rooms.playbooks.actions.versions import add_version
from tocsin.rooms.playbooks.models import Playbook, PlaybookVersion

STARTER = Path(__file__).parents[1] / "starter"


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of a file: the playbook, whether anything is new, and what should be otherwise in the file."""

    playbook: Playbook
    new: bool
    remarks: tuple[knowledge.Problem, ...]


def take_file(*, actor: Person | None, raw: bytes) -> Taken:
    """Take a file in. ``actor`` is nobody on the command line. Raises ``Unusable``, or ValidationError when it is old.

    The same bytes again change nothing. A later file of the same playbook is its next version; what was edited here
    stays in the versions before.
    """
    if actor is not None:
        require(actor, "playbooks.manage")
    read = knowledge.understand(raw)
    with transaction.atomic():
        return _take(actor, raw, read)


def _take(actor: Person | None, raw: bytes, read: knowledge.Read) -> Taken:
    digest = hashlib.sha256(raw).hexdigest()
    playbook, made = Playbook.objects.select_for_update().get_or_create(
        cacao_id=read.identifier,
        defaults={
            "name": read.name,
            "tlp": read.tlp,
            "active": not read.revoked,
            "rsit": list(read.rsit),
            "severity_from": read.severity_from,
        },
    )
    known = playbook.versions.exclude(digest="")
    if known.filter(digest=digest).exists():
        return Taken(playbook, new=False, remarks=read.remarks)
    latest = known.order_by("-modified").only("modified", "number").first()
    if latest is not None and read.modified <= latest.modified:
        raise ValidationError(_refusal(read, latest))
    if read.revoked:
        playbook.active = False
    edited = playbook.current is not None and playbook.current.edited
    version = add_version(
        playbook,
        read.lines,
        name=read.name,
        description=read.description,
        types=list(read.types),
        tlp=read.tlp,
        translations=dict(read.translations),
        facts=dict(read.facts),
        modified=read.modified,
        source=raw,
        digest=digest,
        made_by=actor,
        note=_("The file's new version; what was edited here stands in the versions before.") if edited else "",
    )
    details = {"name": read.name, "id": read.identifier, "version": version.number, "sha256": digest, "new": made}
    audit.record(actor, "playbook.import", playbook, details)
    return Taken(playbook, new=True, remarks=read.remarks)


def _refusal(read: knowledge.Read, latest: PlaybookVersion) -> str:
    values = {"given": f"{read.modified:%Y-%m-%d %H:%M:%S}Z", "number": latest.number}
    if read.modified == latest.modified:
        return (
            _(
                "This file is not the one we have, but says that it was modified at the same time (%(given)s, as our "
                "version %(number)d). Ask its author for one with a later 'modified'."
            )
            % values
        )
    return _("We have a later version (%(number)d) than this file of %(given)s; nothing was changed.") % values


def take_starter(*, actor: Person | None) -> list[Taken]:
    """Take in the playbooks that come with Tocsin; those that are there already stay as they are."""
    return [take_file(actor=actor, raw=path.read_bytes()) for path in sorted(STARTER.glob("*.json"))]


def ensure_starter() -> None:
    """Take in the playbooks that come with Tocsin where there are none at all."""
    if not Playbook.objects.exists():
        take_starter(actor=None)
