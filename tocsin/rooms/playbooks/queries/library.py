"""Playbooks as they are listed and shown."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.http import Http404

from tocsin.platform.access import scope_of
from tocsin.rooms.constituency.models import Team
from tocsin.rooms.incidents import knowledge as incidents
from tocsin.rooms.playbooks.knowledge import Kind, Line
from tocsin.rooms.playbooks.knowledge.outline import DECIDED, DONE
from tocsin.rooms.playbooks.models import Playbook, PlaybookVersion, Run, Step
from tocsin.rooms.playbooks.models.playbook import branch_title

ORDER = ("name", "id")
RUNS_SHOWN, VERSIONS_SHOWN, TEAMS_SHOWN = 10, 50, 500


def may_manage(user: Any) -> bool:
    """Tell whether the person may bring, write and change playbooks."""
    return scope_of(user).allows("playbooks.manage")


def listed(user: Any, *, text: str = "", state: str = "active", rsit: str = "") -> QuerySet[Playbook]:
    """Give the playbooks of a list page; unknown filters match nothing."""
    found: QuerySet[Playbook] = Playbook.objects.visible_to(user).exclude(current=None)
    if state in {"active", "off"}:
        found = found.filter(active=state == "active")
    elif state != "all":
        found = found.none()
    if text:
        found = found.filter(Q(name__icontains=text) | Q(current__description__icontains=text))
    if rsit:
        found = found.filter(current__isnull=False, pk__in=_about(user, rsit))
    return found.select_related("current", "owner_team").defer("current__source", "current__facts")


def _about(user: Any, code: str) -> list[int]:
    """Give the inner ids of the playbooks for a class or type; lists in JSON cannot be asked on both databases."""
    rows = Playbook.objects.visible_to(user).values_list("pk", "rsit")
    return [pk for pk, codes in rows[:TEAMS_SHOWN] if code in codes]


def step_counts(playbooks: list[Playbook]) -> dict[int, int]:
    """Give the number of steps of the newest version of each."""
    steps = Step.objects.filter(version__in=[p.current_id for p in playbooks], kind__in=[*DONE, *DECIDED])
    counted = steps.order_by().values_list("version").annotate(number=Count("pk"))
    return dict(counted)


def playbook_or_404(user: Any, uuid: UUID) -> Playbook:
    """Give one playbook with its newest version."""
    found = Playbook.objects.visible_to(user).select_related("current__made_by", "owner_team")
    playbook: Playbook | None = found.defer("current__source").filter(uuid=uuid).exclude(current=None).first()
    if playbook is None:
        raise Http404("playbook")
    return playbook


def version_or_404(playbook: Playbook, number: str) -> PlaybookVersion:
    """Give one version of a playbook, the newest when ``number`` is empty."""
    if not number and playbook.current is not None:
        return playbook.current
    if not (number.isascii() and number.isdigit() and len(number) < 9):
        raise Http404("version")
    found = playbook.versions.defer("source").select_related("made_by").filter(number=int(number)).first()
    if found is None:
        raise Http404("version")
    return found


def versions(playbook: Playbook) -> QuerySet[PlaybookVersion]:
    """Give the versions of a playbook, newest first."""
    found = playbook.versions.select_related("made_by").defer("source", "facts", "description")
    return found.order_by("-number")[:VERSIONS_SHOWN]


def runs_of(user: Any, playbook: Playbook) -> QuerySet[Run]:
    """Give the latest runs of a playbook on incidents that the person sees in full."""
    found: QuerySet[Run] = Run.objects.visible_to(user).filter(version__playbook=playbook)
    return found.select_related("incident", "started_by").order_by("-id")[:RUNS_SHOWN]


def teams() -> QuerySet[Team]:
    """Give the teams that can own a playbook."""
    return Team.objects.order_by("code")


def fits(playbook: Playbook) -> list[str]:
    """Give the classes and types of incidents a playbook is for, in words."""
    return [name for code in playbook.rsit if (name := _named(code))]


def _named(code: str) -> str:
    if found := incidents.label(code, ""):
        return found
    classes = incidents.taxonomy().items()
    return next((incidents.label(rsit_class, code) for rsit_class, entry in classes if code in entry["types"]), "")


def branch_words(line: Line) -> str:
    """Say when a branch is gone through, where it has no words of its own; empty for what is no branch."""
    if line.kind != Kind.BRANCH:
        return ""
    return line.label or branch_title(line.when)
