"""Drawers: the forms of an incident's page, each fetched from the address it is sent to when somebody opens it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tocsin.rooms.incidents import queries

Text = str | Promise


def _nothing(_view: queries.View) -> dict[str, Any]:
    return {}


@dataclass(frozen=True, slots=True)
class Drawer:
    """A form under ``label`` for whoever ``open_to`` says of, at ``url_name``, which takes the incident's ``uuid``."""

    url_name: str
    label: Text
    button: Text
    hint: Text = ""
    style: str = ""  # of the button: primary, danger or none
    template: str = "incidents/drawer_form.html"
    open_to: Callable[[queries.View], bool] = queries.may_work
    initial: Callable[[queries.View], dict[str, Any]] = _nothing


def _may_offer(view: queries.View) -> bool:
    return queries.may_work(view) and view.incident.offered_to_id is None and not view.incident.sealed


def _may_reject(view: queries.View) -> bool:
    if not queries.may_work(view):
        return False
    return any(step.asks == "disposition" for step in queries.possible(view.user, view.incident, handler=view.handler))


def _proposed(view: queries.View) -> dict[str, Any]:
    proposed = queries.team_proposed(view.incident)
    return {"team": proposed.code} if proposed else {}


def _now(_view: queries.View) -> dict[str, Any]:
    return {"time": timezone.now().replace(microsecond=0)}


CHANGE = Drawer("incident_change", _("Classify and change"), _("Save"), style="primary")
COMMENT = Drawer("incident_comment", _("Comment"), _("Comment"), open_to=queries.may_comment)
OFFER = Drawer("incident_offer", _("Hand over to another team"), _("Offer"), open_to=_may_offer, initial=_proposed)
SEAL = Drawer(
    "incident_seal", _("Seal to named people"), _("Seal"), _("Nobody else will know that it exists."), "danger"
)
FLAGS = Drawer("incident_flag", _("Flags"), _("Set"), template="incidents/drawer_flags.html")
PARENT = Drawer(
    "incident_parent", _("Make it a part of another"), _("Make it a part"), template="incidents/drawer_parent.html"
)
LINK = Drawer("incident_link", _("Link it to another"), _("Link"))
REJECT = Drawer("incident_reject", _("Not an incident"), _("Put away"), open_to=_may_reject)
EVENT = Drawer("incident_entry", _("Write an event with its time"), _("Write it down"), initial=_now)
TASK = Drawer("incident_task", _("Add a task"), _("Add"))
ORGANISATION = Drawer("incident_organisation", _("Add an organisation"), _("Add"))
INFORM = Drawer(
    "incident_inform",
    _("Write a message"),
    _("Send"),
    _("It goes to the organisation's officer, through the gate, marked as the incident is."),
    "primary",
    open_to=queries.may_inform,
)
HANDLE = (CHANGE, OFFER, SEAL, FLAGS, PARENT, LINK, REJECT)


def handled_by(view: queries.View) -> list[Drawer]:
    """Give the drawers with which a person handles an incident."""
    return [drawer for drawer in HANDLE if drawer.open_to(view)]
