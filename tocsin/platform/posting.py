"""Post something to a web server that other people chose: to the address that was looked at, in bounded time."""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from tocsin import __version__
from tocsin.platform.handover import NotTaken, Unknown

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# Where the last 32 bits are an IPv4 address: NAT64 (RFC 6052), translated (RFC 2765), compatible (RFC 4291, 2.5.5.1).
EMBEDDING = tuple(map(ipaddress.IPv6Network, ("64:ff9b::/96", "::ffff:0:0:0/96", "::/96")))
LOCAL_NAT64 = ipaddress.IPv6Network("64:ff9b:1::/48")  # RFC 8215
TIMEOUT, DEADLINE = 10, 30  # seconds: for one step, for the whole
READ = 500
CHUNK = 65_536
TRY_LATER = frozenset({408, 409, 425, 429})


@dataclass(frozen=True, slots=True)
class Target:
    """Where to post: a URL taken apart. Raises ValueError when it is none that can be posted to."""

    secure: bool
    host: str
    port: int
    path: str

    @classmethod
    def of(cls, url: str) -> Self:
        """Read ``https://host:port/path?query``, or http:// likewise; no user, no fragment."""
        if not url.isascii() or not url.isprintable() or " " in url:
            raise ValueError("write it in ASCII, without blanks")
        parts = urlsplit(url)
        if parts.scheme not in {"https", "http"} or not parts.hostname:
            raise ValueError("it must begin with https:// and name a host")
        if "@" in parts.netloc or parts.fragment:
            raise ValueError("it must hold neither a user nor a fragment")
        secure = parts.scheme == "https"
        query = f"?{parts.query}" if parts.query else ""
        return cls(secure, parts.hostname, parts.port or (443 if secure else 80), f"{parts.path or '/'}{query}")

    @property
    def shown(self) -> str:
        """Give host and port, for messages."""
        return f"{self.host}:{self.port}"


def addresses_of(target: Target, inside: Sequence[Network] | None) -> list[Address]:
    """Look up where a target is. Unless ``inside`` is None, every address must be public, or in one of ``inside``."""
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotTaken(f"{target.shown}: the name is not known: {error}") from error
    known = list(dict.fromkeys(ipaddress.ip_address(str(row[4][0]).partition("%")[0]) for row in found))
    for address in known if inside is not None else ():
        if not is_public(address) and not any(address in network for network in inside or ()):
            said = f"{target.shown} is at {address}, which is not public; an administrator may list it"
            raise NotTaken(said, permanent=True)
    return known


def is_public(address: Address) -> bool:
    """Tell whether an address is one of the Internet's, and not one of ours, whatever it is wrapped in."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is None and any(address in network for network in EMBEDDING):
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if address.is_site_local or address in LOCAL_NAT64:
            return False
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast


def post(target: Target, addresses: Sequence[Address], body: bytes, headers: Mapping[str, str]) -> None:
    """Post ``body``; no redirect is followed. NotTaken when it was not taken, Unknown when the other side may have."""
    given = {"User-Agent": f"Tocsin/{__version__}", "Accept": "*/*", **headers}
    with _connected(target, addresses) as connection:
        try:
            connection.request("POST", target.path, body, given)
            answer = connection.getresponse()
            status, said = answer.status, answer.read(READ)
        except (OSError, http.client.HTTPException) as error:
            raise Unknown(f"{target.shown}: {error or type(error).__name__}") from error
    if not 200 <= status < 300:
        text = " ".join(said.decode("utf-8", "replace").split())[:200]
        raise NotTaken(
            f"{target.shown} said {status} {text}".strip(), permanent=status < 500 and status not in TRY_LATER
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said; ``whole`` tells whether its text ended within what was to be read."""

    status: int
    body: bytes
    whole: bool = True


def ask(
    target: Target,
    addresses: Sequence[Address],
    method: str,
    body: bytes | None,
    headers: Mapping[str, str],
    most: int,
) -> Answer:
    """Ask a server and read at most ``most`` bytes; no redirect is followed, and every status is an answer.

    NotTaken when it was not asked, Unknown when it may have done what it was asked.
    """
    given = {"User-Agent": f"Tocsin/{__version__}", "Accept": "application/json", **headers}
    with _connected(target, addresses) as connection:
        try:
            connection.request(method, target.path, body, given)
            answer = connection.getresponse()
            read = bytearray()
            while len(read) <= most and (chunk := answer.read(CHUNK)):
                read += chunk
        except (OSError, http.client.HTTPException) as error:
            raise Unknown(f"{target.shown}: {error or type(error).__name__}") from error
    return Answer(answer.status, bytes(read[:most]), len(read) <= most)


@contextmanager
def _connected(target: Target, addresses: Sequence[Address]) -> Iterator[http.client.HTTPConnection]:
    """Connect to one of the addresses that were looked at, and to no other; shut it when the time is over."""
    with _socket(target, addresses) as plain, _wrapped(plain, target) as channel:
        watch = threading.Timer(DEADLINE, _shut, [channel])
        watch.start()
        try:
            if isinstance(channel, ssl.SSLSocket):
                _shake_hands(channel, target)
            connection = http.client.HTTPConnection(target.host, target.port)
            connection.default_port = 443 if target.secure else 80
            connection.sock = channel
            yield connection
        finally:
            watch.cancel()


def _socket(target: Target, addresses: Sequence[Address]) -> socket.socket:
    problem: OSError | None = None
    for address in addresses:
        try:
            return socket.create_connection((str(address), target.port), TIMEOUT)
        except OSError as error:
            problem = error
    raise NotTaken(f"{target.shown}: {problem or 'it has no address'}") from problem


def _wrapped(plain: socket.socket, target: Target) -> socket.socket:
    if not target.secure:
        return plain
    context = ssl.create_default_context()
    return context.wrap_socket(plain, server_hostname=target.host, do_handshake_on_connect=False)


def _shake_hands(channel: ssl.SSLSocket, target: Target) -> None:
    try:
        channel.do_handshake()
    except OSError as error:
        raise NotTaken(f"{target.shown}: {error}") from error


def _shut(channel: socket.socket) -> None:
    with contextlib.suppress(OSError):
        socket.socket.shutdown(channel, socket.SHUT_RDWR)  # the plain one: the reading thread still holds the other
