"""Page a team about an incident; the timeline tells who was called and who came."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy

from tocsin.platform import audit
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Team
from tocsin.rooms.incidents.actions.moving import NAMED, Going, Passage
from tocsin.rooms.incidents.actions.record import note, require_handler
from tocsin.rooms.incidents.models import Incident, TimelineEntry
from tocsin.rooms.incidents.queries import matter_of
from tocsin.rooms.rota import actions as rota
from tocsin.rooms.rota import queries as rota_queries
from tocsin.rooms.rota.models import Page


@transaction.atomic
def page_team(*, actor: Person, incident: Incident, team: Team, reason: str) -> Page:
    """Page whoever is on call in a team; of a sealed incident nobody is called who is not named in the seal."""
    require_handler(actor, incident)
    page = rota.page(team=team, reason=reason, matter=matter_of(incident), severity=incident.severity, actor=actor)
    audit.record(actor, "incident.page", incident, {"team": team.code, "page": page.reference})
    return page


def hold_incident(matter: UUID) -> None:
    """Hold an incident for this transaction, so that nobody seals it meanwhile."""
    list(Incident.objects.select_for_update(of=("self",)).filter(uuid=matter).values_list("pk"))


def note_page(page: Page, event: str, names: Sequence[str]) -> None:
    """Write into the timeline what became of a page about an incident; called in the transaction of that change."""
    incident = Incident.objects.filter(uuid=page.matter).first() if page.matter is not None else None
    if incident is None:
        return
    note(
        incident,
        f"page_{event}",
        author=page.paged_by if event == "paged" else None,
        kind=TimelineEntry.Kind.RESPONSE,
        team=page.team,
        reference=page.reference,
        names=", ".join(names),
    )


class Pages:
    """Lets the pages about an incident be about the one it becomes; a split leaves them."""

    name = "pages"
    label = gettext_lazy("Pages to teams")

    def going(self, passage: Passage) -> Going:
        """Give the pages that would go over."""
        if not passage.whole:
            return Going(0, (), ())
        seen = list(rota_queries.pages_about(passage.actor, passage.source.uuid))
        return Going(len(seen), [page.reference for page in seen[:NAMED]], [page.pk for page in seen])

    def move(self, passage: Passage) -> list[str]:
        """Move them and name them."""
        if not passage.whole:
            return []
        moved = rota.move_matter(before=passage.source.uuid, after=passage.target.uuid)
        return [str(uuid) for uuid in moved]

    def restore(self, back: Passage, moved: Sequence[str]) -> None:
        """Take them back."""
        only = [UUID(each) for each in moved]
        rota.move_matter(before=back.source.uuid, after=back.target.uuid, only=only)
