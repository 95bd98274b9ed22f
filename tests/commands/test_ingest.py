"""`tocsin ingest` takes what can be taken, says clearly what cannot, and accounts for every record."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.commands.killing import House
from tests.pipeline.parsers.test_folders import shut
from tests.rooms.intake.logs import sshd, windows
from tests.shared import missing
from tocsin.cli import main
from tocsin.rooms.intake.models import Receipt
from tocsin.rooms.rules.actions import import_starter
from tocsin.rooms.rules.models import RuleSet


@pytest.fixture(autouse=True)
def home(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TOCSIN_HOME", str(tmp_path / "home"))
    import_starter(actor=None)
    return tmp_path / "home"


def ingest(*given: object) -> Result:
    return CliRunner().invoke(main, ["ingest", *map(str, given)])


def told(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def put(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_it_prints_a_receipt_of_each_file(tmp_path: Path) -> None:
    result = ingest(put(tmp_path / "pc.jsonl", windows(0, 300)), put(tmp_path / "sshd.log", sshd(0, 20)), "--json")
    assert result.exit_code == 0, result.output
    first, second = told(result)
    assert (first["format"], first["records"], first["events"], first["hits"]) == ("windows_json", 300, 300, 3)
    assert (second["format"], second["records"], second["new"]) == ("syslog", 20, 20)
    again = ingest(tmp_path / "pc.jsonl", "--json")
    assert again.exit_code == 0
    assert (told(again)[0]["receipt"], told(again)[0]["new"], told(again)[0]["hits"]) == (first["receipt"], 0, 3)


def test_it_prints_a_table_for_people(tmp_path: Path) -> None:
    result = ingest(put(tmp_path / "pc.jsonl", windows(0, 3)), "--source", "lab")
    assert result.exit_code == 0
    assert "Receipts of source lab" in result.stdout
    assert str(Receipt.objects.get().uuid) in result.stdout


def test_odd_file_names_are_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    odd = put(Path("[bold]a\udcff.log"), sshd(0, 1))
    table, line = ingest(odd, "--source", "one [red]"), ingest(odd, "--source", "two", "--json")
    assert (table.exit_code, line.exit_code) == (0, 0), table.output
    assert "[bold]a\\xff.log" in table.stdout
    assert "one [red]" in table.stdout
    assert told(line)[0]["path"].endswith("[bold]a\\xff.log")


def test_it_takes_the_files_in_a_folder(tmp_path: Path) -> None:
    (tmp_path / "logs" / "deeper").mkdir(parents=True)
    put(tmp_path / "logs" / "a.log", sshd(0, 3))
    put(tmp_path / "logs" / "deeper" / "b.log.gz", gzip.compress(sshd(10, 4)))
    result = ingest(tmp_path / "logs", "--json")
    assert [line["records"] for line in told(result)] == [3, 4]


BAD = {
    "truncated.jsonl": (windows(0, 3)[:-40], "record 3 at byte", (3, 2, 1)),
    "nul.jsonl": (windows(0, 2) + b"\0\0\0\n" + windows(2, 1), "record 3 at byte", (4, 3, 1)),
    "latin1.jsonl": (windows(0, 1) + windows(1, 1).replace(b"x 1", b"caf\xe9"), "not UTF-8 at byte", (2, 1, 1)),
    "half.jsonl": (windows(0, 1) + '{"EventID": 1, "Channel": "é'.encode()[:-1], "not UTF-8", (2, 1, 1)),
    "long.jsonl": (
        windows(0, 1) + b'{"EventID":1,"x":"' + b"y" * 10_000_000 + b'"}\n' + windows(1, 1),
        "line of",
        (3, 2, 1),
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_record_is_kept_with_its_reason_and_the_others_carry_on(name: str, tmp_path: Path) -> None:
    content, reason, counts = BAD[name]
    result = ingest(put(tmp_path / name, content), put(tmp_path / "good.log", sshd(0, 3)), "--json")
    bad, good = told(result)
    assert result.exit_code == 1
    assert (bad["records"], bad["events"], bad["rejected"]) == counts
    assert reason in result.stderr
    assert good["events"] == 3


def test_what_is_no_log_is_named_and_the_others_carry_on(tmp_path: Path) -> None:
    put(tmp_path / "empty", b"")
    (tmp_path / "folder").mkdir()
    put(tmp_path / "unknown", b"\x7fELF\x00\x01")
    put(tmp_path / "good.log", sshd(0, 3))
    os.mkfifo(tmp_path / "pipe")
    names = ["empty", "folder", "gone", "unknown", "pipe", "good.log"]
    result = ingest(*(tmp_path / name for name in names), "--json")
    assert result.exit_code == 1
    outcomes = {Path(line["path"]).name: line for line in told(result)}
    said = {name: outcomes[name]["error"] for name in names}
    assert "is empty" in said["empty"]
    assert "folder with no files" in said["folder"]
    assert "does not exist" in said["gone"]
    assert "--format" in said["unknown"]
    assert "is a pipe" in said["pipe"]
    assert said["good.log"] is None
    assert outcomes["good.log"]["events"] == 3
    assert all(f"{tmp_path / name}: not taken" in result.stderr for name in names[:-1])


def test_a_gzip_that_ends_early_is_incomplete(tmp_path: Path) -> None:
    packed = gzip.compress(windows(0, 20_000))
    result = ingest(put(tmp_path / "pc.jsonl.gz", packed[: len(packed) // 2]), "--json")
    (line,) = told(result)
    assert result.exit_code == 1
    assert "ends early" in result.stderr
    assert line["status"] == "incomplete"
    assert line["records"] == line["events"] + line["rejected"] + line["duplicates"] > 1000


def test_utf_16_is_taken(tmp_path: Path) -> None:
    result = ingest(put(tmp_path / "pc.jsonl", windows(0, 5).decode().encode("utf-16")), "--json")
    assert (result.exit_code, told(result)[0]["events"]) == (0, 5)


def test_an_unknown_format_is_a_wrong_use(tmp_path: Path) -> None:
    result = ingest(put(tmp_path / "log", sshd(0, 1)), "--format", "nonsense")
    assert result.exit_code == 2
    assert "Choose one of: " in result.stderr


def test_a_file_that_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = put(tmp_path / "secret", sshd(0, 1))
    real = Path.open

    def guarded(path: Path, *given: Any, **named: Any) -> Any:
        if path == secret:  # chmod would not do: root may read everything
            raise PermissionError(13, "Permission denied")
        return real(path, *given, **named)

    monkeypatch.setattr(Path, "open", guarded)
    result = ingest(secret, "--json")
    assert result.exit_code == 1
    assert "may not be read" in told(result)[0]["error"]


def test_without_rules_it_says_that_nothing_is_detected(tmp_path: Path) -> None:
    from tocsin.rooms.rules.models import Rule

    Rule.objects.update(enabled=False)
    result = ingest(put(tmp_path / "log", sshd(0, 1)), "--json")
    assert result.exit_code == 0
    assert "nothing is detected" in result.stderr


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Give a file system with very little room."""
    folder = tmp_path / "small"
    folder.mkdir()
    if (
        os.geteuid() != 0
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(folder)], check=False, capture_output=True
        ).returncode
    ):
        missing("the right to mount a small file system")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_told_and_with_more_room_the_work_goes_on(small_disk: Path, tmp_path: Path) -> None:
    house = House(small_disk)
    house.prepare()
    log = put(tmp_path / "noise.jsonl", b"".join(_noise(n) for n in range(160_000)))
    with house.start(log) as process:
        _, err = process.communicate(timeout=120)
    assert process.returncode == 1
    assert b"No room left" in err
    assert b"Traceback" not in err
    taken = house.records()
    assert 0 <= taken < 160_000
    subprocess.run(["mount", "-o", "remount,size=200m", str(small_disk)], check=True)
    (line,) = house.ingest(log)
    assert (line["records"], line["new"], line["status"]) == (160_000, 160_000 - taken, "done")
    events = house.events()
    assert [number for _, number, _ in events] == list(range(1, 160_001))


