"""Misuse by insiders, as tests make it."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied

from tests.rooms.incidents.filing import stored
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.incidents import actions
from tocsin.rooms.incidents.actions import Ground
from tocsin.rooms.incidents.models import Incident, PersonalAccess, PersonalItem

SECRET = "Marguerite wrote to her physician"
GROUND = Ground("misuse_inquiry", "task_public_interest", "Data left by an account of the house.")
GROUND_PARTS = (GROUND.purpose, GROUND.basis, GROUND.text)


def added(actor: Person, case: Incident, form: str = "note", name: str = f"{SECRET}.eml") -> PersonalItem:
    [made] = actions.add_personal(
        actor=actor, incident=case, form=form, kind="mailbox", files=[(name, stored(SECRET.encode()))]
    )
    return made


def granted(item: PersonalItem, to: Person, by: Person, **given: Any) -> PersonalAccess:
    asked = actions.ask_personal(actor=to, item=item, purpose="To see what left.")
    return actions.decide_personal(actor=by, access=asked, grant=True, **given)


def read(actor: Person, item: PersonalItem) -> str:
    with actions.open_personal(actor=actor, item=item) as content:
        return content.read().decode()


def opens(actor: Person, item: PersonalItem) -> bool:
    try:
        return read(actor, item) == SECRET
    except PermissionDenied:
        return False
