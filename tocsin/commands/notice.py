"""`tocsin notice`: whom a list concerns, telling them, and how it stands."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click

from tocsin.manual import Manual
from tocsin.platform.start import migrate

if TYPE_CHECKING:
    from tocsin.rooms.accounts.models import Person
    from tocsin.rooms.notices.models import Notice
    from tocsin.rooms.notices.queries import Plan


@click.group(cls=Manual)
def command() -> None:
    """Tell everyone concerned, each only their own facts."""


def _case(function: Any) -> Any:
    for option in (
        click.argument("file", type=click.File(encoding="utf-8", errors="replace"), default="-"),
        click.option("--as", "login", required=True, metavar="LOGIN", help="Who writes it: their rights decide."),
        click.option("--title", required=True, help="The subject of the mail."),
        click.option("--kind", default="indicators", show_default=True, help="A kind of routes.yaml."),
        click.option("--severity", type=click.IntRange(0, 5), default=2, show_default=True, help="How bad, S0 to S5."),
        click.option("--tlp", default="AMBER", show_default=True, help="The marking: RED, AMBER+STRICT, AMBER, ..."),
    ):
        function = option(function)
    return function


@command.command()
@_case
@click.option("--json", "as_json", is_flag=True, help="One JSON object an organisation.")
def preview(file: Any, login: str, as_json: bool, **case: Any) -> None:
    """Say whom a list concerns, who would be told, and who could not be. The list is a FILE, or the standard input.

    Writes a draft that nobody is told of; `tocsin notice send ID` sends it. The exit status is 1 when an organisation
    cannot be reached.
    """
    notice, person = _draft(file.read(), login, case)
    planned = _plan(notice)
    for row in planned.rows:
        told = [word.shown for word in row.reached]
        facts = [fact["value"] for fact in row.content.facts]
        if as_json:
            shown = {"organisation": row.part.organisation.code, "facts": facts, "told": told, "trouble": row.trouble}
            click.echo(json.dumps({"notice": str(notice.uuid), **shown}))
        else:
            click.echo(f"{row.part.organisation.code}: {len(facts)} facts -> {', '.join(told) or row.trouble}")
    if not as_json:
        for line, text in notice.unread:
            click.echo(f"line {line} was not understood: {text}", err=True)
        click.echo(f"{notice.nobody} values concern nobody. Nothing is sent yet; to send it:")
        click.echo(f"  tocsin notice send {notice.uuid} --as {person.username} --seen {planned.digest}")
    if planned.unreached:
        sys.exit(1)


@command.command()
@click.argument("notice_id", metavar="ID", type=click.UUID)
@click.option("--as", "login", required=True, metavar="LOGIN", help="Who sends it.")
@click.option("--seen", required=True, metavar="DIGEST", help="What the preview printed: it is sent as it was seen.")
def send(notice_id: UUID, login: str, seen: str) -> None:
    """Send a draft whose preview a person has seen. Refused when who would be told has changed since."""
    migrate()
    from tocsin.rooms.notices import actions

    notice, person = _notice(notice_id), _person(login)
    try:
        sent = actions.send(actor=person, notice=notice, seen=seen)
    except actions.NoticeError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{sent.organisations} organisations told, {sent.people} people; {sent.unreached} could not be told")


@command.command()
@click.argument("notice_id", metavar="[ID]", type=click.UUID, required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a notice or organisation.")
def status(notice_id: UUID | None, as_json: bool) -> None:
    """Say how the open notices stand, one line each; with an ID how each organisation of that one stands."""
    migrate()
    from tocsin.rooms.notices import queries
    from tocsin.rooms.notices.models import Notice

    if notice_id is not None:
        for part in _notice(notice_id).parts.select_related("organisation").order_by("organisation__code"):
            told = {"organisation": part.organisation.code, "state": part.state, "overdue": part.overdue,
                    "rung": part.rung, "reference": part.reference, "said": part.reason or part.trouble}  # fmt: skip
            click.echo(json.dumps(told) if as_json else "  ".join(str(value) for value in told.values()))
        return
    found = list(Notice.objects.filter(state=Notice.State.OPEN, sealed=False).order_by("-sent_at"))
    standing = queries.counts(found)
    for notice in found:
        figures = standing.get(notice.pk, queries.Figures())
        line = {"id": str(notice.uuid), "title": notice.title, "standing": figures.sentence()}
        click.echo(json.dumps(line) if as_json else f"{notice.uuid}  {notice.title}: {figures.sentence()}")


def _draft(text: str, login: str, case: dict[str, Any]) -> tuple[Notice, Person]:
    migrate()
    from tocsin.platform.markings import TLP
    from tocsin.rooms.notices import actions
    from tocsin.rooms.notices.knowledge import routes

    if case["kind"] not in routes().kinds:
        raise click.UsageError(f"there is no kind {case['kind']!r}; the kinds are {', '.join(routes().kinds)}")
    if case["tlp"] not in TLP.values:
        raise click.UsageError(f"there is no marking {case['tlp']!r}; the markings are {', '.join(TLP.values)}")
    person = _person(login)
    try:
        return actions.draft_list(actor=person, text=text, **case), person
    except actions.NoticeError as error:
        raise click.ClickException(str(error)) from error


def _plan(notice: Notice) -> Plan:
    from tocsin.rooms.notices import queries

    return queries.plan(notice.editions.get())


def _notice(notice_id: UUID) -> Notice:
    from tocsin.rooms.notices.models import Notice

    found = Notice.objects.filter(uuid=notice_id).first()
    if found is None:
        raise click.ClickException(f"there is no notice {notice_id}; see `tocsin notice status`")
    return found


def _person(login: str) -> Person:
    from tocsin.rooms.constituency.queries import person_named

    person = person_named(login)
    if person is None:
        raise click.ClickException(f"there is nobody {login!r}; see `tocsin user --help`")
    return person
