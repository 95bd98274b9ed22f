"""A playbook, each version of it, and the lines of its checklist."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tocsin.platform.identity import Identified
from tocsin.platform.markings import TLP
from tocsin.rooms.constituency.models import Team
from tocsin.rooms.incidents.models import Severity
from tocsin.rooms.playbooks.knowledge.outline import Kind, When
from tocsin.rooms.playbooks.querysets import PlaybookQuerySet


def translated(translations: Mapping[str, Any], role: str, text: str) -> str:
    """Give a text in the reader's language, when the playbook has it."""
    found = translations.get(get_language() or "en")
    return str(found.get(role) or text) if isinstance(found, dict) else text


class Playbook(Identified):
    """What is done when something happens. ``name`` and ``tlp`` are those of its newest version, ``current``.

    ``cacao_id`` is the id of the file it came from, empty when it was written here; ``own_id`` is the UUID it leaves
    with once it was edited. It fits incidents of one of the RSIT classes or types in ``rsit`` (all, when there are
    none) from a severity on.
    """

    name = models.CharField(max_length=200)
    tlp = models.CharField(max_length=12, choices=TLP.choices, default=TLP.AMBER)
    cacao_id = models.CharField(max_length=60, blank=True)
    own_id = models.UUIDField(default=uuid.uuid4, editable=False)
    active = models.BooleanField(default=True)
    owner_team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    rsit = models.JSONField(default=list)
    severity_from = models.SmallIntegerField(choices=Severity.choices, default=Severity.BASELINE)
    current = models.ForeignKey("PlaybookVersion", null=True, on_delete=models.SET_NULL, related_name="+")
    updated_at = models.DateTimeField(auto_now=True)

    objects = PlaybookQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["cacao_id"], condition=~Q(cacao_id=""), name="one_playbook_an_id")
        ]
        indexes: ClassVar = [
            models.Index(fields=["name", "id"], name="playbook_list"),
            models.Index(fields=["name", "id"], name="playbook_active", condition=Q(active=True)),
            models.Index(fields=["updated_at", "id"], name="playbook_updated"),
        ]

    def __str__(self) -> str:
        return self.current.shown_name if self.current else self.name


class PlaybookVersion(Identified):
    """A playbook as it was from one save to the next; runs keep the one they began with.

    ``source`` are the bytes of the file that this version is, as they came, ``digest`` their SHA-256; versions edited
    here have none, and say in ``base`` from which file they descend.
    """

    playbook = models.ForeignKey(Playbook, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    types = models.JSONField(default=list)
    tlp = models.CharField(max_length=12, choices=TLP.choices, default=TLP.AMBER)
    translations = models.JSONField(default=dict)
    facts = models.JSONField(default=dict)
    modified = models.DateTimeField()
    source = models.BinaryField(null=True)
    digest = models.CharField(max_length=64, blank=True)
    base = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["playbook", "number"], name="one_version_a_number"),
            models.CheckConstraint(condition=Q(source=None) | ~Q(digest=""), name="source_has_a_digest"),
        ]

    def __str__(self) -> str:
        return f"{self.shown_name} ({self.number})"

    @property
    def shown_name(self) -> str:
        """The name in the reader's language."""
        return translated(self.translations, "name", self.name)

    @property
    def shown_description(self) -> str:
        """The description in the reader's language."""
        return translated(self.translations, "description", self.description)

    @property
    def edited(self) -> bool:
        """Tell whether this version was made here, not taken from a file."""
        return not self.digest


class Step(models.Model):
    """A line of a checklist; see `knowledge.outline.Line`, whose fields these are."""

    version = models.ForeignKey(PlaybookVersion, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    key = models.UUIDField()
    kind = models.CharField(max_length=10, choices=[(kind.value, kind.value) for kind in Kind])
    depth = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=200, blank=True)
    text = models.TextField(blank=True)
    responsible = models.CharField(max_length=120, blank=True)
    minutes = models.PositiveIntegerField(null=True)
    when = models.CharField(max_length=10, blank=True, choices=[(when.value, when.value) for when in When])
    label = models.CharField(max_length=200, blank=True)
    resume = models.CharField(max_length=36, blank=True)
    condition = models.TextField(blank=True)
    details = models.JSONField(default=dict)
    translations = models.JSONField(default=dict)

    class Meta:
        ordering: ClassVar = ["version", "position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["version", "position"], name="one_step_a_position"),
            models.UniqueConstraint(fields=["version", "key"], name="one_step_a_key"),
            models.CheckConstraint(condition=~Q(kind="branch") | ~Q(when=""), name="branch_has_a_condition"),
        ]

    def __str__(self) -> str:
        return self.shown_title

    @property
    def shown_title(self) -> str:
        """The title in the reader's language; of a branch, when it is gone through."""
        title = translated(self.translations, "name", self.title)
        if self.kind != Kind.BRANCH:
            return title
        if self.when == When.CASE:
            return title or self.label
        return title or branch_title(self.when)

    @property
    def shown_text(self) -> str:
        """The instruction in the reader's language."""
        return translated(self.translations, "description", self.text)


def branch_title(when: str) -> str:
    """Say when a branch is gone through, where the playbook has no words of its own."""
    return {
        When.TRUE: _("Yes"),
        When.FALSE: _("No"),
        When.DEFAULT: _("Otherwise"),
        When.BODY: _("Again, as long as it is so"),
        When.TRACK: _("Track"),
        When.FAILURE: _("If it fails"),
        When.EXCEPTION: _("If a step fails and says nothing of it"),
    }.get(When(when), "")
