"""Keep by which ways a person wants to hear of what."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.platform import audit, webhooks
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.notifications.knowledge import WAYS, kinds
from tocsin.rooms.notifications.models import Choice, Preference


@transaction.atomic
def choose(*, person: Person, chosen: Mapping[str, Mapping[str, bool]]) -> None:
    """Keep by which ways a person wants to hear of each kind that is named."""
    if unknown := chosen.keys() - kinds().keys():
        raise ValidationError(_("There is no kind called %s.") % ", ".join(sorted(unknown)))
    rows = [Choice(person=person, kind=kind, **{way: ways[way] for way in WAYS}) for kind, ways in chosen.items()]
    Choice.objects.bulk_create(rows, update_conflicts=True, unique_fields=["person", "kind"], update_fields=[*WAYS])
    audit.record(person, "notifications.choose", person, {"kinds": sorted(chosen)})


@transaction.atomic
def prefer(
    *, person: Person, digest_minutes: int, quiet_from: time | None, quiet_to: time | None, webhook: str = ""
) -> Preference:
    """Keep when a person's mails may come, and where their own tool is told."""
    if (quiet_from is None) != (quiet_to is None):
        raise ValidationError({"quiet_to": _("Quiet hours have a beginning and an end.")})
    if quiet_from is not None and quiet_from == quiet_to:
        raise ValidationError({"quiet_to": _("Quiet hours end at another time than they begin.")})
    values = {
        "digest_minutes": digest_minutes,
        "quiet_from": quiet_from,
        "quiet_to": quiet_to,
        "webhook": webhooks.checked(webhook) if webhook else "",
    }
    kept, _made = Preference.objects.update_or_create(person=person, defaults=values)
    audit.record(person, "notifications.prefer", person, {"webhook": bool(webhook), "digest": digest_minutes})
    return kept
