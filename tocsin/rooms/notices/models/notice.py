"""Notices: what is told, to whom, how, and what became of it; one part per organisation, with its own facts only."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from tocsin.platform import webhooks
from tocsin.platform.access import Scope, scope_of
from tocsin.platform.identity import Identified, drawn_reference
from tocsin.platform.markings import TLP
from tocsin.platform.models import OutboxMessage
from tocsin.rooms.constituency.models import ROLE_NAMES, Organisation

VIEW, OWN, COUNT = "notices.view", "notices.part", "notices.count"

RECEIPTS = {
    OutboxMessage.State.QUEUED: _("queued"),
    OutboxMessage.State.SENDING: _("being sent"),
    OutboxMessage.State.SENT: _("sent"),
    OutboxMessage.State.FAILED: _("did not arrive"),
    OutboxMessage.State.UNCERTAIN: _("uncertain"),
}


def new_reference() -> str:
    """Draw the reference of one organisation's part: who answers names it."""
    return drawn_reference("N", 8)


class NoticeQuerySet(models.QuerySet["Notice"]):
    """Scopes every read of notices."""

    def visible_to(self, user: Any, verb: str = VIEW) -> Self:
        """Keep the notices with a part at an organisation where the person may do ``verb``, and their own."""
        scope = scope_of(user)
        if not scope.allows(verb):
            return self.none()
        parts = Part.objects.filter(notice=models.OuterRef("pk"), organisation__in=scope.organisations(verb))
        mine = models.Exists(parts) | models.Q(created_by=scope.person)
        return self.filter(mine, unsealed_for(scope))

    def wholly_visible_to(self, user: Any, verb: str = VIEW) -> Self:
        """Keep the notices all of whose organisations the person may see: what is kept of them names each."""
        mine = scope_of(user).organisations(verb)
        others = Part.objects.filter(notice=models.OuterRef("pk")).exclude(organisation__in=mine)
        return self.visible_to(user, verb).filter(~models.Exists(others))


def unsealed_for(scope: Scope, before: str = "") -> models.Q:
    """Give the condition for notices that are not sealed, or sealed to the person; ``before`` leads to the notice."""
    named = Notice.named.through.objects.filter(notice=models.OuterRef(f"{before}pk"), person=scope.person)
    return models.Q(**{f"{before}sealed": False}) | models.Q(models.Exists(named))


