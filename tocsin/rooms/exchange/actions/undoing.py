"""Take a whole import back."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from tocsin.rooms.accounts.models import Person
from tocsin.rooms.exchange.actions.receiving import go_on
from tocsin.rooms.exchange.models import Import, Origin
from tocsin.rooms.incidents import actions as incidents
from tocsin.rooms.incidents.models import Incident

State = Import.State


@transaction.atomic
def changed(load: Import) -> Sequence[Incident]:
    """Give the incidents of an import that were changed, or told of, since it came."""
    return incidents.changed_since(dict(Origin.objects.filter(load=load).values_list("incident", "as_of")))


def take_back(load: Import) -> None:
    """Remove every incident of an import in one transaction, unless one of them was changed meanwhile."""
    person = Person.objects.get(pk=load.created_by_id)
    try:
        with transaction.atomic():
            if not Import.objects.select_for_update().filter(pk=load.pk, state=State.UNDOING).exists():
                return
            if number := len(changed(load)):
                problem = _("Not taken back: %d of the incidents were changed meanwhile.") % number
                go_on(load, [State.UNDOING], State.DONE, problem=problem)
                return
            ids = list(Origin.objects.filter(load=load).order_by("pk").values_list("incident", flat=True))
            incidents.let_go(actor=person, incidents=ids, details={"import": str(load.uuid), "source": load.source})
            go_on(load, [State.UNDOING], State.UNDONE)
    except ProtectedError:
        problem = _("Not taken back: other things now belong to these incidents.")
        go_on(load, [State.UNDOING], State.DONE, problem=problem)
