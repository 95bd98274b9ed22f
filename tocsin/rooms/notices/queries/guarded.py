"""Say in words how a mail that came in was protected, and no more of its sender than that proves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tocsin.rooms.notices.models import Letter

GOOD, WARN, DANGER, PLAIN = "good", "warn", "danger", ""
WAYS = {"openpgp": "OpenPGP", "smime": "S/MIME"}
OPENPGP: Mapping[str, tuple[str, Promise]] = {
    "good": (GOOD, gettext_lazy("signed by %(signer)s (OpenPGP key %(fingerprint)s)")),
    "other": (WARN, gettext_lazy("signed with the OpenPGP key of %(signer)s, who is not the sender")),
    "unknown": (WARN, gettext_lazy("signed with an OpenPGP key that is not known here")),
    "broken": (DANGER, gettext_lazy("the OpenPGP signature does not hold: text changed, or key expired or revoked")),
    "unchecked": (WARN, gettext_lazy("OpenPGP signed, not checked: %(problem)s")),
}
SMIME: Mapping[str, tuple[str, Promise]] = {
    "good": (GOOD, gettext_lazy("S/MIME signed, certificate for %(signer)s; its issuer is not checked: %(issuer)s")),
    "other": (WARN, gettext_lazy("S/MIME signed, certificate for %(signer)s, who is not the sender: %(issuer)s")),
    "expired": (WARN, gettext_lazy("S/MIME signed, certificate for %(signer)s is not valid now: %(issuer)s")),
    "broken": (DANGER, gettext_lazy("the S/MIME signature does not hold: %(problem)s")),
    "unchecked": (WARN, gettext_lazy("S/MIME signed, not checked: %(problem)s")),
}


@dataclass(frozen=True, slots=True)
class Guarded:
    """One sentence, and how it looks: good, warn, danger or plain."""

    look: str
    text: str


def guarded(letter: Letter) -> list[Guarded]:
    """Say whether a letter was encrypted and signed, by whom."""
    return [*_encrypted(letter.protection), *_signed(letter.protection)]


def _encrypted(known: Mapping[str, str]) -> Iterator[Guarded]:
    way = known.get("encrypted", "")
    if not way:
        yield Guarded(PLAIN, _("came in clear"))
    elif known.get("opened"):
        yield Guarded(GOOD, _("encrypted (%s)") % WAYS[way])
    elif way == "smime":
        yield Guarded(WARN, _("encrypted with S/MIME, for which this house has no key: ask for OpenPGP"))
    else:
        yield Guarded(DANGER, _("encrypted with OpenPGP, and cannot be opened: %s") % known.get("problem", ""))


def _signed(known: Mapping[str, str]) -> Iterator[Guarded]:
    way = known.get("signed", "")
    if not way:
        yield Guarded(PLAIN, _("not signed: nothing proves who sent it"))
        return
    look, text = (SMIME if way == "smime" else OPENPGP)[known["verdict"]]
    given = {name: known.get(name, "") for name in ("signer", "fingerprint", "problem", "issuer")}
    yield Guarded(look, str(text) % given)
