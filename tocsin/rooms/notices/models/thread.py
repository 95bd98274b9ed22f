"""Conversations: the mails to and from one party about a matter, and what its people write in the page."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tocsin.platform.access import scope_of
from tocsin.platform.identity import Identified, drawn_reference
from tocsin.platform.markings import TLP
from tocsin.platform.models import OutboxMessage
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.notices.models.notice import RECEIPTS


def new_thread_reference() -> str:
    """Draw the reference of a conversation: it stands in every subject, and answers find their way by it."""
    return drawn_reference("C", 8)


class Party(models.TextChoices):
    """What a party of a conversation is to the matter."""

    ORGANISATION = "organisation", _("organisation")
    PERSON = "person", _("person of the house")
    VENDOR = "vendor", _("vendor")
    HOSTER = "hoster", _("hosting provider")
    PEER = "peer", _("peer CSIRT")
    REPORTER = "reporter", _("reporter")
    OTHER = "other", _("other outside party")


class ThreadQuerySet(models.QuerySet["Thread"]):
    """Scopes every read of conversations."""

    def unsealed_for(self, user: Any) -> Self:
        """Keep those that are not sealed, or sealed to the person. The room of the matter says who may read on."""
        named = Thread.named.through.objects.filter(thread=models.OuterRef("pk"), person=scope_of(user).person)
        return self.filter(Q(sealed=False) | Q(models.Exists(named)))


class Thread(Identified):
    """A conversation with one party about a matter: an organisation, or one address that belongs to none.

    One begins where there is none; where matters were made one, a party may have several.
    """

    class Last(models.TextChoices):
        NOBODY = "", _("nothing yet")
        US = "us", _("waits for their answer")
        THEM = "them", _("waits for us")
        STRANGER = "stranger", _("a stranger wrote last")
        FAILED = "failed", _("did not arrive")
        SETTLED = "settled", _("nothing waits")

    WAITING = (Last.THEM, Last.STRANGER, Last.FAILED)

    reference = models.CharField(max_length=16, unique=True, default=new_thread_reference, editable=False)
    matter_kind = models.CharField(max_length=20)
    matter = models.UUIDField()
    party = models.CharField(max_length=12, choices=Party.choices, default=Party.ORGANISATION)
    organisation = models.ForeignKey(Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    address = models.CharField(max_length=254, blank=True)  # in its one form; of an organisation none
    name = models.CharField(max_length=150, blank=True)
    sealed = models.BooleanField(default=False)
    named = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="+")  # who may know, when sealed
    last = models.CharField(max_length=8, choices=Last.choices, blank=True)
    updated_at = models.DateTimeField(default=timezone.now)

    objects = ThreadQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["matter", "-updated_at"], name="thread_of_matter")]

    def __str__(self) -> str:
        return self.reference

    @property
    def waits(self) -> bool:
        """Tell whether somebody of the house must look at it."""
        return self.last in self.WAITING


class ThreadMail(Identified):
    """A mail of ours in a conversation: what was written, to whom, which warnings its writer has confirmed."""

    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="mails")
    message = models.OneToOneField(OutboxMessage, on_delete=models.PROTECT, related_name="thread_mail")
    address = models.CharField(max_length=254)  # in its one form
    name = models.CharField(max_length=150, blank=True)
    language = models.CharField(max_length=5, default="en")
    tlp = models.CharField(max_length=12, choices=TLP.choices)
    subject = models.CharField(max_length=200)
    text = models.TextField()
    template = models.CharField(max_length=40, blank=True)
    confirmed = models.JSONField(default=list)  # the warnings, each as [code, sentence]
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    delivered_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    failure = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["thread", "id"], name="mail_of_thread"),
            models.Index(fields=["address"], name="thread_mail_address"),
        ]

    @property
    def encrypted(self) -> bool:
        """Tell whether it leaves encrypted (OpenPGP)."""
        return bool(self.message.key)

    @property
    def state(self) -> str:
        """Give how far it came, for its colour: queued, sending, sent, failed, uncertain."""
        return OutboxMessage.State.FAILED if self.failed_at else self.message.state

    @property
    def receipt(self) -> object:
        """Say how far it came, in words."""
        if self.failed_at is not None:
            return _("did not arrive")
        if self.read_at is not None:
            return _("read")
        if self.delivered_at is not None:
            return _("delivered")
        return RECEIPTS[OutboxMessage.State(self.message.state)]

    @property
    def trouble(self) -> str:
        """Say why it did not arrive, or has not left yet."""
        return self.failure or self.message.error


class Remark(Identified):
    """What somebody of the party wrote in the page instead of by mail."""

    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="remarks")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()

    class Meta:
        ordering: ClassVar = ["id"]
