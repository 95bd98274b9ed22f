"""Rosters: layers in which people take turns, who stands in for whom, and the shifts that follow from them."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from tocsin.platform import webhooks
from tocsin.platform.identity import Identified
from tocsin.rooms.constituency.models import Team

WEEKS_MOST = 8


class Line(models.IntegerChoices):
    """Who is called first, who next."""

    FIRST = 1, _("first line")
    SECOND = 2, _("second line")
    LEAD = 3, _("team lead")


class RosterQuerySet(models.QuerySet["Roster"]):
    """Scopes every read of rosters."""

    def visible_to(self, user: Any) -> Self:
        """Keep the rosters of the teams that the person may see."""
        return self.filter(team__in=Team.objects.visible_to(user))


class Roster(Identified):
    """The roster of a team: its clock, and where the team's own pager tool is posted to, if it has one."""

    team = models.OneToOneField(Team, on_delete=models.CASCADE, related_name="roster")
    timezone = models.CharField(_("time zone"), max_length=60, default="UTC")
    webhook = models.CharField(_("the team's own pager tool"), max_length=250, blank=True)
    planned_until = models.DateTimeField(null=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects = RosterQuerySet.as_manager()

    def clean(self) -> None:
        """Refuse an address that cannot be posted to."""
        if self.webhook:
            try:
                self.webhook = webhooks.checked(self.webhook)
            except ValidationError as error:
                raise ValidationError({"webhook": error.messages}) from error

    @property
    def shown(self) -> str:
        """Give the address of the pager tool without what may be a secret in it."""
        return webhooks.shown(self.webhook)

    @property
    def secret(self) -> str:
        """Give what the pager tool checks with that something comes from here."""
        return webhooks.secret_for(self.team.organisation.code, self.webhook) if self.webhook else ""


class Layer(Identified):
    """People who take turns on one line; `queries.planning.Rotation` says what the fields mean."""

    roster = models.ForeignKey(Roster, on_delete=models.CASCADE, related_name="layers")
    name = models.CharField(_("name"), max_length=80)
    line = models.PositiveSmallIntegerField(_("line"), choices=Line.choices, default=Line.FIRST)
    starts_on = models.DateField(_("first hand-over"))
    ends_on = models.DateField(_("last day"), null=True, blank=True)
    weeks = models.PositiveSmallIntegerField(_("weeks in a turn"), default=1)
    handover_at = models.TimeField(_("hand-over at"))
    days = models.JSONField(default=list)  # weekdays on duty, 0 is Monday; empty: all
    hours_from = models.TimeField(_("on duty from"), null=True, blank=True)
    hours_to = models.TimeField(_("on duty until"), null=True, blank=True)
    active = models.BooleanField(default=True)  # what was removed keeps its past shifts

    class Meta:
        ordering: ClassVar = ["line", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(weeks__gte=1, weeks__lte=WEEKS_MOST), name="a_turn_has_weeks"),
            models.CheckConstraint(
                condition=Q(hours_from=None, hours_to=None) | Q(hours_from__isnull=False, hours_to__isnull=False),
                name="hours_have_both_ends",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def weekday(self) -> object:
        """Give the day of the hand-over in words."""
        return WEEKDAYS[self.starts_on.weekday()]

    @property
    def shown_days(self) -> str:
        """Give the days on duty in words; empty when it is all of them."""
        return ", ".join(str(WEEKDAYS[day]) for day in sorted(self.days))


class Turn(models.Model):
    """The place of one person in the order of a layer."""

    layer = models.ForeignKey(Layer, on_delete=models.CASCADE, related_name="turns")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["layer", "position"], name="one_turn_a_position")]


class StandIn(Identified):
    """Somebody on duty in a layer for some time instead of whoever's turn it is; the newest entry counts."""

    layer = models.ForeignKey(Layer, on_delete=models.CASCADE, related_name="stand_ins")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="a_stand_in_ends_after_it_begins")
        ]


class Shift(Identified):
    """One person on duty once. What is past stays as it was; what is to come follows the layers as they change."""

    layer = models.ForeignKey(Layer, on_delete=models.PROTECT, related_name="shifts")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="shifts")
    line = models.PositiveSmallIntegerField(choices=Line.choices)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="shifts")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    stands_in = models.BooleanField(default=False)

    class Meta:
        ordering: ClassVar = ["starts_at", "line", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="a_shift_ends_after_it_begins"),
            models.UniqueConstraint(fields=["layer", "starts_at"], name="one_on_duty_in_a_layer"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["team", "ends_at"], name="shift_of_team"),
            models.Index(fields=["person", "ends_at"], name="shift_of_person"),
        ]
