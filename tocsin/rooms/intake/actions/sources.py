"""Make and change the places signals come from."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.platform import audit
from tocsin.platform.access import require
from tocsin.platform.markings import TLP
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.intake import queries
from tocsin.rooms.intake.models import Source

FIELDS = ("name", "organisation", "format", "tlp", "active")


@transaction.atomic
def create_source(
    *,
    actor: Person,
    name: str,
    organisation: Organisation | None = None,
    format: str = "",  # noqa: A002  # the word the whole house uses
    tlp: str = TLP.AMBER,
) -> Source:
    """Make a source."""
    _require(actor, organisation)
    source = Source.objects.create(name=name, organisation=organisation, format=format, tlp=tlp)
    audit.record(actor, "source.create", source, _told(source))
    return source


@transaction.atomic
def change_source(
    *,
    actor: Person,
    source: Source,
    name: str,
    organisation: Organisation | None,
    format: str,  # noqa: A002  # the word the whole house uses
    tlp: str,
    active: bool,
) -> Source:
    """Change a source; what was received before stays as it was attributed then."""
    _require(actor, source.organisation)
    _require(actor, organisation)
    source.name, source.organisation, source.format = name, organisation, format
    source.tlp, source.active = tlp, active
    source.save(update_fields=FIELDS)
    audit.record(actor, "source.change", source, _told(source))
    return source


@transaction.atomic
def source_named(name: str, *, organisation: Organisation | None = None) -> Source:
    """Give the source of a name, made now if there is none: the command line and the exercise do this."""
    source: Source
    source, made = Source.objects.select_related("organisation").get_or_create(
        name=name, defaults={"organisation": organisation}
    )
    if made:
        audit.record(None, "source.create", source, _told(source))
    return source


def _require(actor: Person, organisation: Organisation | None) -> None:
    require(actor, "intake.manage", organisation.pk if organisation else None)
    if not queries.may_manage_source(actor, organisation):
        raise PermissionDenied(_("A source common to all is for those who manage the intake of all; choose yours."))


def _told(source: Source) -> dict[str, str]:
    code = source.organisation.code if source.organisation else ""
    active = "yes" if source.active else "no"
    return {"name": source.name, "organisation": code, "format": source.format, "tlp": source.tlp, "active": active}
