"""A mail about an incident while it is written: to whom it may go, what a template makes of it, what it would name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tocsin.pipeline.observables import found_in
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import ROLE_NAMES, Organisation
from tocsin.rooms.incidents import knowledge
from tocsin.rooms.incidents.models import Audience, Incident, IncidentEntity, Sighting
from tocsin.rooms.incidents.queries.mail_texts import LANGUAGES, mail_templates
from tocsin.rooms.incidents.queries.matters import matter_of
from tocsin.rooms.incidents.queries.view import View
from tocsin.rooms.intel.models import Observable
from tocsin.rooms.notices import queries as notices
from tocsin.rooms.notices.queries import Addressee, Caution, Draft, Preview, To

NOWHERE = "-"  # in a choice, in the place of an organisation's code
PEOPLE, FACTS, NAMED = 500, 50, 10
MEANT_FOR = {
    "organisation": gettext_lazy("for an organisation concerned"),
    "outside": gettext_lazy("for an outside party"),
    "anybody": gettext_lazy("for anybody"),
}
Choices = list[tuple[str, list[tuple[str, str]]]]


@dataclass(frozen=True, slots=True)
class Writing:
    """What somebody writes: to whom, in which language (empty: the recipient's), marked how, and the words."""

    to: To
    language: str
    tlp: str
    subject: str
    text: str
    template: str = ""


@dataclass(frozen=True, slots=True)
class Recipients:
    """Whom one may write to without typing, and the organisations that a typed address may be said to be of."""

    to: Choices
    places: list[tuple[str, str]]


def recipients(view: View) -> Recipients:
    """Give those concerned, outside parties that are entered, and people of the house."""
    places = {entity.organisation.code: entity.organisation for entity in view.entities}
    outside = Organisation.objects.visible_to(view.user).filter(kind=Organisation.Kind.OUTSIDE, active=True)
    places |= {place.code: place for place in outside.order_by("code")[:PEOPLE]}
    groups: Choices = []
    listed: set[str] = set()
    for code, desks in notices.desks_at(places, notices.directory()).items():
        chosen = [(f"{code} {desk.email}", _at(desk.name, desk.email, ROLE_NAMES.get(desk.role, ""))) for desk in desks]
        listed.update(desk.email.lower() for desk in desks)
        groups.append((str(places[code]), chosen))
    groups.sort(key=lambda group: group[0])
    people = Person.objects.filter(is_active=True).exclude(email="").order_by("full_name", "username")[:PEOPLE]
    rest = [each for each in people if each.email.lower() not in listed]
    house = [(f"{NOWHERE} {each.email}", _at(str(each), each.email)) for each in rest]
    named = sorted((code, str(place)) for code, place in places.items())
    return Recipients([*groups, (_("People of the house"), house)] if house else groups, named)


def _at(name: str, address: str, role: object = "") -> str:
    return f"{name} <{address}> · {role}" if role else f"{name} <{address}>"


def draft_of(incident: Incident, writing: Writing) -> Draft:
    """Give what the room of notices looks at and sends; ValidationError when the address is none."""
    parts = incident.entities.select_related("organisation").order_by("pk")
    places = [part.organisation for part in parts]
    concerned = {place.code: frozenset(filter(None, (place.name, place.name_fr))) for place in places}
    who = notices.addressee(writing.to, concerned)
    return Draft(
        matter=matter_of(incident),
        title=incident.title,
        concerned=concerned,
        strictest=incident.tlp,
        to=writing.to,
        language=language_of(writing.language, who),
        tlp=writing.tlp,
        subject=writing.subject,
        text=writing.text,
        template=writing.template,
        cautions=tuple(_foreign(incident, f"{writing.subject}\n{writing.text}", who)),
    )


def preview(incident: Incident, writing: Writing) -> Preview:
    """Work out what a mail would lead to; ValidationError when its address is none."""
    return notices.prepare(draft_of(incident, writing))


def language_of(wanted: str, who: Addressee) -> str:
    """Give the language to write in: the one chosen, else the recipient's, else English."""
    return next((each for each in (wanted, who.language) if each in LANGUAGES), "en")


def _foreign(incident: Incident, text: str, who: Addressee) -> Iterator[Caution]:
    """Warn of what a text names that is known from parts of others only."""
    named = {(found.kind, found.value) for found in found_in(text)}
    if not named:
        return
    seen = Sighting.objects.filter(incident=incident, observable__value__in={value for _kind, value in named})
    rows = seen.values_list("observable__kind", "observable__value", "entity__organisation__code", "audience")
    own = who.serves | {who.house}
    others, theirs = set(), set()
    for kind, value, code, audience in rows:
        if audience == Audience.ALL or (code in own and audience == Audience.ENTITY):
            theirs.add((kind, value))
        elif code is not None and code not in own:
            others.add((kind, value))
    if foreign := sorted(Observable(kind=kind, value=value).shown for kind, value in (others - theirs) & named):
        said = _("It names %s, which stands in the part of another organisation.")
        yield Caution("facts", said % ", ".join(foreign[:NAMED]))


def filled(view: View, name: str, writing: Writing) -> tuple[str, str]:
    """Give subject and text of a template for a recipient, in their language."""
    incident = view.incident
    who = notices.addressee(writing.to, [entity.organisation.code for entity in view.entities])
    language = language_of(writing.language, who)
    part = next((each for each in view.entities if each.organisation.code == who.house), None)
    with translation.override(language):
        return mail_templates()[name].in_language(language).filled(_values(view, incident, who, part))


def _values(view: View, incident: Incident, who: Addressee, part: IncidentEntity | None) -> Mapping[str, str]:
    since = part.aware_at if part is not None else incident.created_at
    kind = knowledge.label(incident.rsit_class, incident.rsit_type)
    greeting = _("Dear %(name)s,") % {"name": who.name} if who.name else _("Dear Sir or Madam,")
    return {
        "greeting": greeting,
        "reference": incident.reference,
        "kind": kind or _("not classified yet"),
        "severity": str(incident.get_severity_display()),
        "state": str(incident.get_state_display()),
        "since": f"{since:%Y-%m-%d %H:%M} UTC",
        "organisation": str(part.organisation) if part is not None else _("[to fill in: the organisation]"),
        "facts": _facts(part) or _("[to fill in: what concerns the recipient]"),
        "sender": str(view.user),
        "team": str(incident.owner_team or ""),
    }


def _facts(part: IncidentEntity | None) -> str:
    """Give what an organisation's own part names, or what was written for everyone concerned, defanged."""
    if part is None:
        return ""
    own = Q(sightings__entity=part, sightings__audience=Audience.ENTITY) | Q(sightings__audience=Audience.ALL)
    seen = Observable.objects.filter(own, sightings__incident=part.incident_id).distinct().order_by("kind", "value")
    return "\n".join(f"- {each.shown}" for each in seen[:FACTS])


def template_choices(language: str) -> Choices:
    """Give the templates by their names in a language, grouped by whom they are meant for."""
    groups: dict[str, list[tuple[str, str]]] = {each: [] for each in MEANT_FOR}
    for name, template in mail_templates().items():
        groups[template.meant_for].append((name, template.name["fr" if language == "fr" else "en"]))
    return [(str(MEANT_FOR[each]), chosen) for each, chosen in groups.items() if chosen]
