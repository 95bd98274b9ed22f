"""What a person decides about an import, each step once, whoever else looks at it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping as Table

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tocsin.platform import audit
from tocsin.platform.access import require
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Team
from tocsin.rooms.exchange import knowledge, queries
from tocsin.rooms.exchange.actions.receiving import go_on
from tocsin.rooms.exchange.actions.undoing import changed
from tocsin.rooms.exchange.models import Import, Mapping, Staged
from tocsin.rooms.exchange.querysets import IMPORT

State = Import.State
MEANWHILE = gettext_lazy("This import was taken further meanwhile; look at it again.")


def _mine(actor: Person, load: Import) -> None:
    require(actor, IMPORT)
    if load.created_by_id != actor.pk:
        raise PermissionDenied(_("An import is for whoever brought it."))


@transaction.atomic
def match_columns(*, actor: Person, load: Import, columns: Table[str, str], day_first: bool = True) -> None:
    """Say which column of a table is which field; it is read after that, also once more when it was read before."""
    _mine(actor, load)
    header = load.layout.get("header", [])
    if set(columns) != set(header) or not set(columns.values()) <= set(knowledge.FIELDS):
        raise ValidationError(_("Choose a field for each column of this table."))
    if "title" not in columns.values():
        raise ValidationError(
            _("Choose the column that holds the title: an incident without one cannot be brought in.")
        )
    if not go_on(load, [State.COLUMNS, State.READY], State.READING, columns=dict(columns), day_first=day_first):
        raise ValidationError(MEANWHILE)
    audit.record(actor, "exchange.match_columns", load, {"columns": dict(columns)})


@transaction.atomic
def keep_mapping(*, actor: Person, name: str, columns: Table[str, str], day_first: bool = True) -> Mapping:
    """Keep a choice of columns under a name, for the next table of this sort; the same name again replaces it."""
    require(actor, IMPORT)
    name = " ".join(name.split())[:60]
    if not name:
        raise ValidationError(_("Give the mapping a name."))
    if not set(columns.values()) <= set(knowledge.FIELDS):
        raise ValidationError(_("Choose a field for each column of this table."))
    kept, _made = Mapping.objects.update_or_create(
        name=name,
        defaults={"columns": dict(columns), "day_first": day_first},
        create_defaults={"columns": dict(columns), "day_first": day_first, "created_by": actor},
    )
    audit.record(actor, "exchange.keep_mapping", kept, {"name": name})
    return kept


@transaction.atomic
def decide(
    *,
    actor: Person,
    load: Import,
    organisations: Table[str, str],
    people: Table[str, str],
    team: Team | None = None,
) -> None:
    """Say whose the incidents are, by the names that stand in the file, and who is meant by the names of people.

    An organisation is a code, or ``-`` to leave out what names it, or ``0`` for none; a person is a user name, or
    nothing to keep the name as text.
    """
    _mine(actor, load)
    places = {place.code for place in queries.places(actor)}
    if unknown := {each for each in organisations.values() if each not in places | set(queries.SPECIAL)}:
        raise ValidationError(
            _("You cannot bring in incidents of %s; choose another.") % ", ".join(sorted(unknown))[:200]
        )
    known = set(Person.objects.filter(username__in=set(people.values())).values_list("username", flat=True))
    if unknown := set(people.values()) - known - {""}:
        raise ValidationError(_("There is no person %s.") % ", ".join(sorted(unknown))[:200])
    choices = {
        "organisations": load.choices.get("organisations", {}) | dict(organisations),
        "people": load.choices.get("people", {}) | dict(people),
    }
    if not go_on(load, [State.READY], State.READY, choices=choices, team=team):
        raise ValidationError(MEANWHILE)
    audit.record(actor, "exchange.decide", load, {"organisations": dict(organisations), "people": dict(people)})


@transaction.atomic
def ask_to_bring_in(*, actor: Person, load: Import) -> None:
    """Have what waits brought in; every organisation it names must be decided about."""
    _mine(actor, load)
    if undecided := queries.resolution(actor, load).undecided:
        names = ", ".join(name or _("(none named)") for name in undecided[:5])
        raise ValidationError(_("Choose an organisation for: %s") % names)
    if not go_on(load, [State.READY], State.COMMITTING, problem=""):
        raise ValidationError(MEANWHILE)
    audit.record(actor, "exchange.ask_to_bring_in", load, {"source": load.source})


@transaction.atomic
def ask_to_undo(*, actor: Person, load: Import) -> None:
    """Have a whole import taken back, while nothing of it was changed since."""
    _mine(actor, load)
    if number := len(changed(load)):
        raise ValidationError(
            _("%d of these incidents were changed since; an import is taken back as a whole or not at all.") % number
        )
    if not go_on(load, [State.DONE], State.UNDOING, problem=""):
        raise ValidationError(MEANWHILE)
    audit.record(actor, "exchange.ask_to_undo", load, {"source": load.source})


@transaction.atomic
def discard(*, actor: Person | None, load: Import) -> None:
    """Throw away what was not brought in, with its file."""
    if actor is not None:
        _mine(actor, load)
    if not go_on(load, [State.NEW, State.COLUMNS, State.READING, State.READY, State.FAILED], State.DISCARDED):
        raise ValidationError(MEANWHILE)
    Staged.objects.filter(load=load).delete()
    audit.record(actor, "exchange.discard", load, {"source": load.source})
    transaction.on_commit(lambda: shutil.rmtree(queries.folder(load), ignore_errors=True))
