"""Pages of the constituency: thin; what is read is in queries, what is done in actions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tocsin.platform import export
from tocsin.platform.access import page, scope_of
from tocsin.platform.lists import Order, bounded_count, keyset, order_of
from tocsin.platform.look.htmx import wants_fragment
from tocsin.platform.panels import panels
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency import actions, forms, queries
from tocsin.rooms.constituency.models import Asset, Contact, Membership, Organisation, Team
from tocsin.rooms.constituency.schemas import ORGANISATIONS

VIEW, MANAGE = "constituency.view", "constituency.manage"
ORDERS = (
    Order("", gettext_lazy("as they hang together"), ("place", "id")),
    Order("code", gettext_lazy("by code"), ("code",)),
)
SIZE = 100


def _me(request: HttpRequest) -> Person:
    return cast("Person", request.user)


@require_safe
@page(VIEW)
def organisations(request: HttpRequest) -> HttpResponseBase:
    """List the organisations the person may see, as they hang together."""
    form = forms.FilterForm(request.GET or None)
    chosen = form.cleaned_data if form.is_valid() else {}
    found = queries.organisations(request.user, **chosen)
    order = order_of(ORDERS, request.GET.get("sort", ""))
    if export.wanted(request):
        return export.answer(request, ORGANISATIONS, found.order_by(*order.fields))
    shown = {
        "page": keyset(found, order.fields, request.GET.get("cursor", ""), SIZE),
        "orders": ORDERS,
        "order": order,
        "count": bounded_count(queries.organisations_found(request.user, **chosen)),
        "filters": form,
        "indented": order == ORDERS[0] and not any(chosen.values()),
        "missing": queries.missing(request.user).count(),
        "tab": "organisations",
    }
    part = "constituency/_organisations_table.html"
    return render(request, part if wants_fragment(request) else "constituency/organisations.html", shown)


@require_safe
@page(VIEW)
def organisation(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Show one organisation: who is responsible, how to reach them, what it holds, who serves it."""
    known = queries.organisation_or_404(request.user, uuid)
    held = queries.assets(known)
    listed = keyset(held, ("kind", "value", "id"), request.GET.get("cursor", ""), SIZE)
    content: dict[str, Any] = {
        "organisation": known,
        "above": queries.above(request.user, known),
        "children": queries.children(request.user, known),
        "members": queries.members(known),
        "contacts": known.contacts.order_by("role", "name"),
        "page": listed,
        "count": bounded_count(held) if listed.several else str(len(listed.items)),
        "teams": queries.serving(request.user, known),
        "lacks_officer": queries.lacks_officer(known),
        "may_manage": scope_of(request.user).allows(MANAGE, known.pk),
        "may_confirm": queries.may_confirm(request.user, known),
        "now": datetime.now(UTC),
    }
    if wants_fragment(request):
        return render(request, "constituency/_assets.html", content)
    if content["may_manage"]:
        content |= {
            "change_form": forms.OrganisationForm(instance=known, auto_id="id_change_%s"),
            "role_form": forms.RoleForm(auto_id="id_role_%s"),
            "contact_form": forms.ContactForm(auto_id="id_contact_%s"),
            "asset_form": forms.AssetForm(auto_id="id_asset_%s"),
        }
    return render(request, "constituency/organisation.html", content)


@require_safe
@page(VIEW)
def teams(request: HttpRequest) -> HttpResponseBase:
    """List the teams that serve what the person may see."""
    shown = {"teams": queries.teams(request.user), "tab": "teams"}
    return render(request, "constituency/teams.html", shown)


