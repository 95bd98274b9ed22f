"""What is installed, what is misconfigured, what is not well: looked at without changing anything."""

from __future__ import annotations

import os
import platform
import re
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from enum import StrEnum
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit

from tocsin import __version__
from tocsin.config import Config, ConfigError
from tocsin.platform import calendar_files, house_key, sms, smtp, supervisor, webhooks
from tocsin.platform.documents import BrokenFile

LOOPBACK = {"127.0.0.1", "::1", "localhost"}
SPACE_LOW, SPACE_OUT = 5 * 2**30, 2**30
KEY_LENGTH = 32
TEST_ONLY = {"TOCSIN_TEST_REQUIRE", "TOCSIN_TEST_POSTGRESQL", "TOCSIN_SHARED"}


class State(StrEnum):
    """How one thing is."""

    WELL = "well"
    WARNING = "warning"
    ILL = "ill"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; ``advice`` says what to do where something is."""

    area: str
    state: State
    text: str
    advice: str = ""


Check = Callable[[Config], Iterator[Finding]]


def well(area: str, text: str) -> Finding:
    """Find something in order."""
    return Finding(area, State.WELL, text)


def warning(area: str, text: str, advice: str) -> Finding:
    """Find something that works, and should not stay so."""
    return Finding(area, State.WARNING, text, advice)


def ill(area: str, text: str, advice: str) -> Finding:
    """Find something that does not work or is dangerous."""
    return Finding(area, State.ILL, text, advice)


def examine(settings: Config, checks: tuple[Check, ...]) -> Iterator[Finding]:
    """Go through ``checks``; a setting that cannot be used is a finding, too."""
    for check in checks:
        try:
            yield from check(settings)
        except ConfigError as error:
            yield ill("settings", str(error), "correct the setting")


def versions(_settings: Config) -> Iterator[Finding]:
    """Look at Python and at the packages that Tocsin asks for."""
    yield well("tocsin", f"{__version__} on Python {platform.python_version()}, {platform.platform()}")
    try:
        wanted = metadata.requires("tocsin") or []
    except metadata.PackageNotFoundError:
        yield warning("packages", "tocsin itself is not installed, only found", "run `make install`")
        return
    base = sorted({_name(line) for line in wanted if "extra ==" not in line})
    found = {name: _version(name) for name in base}
    yield well("packages", ", ".join(f"{name} {version}" for name, version in found.items() if version))
    for name in (name for name, version in found.items() if not version):
        yield ill("packages", f"{name} is missing", "run `make install`")


def extras(settings: Config) -> Iterator[Finding]:
    """Look at what is needed only by some."""
    postgresql = settings.database_url.startswith("postgres")
    if _version("psycopg"):
        yield well("extras", f"postgresql: psycopg {_version('psycopg')}")
    elif postgresql:
        yield ill("extras", "DATABASE_URL names PostgreSQL and psycopg is missing", "pip install 'tocsin[postgresql]'")
    else:
        yield well("extras", "postgresql: not installed, not needed")
    if postgresql and not (shutil.which("pg_dump") and shutil.which("pg_restore")):
        yield warning("extras", "pg_dump or pg_restore is missing", "install PostgreSQL's client programs for backups")


def _name(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    return found[0].lower() if found else requirement


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def environment(settings: Config) -> Iterator[Finding]:
    """Look at the settings, each by itself and together."""
    known = {field.name.upper() for field in fields(Config)} | TEST_ONLY
    for name in sorted(name for name in os.environ if name.startswith("TOCSIN_") and name not in known):
        yield warning("settings", f"{name} means nothing to Tocsin", "see docs/reference/settings.md for the names")
    if settings.tocsin_secret_key and len(settings.tocsin_secret_key) < KEY_LENGTH:
        yield ill("settings", "TOCSIN_SECRET_KEY is short", "unset it: a good one is made in TOCSIN_HOME/keys")
    yield from _exposed(settings)
    yield well("settings", f"pages at {settings.url}")


def _exposed(settings: Config) -> Iterator[Finding]:
    url = urlsplit(settings.url)
    hosts = {*LOOPBACK, settings.tocsin_listen, *settings.tocsin_hosts.split(",")}
    if url.hostname not in hosts:
        yield ill("settings", f"{url.hostname} of TOCSIN_URL is not answered to", "add it to TOCSIN_HOSTS")
    public = settings.tocsin_listen not in LOOPBACK or url.hostname not in LOOPBACK
    if public and settings.tocsin_debug == "1":
        yield ill("settings", "TOCSIN_DEBUG shows others how Tocsin works inside", "unset it")
    if public and url.scheme != "https":
        yield warning(
            "settings", "passwords would travel in clear", "put a TLS proxy before it, TOCSIN_URL=https://..."
        )


def home(settings: Config) -> Iterator[Finding]:
    """Look at the data folder: may we, may others, is there room."""
    folder = settings.home
    if not os.access(folder.parent, os.X_OK):
        yield ill("home", f"{folder.parent} cannot be looked into", "run as its owner, or name another TOCSIN_HOME")
        return
    if not folder.exists():
        yield warning("home", f"{folder} does not exist yet", "`tocsin demo` or `tocsin up` makes it")
        return
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        yield ill("home", f"{folder} cannot be written", "run as its owner, or name another TOCSIN_HOME")
        return
    if folder.stat().st_mode & stat.S_IRWXO:
        yield warning("home", f"everybody on this machine can look into {folder}", f"chmod o-rwx {folder}")
    free = shutil.disk_usage(folder).free
    text, advice = f"{folder}: {free / 2**30:.1f} GiB free", "make room, or move TOCSIN_HOME to a larger disk"
    if free < SPACE_OUT:
        yield ill("home", text, advice)
    else:
        yield warning("home", text, advice) if free < SPACE_LOW else well("home", text)


def keys(settings: Config) -> Iterator[Finding]:
    """Look at who can read the keys."""
    folder = settings.home / "keys"
    try:
        found = sorted(folder.iterdir()) if folder.exists() else []
    except PermissionError:
        yield ill("keys", f"{folder} cannot be looked into", "run as its owner")
        return
    exposed = [path for path in (folder, *found) if path.exists() and _open_to_others(path)]
    for path in exposed:
        yield ill("keys", f"others can read {path}", f"chmod go-rwx {path}, and think of the key as known")
    if found and not exposed:
        yield well("keys", f"{len(found)} in {folder}, for their owner only")


def evidence(settings: Config) -> Iterator[Finding]:
    """Look whether the files that are encrypted at rest can be opened; nothing is made."""
    most = settings.upload_limit >> 20
    if problem := house_key.problem(settings.home):
        yield ill("evidence", problem, "until then no file can be opened or added; docs/howto/evidence.md")
    elif house_key.path(settings.home).exists():
        text = f"encrypted under {house_key.path(settings.home)}, at most {most} MiB at once"
        yield well("evidence", f"{text}; keep a copy of the key apart from the backups")
    else:
        yield well("evidence", f"nothing encrypted yet; at most {most} MiB at once")


def _open_to_others(path: Path) -> bool:
    return bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))


def port(settings: Config) -> Iterator[Finding]:
    """Look whether the port can be had, or is ours already."""
    try:
        supervisor.check_port(settings)
    except ConfigError as error:
        if supervisor.answers(settings):
            yield well("port", f"something answers at {settings.tocsin_listen} port {settings.port}")
        else:
            yield ill("port", str(error), "set TOCSIN_PORT or TOCSIN_LISTEN")
    else:
        yield well("port", f"{settings.tocsin_listen} port {settings.port} is free: the pages are not being served")


def mail(settings: Config) -> Iterator[Finding]:
    """Look whether the relay opens."""
    folder = settings.home / "mail"
    if not settings.tocsin_smtp_url and folder.exists() and not os.access(folder, os.W_OK | os.X_OK):
        yield ill("mail", f"{folder} cannot be written", "run as its owner; mail waits and is tried again")
    elif not settings.tocsin_smtp_url:
        yield well("mail", f"no TOCSIN_SMTP_URL: mail is kept in {settings.home / 'mail'}")
    elif problem := smtp.reachable(smtp.Relay.of(settings.tocsin_smtp_url)):
        yield ill("mail", problem, "mail waits and is tried again; look at TOCSIN_SMTP_URL and the relay")
    else:
        yield well("mail", "the relay opens")


def channels(settings: Config) -> Iterator[Finding]:
    """Look whether short messages and webhooks are set up as they should be; nothing is sent."""
    try:
        networks = ", ".join(map(str, webhooks.inside()))
        gateway = sms.gateway().url if settings.tocsin_sms_gateway else ""
    except ConfigError as error:
        yield ill("channels", str(error), "mend it; what waits is tried again")
        return
    yield well("channels", f"short messages: {gateway or 'no TOCSIN_SMS_GATEWAY, none are sent'}")
    yield well("channels", f"tools are posted to at public addresses{' and in ' + networks if networks else ''}")


def calendars(settings: Config) -> Iterator[Finding]:
    """Look whether the business calendars can be reckoned with."""
    own = settings.tocsin_calendars
    try:
        known = calendar_files.load(calendar_files.SHIPPED)
        known |= calendar_files.load(Path(own), known) if own else {}
    except BrokenFile as error:
        yield ill("calendars", str(error), "mend the file that TOCSIN_CALENDARS names, then start again")
        return
    yield well("calendars", ", ".join(sorted(known)))


MACHINE: tuple[Check, ...] = (versions, extras, environment, home, keys, evidence, port, mail, channels, calendars)
