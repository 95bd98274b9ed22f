"""Say how a mail is wrapped: signed or encrypted, by OpenPGP (RFC 3156, RFC 9580) or S/MIME (RFC 8551).

Nothing is checked here; what is signed and its signature are given byte for byte, as whoever checks them needs it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from tocsin.pipeline.mail.headers import split_head
from tocsin.pipeline.mail.parts import Part, pieces, take_apart

Kind = Literal["", "pgp-encrypted", "pgp-signed", "pgp-clearsigned", "smime-signed", "smime-opaque", "smime-encrypted"]
PGP_MESSAGE, PGP_END = b"-----BEGIN PGP MESSAGE-----", b"-----END PGP MESSAGE-----"
_CLEARSIGNED = re.compile(rb"-----BEGIN PGP SIGNED MESSAGE-----.*?-----END PGP SIGNATURE-----", re.DOTALL)
_SMIME = {"application/pkcs7-mime", "application/x-pkcs7-mime"}
_PROTOCOLS: dict[str, Kind] = {
    "application/pgp-signature": "pgp-signed",
    "application/pkcs7-signature": "smime-signed",
    "application/x-pkcs7-signature": "smime-signed",
}


@dataclass(frozen=True, slots=True)
class Wrapping:
    """One layer around a mail.

    ``content`` is what was signed, with the line ends that signatures are made over; ``seal`` the signature, or the
    encrypted or opaquely signed whole.
    """

    kind: Kind = ""
    content: bytes = b""
    seal: bytes = b""


def wrapping(data: bytes) -> Wrapping:
    """Give the outermost layer of a mail; every content gives an answer."""
    start = data.find(PGP_MESSAGE)
    if start >= 0:
        end = data.find(PGP_END, start)
        return Wrapping("pgp-encrypted", seal=data[start : end + len(PGP_END) if end >= 0 else None])
    whole, _spent = take_apart(data, cut=False)
    if whole.kind == "multipart/signed":
        return _detached(data, whole)
    if whole.kind in _SMIME:
        kind = whole.parameter("smime-type").lower()
        return Wrapping("smime-opaque" if kind == "signed-data" else "smime-encrypted", seal=whole.data)
    clear = _CLEARSIGNED.search(_plain(whole))
    return Wrapping("pgp-clearsigned", seal=clear[0]) if clear else Wrapping()


def _detached(data: bytes, whole: Part) -> Wrapping:
    """Give what was signed and its signature: the two parts of multipart/signed (RFC 1847)."""
    _headers, body = split_head(data)
    boundary = whole.parameter("boundary").strip().encode("utf-8", "replace")
    found = [piece for piece, _cut in islice(pieces(body, boundary, False), 3)]
    if len(found) != 2 or len(whole.children) != 2:
        return Wrapping()
    seal = whole.children[1]
    kind = _PROTOCOLS.get(seal.kind) or _PROTOCOLS.get(whole.parameter("protocol").lower())
    return Wrapping(kind, _canonical(found[0]), seal.data) if kind else Wrapping()


def _canonical(content: bytes) -> bytes:
    return content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _plain(whole: Part) -> bytes:
    """Give the first text of a mail without its transfer encoding."""
    return next((part.data for part in whole.leaves() if part.kind == "text/plain" and not part.attached), b"")