def _noise(number: int) -> bytes:
    event = json.loads(windows(number, 1)) | {"Hashes": os.urandom(60).hex()}
    return json.dumps(event).encode() + b"\n"


FIFTY = """
import os, sys
from pathlib import Path
from tocsin.platform.start import start
start()
children = []
for path in sys.argv[1:]:
    child = os.fork()
    if child == 0:
        from tocsin.rooms.alerts.actions import Ingest
        receipt = Ingest.ready().file(Path(path), source="fifty")
        os._exit(0 if receipt.status == "done" else 1)
    children.append(child)
sys.exit(max(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children))
"""


def test_fifty_writers_at_once_wait_for_each_other(tmp_path: Path) -> None:
    house = House(tmp_path / "fifty")
    house.prepare()
    files = [put(tmp_path / f"{n}.jsonl", windows(n * 1000, 300)) for n in range(50)]
    done = subprocess.run(
        [sys.executable, "-c", FIFTY, *map(str, files)],
        env=house.environment,
        capture_output=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    assert b"locked" not in done.stderr
    assert house.rows("SELECT count(*), sum(records), sum(hits) FROM intake_receipt") == [(50, 15_000, 150)]
    assert house.rows("SELECT sum(count) FROM alerts_alert") == [(150,)]


def test_the_command_is_installed() -> None:
    assert shutil.which("tocsin", path=str(Path(sys.executable).parent))


def test_a_folder_inside_that_does_not_open_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "logs" / "sub").mkdir(parents=True)
    put(tmp_path / "logs" / "a.log", sshd(0, 2))
    shut(monkeypatch, tmp_path / "logs" / "sub")
    result = ingest(tmp_path / "logs", "--json")
    assert result.exit_code == 1
    assert [(each["error"], each.get("events")) for each in told(result)] == [(None, 2), ("Permission denied.", None)]


@pytest.mark.parametrize("given", [[""], ["--source", "", "x.log"], ["--source", "x" * 81, "x.log"]])
def test_an_empty_path_or_name_is_a_wrong_use(given: list[str]) -> None:
    result = ingest(*given)
    assert result.exit_code == 2
    assert not Receipt.objects.exists()


def test_a_fresh_house_detects_with_the_starter_rules(tmp_path: Path) -> None:
    RuleSet.objects.all().delete()
    (receipt,) = told(ingest(put(tmp_path / "pc.jsonl", windows(0, 300)), "--json"))
    assert receipt["hits"] == 3


def test_the_reason_is_of_this_file_also_when_its_content_is_known(tmp_path: Path) -> None:
    whole = gzip.compress(sshd(0, 20))
    damaged = put(tmp_path / "damaged.log.gz", whole[:-8] + bytes(8))
    cut = put(tmp_path / "cut.log.gz", whole[:-4])
    first, second = ingest(damaged), ingest(cut)
    assert f"{damaged}: taken in part:" in first.stderr
    assert "damaged" not in second.stderr
    assert f"{cut}: taken in part:" in second.stderr


def test_a_full_output_is_told_in_a_sentence(tmp_path: Path) -> None:
    log = put(tmp_path / "sshd.log", sshd(0, 20_000))
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "tocsin", "parse", str(log)], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
    assert b"No space left" in done.stderr
