"""Change what is known of an incident and of its parts, and its flags."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.platform import audit
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.incidents import knowledge
from tocsin.rooms.incidents.actions.edits import Shown, differing, last_entry
from tocsin.rooms.incidents.actions.record import hold, note, require_handler
from tocsin.rooms.incidents.actions.sightings import see, see_text
from tocsin.rooms.incidents.models import Audience, Incident, IncidentEntity, TimelineEntry

CHANGEABLE = ("title", "summary", "severity", "tlp", "rsit_class", "rsit_type", "occurred_at")
OF_PART = ("summary", "role", "aware_at")


@transaction.atomic
def change(*, actor: Person, incident: Incident, shown: Shown = None, **values: Any) -> Incident:
    """Change what is known of an incident; unknown fields are refused, each change stands in the timeline.

    Raises Clashed when somebody else has changed the same since it was ``shown``.
    """
    require_handler(actor, incident)
    current = hold(incident.pk)
    if unknown := set(values) - set(CHANGEABLE):
        raise ValidationError(_("These cannot be changed: %s") % ", ".join(sorted(unknown)))
    changed = differing(current, shown, values, lambda name: _last_change(current, name))
    check_class(changed.get("rsit_class", current.rsit_class), changed.get("rsit_type", current.rsit_type))
    if not changed:
        return current
    before = {name: getattr(current, name) for name in changed}
    for name, value in changed.items():
        setattr(current, name, value)
    current.save(update_fields=[*changed, "updated_at"])
    see_text(current, "\n".join(str(changed[name]) for name in ("title", "summary") if name in changed))
    audit.record(
        actor, "incident.change", current, {name: [str(before[name]), str(value)] for name, value in changed.items()}
    )
    note(current, "changed", changes={name: [before[name], value] for name, value in changed.items()}, author=actor)
    return current


def _last_change(incident: Incident, name: str) -> TimelineEntry | None:
    return last_entry(incident, "changed", changes__has_key=name)


def check_class(rsit_class: str, rsit_type: str = "") -> None:
    """Refuse a class or a type that the taxonomy does not have."""
    known = knowledge.taxonomy()
    if rsit_class and rsit_class not in known:
        raise ValidationError(_("%s is no class of the taxonomy.") % rsit_class)
    if rsit_type and rsit_type not in known.get(rsit_class, {"types": {}})["types"]:
        raise ValidationError(
            _("%(type)s is no type of the class %(class)s.") % {"type": rsit_type, "class": rsit_class}
        )


@transaction.atomic
def change_part(*, actor: Person, entity: IncidentEntity, shown: Shown = None, **values: Any) -> IncidentEntity:
    """Change what is known of one organisation's part; raise Clashed as `change` does."""
    require_handler(actor, entity.incident)
    hold(entity.incident_id)
    current = IncidentEntity.objects.select_related("organisation", "incident").get(pk=entity.pk)
    if unknown := set(values) - set(OF_PART):
        raise ValidationError(_("These cannot be changed: %s") % ", ".join(sorted(unknown)))
    changed = differing(current, shown, values, lambda name: _last_part_change(current, name))
    if not changed:
        return current
    changes = {name: [str(getattr(current, name)), str(value)] for name, value in changed.items()}
    for name, value in changed.items():
        setattr(current, name, value)
    current.save(update_fields=[*changed])
    see(current.incident, [(current.summary, (current.pk, Audience.ENTITY))])
    audit.record(actor, "incident.change_part", current.incident, {"part": str(current.uuid), **changes})
    note(
        current.incident, "part_changed", organisation=current.organisation, part=str(current.uuid),
        changes=changes, author=actor, entity=current, audience=Audience.ENTITY,
    )  # fmt: skip
    return current


def _last_part_change(entity: IncidentEntity, name: str) -> TimelineEntry | None:
    return last_entry(entity.incident, "part_changed", part=str(entity.uuid), changes__has_key=name)


@transaction.atomic
def set_flag(
    *, actor: Person, incident: Incident, flag: str, value: str, shown: str | None = None, text: str = ""
) -> Incident:
    """Set one of `knowledge.flags`, saying why; never over what somebody else has set since it was ``shown``."""
    require_handler(actor, incident)
    current = hold(incident.pk)
    found = knowledge.flags().get(flag)
    if found is None or value not in found.values:
        raise ValidationError(_("Choose one of the values."))
    before = found.of(current)
    if before == value:
        return current
    if shown is not None and before != shown:
        raise ValidationError(_("Somebody else has set this meanwhile. Look at it, then choose again."))
    if found.must_say and not text.strip():
        raise ValidationError(_("Say where it is handled or why this is so; write nothing of its content."))
    setattr(current, flag, found.read(value))
    current.save(update_fields=[flag, "updated_at"])
    audit.record(actor, "incident.flag", current, {"flag": flag, "value": [before, value]})
    note(current, "flag", flag=flag, value=value, text=text.strip(), author=actor)
    return current
