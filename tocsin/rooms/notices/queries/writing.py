"""A mail of a conversation before it leaves: all that would leave, what forbids it, what its writer must weigh."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from django.template.loader import get_template
from django.utils import translation
from django.utils.translation import gettext as _

from tocsin import config
from tocsin.platform import addresses, gate, mime
from tocsin.platform.gate import Action, Decision, Item
from tocsin.platform.markings import TLP
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.notices.models import Telling, Thread, ThreadMail
from tocsin.rooms.notices.queries.letters import Written
from tocsin.rooms.notices.queries.matters import Matter
from tocsin.rooms.notices.queries.parties import Addressee, To, addressee
from tocsin.rooms.notices.queries.tags import tag_for

UNFILLED = re.compile(r"\[(?:to fill in|à compléter)[^\]\n]{0,200}\]", re.IGNORECASE)
NO_REFERENCE = "C-…"  # a conversation has its reference once its first mail leaves


@dataclass(frozen=True, slots=True)
class Caution:
    """Something that stands against sending, and that its writer may weigh and confirm by its ``code``."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A mail as its writer would send it.

    ``concerned`` are the organisations that the matter concerns: code to names. ``tlp`` is the mail's own marking,
    ``strictest`` that of the matter. ``cautions`` are those of the room of the matter.
    """

    matter: Matter
    title: str
    concerned: Mapping[str, frozenset[str]]
    strictest: str
    to: To
    language: str
    tlp: str
    subject: str
    text: str
    template: str = ""
    cautions: tuple[Caution, ...] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """What would leave, and to whom. ``refusals`` cannot be confirmed; ``digest`` changes with whatever was shown."""

    who: Addressee
    written: Written
    decision: Decision
    refusals: tuple[str, ...]
    cautions: tuple[Caution, ...]
    withheld: bool
    digest: str
    thread: Thread | None = field(default=None, compare=False)

    @property
    def encrypted(self) -> bool:
        """Tell whether it would leave encrypted."""
        return bool(self.who.key)


def prepare(draft: Draft) -> Preview:
    """Work out what a draft would lead to, afresh; ValidationError when its address is none."""
    who = addressee(draft.to, draft.concerned)
    thread = thread_with(draft, who)
    item = item_of_draft(draft, who)
    decision = gate.may_send(item, who.recipient, Action.MAIL)
    written = compose(draft, who, thread)
    shown = _as_it_leaves(item, written, draft.language, decision)
    plain = compose(replace(draft, concerned={}), who, thread)
    found = Preview(
        who=who,
        written=shown,
        decision=decision,
        refusals=tuple(_refusals(draft, who, item, decision)),
        cautions=(*_cautions(draft, who), *draft.cautions),
        withheld=plain != written or decision.redactions != (),
        digest="",
        thread=thread,
    )
    return replace(found, digest=_digest(draft, found))


def thread_with(draft: Draft, who: Addressee) -> Thread | None:
    """Give the conversation about the matter that a mail to somebody belongs to; None when it would be its first."""
    about = Thread.objects.filter(matter=draft.matter.uuid).select_related("organisation").order_by("-pk")
    if who.organisation:
        return about.filter(organisation__code=who.organisation).first()
    return about.filter(organisation=None, address=who.address).first()


def item_of_draft(draft: Draft, who: Addressee) -> Item:
    """Describe a mail to the gate: what goes to an organisation concerned is its own, the rest is everybody's."""
    own = frozenset({who.house}) & draft.concerned.keys() or who.serves & draft.concerned.keys()
    codes = own or frozenset(draft.concerned)
    named = Person.objects.filter(pk__in=draft.matter.named).values_list("email", flat=True)
    return Item(
        type=draft.matter.kind,
        uuid=draft.matter.uuid,
        title=draft.title,
        tlp=draft.tlp,
        organisations=codes,
        sealed=draft.matter.sealed,
        named=frozenset(named if draft.matter.sealed else ()),
        names=frozenset[str]().union(*(draft.concerned[code] for code in codes)),
    )


def compose(draft: Draft, who: Addressee, thread: Thread | None) -> Written:
    """Write the mail, before marking, without the names of other organisations that the matter concerns."""
    others = {code: names for code, names in draft.concerned.items() if code not in who.serves | {who.house}}
    names = frozenset(others).union(*others.values())
    withheld = Item(draft.matter.kind, None, "", draft.tlp, names=names)
    reference = thread.reference if thread is not None else NO_REFERENCE
    with translation.override(draft.language):
        body = get_template("notices/conversation.txt").render(
            {
                "text": gate.redact(draft.text.strip(), withheld, ("organisations",)),
                "reference": reference,
            }
        )
        subject = gate.redact(draft.subject.strip(), withheld, ("organisations",))
    tag = tag_for(draft.matter.uuid, who.house) if who.house else ""
    return Written(" ".join(filter(None, (f"[{reference}]", tag, subject))), body)


