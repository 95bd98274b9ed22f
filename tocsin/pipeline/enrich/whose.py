"""Explain who owns one value, for people rather than for columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_network
from typing import NamedTuple
from urllib.parse import urlsplit

from tocsin.pipeline.enrich.asset import Asset
from tocsin.pipeline.enrich.claim import Level
from tocsin.pipeline.enrich.prefixes import Address, address


class Why(StrEnum):
    """Say why an asset owns a value, or why it does not although it fits."""

    HOST = "this very host"
    PREFIX = "longest prefix that holds the address"
    DOMAIN = "longest domain that the name ends in"
    MAIL_DOMAIN = "longest mail domain that the address ends in"
    WIDER = "fits, but a more specific entry wins"
    NOT_YET = "fits, but is not held yet at that time"
    NO_LONGER = "fits, but is no longer held at that time"


WINNING = {"host": Why.HOST, "prefix": Why.PREFIX, "domain": Why.DOMAIN, "mail_domain": Why.MAIL_DOMAIN}


@dataclass(frozen=True, slots=True)
class Match:
    """One asset that fits a value, whether it decides, and why."""

    asset: Asset
    wins: bool
    why: Why


class Subject(NamedTuple):
    """What somebody asks about: an address (a prefix has a length), a mail domain or a host name."""

    address: Address | None = None
    length: int | None = None
    mail_domain: str = ""
    name: str = ""


def subject(value: str) -> Subject:
    """Recognise an address, a prefix, a mail address, a URL, an address or name with a port, or a name."""
    text = value.strip()
    if "://" in text:
        text = _url_host(text)
    elif "@" in text:
        return Subject(mail_domain=text.rpartition("@")[2].strip(" >"))
    found = address(text.strip("[]"))
    if found is not None:
        return Subject(address=found)
    if "/" in text:
        return _prefix(text)
    name, _, _port = text.rpartition(":")
    found = address(name.strip("[]"))
    return Subject(address=found) if found is not None else Subject(name=name or text)


def explain(levels: Sequence[Level], moment: int) -> list[Match]:
    """Say of each asset that fits whether it wins at a moment, the winners first."""
    depths = [depth for depth, level in enumerate(levels) if any(_stands(asset, moment) for asset in level.assets)]
    best = depths[0] if depths else -1
    matches = [_match(asset, depth == best, moment) for depth, level in enumerate(levels) for asset in level.assets]
    return sorted(matches, key=lambda match: not match.wins)


def _match(asset: Asset, best: bool, moment: int) -> Match:
    start, end = asset.interval()
    if moment < start:
        return Match(asset, False, Why.NOT_YET)
    if moment >= end:
        return Match(asset, False, Why.NO_LONGER)
    return Match(asset, best, WINNING[asset.kind] if best else Why.WIDER)


def _stands(asset: Asset, moment: int) -> bool:
    start, end = asset.interval()
    return start <= moment < end


def _url_host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _prefix(text: str) -> Subject:
    try:
        net = ip_network(text, strict=False)
    except ValueError:
        return Subject(name=text.partition("/")[0])
    return Subject(address=Address(net.version, int(net.network_address)), length=net.prefixlen)