class Notice(Identified):
    """Something that organisations must be told. What is told stands in its editions, to whom in its parts."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        OPEN = "open", _("waiting for answers")
        CLOSED = "closed", _("all have answered")
        WITHDRAWN = "withdrawn", _("withdrawn")

    title = models.CharField(max_length=200)
    kind = models.CharField(max_length=30)
    severity = models.SmallIntegerField()
    tlp = models.CharField(max_length=12, choices=TLP.choices, default=TLP.AMBER)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    due_hours = models.PositiveSmallIntegerField()
    due_at = models.DateTimeField(null=True, blank=True)
    values = models.JSONField(default=list)  # what it is about: [sort, text]
    unread = models.JSONField(default=list)  # what of the list was not understood: [line, text]
    nobody = models.PositiveIntegerField(default=0)  # how many values concern nobody
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    sent_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(default=timezone.now)
    key = models.CharField(max_length=100, blank=True)  # by which a program asks for it once, however often it asks
    matter_kind = models.CharField(max_length=20, blank=True)  # what it is about in a room above
    matter = models.UUIDField(null=True, blank=True, db_index=True)
    sealed = models.BooleanField(default=False)
    named = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="+")  # who may know, when sealed

    objects = NoticeQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["-updated_at", "-id"], name="notice_newest"),
            models.Index(fields=["updated_at", "id"], name="notice_updated"),
            models.Index(fields=["state", "-sent_at"], name="notice_state"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["created_by", "key"], condition=~models.Q(key=""), name="asked_for_once"),
        ]

    def __str__(self) -> str:
        return self.title

    @cached_property
    def named_addresses(self) -> frozenset[str]:
        """Give the mail addresses of those it is sealed to; none while it is not sealed."""
        return frozenset(self.named.values_list("email", flat=True)) if self.sealed else frozenset()


class Edition(Identified):
    """One version of what is told. ``texts`` are by language; ``changes`` say, from the second on, what is new."""

    class Kind(models.TextChoices):
        FIRST = "first", _("first")
        CORRECTION = "correction", _("correction")
        WITHDRAWAL = "withdrawal", _("withdrawal")

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="editions")
    number = models.PositiveSmallIntegerField(default=1)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.FIRST)
    texts = models.JSONField(default=dict)
    changes = models.JSONField(default=dict)
    listed = models.JSONField(default=dict)  # of a correction: the notice's values, unread, nobody once it is sent
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["notice", "number"], name="one_edition_a_number")]


class PartQuerySet(models.QuerySet["Part"]):
    """Scopes every read of parts."""

    def visible_to(self, user: Any, verb: str = VIEW) -> Self:
        """Keep the parts of organisations where the person may do ``verb``."""
        scope = scope_of(user)
        return self.filter(unsealed_for(scope, "notice__"), organisation__in=scope.organisations(verb))


class Part(Identified):
    """What one organisation is told of a notice, and where it stands with it.

    ``rung`` is how far up the ladder its silence has led, ``next_step_at`` when it goes on by itself.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("not told yet")
        TOLD = "told", _("told, no answer yet")
        UNREACHED = "unreached", _("could not be told")
        ACKNOWLEDGED = "acknowledged", _("acknowledged")
        PLANNED = "planned", _("planned")
        REFUSED = "refused", _("refused")
        NOT_APPLICABLE = "not_applicable", _("not concerned")
        DONE = "done", _("done")
        RELEASED = "released", _("no longer concerned")
        WITHDRAWN = "withdrawn", _("withdrawn")

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="parts")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    reference = models.CharField(max_length=16, unique=True, default=new_reference, editable=False)
    edition = models.ForeignKey(Edition, null=True, on_delete=models.PROTECT, related_name="+")  # the last one told
    state = models.CharField(max_length=14, choices=State.choices, default=State.WAITING)
    settled = models.BooleanField(default=False)
    overdue = models.BooleanField(default=False)
    missed = models.BooleanField(default=False)  # could not be told of a newer edition that brings it nothing new
    trouble = models.CharField(max_length=300, blank=True)
    rung = models.PositiveSmallIntegerField(default=0)
    round = models.PositiveSmallIntegerField(default=0)  # how often it was opened again
    told_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    reason = models.TextField(blank=True)
    planned_for = models.DateField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    next_step_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = PartQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["notice", "organisation"], name="one_part_a_notice")]
        indexes: ClassVar = [
            models.Index(fields=["next_step_at"], name="part_next", condition=models.Q(next_step_at__isnull=False)),
            models.Index(fields=["organisation", "-id"], name="part_of_organisation"),
            models.Index(fields=["organisation"], name="part_overdue", condition=models.Q(overdue=True, settled=False)),
            models.Index(fields=["updated_at", "id"], name="part_updated"),
            models.Index(fields=["notice", "state", "overdue", "rung", "organisation"], name="part_matrix"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def asked(self) -> str:
        """Give what is asked at this moment, so that an answer can say to what it was given."""
        return f"{self.edition.number if self.edition else 0}.{self.round}"


class Share(models.Model):
    """The facts of one edition that are one organisation's: what it holds, what its events show."""

    part = models.ForeignKey(Part, on_delete=models.CASCADE, related_name="shares")
    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="shares")
    facts = models.JSONField(default=list)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["part", "edition"], name="one_share_an_edition")]


class Channel(models.TextChoices):
    """How somebody is told. A call is made by a person, who writes it down."""

    MAIL = "mail", _("mail")
    WEBHOOK = "webhook", _("webhook")
    SMS = "sms", _("short message")
    TELEPHONE = "telephone", _("telephone")


class Telling(Identified):
    """One person, or one tool, told once: of which edition, in which role, how, by which rule, and how far it came."""

    class Why(models.TextChoices):
        FIRST = "first", _("told")
        REMINDER = "reminder", _("reminded")
        ESCALATION = "escalation", _("told because nobody answered")
        INSTEAD = "instead", _("told because somebody else was not reached")
        CORRECTION = "correction", _("told of the correction")
        WITHDRAWAL = "withdrawal", _("told of the withdrawal")
        REOPENED = "reopened", _("asked again")

    part = models.ForeignKey(Part, on_delete=models.CASCADE, related_name="tellings")
    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="tellings")
    channel = models.CharField(max_length=10, choices=Channel.choices, default=Channel.MAIL)
    why = models.CharField(max_length=12, choices=Why.choices, default=Why.FIRST)
    rung = models.PositiveSmallIntegerField(default=0)
    round = models.PositiveSmallIntegerField(default=0)
    role = models.CharField(max_length=30)
    at_organisation = models.CharField(max_length=40)
    name = models.CharField(max_length=150)
    address = models.CharField(max_length=254)  # a mail address, or a telephone number
    language = models.CharField(max_length=5, default="en")
    rule = models.CharField(max_length=80, blank=True)
    message = models.OneToOneField(
        OutboxMessage, null=True, blank=True, on_delete=models.PROTECT, related_name="telling"
    )
    told_at = models.DateTimeField(default=timezone.now)
    delivered_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    failure = models.CharField(max_length=300, blank=True)
    told_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["part", "edition", "round", "rung", "address", "channel"], name="told_once"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["address"], name="telling_address")]

    @property
    def role_name(self) -> object:
        """Give the role in words."""
        return ROLE_NAMES.get(self.role, self.role)

    @property
    def shown(self) -> str:
        """Give the address without what may be a secret in it."""
        return webhooks.shown(self.address)

    @property
    def receipt(self) -> object:
        """Say how far it came, in words."""
        if self.failed_at is not None:
            return _("did not arrive")
        if self.read_at is not None:
            return _("read")
        if self.delivered_at is not None or self.channel == Channel.TELEPHONE or self._taken_by_tool():
            return _("delivered")
        state = self.message.state if self.message is not None else OutboxMessage.State.QUEUED
        return RECEIPTS[OutboxMessage.State(state)]

    def _taken_by_tool(self) -> bool:
        sent = self.message is not None and self.message.state == OutboxMessage.State.SENT
        return sent and self.channel == Channel.WEBHOOK


