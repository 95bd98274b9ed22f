"""What was backed up comes back, and nothing is ever overwritten."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.platform.processes import running, tocsin
from tests.shared import missing


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a house with a person, a lake, a journal and a signed audit head."""
    home = tmp_path_factory.mktemp("house")
    assert tocsin(home, "user", "add", "first", "--email", "first@a.example").returncode == 0
    assert tocsin(home, "audit", "verify").returncode == 0
    for name in (
        "lake/windows/2026-03-01/a.parquet",
        "journal/000000000001.journal",
        "mail/new/1",
        "demo-accounts.json",
    ):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(f"content of {name}")
    signed = "from tocsin.platform.start import start; start()\nfrom tocsin.platform import audit; audit.sign_head()"
    with running([sys.executable, "-c", signed], home) as process:
        assert process.wait(60) == 0
    (home / "output").unlink()
    return home


@pytest.fixture(scope="module")
def backup(house: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make one backup of it, without keys."""
    target = tmp_path_factory.mktemp("elsewhere") / "tocsin.tar.gz"
    ended = tocsin(house, "backup", str(target))
    assert ended.returncode == 0, ended.stderr
    assert "KEYS ARE NOT IN IT" in ended.stderr
    return target


def names(archive: Path) -> list[str]:
    with tarfile.open(archive) as file:
        return file.getnames()


def people(home: Path) -> list[str]:
    with sqlite3.connect(home / "tocsin.sqlite3") as database:
        return [row[0] for row in database.execute("SELECT username FROM accounts_person")]


def test_it_holds_everything_but_keys_and_what_is_made_again(backup: Path) -> None:
    held = names(backup)
    assert held[0] == "manifest.json"
    assert {"tocsin.sqlite3", "data/journal/000000000001.journal", "data/audit/heads.jsonl", "data/mail/new/1"} <= set(
        held
    )
    assert "data/lake/windows/2026-03-01/a.parquet" in held
    assert not [name for name in held if "keys" in name or "demo-accounts" in name or "cache" in name or "/run" in name]


def test_it_is_for_its_owner_only_and_leaves_nothing_behind(house: Path, backup: Path) -> None:
    assert backup.stat().st_mode & 0o077 == 0
    assert list(backup.parent.iterdir()) == [backup]
    assert list((house / "run").glob("backup-*")) == []


def test_it_comes_back_whole(house: Path, backup: Path, tmp_path: Path) -> None:
    home = tmp_path / "new"
    ended = tocsin(home, "restore", str(backup))
    assert ended.returncode == 0, ended.stderr
    assert "is whole" in ended.stdout
    assert "keys" in ended.stderr
    assert people(home) == ["first"]
    for name in (
        "lake/windows/2026-03-01/a.parquet",
        "journal/000000000001.journal",
        "audit/heads.jsonl",
        "mail/new/1",
    ):
        assert (home / name).read_bytes() == (house / name).read_bytes()
    assert list((home / "keys").iterdir()) == []
    verified = json.loads(tocsin(home, "audit", "verify", "--json").stdout)
    assert (verified["ok"], verified["heads"]) == (True, 1)


def test_keys_come_along_when_asked_and_come_back(house: Path, tmp_path: Path) -> None:
    ended = tocsin(house, "backup", str(tmp_path / "all.tar.gz"), "--with-keys")
    assert "THE KEYS ARE IN IT" in ended.stderr
    home = tmp_path / "new"
    assert tocsin(home, "restore", str(tmp_path / "all.tar.gz")).returncode == 0
    for name in ("secret_key", "audit.key"):
        assert (home / "keys" / name).read_bytes() == (house / "keys" / name).read_bytes()
        assert (home / "keys" / name).stat().st_mode & 0o077 == 0


TAKEN = """
from tocsin.platform.start import start; start()
from tocsin.platform.strongroom import Incoming, opened
from tocsin.rooms.artefacts.models import Artefact
"""
TAKE = f"""{TAKEN}
incoming = Incoming(); incoming.write(b"what the attacker left"); kept = incoming.keep()
Artefact.objects.create(uuid=kept.uuid, name="a", size=kept.size, digest=kept.digest, media_type="x", key=kept.key)
Incoming().write(b"on its way")
"""
OPEN = f"""{TAKEN}
kept = Artefact.objects.get()
with opened(kept.uuid, bytes(kept.key), kept.size) as content:
    assert content.read() == b"what the attacker left"
"""


def says(code: str, home: Path) -> int:
    with running([sys.executable, "-c", code], home) as process:
        ended = process.wait(60)
    (home / "output").unlink()
    return ended


def test_evidence_comes_along_encrypted_and_its_key_does_not(tmp_path: Path) -> None:
    house, home, archive = tmp_path / "old", tmp_path / "new", tmp_path / "evidence.tar.gz"
    house.mkdir()
    assert tocsin(house, "audit", "verify").returncode == 0
    assert says(TAKE, house) == 0
    assert tocsin(house, "backup", str(archive)).returncode == 0
    held = [name for name in names(archive) if "artefacts" in name]
    assert len(held) == 2  # the file and the mark of its key; not the key, and nothing on its way
    assert "data/artefacts/key.mark" in held
    ended = tocsin(home, "restore", str(archive))
    assert "evidence stays closed" in ended.stderr
    assert says(OPEN, home) != 0
    looked = tocsin(home, "doctor", "--json")
    assert [(f["area"], "is missing" in f["text"]) for f in json.loads(looked.stdout) if f["state"] == "ill"] == [
        ("evidence", True)
    ]
    shutil.copy(house / "keys" / "artefacts.key", home / "keys" / "artefacts.key")
    assert says(OPEN, home) == 0


def test_keys_put_there_before_stay(house: Path, backup: Path, tmp_path: Path) -> None:
    home = tmp_path / "new"
    shutil.copytree(house / "keys", home / "keys")
    assert tocsin(home, "restore", str(backup)).returncode == 0
    assert (home / "keys" / "audit.key").read_bytes() == (house / "keys" / "audit.key").read_bytes()


@pytest.mark.parametrize("there", ["tocsin.sqlite3", "lake/a.parquet", "notes.txt"])
def test_it_overwrites_nothing_on_restoring(backup: Path, tmp_path: Path, there: str) -> None:
    (tmp_path / there).parent.mkdir(exist_ok=True)
    (tmp_path / there).write_text("mine")
    ended = tocsin(tmp_path, "restore", str(backup))
    assert ended.returncode == 1
    assert "not empty" in ended.stderr
    assert (tmp_path / there).read_text() == "mine"


def test_it_overwrites_nothing_on_writing(house: Path, backup: Path) -> None:
    before = backup.read_bytes()
    ended = tocsin(house, "backup", str(backup))
    assert ended.returncode == 1
    assert "overwrites nothing" in ended.stderr
    assert backup.read_bytes() == before


def test_it_does_not_lie_in_the_house(house: Path) -> None:
    ended = tocsin(house, "backup", str(house / "backup.tar.gz"))
    assert ended.returncode == 1
    assert "elsewhere" in ended.stderr


def test_a_folder_that_cannot_be_written_is_named(house: Path) -> None:
    ended = tocsin(house, "backup", "/proc/backup.tar.gz")
    assert ended.returncode == 1
    assert "/proc/backup.tar.gz" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_disk_that_is_full_leaves_nothing_behind(house: Path, tmp_path: Path) -> None:
    script = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (4_000_000, 4_000_000));"
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "sys.path.insert(0, '.'); sys.argv = ['tocsin', 'backup', sys.argv[1]];"
        "from tocsin.cli import main; main()"
    )
    (house / "lake" / "large.parquet").write_bytes(os.urandom(8_000_000))
    with running(
        [sys.executable, "-c", script, str(tmp_path / "b.tar.gz")], tmp_path, TOCSIN_HOME=str(house)
    ) as process:
        assert process.wait(60) == 1
    (house / "lake" / "large.parquet").unlink()
    assert "File too large" in (tmp_path / "output").read_text()
    assert [path.name for path in tmp_path.iterdir()] == ["output"]


@pytest.mark.parametrize("damage", ["cut", "flipped", "foreign", "text", "escape"])
def test_a_damaged_backup_leaves_the_house_as_it_was(backup: Path, tmp_path: Path, damage: str) -> None:
    content = backup.read_bytes()
    bad, home = tmp_path / "bad.tar.gz", tmp_path / "home"
    middle = len(content) // 2
    changed = bytes([content[middle] ^ 0xFF])
    bad.write_bytes(
        {"cut": content[:middle], "flipped": content[:middle] + changed + content[middle + 1 :]}.get(damage, b"x")
    )
    if damage in {"foreign", "escape"}:
        (tmp_path / "evil").write_text("evil")
        with tarfile.open(bad, "w:gz") as file:
            if damage == "escape":
                with tarfile.open(backup) as good:
                    member = good.next()
                    assert member is not None
                    file.addfile(member, good.extractfile(member))
            file.add(tmp_path / "evil", arcname="data/../../evil")
    ended = tocsin(home, "restore", str(bad))
    assert ended.returncode == 1
    said = {"foreign": "no backup of Tocsin", "escape": "would not put there"}.get(damage, "damaged or cut off")
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr
    assert [path for path in home.rglob("*") if path.is_file()] == []


def test_a_backup_of_a_newer_version_is_refused(backup: Path, tmp_path: Path) -> None:
    newer = tmp_path / "newer.tar.gz"
    with tarfile.open(backup) as old, tarfile.open(newer, "w:gz") as new:
        for member in old:
            content = old.extractfile(member)
            assert content is not None
            if member.name == "manifest.json":
                manifest = json.loads(content.read())
                manifest["migrations"].append(["platform", "9999_later"])
                (tmp_path / "manifest.json").write_text(json.dumps(manifest))
                new.add(tmp_path / "manifest.json", arcname="manifest.json")
            else:
                new.addfile(member, content)
    ended = tocsin(tmp_path / "home", "restore", str(newer))
    assert ended.returncode == 1
    assert "update first" in ended.stderr


@pytest.fixture
def two_databases() -> Iterator[tuple[str, str]]:
    """Make two empty databases on the PostgreSQL server of the tests."""
    server = os.environ.get("TOCSIN_TEST_POSTGRESQL", "")
    if not server:
        missing("a PostgreSQL server (TOCSIN_TEST_POSTGRESQL)")
    names = [f"backup_{os.getpid()}_{which}" for which in ("old", "new")]
    with psycopg.connect(server, autocommit=True) as connection:
        for name in names:
            connection.execute(f"CREATE DATABASE {name}")
        base = server.rpartition("/")[0]
        yield f"{base}/{names[0]}", f"{base}/{names[1]}"
        for name in names:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.postgresql
def test_a_postgresql_house_comes_back_and_overwrites_nothing(two_databases: tuple[str, str], tmp_path: Path) -> None:
    old, new = two_databases
    kept = str(tmp_path / "kept.tar.gz")
    assert tocsin(tmp_path / "old", "user", "add", "x", "--email", "x@a.example", DATABASE_URL=old).returncode == 0
    assert tocsin(tmp_path / "old", "backup", kept, DATABASE_URL=old).returncode == 0
    ended = tocsin(tmp_path / "new", "restore", kept, DATABASE_URL=new)
    assert ended.returncode == 0, ended.stderr
    with psycopg.connect(new) as connection:
        assert connection.execute("SELECT username FROM accounts_person").fetchall() == [("x",)]
    again = tocsin(tmp_path / "third", "restore", kept, DATABASE_URL=new)
    assert again.returncode == 1
    assert "not empty" in again.stderr
    other = tocsin(tmp_path / "third", "restore", kept)
    assert other.returncode == 1
    assert "DATABASE_URL" in other.stderr
