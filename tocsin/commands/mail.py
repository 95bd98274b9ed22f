"""Mail that waits for a person's decision."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import UUID

import click

from tocsin.manual import Manual
from tocsin.platform.start import migrate

if TYPE_CHECKING:
    from tocsin.platform.models import OutboxMessage


@click.group(cls=Manual)
def command() -> None:
    """Look after outgoing mail that did not arrive, or may not have."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a message.")
def show(as_json: bool) -> None:
    """List what is uncertain, failed or still on its way, with the reason."""
    migrate()
    from tocsin.platform import outbox

    for message in outbox.unsettled():
        told = {
            "id": str(message.uuid),
            "state": str(message.state),
            "recipient": message.recipient,
            "attempts": message.attempts,
            "error": message.error,
        }
        click.echo(json.dumps(told) if as_json else "  ".join(str(value) for value in told.values()))


@command.command()
@click.argument("message_id", metavar="ID", type=click.UUID)
def confirm(message_id: UUID) -> None:
    """Note that the message did arrive: somebody asked, or the relay's log says so."""
    message = _message(message_id)
    from tocsin.platform import outbox

    with _clearly():
        outbox.confirm(message, actor=None)
    click.echo("noted as sent")


@command.command()
@click.argument("message_id", metavar="ID", type=click.UUID)
def again(message_id: UUID) -> None:
    """Send the message once more: it did not arrive."""
    message = _message(message_id)
    from tocsin.platform import outbox

    with _clearly():
        outbox.send_again(message, actor=None)
    click.echo("it is on its way")


def _message(message_id: UUID) -> OutboxMessage:
    migrate()
    from tocsin.platform.models import OutboxMessage

    message = OutboxMessage.objects.filter(uuid=message_id).first()
    if message is None:
        raise click.ClickException(f"there is no message {message_id}; see `tocsin mail list`")
    return message


@contextmanager
def _clearly() -> Iterator[None]:
    from django.core.exceptions import ValidationError

    try:
        yield
    except ValidationError as error:
        raise click.ClickException(" ".join(error.messages)) from error
