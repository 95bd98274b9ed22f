"""Observables: addresses, names, hashes and the like, as people write them, defanged or not.

Every observable has one form, so that two mails that mean the same name the same: names in lower case and ASCII (RFC
5891), URLs with scheme and host in lower case and without the port that goes without saying, addresses as `ipaddress`
writes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address, ip_network
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

import idna
from publicsuffixlist import PublicSuffixList

Kind = Literal["ip", "domain", "url", "mail", "hash", "cve"]
MOST, LONGEST = 2_000, 2_000
SHORT = 6
HASHES = frozenset({32, 40, 56, 64, 96, 128})  # hexadecimal digits of MD5, SHA-1 and the SHA-2 family
PORTS = {"http": 80, "https": 443, "ftp": 21}
# Names set aside for examples, tests and houses of one's own: RFC 2606, 6762, 7686, 8375, ICANN's .internal.
RESERVED = frozenset({"example", "test", "invalid", "localhost", "local", "onion", "arpa", "internal", "lan", "corp"})
# Endings of files that are top-level domains as well: in a text they are files.
FILES = frozenset({"zip", "mov", "py", "sh", "pl", "rs", "md", "ps", "so", "cc", "app", "com", "bat", "doc", "java"})
_FANGS = {
    "hxxp": "http", "hxtp": "http", "htxp": "http", "fxp": "ftp",
    "[.]": ".", "(.)": ".", "{.}": ".", "[dot]": ".", "(dot)": ".", "[:]": ":", "[://]": "://", "[/]": "/",
    "[@]": "@", "[at]": "@", "(at)": "@",
}  # fmt: skip
_DEFANGED = re.compile("|".join(map(re.escape, sorted(_FANGS, key=len, reverse=True))), re.IGNORECASE)
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_NAME = rf"(?:_?{_LABEL}\.)+{_LABEL}"
_WHOLE_NAME = re.compile(rf"(?=.{{1,253}}$){_NAME}", re.IGNORECASE)
_HEX = re.compile(r"[0-9a-f]+", re.IGNORECASE)
_CVE = re.compile(r"CVE-\d{4}-\d{4,19}", re.IGNORECASE)
_MAIL = re.compile(rf"[\w.!#$%&'*+/=?^`{{|}}~-]{{1,64}}@{_NAME}", re.IGNORECASE)
_WORDS = re.compile(
    r"(?P<url>(?:https?|ftp)://[^\s<>\"'`|\\^{}]+)"
    rf"|(?P<mail>{_MAIL.pattern})"
    r"|(?P<cve>\bCVE-\d{4}-\d{4,19}\b)"
    r"|(?P<hash>\b[0-9a-f]{32,128}\b)"
    r"|(?P<v6>(?<![\w:.])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?:(?:\.\d{1,3}){3})?(?:/\d{1,3})?(?![\w:]))"
    r"|(?P<v4>(?<![\w.-])\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?(?![\w-]|\.\d))"
    rf"|(?P<name>(?<![\w.@-]){_NAME}(?![\w@-]))",
    re.IGNORECASE,
)
_AFTER = ".,;:!?)]}'\""


@dataclass(frozen=True, slots=True)
class Observable:
    """One thing that may be seen again: its kind and its one form."""

    kind: Kind
    value: str


def refanged(text: str) -> str:
    """Write what was made harmless as it was."""
    return _DEFANGED.sub(lambda found: _FANGS[found[0].lower()], text)


def defanged(value: str) -> str:
    """Write a value so that no program makes a link of it."""
    return value.replace(".", "[.]").replace("http", "hxxp").replace("@", "[@]")


def recognised(word: str) -> Observable | None:
    """Give the observable that a word is; None when it is none. Whoever writes a list means every dotted name."""
    plain = refanged(word.strip())[: LONGEST + 1]
    if not plain or len(plain) > LONGEST:
        return None
    if "://" in plain:
        return _url(plain)
    if _CVE.fullmatch(plain):
        return Observable("cve", plain.upper())
    if _MAIL.fullmatch(plain):
        return _mail(plain)
    return _hash(plain) or _address(plain) or _name(plain)


def found_in(text: str) -> list[Observable]:
    """Give the observables in a text, in their order and each once, `MOST` at most."""
    found: dict[Observable, None] = {}
    for observable in _found(refanged(text)):
        found[observable] = None
        if len(found) >= MOST:
            break
    return list(found)


def _found(text: str) -> Iterator[Observable]:
    for match in _WORDS.finditer(text):
        kind, word = match.lastgroup, match[0].rstrip(_AFTER)
        known = _name(word) if kind == "name" and _in_use(word) else None
        if kind == "v4" or (kind == "v6" and len(word) >= SHORT and any(map(str.isdigit, word))):
            known = _address(word)
        elif kind == "v6" or (kind == "hash" and (word.isdigit() or word.isalpha())):
            continue  # a name in a program, more likely, or a number, or a word
        elif kind != "name":
            known = recognised(word)
        if known is not None:
            yield known


def _url(text: str) -> Observable | None:
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    known = _address(host) or _name(host)
    if known is None or not parts.scheme.isascii():
        return None
    scheme = parts.scheme.lower()
    name = f"[{known.value}]" if ":" in known.value else known.value
    place = name if port in {None, PORTS.get(scheme)} else f"{name}:{port}"
    return Observable("url", urlunsplit((scheme, place, parts.path or "/", parts.query, "")))


def _mail(text: str) -> Observable | None:
    local, _at, domain = text.rpartition("@")
    known = _name(domain)
    return Observable("mail", f"{local.lower()}@{known.value}") if known else None


def _hash(text: str) -> Observable | None:
    return Observable("hash", text.lower()) if len(text) in HASHES and _HEX.fullmatch(text) else None


def _address(text: str) -> Observable | None:
    try:
        if "/" not in text:
            return Observable("ip", str(ip_address(text)))
        network = ip_network(text, strict=False)
    except ValueError:
        return None
    single = network.num_addresses == 1
    return Observable("ip", str(network.network_address) if single else str(network))


def _name(text: str) -> Observable | None:
    plain = text.rstrip(".").lower()
    if not _WHOLE_NAME.fullmatch(plain) or plain.replace(".", "").isdigit():
        return None
    if plain.isascii():
        return Observable("domain", plain)
    try:
        return Observable("domain", idna.encode(plain, uts46=True).decode())
    except idna.IDNAError:
        return None


def _in_use(name: str) -> bool:
    """Tell whether a dotted word of a text is the name of somebody's: its ending is one, and it is no file."""
    ending = name.rpartition(".")[2].lower()
    if ending in FILES and name.count(".") == 1:
        return False
    return ending in RESERVED or _suffixes().publicsuffix(name.lower(), accept_unknown=False) is not None


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=False)
