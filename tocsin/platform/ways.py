"""The ways out: mail by the relay (or kept in the house), webhooks, short messages by the gateway."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tocsin import config
from tocsin.platform import addresses, mime, openpgp, sms, smtp, webhooks
from tocsin.platform.gate import Action
from tocsin.platform.handover import NotTaken
from tocsin.platform.models import OutboxMessage

Channel = OutboxMessage.Channel
HandOver = Callable[[OutboxMessage], None]
ACTIONS: Mapping[str, Action] = {Channel.MAIL: Action.MAIL, Channel.WEBHOOK: Action.WEBHOOK, Channel.SMS: Action.SMS}
CHECKED: Mapping[str, Callable[[str], str]] = {
    Channel.MAIL: addresses.checked,
    Channel.WEBHOOK: webhooks.checked,
    Channel.SMS: sms.checked,
}


def kept_once(channel: str) -> bool:
    """Tell whether what may have arrived can be handed over again without harm: the other side keeps it once."""
    return channel == Channel.WEBHOOK or (channel == Channel.MAIL and not config.load().tocsin_smtp_url)


@contextmanager
def way_out(channel: str) -> Iterator[HandOver]:
    """Open a way out; what it gives hands one message over."""
    if channel == Channel.WEBHOOK:
        yield webhooks.hand_over
    elif channel == Channel.SMS:
        gateway = _gateway()
        yield lambda message: sms.hand_over(gateway, message)
    elif url := config.load().tocsin_smtp_url:
        sender = config.load().tocsin_mail_from
        with smtp.connected(smtp.Relay.of(url)) as session:
            yield lambda message: smtp.hand_over(
                session, smtp.Envelope(sender, message.recipient, str(message.uuid)), _written(message)
            )
    else:
        yield lambda message: _keep(config.load().home / "mail", message)


def _gateway() -> sms.Gateway:
    try:
        return sms.gateway()
    except config.ConfigError as error:
        raise NotTaken(str(error)) from error


def _written(message: OutboxMessage) -> bytes:
    try:
        return mime.written(message)
    except openpgp.UnusableKey as error:
        raise NotTaken(str(error), permanent=True) from error


def _keep(folder: Path, message: OutboxMessage) -> None:
    """Lay the message into the Maildir under its own name: kept twice, it is there once."""
    content = _written(message).replace(b"\r\n", b"\n")
    name = f"{message.uuid}.tocsin"
    try:
        for part in ("tmp", "new", "cur"):
            (folder / part).mkdir(parents=True, exist_ok=True, mode=0o700)
        if message.attempts > 1 and any((folder / "cur").glob(f"{name}*")):
            return
        (folder / "tmp" / name).write_bytes(content)
        (folder / "tmp" / name).replace(folder / "new" / name)
    except OSError as error:
        raise NotTaken(f"{folder}: {error.strerror or error}") from error
