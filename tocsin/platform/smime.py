"""S/MIME signatures (RFC 8551, over CMS, RFC 5652): does one fit a content, and what does its certificate say.

No certificate is trusted here: who issued it is given to be shown, and whether they are to be believed is for people.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.x509.oid import ExtensionOID, NameOID

CERTIFICATES = 30  # of one signature; more is no mail
SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
_CONTENT_TYPE, _DIGEST = bytes.fromhex("2a864886f70d010903"), bytes.fromhex("2a864886f70d010904")
_HASHES: dict[bytes, Callable[[], hashes.HashAlgorithm]] = {
    bytes.fromhex("608648016503040201"): hashes.SHA256,
    bytes.fromhex("608648016503040202"): hashes.SHA384,
    bytes.fromhex("608648016503040203"): hashes.SHA512,
}
_PSS = bytes.fromhex("2a864886f70d01010a")
SEQUENCE, SET, CONSTRUCTED, END = 0x30, 0x31, 0x20, b"\0\0"
DEPTH = 12
# What reading may raise of bytes that somebody hostile has made.
UNREADABLE = (
    IndexError, ValueError, UnsupportedAlgorithm, x509.DuplicateExtension, x509.UnsupportedGeneralNameType,
    x509.InvalidVersion,
)  # fmt: skip


class Unchecked(Exception):
    """The signature cannot be checked here; the message says why."""


class Broken(Exception):
    """The signature does not fit: the content was changed, or it was made over another one."""


@dataclass(frozen=True, slots=True)
class Signer:
    """What the certificate of a signature says of itself. ``addresses`` are its mail addresses, in lower case."""

    addresses: tuple[str, ...]
    subject: str
    issuer: str
    valid_from: datetime
    valid_to: datetime

    def valid_at(self, at: datetime) -> bool:
        """Tell whether the certificate holds at a time."""
        return self.valid_from <= at <= self.valid_to


@dataclass(frozen=True, slots=True)
class _Node:
    """One value of BER: its tag, its bytes as they stand, what they hold."""

    tag: int
    raw: bytes
    body: bytes
    children: tuple[_Node, ...]

    @property
    def octets(self) -> bytes:
        """Give the content of an octet string, which may come in pieces."""
        return b"".join(child.octets for child in self.children) if self.children else self.body


def signed(cms: bytes, content: bytes | None = None) -> tuple[Signer, bytes]:
    """Check a signature over ``content`` (None: over what it holds itself); give its signer and what was signed.

    Raises Broken when it does not fit, Unchecked when that cannot be told.
    """
    try:
        data = _signed_data(_tree(cms))
        inside = content if content is not None else _held(data)
        signers = [node for node in data if node.tag == SET][-1].children
        if not signers:
            raise Unchecked("nobody has signed it")
        return _checked(signers[0], list(_certificates(data)), inside), inside
    except InvalidSignature as error:
        raise Broken("the signature does not fit") from error
    except UNREADABLE as error:
        raise Unchecked(f"it cannot be read: {error}") from error


def encrypted(cms: bytes) -> bool:
    """Tell whether it is encrypted, and not only signed, whatever the mail says of it."""
    try:
        return _tree(cms).children[0].body != SIGNED_DATA
    except (IndexError, ValueError):
        return True


def _tree(data: bytes) -> _Node:
    node, _end = _node(data, 0, len(data), DEPTH)
    return node


def _node(data: bytes, at: int, limit: int, depth: int) -> tuple[_Node, int]:
    """Read one value that begins ``at`` and ends before ``limit``; give it and where it ends."""
    tag, start, length = _head(data, at, limit)
    if not depth:
        raise ValueError("it is nested too deep")
    end = limit if length is None else start + length
    if end > limit:
        raise ValueError("it ends too early")
    children: list[_Node] = []
    here = start
    if tag & CONSTRUCTED:
        while here < end and not (length is None and data[here : here + 2] == END):
            child, here = _node(data, here, end, depth - 1)
            children.append(child)
    if length is not None:
        return _Node(tag, data[at:end], data[start:end], tuple(children)), end
    if data[here : here + 2] != END:
        raise ValueError("it has no end")
    return _Node(tag, data[at : here + 2], data[start:here], tuple(children)), here + 2


def _head(data: bytes, at: int, limit: int) -> tuple[int, int, int | None]:
    """Read tag and length; give the tag, where the content begins and how long it is, None until its end mark."""
    if at + 2 > limit:
        raise ValueError("it ends too early")
    tag, first = data[at], data[at + 1]
    if tag & 0x1F == 0x1F:
        raise ValueError("it has a tag that no signature has")
    if first < 0x80:
        return tag, at + 2, first
    if first == 0x80 and tag & CONSTRUCTED:
        return tag, at + 2, None
    size = first & 0x7F
    if not 0 < size <= 4:
        raise ValueError("it has a length that no signature has")
    return tag, at + 2 + size, int.from_bytes(data[at + 2 : at + 2 + size])


def _signed_data(whole: _Node) -> Sequence[_Node]:
    if whole.children[0].body != SIGNED_DATA:
        raise ValueError("it holds no signature")
    return whole.children[1].children[0].children


def _held(data: Sequence[_Node]) -> bytes:
    """Give the content that stands inside an opaque signature."""
    return data[2].children[1].children[0].octets


def _certificates(data: Sequence[_Node]) -> Iterator[x509.Certificate]:
    for held in (node for node in data if node.tag == 0xA0):
        for node in held.children[:CERTIFICATES]:
            with suppress(ValueError, x509.InvalidVersion):  # others are not needed to tell whose this is
                yield x509.load_der_x509_certificate(node.raw)


def _checked(node: _Node, certificates: Sequence[x509.Certificate], content: bytes) -> Signer:
    """Check one signer's signature with the certificate it names."""
    parts = node.children
    digest = _HASHES.get(parts[2].children[0].body)
    attributes = parts[3] if parts[3].tag == 0xA0 else None
    method, signature = parts[4 if attributes else 3], parts[5 if attributes else 4].octets
    ours = [each for each in certificates if _named(parts[1], each)]
    if digest is None:
        raise Unchecked("it was made with a digest that proves nothing any more, or is not known here")
    if not ours:
        raise Unchecked("the certificate it names did not come with it")
    over = _attributes(attributes, digest(), content) if attributes else content
    _verify(ours[0], method.children[0].body, digest(), signature, over)
    return _signer(ours[0])


