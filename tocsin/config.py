"""The settings of one installation, read from the environment; `docs/reference/settings.md` is made from it."""

from __future__ import annotations

import os
import secrets
import threading
from contextlib import suppress
from dataclasses import dataclass, field, fields
from pathlib import Path


class ConfigError(Exception):
    """A setting has a value that cannot be used; the message names it and says what to do."""


def setting(default: str, text: str) -> str:
    """Declare one setting with its default and its help text."""
    value: str = field(default=default, metadata={"help": text})
    return value


@dataclass(frozen=True, slots=True)
class Config:
    """What the environment says. Names are those of the variables, in lower case."""

    tocsin_home: str = setting("./var", "Folder that holds all data: database, journal, lake, keys, mail.")
    tocsin_port: str = setting("8000", "Port of the pages on TOCSIN_LISTEN.")
    tocsin_listen: str = setting("127.0.0.1", "Address the pages listen on.")
    tocsin_url: str = setting("", "Address people use to reach the pages; by default http://TOCSIN_LISTEN:TOCSIN_PORT.")
    tocsin_hosts: str = setting("", "Further host names the pages answer to, separated by commas.")
    tocsin_proxies: str = setting(
        "0", "How many proxies stand before the pages; their X-Forwarded-For then tells who asks, for the rate limits."
    )
    tocsin_debug: str = setting("", "Set to 1 to see Django's error pages. Never where others can reach it.")
    tocsin_smtp_url: str = setting(
        "", "Relay for mail: smtp://user:password@host:25 or smtps://...; empty keeps mail in TOCSIN_HOME/mail."
    )
    tocsin_mail_from: str = setting("tocsin@tocsin.example", "Sender address of outgoing mail.")
    tocsin_mailbox: str = setting(
        "", "Where answers come in: imaps://user:password@host/INBOX or maildir:/folder; empty reads no mail."
    )
    tocsin_mail_archive: str = setting(
        "",
        "Where the relay keeps a copy of all it sends, as TOCSIN_MAILBOX; uncertain messages are looked up there.",
    )
    tocsin_sms_gateway: str = setting(
        "", "File that says how the gateway for short messages is asked (docs/howto/channels.md); empty sends none."
    )
    tocsin_webhook_networks: str = setting(
        "",
        "Networks of your own, separated by commas, in which the tools of organisations may be posted to; by default"
        " only public addresses are.",
    )
    tocsin_calendars: str = setting(
        "", "File with business calendars of your own, beside those of the house (docs/howto/service-levels.md)."
    )
    tocsin_levels: str = setting(
        "", "File with service levels of your own, before those of the house (docs/howto/service-levels.md)."
    )
    tocsin_upload_limit: str = setting("4096", "How much may be sent at once as evidence, in MiB.")
    tocsin_secret_key: str = setting("", "Key that signs sessions; by default made once in TOCSIN_HOME/keys.")
    database_url: str = setting(
        "", "postgresql://user:password@host:port/name; empty keeps an SQLite file in TOCSIN_HOME."
    )

    @property
    def home(self) -> Path:
        """The data folder, absolute."""
        return Path(self.tocsin_home).expanduser().absolute()

    @property
    def port(self) -> int:
        """The port as a number."""
        if not self.tocsin_port.isdigit() or not 0 < int(self.tocsin_port) < 65536:
            raise ConfigError(f"TOCSIN_PORT is {self.tocsin_port!r}; give a number from 1 to 65535")
        return int(self.tocsin_port)

    @property
    def proxies(self) -> int:
        """The number of trusted proxies."""
        if not self.tocsin_proxies.isdigit():
            raise ConfigError(f"TOCSIN_PROXIES is {self.tocsin_proxies!r}; give the number of proxies, 0 for none")
        return int(self.tocsin_proxies)

    @property
    def upload_limit(self) -> int:
        """The largest file that is taken in, in bytes."""
        if not self.tocsin_upload_limit.isdecimal() or not int(self.tocsin_upload_limit):
            raise ConfigError(f"TOCSIN_UPLOAD_LIMIT is {self.tocsin_upload_limit!r}; give a number of MiB, 1 or more")
        return int(self.tocsin_upload_limit) << 20

    @property
    def url(self) -> str:
        """Where people reach the pages, without a slash at the end."""
        return (self.tocsin_url or f"http://{self.tocsin_listen}:{self.port}").rstrip("/")

    @property
    def secret_key(self) -> str:
        """The signing key, made on first use."""
        return self.tocsin_secret_key or _kept_secret(self.home / "keys" / "secret_key")


def load() -> Config:
    """Read the settings from the environment."""
    given = {f.name: os.environ[f.name.upper()] for f in fields(Config) if f.name.upper() in os.environ}
    return Config(**given)


def _kept_secret(path: Path) -> str:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
        fresh.write_text(secrets.token_urlsafe(50))
        fresh.chmod(0o600)
        with suppress(FileExistsError):  # the first of several processes wins
            os.link(fresh, path)
        fresh.unlink()
    return path.read_text()
