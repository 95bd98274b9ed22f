"""Load a chart: the first time everything, later only what differs."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from tocsin.charts import Chart, load
from tocsin.charts.schema import Membership as ChartMembership
from tocsin.platform import audit
from tocsin.platform.access import require
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.actions.sync import Change, Sync, Values
from tocsin.rooms.constituency.models import (
    Asset,
    Contact,
    Mandate,
    Membership,
    Organisation,
    Team,
    ValidInTime,
)

Wanted = Mapping[Hashable, Values]


@transaction.atomic
def load_chart(*, chart: Chart | Path, actor: Person | None) -> list[Change]:
    """Bring the constituency to what a chart says, and give what that changed.

    What an earlier chart brought and this one no longer has is ended: roles and holdings from now on, so that the past
    stays true; organisations become inactive. What people added by hand stays. Accounts are made without a password;
    names and addresses of people follow the chart, their language and time zone only at first.
    """
    if actor is not None:
        _require_everywhere(actor)
    loaded = load(chart) if isinstance(chart, Path) else chart
    changes = [_organisations(loaded), _tree(loaded), _teams(loaded), _mandates(loaded), *_people(loaded)]
    changes += [_memberships(loaded), _contacts(loaded), _assets(loaded)]
    told = [change for change in changes if change]
    if told:
        audit.record(actor, "constituency.load_chart", None, _details(loaded, told))
    return told


def _require_everywhere(actor: Person) -> None:
    require(actor, "constituency.manage")
    for root in Organisation.objects.filter(parent=None):
        require(actor, "constituency.manage", root.pk)


def _details(chart: Chart, changes: list[Change]) -> dict[str, Any]:
    sections = {
        change.section: {"created": change.created, "changed": change.changed, "gone": change.gone}
        for change in changes
    }
    return {"chart": chart.meta.name, "version": chart.meta.version, "changes": sections}


def _organisations(chart: Chart) -> Change:
    wanted: Wanted = {
        item.code: {
            "code": item.code,
            "name": item.name,
            "name_fr": item.name_fr,
            "kind": item.kind.value,
            "country": item.country,
            "timezone": item.timezone,
            "language": item.language,
            "needs_officer": item.must_have_officer,
            "active": True,
        }
        for item in chart.organisations
    }
    sync = Sync("organisations", Organisation, lambda row: row.code, _deactivate)
    return sync.run(Organisation.objects.all(), wanted)


def _deactivate(rows: list[Organisation]) -> list[Organisation]:
    left = [row for row in rows if row.active]
    for row in left:
        row.active = False
        row.save(update_fields=["active", "updated_at"])
    return left


def _tree(chart: Chart) -> Change:
    """Hang every organisation where it belongs; the path follows from that, for organisations added by hand as well."""
    rows = {row.code: row for row in Organisation.objects.all()}
    by_id = {row.pk: row for row in rows.values()}
    before = {row.pk: (row.parent_id, row.path, row.place) for row in rows.values()}
    for item in chart.organisations:
        rows[item.code].parent_id = rows[item.parent].pk if item.parent else None
    for row in rows.values():
        chain = _chain(row, by_id)
        row.path = f"/{'/'.join(str(part.pk) for part in chain)}/"
        row.place = " ".join(part.code for part in chain)
    moved = [row for row in rows.values() if before[row.pk] != (row.parent_id, row.path, row.place)]
    now = timezone.now()
    for row in moved:
        row.updated_at = now
    Organisation.objects.bulk_update(moved, ["parent", "path", "place", "updated_at"], batch_size=200)
    return Change("tree", changed=tuple(row.code for row in moved))


def _chain(row: Organisation, by_id: Mapping[int, Organisation]) -> list[Organisation]:
    """Give an organisation after all those above it, from the root down."""
    chain = [row]
    while chain[0].parent_id is not None:
        chain.insert(0, by_id[chain[0].parent_id])
    return chain


def _codes(rows: QuerySet[Organisation] | QuerySet[Team]) -> dict[str, int]:
    return dict(rows.values_list("code", "pk"))


def _teams(chart: Chart) -> Change:
    organisations = _codes(Organisation.objects.all())
    wanted: Wanted = {
        item.code: {
            "code": item.code,
            "name": item.name,
            "name_fr": item.name_fr,
            "organisation_id": organisations[item.host],
            "reports_to": item.reports_to or "",
            "chair_id": organisations[item.chair] if item.chair else None,
            "email": item.email,
            "services": list(item.services),
            "sees_unattributed": item.unattributed,
        }
        for item in chart.teams
    }
    return Sync("teams", Team, lambda row: row.code, _keep).run(Team.objects.all(), wanted)


def _keep(rows: list[Any]) -> list[Any]:
    """Leave teams be: incidents refer to them; without mandate and members they reach nothing."""
    del rows
    return []


def _mandates(chart: Chart) -> Change:
    organisations, teams = _codes(Organisation.objects.all()), _codes(Team.objects.all())
    wanted: Wanted = {
        (team.code, mandate.organisation): {
            "team_id": teams[team.code],
            "organisation_id": organisations[mandate.organisation],
            "subtree": mandate.subtree,
            "services": list(mandate.services),
        }
        for team in chart.teams
        for mandate in team.mandates
    }
    sync = Sync("mandates", Mandate, lambda row: (row.team.code, row.organisation.code), _delete)
    return sync.run(Mandate.objects.select_related("team", "organisation"), wanted)


def _delete(rows: list[Any]) -> list[Any]:
    for row in rows:
        row.delete()
    return rows


def _people(chart: Chart) -> list[Change]:
    names = [person.username for person in chart.people]
    known = set(Person.objects.filter(username__in=names).values_list("username", flat=True))
    new = [
        Person(username=p.username, full_name=p.name, email=p.email, language=p.language, timezone=p.timezone)
        for p in chart.people
        if p.username not in known
    ]
    for person in new:
        person.set_unusable_password()
    Person.objects.bulk_create(new)
    wanted: Wanted = {p.username: {"full_name": p.name, "email": p.email} for p in chart.people}
    _forget_old_bounces(wanted)
    sync = Sync("people", Person, lambda row: row.username, _keep)
    changed = sync.run(Person.objects.filter(username__in=names), wanted)
    return [Change("people", tuple(person.username for person in new), changed.changed)]


def _forget_old_bounces(wanted: Wanted) -> None:
    """Forget what came back from the addresses of people to whom the chart gives another."""
    for person in Person.objects.exclude(mail_bounced_at=None):
        if wanted.get(person.username, {}).get("email", person.email) != person.email:
            Person.objects.filter(pk=person.pk).update(mail_bounced_at=None)


def _memberships(chart: Chart) -> Change:
    organisations, teams = _codes(Organisation.objects.all()), _codes(Team.objects.all())
    people = dict(Person.objects.values_list("username", "pk"))

    def values(item: ChartMembership) -> Values:
        return {
            "person_id": people[item.person],
            "role": item.role,
            "organisation_id": organisations[item.organisation] if item.organisation else None,
            "team_id": teams[item.team] if item.team else None,
            "valid_from": item.valid_from,
            "valid_to": item.valid_to,
        }

    wanted: Wanted = {(m.person, m.role, m.organisation, m.team): values(m) for m in chart.memberships}
    sync = Sync("memberships", Membership, _membership_key, _end)
    held = Membership.objects.filter(for_a_time=False)  # what people gave each other for a time is no chart's
    return sync.run(held.select_related("person", "organisation", "team"), wanted)


def _membership_key(row: Membership) -> Hashable:
    organisation = row.organisation.code if row.organisation else None
    return row.person.username, row.role, organisation, row.team.code if row.team else None


def _end(rows: list[Any]) -> list[Any]:
    """End what no longer holds, from now on; the past stays true."""
    now = timezone.now()
    standing: list[ValidInTime] = [row for row in rows if row.valid_to is None or row.valid_to > now]
    for row in standing:
        row.valid_to = now
        row.save(update_fields=["valid_to"])
    return standing


def _contacts(chart: Chart) -> Change:
    organisations = _codes(Organisation.objects.all())
    wanted: Wanted = {
        (item.organisation, item.role, item.name): {
            "organisation_id": organisations[item.organisation],
            "role": item.role,
            "name": item.name,
            "email": item.email,
            "phone": item.phone,
            "webhook": item.webhook,
            "language": item.language,
            "fingerprint": item.fingerprint,
        }
        for item in chart.contacts
    }
    sync = Sync("contacts", Contact, lambda row: (row.organisation.code, row.role, row.name), _delete)
    return sync.run(Contact.objects.select_related("organisation"), wanted)


def _assets(chart: Chart) -> Change:
    organisations = _codes(Organisation.objects.all())
    communities = {(item.code, held.prefix): held.community for item in chart.organisations for held in item.prefixes}
    wanted: Wanted = {
        (asset.kind, asset.value, asset.organisation, asset.valid_from): {
            "organisation_id": organisations[asset.organisation],
            "kind": asset.kind,
            "value": asset.value,
            "community": communities.get((asset.organisation, asset.value), ""),
            "valid_from": asset.valid_from,
            "valid_to": asset.valid_to,
        }
        for asset in (*chart.assets(), *(used for item in chart.organisations for used in item.uses()))
    }
    sync = Sync("assets", Asset, lambda row: (row.kind, row.value, row.organisation.code, row.valid_from), _end)
    return sync.run(Asset.objects.select_related("organisation"), wanted)