class Standing(models.TextChoices):
    """Who wrote a letter of a conversation, as far as its From line tells."""

    PARTY = "party", _("from an address of this party")
    DOMAIN = "domain", _("from another address of this party's domain")
    STRANGER = "stranger", _("from a stranger")
    OURS = "ours", _("says that it comes from this house, and does not")


class Letter(Identified):
    """A mail that came in. The mail itself lies in TOCSIN_HOME/letters under its digest."""

    class Reading(models.TextChoices):
        ACKNOWLEDGED = "acknowledged", _("acknowledges")
        NOT_APPLICABLE = "not_applicable", _("is not concerned")
        PLANNED = "planned", _("plans it")
        DONE = "done", _("has done it")
        REFUSED = "refused", _("refuses")
        QUESTION = "question", _("asks")
        OUT_OF_OFFICE = "out_of_office", _("is out of office")
        BOUNCED = "bounced", _("did not arrive")
        DELAYED = "delayed", _("is delayed on its way")
        DELIVERED = "delivered", _("arrived")
        READ = "read", _("was opened")
        AUTOMATIC = "automatic", _("was sent by a machine")
        UNCLEAR = "unclear", _("cannot be read for sure")

    digest = models.CharField(max_length=64, unique=True)
    message_id = models.CharField(max_length=500, blank=True)
    sender = models.CharField(max_length=254, blank=True)
    subject = models.CharField(max_length=500, blank=True)
    text = models.TextField(blank=True)
    own = models.TextField(blank=True)  # the writer's own words, without what they quote
    size = models.PositiveBigIntegerField(default=0)
    received_at = models.DateTimeField(default=timezone.now)
    part = models.ForeignKey(Part, null=True, blank=True, on_delete=models.SET_NULL, related_name="letters")
    telling = models.ForeignKey(Telling, null=True, blank=True, on_delete=models.SET_NULL, related_name="letters")
    thread = models.ForeignKey("Thread", null=True, blank=True, on_delete=models.SET_NULL, related_name="letters")
    mail = models.ForeignKey("ThreadMail", null=True, blank=True, on_delete=models.SET_NULL, related_name="letters")
    standing = models.CharField(max_length=10, choices=Standing.choices, blank=True)  # in its thread
    protection = models.JSONField(default=dict)  # `platform.protection.Protection`, what of it is not empty
    attachments = models.JSONField(default=list)  # name, content_type, size, sha256 each; the files lie in the mail
    reading = models.CharField(max_length=14, choices=Reading.choices)
    evidence = models.CharField(max_length=300, blank=True)
    planned_for = models.DateField(null=True, blank=True)
    doubt = models.CharField(max_length=300, blank=True)  # why a person must look; empty when nobody need
    waiting = models.BooleanField(default=False)
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["-id"], name="letter_waiting", condition=models.Q(waiting=True)),
            models.Index(fields=["message_id"], name="letter_message"),
            models.Index(fields=["thread", "id"], name="letter_thread", condition=models.Q(thread__isnull=False)),
        ]


class Answer(Identified):
    """What an organisation said of its part: by mail, by the signed link, on the page, on the telephone."""

    class Via(models.TextChoices):
        MAIL = "mail", _("by mail")
        LINK = "link", _("by the link")
        PAGE = "page", _("signed in")
        TELEPHONE = "telephone", _("by telephone")
        TICKET = "ticket", _("by a ticket of theirs")

    part = models.ForeignKey(Part, on_delete=models.CASCADE, related_name="answers")
    kind = models.CharField(max_length=14)  # a state of the part, or "question"
    text = models.TextField(blank=True)
    planned_for = models.DateField(null=True, blank=True)
    via = models.CharField(max_length=10, choices=Via.choices)
    name = models.CharField(max_length=254)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    telling = models.ForeignKey(Telling, null=True, on_delete=models.SET_NULL, related_name="+")
    letter = models.OneToOneField(Letter, null=True, on_delete=models.SET_NULL, related_name="answer")
    said_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["id"]

    @property
    def kind_name(self) -> object:
        """Give what was said in words."""
        return _("question") if self.kind == "question" else Part.State(self.kind).label
