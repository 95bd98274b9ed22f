"""The doctor sees what is not well, says what to do, and changes nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from tests.platform.processes import free_port, tocsin
from tocsin.config import Config
from tocsin.platform import doctor, doctor_house
from tocsin.platform.doctor import Finding, State
from tocsin.platform.models import AuditEntry, Lease, OutboxMessage


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """Make a folder that could be a house."""
    (tmp_path / "keys").mkdir(mode=0o700)
    tmp_path.chmod(0o700)
    return tmp_path


def examined(check: doctor.Check, **settings: Any) -> list[Finding]:
    return list(doctor.examine(Config(**{name: str(value) for name, value in settings.items()}), (check,)))


def states(found: Sequence[Finding]) -> set[State]:
    return {finding.state for finding in found}


def test_a_fresh_house_is_well_enough(tmp_path: Path) -> None:
    home = tmp_path / "house"
    assert tocsin(home, "audit", "verify").returncode == 0
    ended = tocsin(home, "doctor", "--json", TOCSIN_PORT=str(free_port()))
    found = json.loads(ended.stdout)
    assert ended.returncode == 0, ended.stdout
    assert {"tocsin", "packages", "settings", "home", "port", "mail", "database", "worker"} <= {
        f["area"] for f in found
    }
    assert all(finding["advice"] for finding in found if finding["state"] != "well")


def test_it_changes_nothing_where_nothing_is(tmp_path: Path) -> None:
    ended = tocsin(tmp_path / "nothing", "doctor")
    assert ended.returncode == 0
    assert "does not exist yet" in ended.stdout
    assert not (tmp_path / "nothing").exists()


def test_something_ill_is_an_exit_status(tmp_path: Path) -> None:
    ended = tocsin(tmp_path / "nothing", "doctor", TOCSIN_PORT="many")
    assert ended.returncode == 1
    assert "TOCSIN_PORT" in ended.stdout


def test_a_database_that_cannot_be_reached_is_ill(house: Path) -> None:
    url = f"postgresql://nobody@127.0.0.1:{free_port()}/none"
    ended = tocsin(house, "doctor", DATABASE_URL=url, TOCSIN_PORT=str(free_port()))
    assert ended.returncode == 1
    assert "DATABASE_URL" in ended.stdout
    assert "Traceback" not in ended.stderr


def test_a_missing_package_is_ill(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_version", lambda name: "" if name == "granian" else "1")
    assert State.ILL in states(examined(doctor.versions))


def test_an_extra_is_ill_only_where_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_version", lambda _name: "")
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    assert states(examined(doctor.extras)) == {State.WELL}
    needed = examined(doctor.extras, database_url="postgresql://a@b/c")
    assert states(needed) == {State.ILL, State.WARNING}
    assert any("tocsin[postgresql]" in finding.advice for finding in needed)


@pytest.mark.parametrize(
    ("settings", "state"),
    [
        ({}, State.WELL),
        ({"tocsin_secret_key": "short"}, State.ILL),
        ({"tocsin_url": "https://tocsin.example"}, State.ILL),
        ({"tocsin_url": "https://tocsin.example", "tocsin_hosts": "tocsin.example"}, State.WELL),
        ({"tocsin_url": "http://tocsin.example", "tocsin_hosts": "tocsin.example"}, State.WARNING),
        ({"tocsin_listen": "10.0.0.1", "tocsin_debug": "1"}, State.ILL),
    ],
)
def test_settings_that_do_not_fit_are_named(settings: dict[str, str], state: State) -> None:
    assert state in states(examined(doctor.environment, **settings))


def test_a_misspelt_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_PROT", "8001")
    assert any("TOCSIN_PROT" in finding.text for finding in examined(doctor.environment))


@pytest.mark.parametrize(("free", "state"), [(2**40, State.WELL), (2**31, State.WARNING), (2**20, State.ILL)])
def test_a_disk_that_fills_up_is_told_in_time(
    house: Path, monkeypatch: pytest.MonkeyPatch, free: int, state: State
) -> None:
    usage = type("Usage", (), {"free": free})
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)
    assert states(examined(doctor.home, tocsin_home=house)) == {state}


def test_a_house_open_to_everybody_is_a_warning(house: Path) -> None:
    house.chmod(0o755)
    assert State.WARNING in states(examined(doctor.home, tocsin_home=house))


def test_keys_that_others_can_read_are_ill(house: Path) -> None:
    (house / "keys" / "secret_key").write_text("x")
    (house / "keys" / "secret_key").chmod(0o600)
    assert states(examined(doctor.keys, tocsin_home=house)) == {State.WELL}
    (house / "keys" / "secret_key").chmod(0o640)
    assert states(examined(doctor.keys, tocsin_home=house)) == {State.ILL}


def test_a_relay_that_does_not_open_is_ill(house: Path) -> None:
    assert states(examined(doctor.mail, tocsin_home=house)) == {State.WELL}
    closed = f"smtp://127.0.0.1:{free_port()}"
    assert states(examined(doctor.mail, tocsin_smtp_url=closed)) == {State.ILL}
    assert states(examined(doctor.mail, tocsin_smtp_url="relay")) == {State.ILL}


def trail_unsealed() -> None:
    AuditEntry.objects.create(verb="x", object_type="", digest="")
    AuditEntry.objects.update(created_at=timezone.now() - timedelta(hours=1))


def job_failing() -> None:
    Lease.objects.create(name="x", holder="h", until=timezone.now() + timedelta(hours=1), last_error="no such host")


@pytest.mark.parametrize(
    ("check", "happens", "said"),
    [
        (doctor_house.worker, lambda: None, "no worker runs"),
        (doctor_house.worker, job_failing, "no such host"),
        (doctor_house.audit, lambda: None, "no head"),
        (doctor_house.audit, trail_unsealed, "wait to be sealed"),
    ],
)
def test_what_the_house_neglects_is_a_warning(
    db: None, check: doctor.Check, happens: Callable[[], None], said: str
) -> None:
    happens()
    assert any(said in finding.text and finding.state is State.WARNING for finding in examined(check))


def test_mail_that_waits_for_a_person_is_a_warning(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.platform.test_outbox import send

    send()
    assert states(examined(doctor_house.outbox)) == {State.WELL}
    OutboxMessage.objects.update(state="uncertain")
    assert State.WARNING in states(examined(doctor_house.outbox))
