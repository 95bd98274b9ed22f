"""Set up the ticket system of an organisation, try it, change it, stop it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tocsin.platform import audit, house_key, peering, webhooks
from tocsin.platform.access import require
from tocsin.platform.stream_cipher import Damaged
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.exchange.actions.dialect import Dialect, Trouble
from tocsin.rooms.exchange.actions.rt import Rt
from tocsin.rooms.exchange.models import ForeignDesk
from tocsin.rooms.exchange.querysets import DESKS

CHANGEABLE = ("base_url", "queue", "reference_field", "rtname", "states", "fields", "answers", "sends_states")


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was tried: whether it went well, and what was said."""

    name: str
    well: bool
    said: str


@transaction.atomic
def set_up_desk(*, actor: Person, organisation: Organisation, token: str, **given: Any) -> ForeignDesk:
    """Set a desk up; from now on what its organisation is told becomes tickets there."""
    require(actor, DESKS, organisation.pk)
    desk = ForeignDesk(organisation=organisation, created_by=actor, **_checked(given))
    desk.token = _wrapped(desk, token)
    try:
        with transaction.atomic():
            desk.save()
    except IntegrityError as error:
        raise ValidationError(_("This organisation has a desk already; change that one.")) from error
    audit.record(actor, "exchange.desk_set_up", desk, {"organisation": organisation.code, "url": desk.base_url})
    return desk


@transaction.atomic
def change_desk(*, actor: Person, desk: ForeignDesk, token: str = "", **given: Any) -> ForeignDesk:
    """Change a desk; without a ``token`` the one that is kept stays, unless it would go to another address."""
    require(actor, DESKS, desk.organisation_id)
    current: ForeignDesk = ForeignDesk.objects.select_for_update().get(pk=desk.pk)
    values = _checked(given)
    if values["base_url"] != current.base_url and not token:
        raise ValidationError(_("Another address needs its token: the one that is kept is not sent elsewhere."))
    changed = [name for name, value in values.items() if getattr(current, name) != value]
    for name in changed:
        setattr(current, name, values[name])
    if token:
        current.token = _wrapped(current, token)
        changed.append("token")
    current.next_poll_at = timezone.now()
    current.save()
    current.tickets.filter(failures__gt=0).update(next_attempt_at=timezone.now())
    if "fields" in changed:
        current.tickets.update(carried_at=None)  # all are looked at once more
    audit.record(actor, "exchange.desk_change", current, {"changed": sorted(changed)})
    return current


@transaction.atomic
def run_desk(*, actor: Person, desk: ForeignDesk, active: bool) -> None:
    """Stop a desk, or let it go on: nothing of what happened meanwhile is lost, and nothing else begins anew."""
    require(actor, DESKS, desk.organisation_id)
    ForeignDesk.objects.filter(pk=desk.pk).update(active=active, next_poll_at=timezone.now())
    audit.record(actor, "exchange.desk_go_on" if active else "exchange.desk_stop", desk)


def try_desk(*, actor: Person, desk: ForeignDesk) -> list[Step]:
    """Try a desk without writing anything there: the address, the token, the queue. It ends where something fails."""
    require(actor, DESKS, desk.organisation_id)
    steps: list[Step] = []
    try:
        rt = opened(desk)
        steps.append(Step(_("Address and token"), True, _("RT %s answers and takes the token.") % rt.version()))
        queue = rt.has_queue(desk.queue)
        steps.append(Step(_("Queue"), True, _("The queue “%s” is there and can be seen.") % queue))
        steps += _fields_tried(desk, rt.fields(desk.queue))
    except Trouble as trouble:
        steps.append(Step(_("Queue") if steps else _("Address and token"), False, str(trouble)))
    with transaction.atomic():  # of its own: nothing is held while the other side is waited for
        audit.record(actor, "exchange.desk_try", desk, {"well": all(step.well for step in steps)})
    return steps


def _fields_tried(desk: ForeignDesk, there: Collection[str]) -> list[Step]:
    asked = {*desk.fields, *([desk.reference_field] if desk.reference_field else [])}
    if not asked:
        return []
    if missing := sorted(asked - {*there}):
        said = _("The queue has no such fields, or the account may not see them (right SeeCustomField): %s")
        return [Step(_("Custom fields"), False, said % ", ".join(missing))]
    return [Step(_("Custom fields"), True, _("All that are filled in are there."))]


def opened(desk: ForeignDesk) -> Dialect:
    """Open a desk with its token; raise Trouble when the token cannot be read any more."""
    try:
        token = house_key.unwrap(bytes(desk.token), desk.uuid.bytes).decode()
    except (Damaged, house_key.HouseKeyError) as error:
        raise Trouble(_("The token that is kept cannot be read: enter it again. (%s)") % error) from error
    return Rt(desk.base_url, token)


def hook_secret(desk: ForeignDesk) -> str:
    """Give the secret by which the organisation's system says that a ticket has changed."""
    return webhooks.secret_for(f"desk:{desk.uuid}", desk.base_url)


def _wrapped(desk: ForeignDesk, token: str) -> bytes:
    given = token.strip()
    if not given or not given.isascii() or not given.isprintable() or " " in given:
        raise ValidationError(_("This is no token: copy it as RT shows it, such as 1-14-abc…"))
    return house_key.wrap(given.encode(), desk.uuid.bytes)


def _checked(given: Mapping[str, Any]) -> dict[str, Any]:
    if unknown := set(given) - set(CHANGEABLE):
        raise ValidationError(_("These cannot be changed: %s") % ", ".join(sorted(unknown)))
    return {**given, "base_url": peering.checked(given["base_url"])}