@require_safe
@page(VIEW)
def team(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Show one team: whom it serves, and who is in it."""
    known = queries.team_or_404(request.user, uuid)
    content = {
        "team": known,
        "mandates": queries.mandates(request.user, known),
        "members": queries.team_members(known),
        "may_manage": scope_of(request.user).allows(MANAGE, known.organisation_id),
        "own": known.pk in scope_of(request.user).teams(),
        "now": datetime.now(UTC),
        "role_form": forms.TeamRoleForm(),
        "panels": panels("team", request.user, known),
    }
    return render(request, "constituency/team.html", content)


@require_safe
@page(VIEW)
def whose(request: HttpRequest) -> HttpResponseBase:
    """Tell who owns an address or a name, and why."""
    form = forms.WhoseForm(request.GET or None)
    asked = form.is_valid()
    owned = queries.whose(request.user, form.cleaned_data["value"], form.moment()) if asked else []
    content = {"form": form, "asked": asked, "owned": owned, "tab": "whose"}
    return render(request, "constituency/whose.html", content)


def act(
    form_class: Callable[..., Any], find: Callable[[Any, UUID], Any]
) -> Callable[[Callable[[Person, Any, Any], str]], Callable[..., HttpResponseBase]]:
    """Make a page of an action: POST only, form checked, the outcome said, back to where it belongs."""

    def made(do: Callable[[Person, Any, Any], str]) -> Callable[..., HttpResponseBase]:
        @require_POST
        @page(MANAGE)
        def posted(request: HttpRequest, /, uuid: UUID) -> HttpResponseBase:
            found = find(request.user, uuid)
            back = _back(found)
            form = form_class(request.POST)
            if form.is_valid():
                _do(request, lambda: do(_me(request), found, form.cleaned_data))
            for field, errors in form.errors.items():
                label = form.fields[field].label if field in form.fields else ""
                messages.error(request, f"{label}: {' '.join(errors)}".removeprefix(": "))
            return back

        return posted

    return made


def _do(request: HttpRequest, do: Callable[[], str]) -> bool:
    """Do it and say what came of it; tell whether it was done."""
    try:
        messages.success(request, do())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return False
    return True


def _back(found: Organisation | Team | Membership | Contact | Asset) -> HttpResponse:
    """Lead back to the page of the organisation or team that something belongs to."""
    if isinstance(found, Team):
        return redirect("team", uuid=found.uuid)
    if isinstance(found, Membership) and found.team is not None:
        return redirect("team", uuid=found.team.uuid)
    place = found if isinstance(found, Organisation) else found.organisation
    return redirect("organisation", uuid=cast("Organisation", place).uuid)


@act(forms.OrganisationForm, queries.managed_organisation_or_404)
def organisation_change(actor: Person, found: Organisation, said: dict[str, Any]) -> str:
    """Change the facts of an organisation."""
    actions.change_organisation(actor=actor, organisation=found, **said)
    return _("Changed.")


@act(forms.RoleForm, queries.managed_organisation_or_404)
def organisation_role(actor: Person, found: Organisation, said: dict[str, Any]) -> str:
    """Give somebody a role at an organisation."""
    actions.give_role(actor=actor, person=said["username"], role=said["role"], organisation=found)
    return _("%(person)s has the role now.") % {"person": said["username"]}


@act(forms.TeamRoleForm, queries.managed_team_or_404)
def team_role(actor: Person, found: Team, said: dict[str, Any]) -> str:
    """Give somebody a role in a team."""
    actions.give_role(actor=actor, person=said["username"], role=said["role"], team=found)
    return _("%(person)s has the role now.") % {"person": said["username"]}


@act(forms.NothingForm, queries.membership_or_404)
def role_end(actor: Person, found: Membership, _said: dict[str, Any]) -> str:
    """End a role."""
    actions.end_role(actor=actor, membership=found)
    return _("The role has ended.")


@act(forms.ContactForm, queries.managed_organisation_or_404)
def organisation_contact(actor: Person, found: Organisation, said: dict[str, Any]) -> str:
    """Add a contact."""
    actions.add_contact(actor=actor, organisation=found, **said)
    return _("Contact added.")


@require_http_methods(["GET", "HEAD", "POST"])
@page(MANAGE)
def contact_change(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Change a contact, in a form that holds what is known."""
    contact = queries.contact_or_404(request.user, uuid)
    form = forms.ContactForm(request.POST if request.method == "POST" else None, instance=contact)
    if form.is_valid() and _do(request, lambda: _changed(_me(request), contact, form.cleaned_data)):
        return _back(contact)
    return render(request, "constituency/contact.html", {"organisation": contact.organisation, "form": form})


def _changed(actor: Person, contact: Contact, said: dict[str, Any]) -> str:
    actions.change_contact(actor=actor, contact=contact, **said)
    return _("Changed.")


@act(forms.NothingForm, queries.contact_or_404)
def contact_remove(actor: Person, found: Contact, _said: dict[str, Any]) -> str:
    """Remove a contact."""
    actions.remove_contact(actor=actor, contact=found)
    return _("Contact removed.")


@require_POST
@page(MANAGE, "incidents.answer")
def contact_confirm(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Note that a contact is still right."""
    contact = queries.contact_to_confirm_or_404(request.user, uuid)
    actions.confirm_contact(actor=_me(request), contact=contact)
    messages.success(request, _("%(name)s is confirmed for 90 days.") % {"name": contact.name})
    return redirect("desk") if "desk" in request.POST else _back(contact)


@require_http_methods(["GET", "HEAD", "POST"])
def contact_link(request: HttpRequest, token: str) -> HttpResponse:
    """Ask whoever reads a contact's mail whether it is still right; looking changes nothing, the button does."""
    contact = queries.contact_of_link(token)
    if contact is None:
        return render(request, "constituency/confirm_over.html", status=404)
    with translation.override(contact.language):
        if request.method == "POST" and contact.asked_at is not None:
            actions.confirm_by_link(contact=contact)
        return render(request, "constituency/confirm.html", {"contact": contact})


@act(forms.AssetForm, queries.managed_organisation_or_404)
def organisation_asset(actor: Person, found: Organisation, said: dict[str, Any]) -> str:
    """Record what an organisation holds."""
    actions.add_asset(actor=actor, organisation=found, **said)
    return _("Recorded.")


@act(forms.NothingForm, queries.asset_or_404)
def asset_end(actor: Person, found: Asset, _said: dict[str, Any]) -> str:
    """Record that something is no longer held."""
    actions.end_asset(actor=actor, asset=found)
    return _("It is no longer held, from now on.")
