"""From a log line to an alert: by a file, and by a delivery that a job takes from the journal."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tocsin.rooms.alerts import jobs
from tocsin.rooms.alerts.actions.ingest import Ingest
from tocsin.rooms.alerts.models import Alert
from tocsin.rooms.constituency.models import Asset, Organisation
from tocsin.rooms.intake import actions as intake
from tocsin.rooms.intake import queries as intake_queries
from tocsin.rooms.rules.actions import import_starter

LINE = "Nov 20 12:00:0{n} gate sshd[4242]: Accepted password for root from 192.0.2.7 port 50022 ssh2\n"


@pytest.fixture(autouse=True)
def _house(chart: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_HOME", str(tmp_path / "home"))
    owner = Organisation.objects.get(code="DEPA")
    Asset.objects.create(
        organisation=owner, kind="prefix", value="192.0.2.0/24", valid_from=datetime(2020, 1, 1, tzinfo=UTC)
    )
    import_starter(actor=None)


def test_a_file_becomes_an_alert_at_the_organisation_concerned(tmp_path: Path) -> None:
    log = tmp_path / "auth.log"
    log.write_text("".join(LINE.format(n=n) for n in range(3)))

    receipt = Ingest.ready().file(log, source="gate")

    assert (receipt.records, receipt.hits, receipt.alerts) == (3, 3, 1)
    alert = Alert.objects.get()
    assert alert.organisation is not None
    assert (alert.organisation.code, alert.count, alert.techniques) == ("DEPA", 3, ["T1021.004", "T1078.003"])
    assert b"Accepted password for root" in bytes(alert.raw_lines.all()[0].raw)

    again = Ingest.ready().file(log, source="gate")
    assert (again.hits, Alert.objects.get().count) == (3, 3)


def test_the_source_has_its_organisation(tmp_path: Path) -> None:
    log = tmp_path / "auth.log"
    log.write_text(LINE.format(n=1).replace("192.0.2.7", "198.51.100.9"))

    Ingest.ready().file(log, source="gate", organisation="DEPB")

    assert [alert.organisation.code for alert in Alert.objects.all()] == ["DEPB"]


def test_the_job_takes_what_was_delivered() -> None:
    source = intake.source_named("gate")
    intake.deliver(source=source, body=LINE.format(n=1).encode())

    jobs.drain()
    jobs.drain()

    assert Alert.objects.get().count == 1
    assert not intake_queries.waiting()


def test_the_raw_event_is_read_back_from_the_lake(tmp_path: Path) -> None:
    log = tmp_path / "auth.log"
    log.write_text(LINE.format(n=1))
    receipt = Ingest.ready().file(log, source="gate")

    from tocsin.rooms.accounts.models import Person

    event = intake_queries.event(Person.objects.get(username="officer_a"), receipt.uuid, 1)
    assert event is not None
    assert event.raw.startswith(b"Nov 20 12:00:01 gate sshd")
    assert intake_queries.event(Person.objects.get(username="officer_b"), receipt.uuid, 1) is None
