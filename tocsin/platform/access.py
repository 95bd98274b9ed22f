"""Who may see and do what: the one place that decides it.

Rooms give people roles; roles are sets of verbs (`roles.yaml`); a `Scope` is what one person may do where.
Every list starts at `Model.objects.visible_to(user)`, every page and API route names the verb it needs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache, wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeAlias

import yaml
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.utils.module_loading import import_string

P = ParamSpec("P")
View: TypeAlias = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


@dataclass(frozen=True, slots=True)
class Grant:
    """One role somewhere: its verbs, the organisations it reaches, and the team it comes from, if any.

    ``everything`` also reaches what belongs to no organisation yet.
    """

    role: str
    verbs: frozenset[str]
    organisations: frozenset[int]
    team: int | None = None
    everything: bool = False


@dataclass(frozen=True, slots=True)
class Scope:
    """What one person may see and do, everywhere."""

    person: int
    grants: tuple[Grant, ...] = ()

    def organisations(self, *verbs: str) -> frozenset[int]:
        """Give the organisations where any of ``verbs`` is allowed."""
        return frozenset().union(*(g.organisations for g in self.grants if g.verbs.intersection(verbs)))

    def everything(self, verb: str) -> bool:
        """Tell whether ``verb`` also reaches what belongs to no organisation."""
        return any(g.everything and verb in g.verbs for g in self.grants)

    def teams(self, verb: str | None = None) -> frozenset[int]:
        """Give the teams the person serves in (where ``verb`` is allowed)."""
        return frozenset(g.team for g in self.grants if g.team is not None and (verb is None or verb in g.verbs))

    def allows(self, verb: str, organisation: int | None = None) -> bool:
        """Tell whether ``verb`` is allowed at all, or at one organisation."""
        return any(verb in g.verbs and (organisation is None or organisation in g.organisations) for g in self.grants)

    def roles(self) -> frozenset[str]:
        """Give the names of all roles held."""
        return frozenset(g.role for g in self.grants)

    def limited_to(self, verbs: Iterable[str]) -> Scope:
        """Give the same scope with no other verbs than these, as for an API token."""
        kept = frozenset(verbs)
        return replace(self, grants=tuple(replace(g, verbs=g.verbs & kept) for g in self.grants))


@cache
def _roles_file() -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = yaml.safe_load((Path(__file__).parent / "roles.yaml").read_text())
    return loaded


def all_verbs() -> Mapping[str, str]:
    """Give every verb with its meaning."""
    verbs: Mapping[str, str] = _roles_file()["verbs"]
    return verbs


def verbs_of(role: str) -> frozenset[str]:
    """Give the verbs of one role; an unknown role has none."""
    return frozenset(_roles_file()["roles"].get(role, ()))


def roles_known() -> frozenset[str]:
    """Give the names of all roles; ``duty`` is a desk that people answer at, and no role of a person."""
    return frozenset({*_roles_file()["roles"], "duty"})


def roles_with(verb: str) -> list[str]:
    """Give the roles that have ``verb``."""
    return [role for role, verbs in _roles_file()["roles"].items() if verb in verbs]


def scope_of(user: Any) -> Scope:
    """Give the scope of a person, computed once per request."""
    if not user.is_authenticated or not user.is_active:
        return Scope(person=0)
    scope: Scope | None = getattr(user, "tocsin_scope", None)
    if scope is None:
        scope = user.tocsin_scope = scope_of_roles(user)
    return scope


def scope_of_roles(person: Any) -> Scope:
    """Give what a person's roles reach, whether or not the account is ended: it can be opened again."""
    scope: Scope = import_string(settings.TOCSIN_SCOPE)(person)
    return scope


def require(user: Any, verb: str, organisation: int | None = None) -> None:
    """Refuse unless ``user`` may do ``verb`` (at ``organisation``)."""
    if not scope_of(user).allows(verb, organisation):
        raise PermissionDenied(
            f"This needs the right '{all_verbs()[verb]}'. Ask the administrator if your work needs it."
        )


def require_any(user: Any, verbs: Collection[str]) -> None:
    """Refuse unless ``user`` may do one of ``verbs`` somewhere."""
    scope = scope_of(user)
    if not any(scope.allows(verb) for verb in verbs):
        needed = ", ".join(all_verbs()[verb] for verb in verbs)
        raise PermissionDenied(
            f"This needs one of these rights: {needed}. Ask the administrator if your work needs it."
        )


def page(*verbs: str) -> Callable[[View[P]], View[P]]:
    """Guard a page: sign-in always, and one of ``verbs`` when some are named (none: pages of one's own things)."""

    def guard(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if verbs:
                require_any(request.user, verbs)
            return view(request, *args, **kwargs)

        signed_in: View[P] = login_required(guarded)
        signed_in.tocsin_verbs = verbs  # type: ignore[attr-defined]  # read by the architecture tests
        return signed_in

    return guard
