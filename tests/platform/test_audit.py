"""The trail tells of every change, and of every change to itself."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from tocsin.platform import audit, audit_heads
from tocsin.platform.models import AuditEntry, AuditHead, Lease

if TYPE_CHECKING:
    from tocsin.rooms.accounts.models import Person


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TOCSIN_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def trail(home: Path, analyst: Person) -> Path:
    """Ten sealed entries under a signed head; give its folder."""
    for number in range(10):
        audit.record(analyst, "alerts.comment", analyst, {"text": f"comment {number}"})
    audit.seal()
    audit.sign_head()
    return home / "audit"


def texts() -> list[str]:
    return [problem.text for problem in audit.verify().problems]


@pytest.mark.django_db(transaction=True)
def test_it_refuses_to_record_outside_a_transaction() -> None:
    with pytest.raises(audit.OutsideTransaction):
        audit.record(None, "x", None)


@pytest.mark.django_db(transaction=True)
def test_an_entry_falls_with_its_change() -> None:
    def fail() -> None:
        with transaction.atomic():
            audit.record(None, "x", None)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not AuditEntry.objects.exists()


def test_it_names_actor_and_object(analyst: Person) -> None:
    entry = audit.record(analyst, "accounts.rename", analyst, {"from": "a", "to": "b"})
    assert (entry.actor, entry.actor_name) == (analyst.uuid, "analyst")
    assert (entry.object_type, entry.object_uuid) == ("accounts.person", analyst.uuid)


def test_it_takes_things_json_does_not_know(db: None, home: Path) -> None:
    audit.record(None, "x", None, {"at": timezone.now(), "3": {1, 2}, "f": 1e16, "nul": "a\x00b", "half": "\ud800"})
    audit.seal()
    assert audit.verify().ok


def test_an_untouched_trail_is_whole(trail: Path) -> None:
    report = audit.verify()
    assert (report.ok, report.entries, report.unsealed, report.heads) == (True, 10, 0, 1)


def test_sealing_again_changes_nothing(trail: Path) -> None:
    before = list(AuditEntry.objects.order_by("id").values_list("sequence", "chain"))
    assert audit.seal() == 0
    assert list(AuditEntry.objects.order_by("id").values_list("sequence", "chain")) == before


def test_it_seals_more_than_one_batch(db: None, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "BATCH", 3)
    for _ in range(8):
        audit.record(None, "x", None)
    assert audit.seal() == 8
    assert audit.verify().ok


@pytest.mark.parametrize(
    "change",
    [
        {"verb": "nothing"},
        {"actor": None},
        {"actor_name": "somebody"},
        {"object_type": "incidents.incident"},
        {"object_uuid": None},
        {"details": {"text": "another"}},
        {"created_at": timezone.now() - timedelta(days=1)},
        {"salt": "0" * 32},
        {"digest": "0" * 64},
        {"chain": "0" * 64},
    ],
)
def test_it_notices_a_changed_entry(trail: Path, change: dict[str, object]) -> None:
    AuditEntry.objects.filter(sequence=5).update(**change)
    assert texts()


def test_it_notices_a_removed_entry(trail: Path) -> None:
    AuditEntry.objects.filter(sequence=5).delete()
    assert any("entries 5 to 5 are missing" in text for text in texts())


def test_it_notices_a_removed_entry_whose_gap_was_closed(trail: Path) -> None:
    AuditEntry.objects.filter(sequence=5).delete()
    for number in range(6, 11):
        AuditEntry.objects.filter(sequence=number).update(sequence=F("sequence") - 1)
    assert texts()


def test_it_notices_entries_that_changed_places(trail: Path) -> None:
    for old, new in ((4, 100), (7, 4), (100, 7)):
        AuditEntry.objects.filter(sequence=old).update(sequence=new)
    assert texts()


def test_it_notices_a_truncated_tail_by_the_signed_head(trail: Path) -> None:
    AuditEntry.objects.filter(sequence__gt=7).delete()
    assert texts() == ["a signed head names it and it is gone; the trail ends at 7"]


def test_it_notices_an_emptied_trail(trail: Path) -> None:
    AuditEntry.objects.all().delete()
    assert texts()


def rewrite() -> None:
    """Do what an owner of the database would: change an entry and chain everything afresh."""
    AuditEntry.objects.filter(sequence=3).update(verb="nothing")
    entries = list(AuditEntry.objects.order_by("sequence"))
    AuditEntry.objects.update(sequence=None, chain="")
    assert audit.seal() == len(entries)


def test_it_notices_a_trail_that_was_chained_afresh(trail: Path) -> None:
    rewrite()
    assert texts() == ["a signed head says otherwise: the trail up to here was rewritten"]


def test_it_notices_heads_removed_from_the_database(trail: Path) -> None:
    AuditHead.objects.all().delete()
    assert any("removed or changed" in text for text in texts())


def test_it_notices_that_the_exported_heads_are_gone(trail: Path) -> None:
    (trail / "heads.jsonl").unlink()
    assert any("is missing" in text for text in texts())


def test_it_notices_a_forged_head(trail: Path) -> None:
    rewrite()
    line = json.loads((trail / "heads.jsonl").read_text())
    line["chain"] = audit.head()[1]
    (trail / "heads.jsonl").write_text(json.dumps(line) + "\nnot json\n")
    AuditHead.objects.update(chain=line["chain"])
    assert sum("was not signed" in text for text in texts()) == 2


def test_copies_kept_elsewhere_outlast_a_new_key(trail: Path, tmp_path: Path) -> None:
    kept = tmp_path / "elsewhere"
    shutil.copytree(trail, kept)
    rewrite()
    shutil.rmtree(trail)
    audit_heads.key_path().unlink()
    AuditHead.objects.all().delete()
    audit.sign_head()
    assert audit.verify().ok
    assert not audit.verify(kept / "heads.jsonl", tuple(kept.glob("*.pub"))).ok


def test_a_head_is_signed_only_when_the_chain_has_grown(trail: Path) -> None:
    audit.sign_head()
    audit.record(None, "x", None)
    audit.seal()
    audit.sign_head()
    assert len((trail / "heads.jsonl").read_text().splitlines()) == 2
    assert AuditHead.objects.count() == 1
    assert audit.verify().ok


def test_the_private_key_is_for_its_owner_only(trail: Path) -> None:
    assert audit_heads.key_path().stat().st_mode & 0o077 == 0


def test_personal_data_is_erased_and_the_chain_holds(trail: Path, admin: Person) -> None:
    entry = AuditEntry.objects.get(sequence=5)
    audit.erase(entry, actor=admin, reason="request 12")
    assert (entry.details, entry.salt, entry.actor_name) == (None, "", "")
    audit.seal()
    report = audit.verify()
    assert report.ok
    assert report.erased == 1


def test_it_notices_an_erasure_nobody_recorded(trail: Path) -> None:
    AuditEntry.objects.filter(sequence=5).update(details=None, salt="", actor_name="")
    assert any("no entry says who erased it" in text for text in texts())


def test_it_looks_at_unsealed_entries_too(trail: Path) -> None:
    entry = audit.record(None, "x", None, {"a": 1})
    AuditEntry.objects.filter(pk=entry.pk).update(details={"a": 2})
    assert len(texts()) == 1


def test_an_object_without_outside_id_is_recorded(db: None, home: Path) -> None:
    entry = audit.record(None, "x", Lease(name="a"))
    assert (entry.object_type, entry.object_uuid) == ("platform.lease", None)
