"""Pages of the rules room."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from tocsin.platform import export
from tocsin.platform.access import page, scope_of
from tocsin.platform.lists import Order, bounded_count, keyset, order_of
from tocsin.platform.look.htmx import wants_fragment
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.rules import actions, queries
from tocsin.rooms.rules.actions.errors import RuleError
from tocsin.rooms.rules.models import Level
from tocsin.rooms.rules.schemas import RULES

ORDERS = (
    Order("", gettext_lazy("most serious first"), queries.ORDER),
    Order("newest", gettext_lazy("newest first"), ("-id",)),
)
TABS = {
    "all": gettext_lazy("All"),
    "runs": gettext_lazy("Running"),
    "off": gettext_lazy("Switched off"),
    "refused": gettext_lazy("Cannot run"),
}


@require_safe
@page("rules.view")
def rules(request: HttpRequest) -> HttpResponseBase:
    """List the rules, those that cannot run among them."""
    given = request.GET
    state = given.get("state", "all")
    level = given.get("level", "")
    text = given.get("q", "").replace("\0", "")[:100]
    found = queries.listed(
        state=state,
        level=int(level) if level in {str(known) for known in Level.values} else None,
        rule_set=given.get("set", "").replace("\0", "")[:80],
        text=text,
    )
    order = order_of(ORDERS, given.get("sort", ""))
    if export.wanted(request):
        return export.answer(request, RULES, found.order_by(*order.fields))
    shown = {"page": keyset(found, order.fields, given.get("cursor", "")), "count": bounded_count(found)}
    if wants_fragment(request):
        return render(request, "rules/_list.html", shown)
    counts = queries.counts()
    shown |= {
        "tabs": [(name, label, counts[name], name == state) for name, label in TABS.items()],
        "levels": list(reversed(Level.choices)),
        "sets": queries.sets(),
        "text": text,
        "may_manage": scope_of(request.user).allows("rules.manage"),
        "orders": ORDERS,
        "order": order,
    }
    return render(request, "rules/list.html", shown)


@require_safe
@page("rules.view")
def rule(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Show one rule with its text."""
    shown = {"rule": queries.rule_or_404(uuid), "may_manage": scope_of(request.user).allows("rules.manage")}
    return render(request, "rules/rule.html", shown)


@require_POST
@page("rules.manage")
def switch(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Switch a rule on or off."""
    found, on = queries.rule_or_404(uuid), request.POST.get("on") == "1"
    try:
        actions.switch(actor=cast("Person", request.user), rule=found, on=on)
        messages.success(request, _("The rule is switched on.") if on else _("The rule is switched off."))
    except RuleError as error:
        messages.error(request, str(error))
    return redirect("rule", uuid=uuid)


@require_POST
@page("rules.manage")
def switch_set(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Switch a set on or off."""
    found, on = queries.set_or_404(uuid), request.POST.get("on") == "1"
    actions.switch_set(actor=cast("Person", request.user), rule_set=found, on=on)
    messages.success(request, _("The set is switched on.") if on else _("The set is switched off."))
    return redirect("rules")
