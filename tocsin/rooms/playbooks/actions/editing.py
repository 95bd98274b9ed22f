"""Write and change playbooks here: every save is a version of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tocsin.platform import audit
from tocsin.platform.access import require
from tocsin.platform.markings import TLP
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Team
from tocsin.rooms.incidents import knowledge as incidents
from tocsin.rooms.playbooks import knowledge
from tocsin.rooms.playbooks.actions.versions import add_version
from tocsin.rooms.playbooks.knowledge import outline
from tocsin.rooms.playbooks.models import Playbook, PlaybookVersion


@transaction.atomic
def write_new(*, actor: Person, name: str, step: str, tlp: str = TLP.AMBER) -> Playbook:
    """Begin a playbook with its first step."""
    require(actor, "playbooks.manage")
    playbook: Playbook = Playbook.objects.create(name=name, tlp=tlp)
    lines = [knowledge.Line(uuid4(), knowledge.Kind.ACTION, title=step)]
    add_version(playbook, lines, name=name, tlp=tlp, modified=timezone.now(), made_by=actor)
    audit.record(actor, "playbook.write", playbook, {"name": name})
    return playbook


@transaction.atomic
def save(
    *,
    actor: Person,
    playbook: Playbook,
    seen: int,
    lines: Sequence[knowledge.Line],
    name: str,
    description: str,
    types: Sequence[str],
    tlp: str,
    note: str = "",
) -> PlaybookVersion:
    """Save a checklist as the next version; refused when another was saved since version ``seen``.

    Texts in other languages stay where the text they translate is the same; where it was changed they are dropped.
    """
    require(actor, "playbooks.manage")
    held = _held(playbook)
    before = held.current
    if before is None or before.number != seen:
        raise ValidationError(
            _("Somebody saved version %(newest)d while you edited version %(seen)d. Look at it, then edit that one.")
            % {"newest": before.number if before else 0, "seen": seen}
        )
    outline.check(lines)
    version = add_version(
        held,
        lines,
        name=name,
        description=description,
        types=list(types),
        tlp=tlp,
        translations=_still_true(before, {"name": name, "description": description}),
        facts={fact: value for fact, value in before.facts.items() if fact != "signatures"},
        modified=max(timezone.now(), before.modified),
        base=before.base if before.edited else before,
        made_by=actor,
        note=note,
    )
    audit.record(actor, "playbook.save", held, {"name": name, "version": version.number, "lines": len(lines)})
    return version


def _held(playbook: Playbook) -> Playbook:
    """Hold a playbook's row alone: joined to its version, one that changed meanwhile would not be found."""
    held: Playbook = Playbook.objects.select_for_update().get(pk=playbook.pk)
    return held


def _still_true(before: PlaybookVersion, now: Mapping[str, str]) -> dict[str, dict[str, str]]:
    changed = {role for role, text in now.items() if text != getattr(before, role)}
    return {
        language: {role: text for role, text in texts.items() if role not in changed}
        for language, texts in before.translations.items()
    }


@transaction.atomic
def settle(
    *, actor: Person, playbook: Playbook, owner_team: Team | None, rsit: Sequence[str], severity_from: int
) -> Playbook:
    """Say for which incidents a playbook is, and who looks after it; no version is made of this."""
    require(actor, "playbooks.manage")
    classes = incidents.taxonomy()
    known = {*classes, *(rsit_type for entry in classes.values() for rsit_type in entry["types"])}
    if unknown := set(rsit) - known:
        raise ValidationError(_("%s is no class of the taxonomy.") % ", ".join(sorted(unknown)))
    held = _held(playbook)
    held.owner_team, held.rsit, held.severity_from = owner_team, sorted(set(rsit)), severity_from
    held.save()
    details = {"rsit": held.rsit, "severity_from": severity_from, "team": owner_team.code if owner_team else ""}
    audit.record(actor, "playbook.settle", held, details)
    return held


@transaction.atomic
def switch(*, actor: Person, playbook: Playbook, on: bool) -> Playbook:
    """Offer a playbook on incidents, or no longer; runs that began go on."""
    require(actor, "playbooks.manage")
    held = _held(playbook)
    held.active = on
    held.save()
    audit.record(actor, "playbook.switch_on" if on else "playbook.switch_off", held, {"name": held.name})
    return held
