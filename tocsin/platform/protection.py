"""Open a mail that came in and say how it was protected: encrypted or not, signed or not, by whom, and what is unsure.

A good signature is one that fits and whose key or certificate names the sender's own address. Nothing is claimed of
who a sender is beyond that: the From line of a mail is whatever its writer put there.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from tocsin.pipeline.mail.headers import clean
from tocsin.pipeline.mail.letter import Letter, read_letter
from tocsin.pipeline.mail.wrapping import Wrapping, wrapping
from tocsin.platform import addresses, openpgp, smime

LAYERS = 3  # signed, encrypted, signed again
Verdict = Literal["", "good", "other", "unknown", "broken", "expired", "unchecked"]
Way = Literal["", "openpgp", "smime"]


@dataclass(frozen=True, slots=True)
class Known:
    """A public key that is known, and whose it is."""

    address: str
    key: str


@dataclass(frozen=True, slots=True)
class Protection:
    """How a mail was protected on its way.

    ``opened`` says that what was encrypted could be read here. The ``verdict`` on the signature: good; of an "other"
    than the sender; "unknown" key; "broken"; a certificate that has "expired"; "unchecked", with the ``problem``.
    ``signer`` is the address that the key or certificate names, ``issuer`` who made the certificate.
    """

    encrypted: Way = ""
    opened: bool = False
    signed: Way = ""
    verdict: Verdict = ""
    signer: str = ""
    fingerprint: str = ""
    issuer: str = ""
    problem: str = ""

    def kept(self) -> dict[str, object]:
        """Give what is kept of it: nothing of a mail that was not protected."""
        return {
            name: clean(value) if isinstance(value, str) else value for name, value in asdict(self).items() if value
        }


def read(content: bytes, *, whole: bool, keys: Callable[[], Sequence[Known]]) -> tuple[Letter, Protection]:
    """Read a mail, through whatever it is wrapped in; ``keys`` are asked for only when something was signed.

    Of one that cannot be opened the text is empty: a person looks. What is not ``whole`` has no signature to check.
    """
    outside = read_letter(io.BytesIO(content))
    found, inside, data = Protection(), outside, content
    for _layer in range(LAYERS):
        layer = wrapping(data)
        if not layer.kind:
            break
        if not whole and layer.kind != "pgp-encrypted":
            return outside, replace(found, signed=_way(layer), verdict="unchecked", problem="it is too long")
        found, data = _unwrapped(found, layer, outside.sender, keys)
        if not data:
            break
        inside = read_letter(io.BytesIO(data))
    if found.encrypted and not found.opened:
        return replace(outside, own="", text=""), found
    if inside is outside:
        return outside, found
    return replace(outside, own=inside.own, text=inside.text, attachments=inside.attachments), found


def _way(layer: Wrapping) -> Way:
    return "smime" if layer.kind.startswith("smime") else "openpgp"


def _unwrapped(
    found: Protection, layer: Wrapping, sender: str, keys: Callable[[], Sequence[Known]]
) -> tuple[Protection, bytes]:
    """Take one layer off; give what is known now and what lies below, nothing when it is the last."""
    match layer.kind:
        case "pgp-encrypted":
            return _decrypted(found, layer, sender, keys())
        case "pgp-signed":
            signed, _content = _openpgp(found, layer.seal, layer.content, sender, keys())
            return signed, layer.content
        case "pgp-clearsigned":
            signed, content = _openpgp(found, layer.seal, None, sender, keys())
            return signed, b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + content if content else b""
        case "smime-signed":
            signed, _content = _smime(found, layer.seal, layer.content, sender)
            return signed, layer.content
        case _:
            if smime.encrypted(layer.seal):
                return replace(found, encrypted="smime"), b""
            return _smime(found, layer.seal, None, sender)


def _decrypted(found: Protection, layer: Wrapping, sender: str, known: Sequence[Known]) -> tuple[Protection, bytes]:
    try:
        content, signature = openpgp.opened_with_signature(layer.seal, [each.key for each in known])
    except openpgp.UnusableKey as error:
        return replace(found, encrypted="openpgp", problem=str(error)), b""
    found = replace(found, encrypted="openpgp", opened=True)
    return (found if signature is None else _judged(found, signature, sender, known)), content


def _openpgp(
    found: Protection, seal: bytes, content: bytes | None, sender: str, known: Sequence[Known]
) -> tuple[Protection, bytes]:
    try:
        signature, signed = openpgp.signature_of(seal, content, [each.key for each in known])
    except openpgp.UnusableKey as error:
        return replace(found, signed="openpgp", verdict="unchecked", problem=str(error)), b""
    return _judged(found, signature, sender, known), signed


def _judged(found: Protection, signature: openpgp.Signature, sender: str, known: Sequence[Known]) -> Protection:
    """Say whose a signature is: of several who share a key, the sender's when theirs is among them."""
    found = replace(found, signed="openpgp", fingerprint=signature.fingerprint, signer="", issuer="", problem="")
    if not signature.fingerprint:
        return replace(found, verdict="broken" if signature.claimed else "unknown")
    holders = [each.address for each in known if openpgp.read_key(each.key).fingerprint == signature.fingerprint]
    mine = next((each for each in holders if addresses.same(each, sender)), "")
    return replace(found, verdict="good" if mine else "other", signer=mine or next(iter(holders), ""))


def _smime(found: Protection, cms: bytes, content: bytes | None, sender: str) -> tuple[Protection, bytes]:
    found = replace(found, signed="smime", fingerprint="", signer="", issuer="", problem="")
    try:
        signer, inside = smime.signed(cms, content)
    except smime.Unchecked as error:
        return replace(found, verdict="unchecked", problem=str(error)), b""
    except smime.Broken as error:
        return replace(found, verdict="broken", problem=str(error)), b""
    mine = next((each for each in signer.addresses if addresses.same(each, sender)), "")
    verdict: Verdict = "good" if mine else "other"
    if not signer.valid_at(datetime.now(UTC)):
        verdict = "expired"
    shown = mine or next(iter(signer.addresses), signer.subject)
    return replace(found, verdict=verdict, signer=shown[:254], issuer=signer.issuer[:300]), inside
