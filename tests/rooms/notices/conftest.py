"""Two departments with a range each, and a notice about both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pytest

from tocsin.pipeline.lake.files import Lake
from tocsin.pipeline.schema.event import Batch, Kind
from tocsin.platform.models import OutboxMessage
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Asset, Contact, Organisation
from tocsin.rooms.intake.models import LakeFile
from tocsin.rooms.notices import actions, queries
from tocsin.rooms.notices.models import Notice, Part

LIST = "192.0.2.7\n192.0.2.200\n203.0.113.9\nnot-a-name\n"


@pytest.fixture
def ranges(chart: Mapping[str, Person], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give both departments a range of addresses."""
    monkeypatch.setenv("TOCSIN_HOME", str(tmp_path))
    for code, value in (("DEPA", "192.0.2.0/25"), ("DEPB", "192.0.2.128/25")):
        Asset.objects.create(organisation=Organisation.objects.get(code=code), kind="prefix", value=value)


@pytest.fixture
def draft(ranges: None, analyst: Person) -> Callable[..., Notice]:
    """Write a notice about the list."""

    def write(text: str = LIST, **more: Any) -> Notice:
        given: dict[str, Any] = {"title": "Command server", "kind": "indicators", "severity": 2, "tlp": "AMBER"}
        return actions.draft_list(actor=analyst, text=text, **(given | more))

    return write


@pytest.fixture
def sent(draft: Callable[..., Notice], analyst: Person) -> Callable[..., Notice]:
    """Write a notice and send it."""

    def send(text: str = LIST, **more: Any) -> Notice:
        notice = draft(text, **more)
        actions.send(actor=analyst, notice=notice, seen=seen(notice))
        return notice

    return send


def seen(notice: Notice) -> str:
    """Give the digest of what the preview shows."""
    return queries.plan(notice.editions.filter(sent_at=None).get()).digest


def rest(notice: Notice, actor: Person) -> actions.Sent:
    """Tell those who could not be told before, as a person does who has looked."""
    edition = notice.editions.exclude(sent_at=None).latest("number")
    return actions.send_rest(actor=actor, notice=notice, seen=queries.plan(edition, rest=True).digest)


def part(notice: Notice, code: str) -> Part:
    """Give one organisation's part as it is now."""
    return Part.objects.select_related("notice", "organisation").get(notice=notice, organisation__code=code)


def mails() -> dict[str, str]:
    """Give what was put on its way: subject and body by address, the last one each."""
    return {m.recipient: f"{m.subject}\n{m.body}" for m in OutboxMessage.objects.order_by("id")}


def contact(code: str, role: str, email: str, **more: Any) -> Contact:
    """Add somewhere to reach an organisation."""
    from django.utils import timezone

    given = {"name": f"{role} of {code}", "confirmed_at": timezone.now()} | more
    made: Contact = Contact.objects.create(
        organisation=Organisation.objects.get(code=code), role=role, email=email, **given
    )
    return made


def see(home: Path, code: str, name: str = "c2.evil.example", when: datetime | None = None) -> None:
    """Lay an event into the lake that concerns an organisation and names a domain."""
    columns = {
        "record": pa.array([1], pa.int64()),
        "offset": pa.array([0], pa.int64()),
        "raw": pa.array([b"x"]),
        "@timestamp": pa.array([when or datetime.now(UTC)], pa.timestamp("us", tz="UTC")),
        "dns.question.name": pa.array([name]),
        "tocsin.organisations": pa.array([[code]]),
    }
    batch = Batch(Kind("zeek", "dns"), pa.table(columns))
    (file,) = Lake(home / "lake").write([(uuid4(), [batch])], date(2026, 11, 26))
    LakeFile.objects.create(
        path=file.path, dataset=file.dataset, day=file.day, rows=1, size=file.size, latest=file.latest
    )
