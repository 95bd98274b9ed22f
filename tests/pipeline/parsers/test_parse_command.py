"""`tocsin parse` prints events as JSON lines and says by its exit status whether all was understood."""

from __future__ import annotations

import gzip
from pathlib import Path

import orjson
from click.testing import CliRunner

from tests.pipeline.parsers.test_samples import SAMPLES
from tocsin.commands.parse import command


def test_it_prints_events_in_order_with_ecs_names() -> None:
    done = CliRunner().invoke(command, [str(SAMPLES / "evtx" / "logons.evtx.gz")])
    rows = [orjson.loads(line) for line in done.stdout.splitlines()]
    assert done.exit_code == 0
    assert [row["record"] for row in rows] == [1, 2, 3]
    assert rows[1]["user.name"] == "bob"
    assert rows[1]["@timestamp"] == "2026-03-01T10:00:02.123456Z"


def test_it_prints_rejects_with_their_reason_and_exits_with_1() -> None:
    done = CliRunner().invoke(command, [str(SAMPLES / "zeek" / "dns.log")])
    last = orjson.loads(done.stdout.splitlines()[-1])
    assert done.exit_code == 1
    assert last["event.kind"] == "pipeline_error"
    assert last["error.message"] == "2 columns where #fields names 12"
    assert last["event.original"] == "short\tline"


def test_a_bad_path_does_not_stop_the_others(tmp_path: Path) -> None:
    done = CliRunner().invoke(command, [str(tmp_path / "gone"), str(SAMPLES / "evtx" / "logons.evtx.gz")])
    assert done.exit_code == 1
    assert len(done.stdout.splitlines()) == 3
    assert "does not exist" in done.stderr


def test_it_reads_standard_input_also_compressed() -> None:
    packed = gzip.compress((SAMPLES / "zeek" / "dns.log").read_bytes())
    done = CliRunner().invoke(command, ["-"], input=packed)
    assert len(done.stdout.splitlines()) == 3


def test_it_says_which_formats_there_are() -> None:
    done = CliRunner().invoke(command, ["--format", "nonsense", str(SAMPLES / "zeek" / "dns.log")])
    assert done.exit_code == 1
    assert "access_log, evtx, syslog, windows_json, zeek" in done.stderr


def test_what_came_before_a_gzip_ends_early_is_printed(tmp_path: Path) -> None:
    packed = gzip.compress((SAMPLES / "zeek" / "dns.log").read_bytes())
    (tmp_path / "cut.gz").write_bytes(packed[:-30])
    done = CliRunner().invoke(command, [str(tmp_path / "cut.gz")])
    assert done.exit_code == 1
    assert done.stdout
    assert "ends early" in done.stderr