def _named(sid: _Node, certificate: x509.Certificate) -> bool:
    """Tell whether a signer names this certificate: by issuer and number, or by the identifier of its key."""
    if sid.tag == SEQUENCE:
        number = int.from_bytes(sid.children[1].body, signed=True)
        return number == certificate.serial_number and sid.children[0].raw == certificate.issuer.public_bytes()
    try:
        key = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    except x509.ExtensionNotFound:
        return False
    return key.value.digest == sid.body


def _attributes(attributes: _Node, digest: hashes.HashAlgorithm, content: bytes) -> bytes:
    """Check that the signed attributes are about this content; give them as they were signed (RFC 5652, 5.4)."""
    found = [(each.children[0].body, each.children[1].children) for each in attributes.children if each.children]
    digests = [values for name, values in found if name == _DIGEST]
    types = [values for name, values in found if name == _CONTENT_TYPE]
    if len(digests) != 1 or len(digests[0]) != 1 or len(types) != 1:
        raise Unchecked("it does not say what it was made over")
    made = hashes.Hash(digest)
    made.update(content)
    if made.finalize() != digests[0][0].body:
        raise Broken("the content is not the one that was signed")
    return bytes([SET]) + attributes.raw[1:]


def _verify(
    certificate: x509.Certificate, method: bytes, digest: hashes.HashAlgorithm, signature: bytes, content: bytes
) -> None:
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        how: padding.AsymmetricPadding = padding.PKCS1v15()
        if method == _PSS:
            how = padding.PSS(padding.MGF1(digest), padding.PSS.AUTO)
        key.verify(signature, content, how, digest)
    elif isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, content, ec.ECDSA(digest))
    elif isinstance(key, ed25519.Ed25519PublicKey):
        key.verify(signature, content)
    else:
        raise UnsupportedAlgorithm("its sort of key is not known here")


def _signer(certificate: x509.Certificate) -> Signer:
    named = [str(each.value) for each in certificate.subject.get_attributes_for_oid(NameOID.EMAIL_ADDRESS)]
    with suppress(x509.ExtensionNotFound):
        names = certificate.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME).value
        if isinstance(names, x509.SubjectAlternativeName):
            named += names.get_values_for_type(x509.RFC822Name)
    return Signer(
        tuple(dict.fromkeys(each.lower() for each in named)),
        certificate.subject.rfc4514_string(),
        certificate.issuer.rfc4514_string(),
        certificate.not_valid_before_utc,
        certificate.not_valid_after_utc,
    )