def _as_it_leaves(item: Item, written: Written, language: str, decision: Decision) -> Written:
    with translation.override(language):
        subject, body = (gate.redact(text, item, decision.redactions) for text in (written.subject, written.body))
        return Written(*mime.marked(item, subject, body))


def _refusals(draft: Draft, who: Addressee, item: Item, decision: Decision) -> Iterator[str]:
    """Say what cannot be confirmed away, each with what to do."""
    if addresses.same(who.address, config.load().tocsin_mail_from):
        yield _("%s is this house's own address: mail to it would come back to us.") % who.address
    if not decision.allowed:
        yield _refused(draft, who, item, decision)
    if who.only_encrypted and not who.key:
        yield (
            _("%s takes encrypted mail only, and no key that works is known: ask for a new key, or call.") % who.address
        )
    if unfilled := UNFILLED.search(f"{draft.subject}\n{draft.text}"):
        yield _("“%s” still stands in the text: fill it in or take it out.") % unfilled[0]


def _refused(draft: Draft, who: Addressee, item: Item, decision: Decision) -> str:
    said = _("%(tlp)s may not go to %(address)s: %(reason)s") % {
        "tlp": TLP(draft.tlp).label,
        "address": who.address,
        "reason": decision.reason,
    }
    if who.organisation and not who.house:
        said += " " + _(
            "Nothing here bears out that this address is of %(organisation)s: enter it there as a contact first."
        ) % {"organisation": who.organisation}
    lower = [
        TLP(tlp).label
        for tlp in TLP
        if tlp.rank < TLP(draft.tlp).rank and gate.may_send(replace(item, tlp=tlp), who.recipient, Action.MAIL).allowed
    ]
    if lower:
        said += " " + _("Marked %s it could go, if it holds nothing that is marked more strictly.") % ", ".join(lower)
    return said


def _cautions(draft: Draft, who: Addressee) -> Iterator[Caution]:
    """Say what must be weighed; each is confirmed by its name or the mail does not leave."""
    if who.outside:
        yield Caution(
            "domain",
            _("%(address)s lies outside the domains of %(organisation)s (%(domains)s).")
            % {
                "address": who.address,
                "organisation": who.organisation,
                "domains": ", ".join(sorted(who.domains)[:5]),
            },
        )
    if not written_before(who.address):
        yield Caution("first", _("This house has never written to %s before.") % who.address)
    if not ({who.house, *who.serves} & draft.concerned.keys()):
        yield Caution(
            "concerned", _("This does not concern %s: it stands in no part of it.") % (who.name or who.address)
        )
    if TLP(draft.tlp).rank < TLP(draft.strictest).rank:
        marks = {"mail": TLP(draft.tlp).label, "matter": TLP(draft.strictest).label}
        yield Caution("lower", _("The mail is marked %(mail)s, and what it is about %(matter)s.") % marks)
    if who.stale_key and not who.only_encrypted:
        yield Caution("key", _("The key of %s has expired or is revoked: the mail leaves in clear.") % who.address)
    if who.absent_until:
        until = f"{who.absent_until:%Y-%m-%d}"
        yield Caution("absent", _("%(name)s is absent until %(until)s.") % {"name": who.name, "until": until})
    if who.bounced_at:
        at = f"{who.bounced_at:%Y-%m-%d}"
        yield Caution("bounced", _("Mail to %(address)s came back on %(at)s.") % {"address": who.address, "at": at})
    if who.unconfirmed:
        yield Caution("unconfirmed", _("Nobody has confirmed for 90 days that %s is still right.") % who.address)


def written_before(address: str) -> bool:
    """Tell whether the house has written to an address before, in a notice or a conversation."""
    told = Telling.objects.filter(address__in={address, address.lower()})
    return ThreadMail.objects.filter(address=address).exists() or told.exists()


def _digest(draft: Draft, found: Preview) -> str:
    """Give one value for all that the writer saw."""
    thread = found.thread
    seen = [
        found.who.address, found.who.organisation, found.who.key, draft.language, draft.tlp, draft.template,
        found.written.subject, found.written.body, found.refusals, [(each.code, each.text) for each in found.cautions],
        thread.updated_at.isoformat() if thread is not None else "",
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(seen, sort_keys=True).encode()).hexdigest()
