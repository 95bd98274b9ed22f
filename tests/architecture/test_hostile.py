"""What an attacker writes into logs, names and forms comes out as text: on every page, in every mail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from email import message_from_bytes
from email.policy import default
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests.architecture.doors import doors
from tests.architecture.stage import furnish
from tocsin.platform import outbox
from tocsin.platform.models import GateEntry
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.alerts.models import Alert, RawLine
from tocsin.rooms.artefacts.models import Artefact, CustodyEntry
from tocsin.rooms.constituency.models import Asset, Contact, Organisation
from tocsin.rooms.incidents import actions
from tocsin.rooms.incidents.models import Evidence, Incident, TimelineEntry
from tocsin.rooms.intake.models import Receipt, RejectedRecord, Source
from tocsin.rooms.playbooks.models import Playbook, PlaybookVersion, Run, Step, Tick
from tocsin.rooms.rota.models import Call, Layer, Page, StandIn
from tocsin.rooms.rules.models import Rule, RuleSet

EVIL = "\"'><img src=x onerror=alert(1)><script>alert(2)</script>{{ 7|add:7 }}{% now 'Y' %}<a href=javascript:alert(3)>"
ATTRIBUTES = {"onerror", "onload", "onclick", "style", "srcdoc", "hx-on"}


class Reader(HTMLParser):
    """Reads a page and notes every tag and attribute that should not be there."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        foreign = tag == "img" and given.get("src") == "x"
        inline = tag == "script" and not (given.get("src") or "").startswith("/static/")
        acting = ATTRIBUTES & given.keys() or any(
            (value or "").strip().startswith("javascript:") for value in given.values()
        )
        if foreign or inline or acting:
            self.found.append(f"{tag} {given}")


@pytest.fixture
def hostile(chart: Mapping[str, Person]) -> Mapping[str, Any]:
    """Write it wherever somebody else's words are kept."""
    things = furnish(chart)
    long, short = EVIL, EVIL[:78]
    Source.objects.update(name=short)
    Receipt.objects.update(name=long, problem=long)
    RejectedRecord.objects.update(reason=long, raw=long.encode())
    RawLine.objects.update(
        raw=b'{"EventID": 1, "' + b"<script>alert(4)</script>" + b'": "<img src=x onerror=alert(1)>"}'
    )
    Alert.objects.update(title=long, subject=long, techniques=[long], rule_id=short, disposition=long)
    Rule.objects.update(title=long, text=long, description=long, path=long, sigma_id=short)
    RuleSet.objects.update(name=short)
    Incident.objects.update(title=long, summary=long)
    TimelineEntry.objects.update(text=long)
    Playbook.objects.update(name=long[:200], rsit=[long])
    said = {"author": long, "labels": [long], "variables": [{"name": long, "value": long}],
            "references": [{"url": long}], "signatures": [{"signee": long}]}  # fmt: skip
    PlaybookVersion.objects.update(name=long[:200], description=long, types=[long], facts=said, note=long[:200])
    commands = [{"type": long, "text": long, "description": long}]
    details = {"commands": commands, "targets": [long], "needs": [long], "gives": [long], "playbook": long}
    Step.objects.update(
        title=long[:200], text=long, responsible=long[:120], label=long[:200], condition=long, details=details,
        translations={"en": {"name": long, "description": long}},
    )  # fmt: skip
    Tick.objects.update(note=long)
    Run.objects.update(reason=long)
    Evidence.objects.update(title=long, description=long, source=long[:200], collected_by=long[:200], text=long)
    Artefact.objects.update(name=long)
    CustodyEntry.objects.update(reason=long, recipient=long[:200])
    Organisation.objects.filter(code="DEPA").update(name=long, name_fr=long)
    Contact.objects.update(name=long[:140], phone=EVIL[:40])
    Asset.objects.update(value=long)
    GateEntry.objects.update(item_title=long, reason=long, recipient=long)
    Person.objects.filter(username="analyst").update(full_name=long[:150])
    Person.objects.filter(username="responder").update(full_name=long[:150], phone=EVIL[:40])
    Layer.objects.update(name=short)
    StandIn.objects.update(note=long[:200])
    Page.objects.update(reason=long[:200], ladder=short)
    Call.objects.update(trouble=long[:300])
    return things


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["analyst", "responder", "officer_a", "admin"])
def test_no_page_runs_it(
    name: str, hostile: Mapping[str, Any], chart: Mapping[str, Person], client_of: Callable[[Person], Client]
) -> None:
    client = client_of(chart[name])
    shown = 0
    for door in doors(hostile):
        if door.name == "account_logout":
            continue
        for path in (
            door.path,
            f"{door.path}?q={EVIL}&text={EVIL}&state=all&value={EVIL}&verb={EVIL}&rule={EVIL}&cursor={EVIL}",
        ):
            answer = client.get(path)
            if answer.status_code != 200 or not answer["Content-Type"].startswith("text/html"):
                continue
            reader = Reader()
            page = answer.content.decode()
            reader.feed(page)
            assert reader.found == [], f"{path} as {name}"
            shown += "&lt;script&gt;" in page
    assert shown >= 5


@pytest.mark.django_db
@pytest.mark.parametrize(
    "line", ["x\r\nBcc: evil@evil.example", "x\nX-Evil: 1\n\nbody", "x\u2028Bcc: e@e.example", "é" * 400]
)
def test_no_mail_carries_another_header(
    line: str, chart: Mapping[str, Person], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOCSIN_HOME", str(tmp_path))
    incident = actions.open_incident(
        actor=chart["analyst"], title=line[:200], organisations=[Organisation.objects.get(code="DEPA")]
    )
    Person.objects.filter(username="officer_a").update(full_name=line[:150])
    actions.inform(actor=chart["responder"], incident=incident, entity=incident.entities.get(), subject=line, text=line)
    assert outbox.deliver_due() == 1
    [kept] = (tmp_path / "mail" / "new").iterdir()
    mail = message_from_bytes(kept.read_bytes(), policy=default)
    assert set(mail.keys()) == {
        "From", "To", "Subject", "Date", "Message-ID", "Content-Language", "Auto-Submitted", "X-Loop", "MIME-Version",
        "Content-Type", "Content-Transfer-Encoding",
    }  # fmt: skip
    assert mail["To"] == "officer_a@tocsin.example"
    assert "\n" not in mail["Subject"]
