"""The exercise as files: the same bytes for the same seed and time, true to its own list and truth."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.exercise.conftest import ANCHOR, path_of
from tocsin.charts import Chart
from tocsin.exercise.chart import parties
from tocsin.exercise.party import ExerciseError, Outside, Party
from tocsin.exercise.story import attackers
from tocsin.exercise.writing import MANIFEST, Written, write

SMALL = 0.02
ALONE = """
import sys
from datetime import datetime
from pathlib import Path
from tests.exercise.conftest import ANCHOR, CODES
from tocsin.exercise.party import Party
from tocsin.exercise.writing import write
world = [Party(code, code, (f"198.18.{row}.0/24",), (f"{code.lower()}.example",)) for row, code in enumerate(CODES)]
write(Path(sys.argv[1]), world, seed=7, anchor=ANCHOR, scale=0.02)
"""


def _digest(folder: Path) -> str:
    names = sorted(path.name for path in folder.iterdir())
    return hashlib.sha256(b"".join(name.encode() + (folder / name).read_bytes() for name in names)).hexdigest()


def _digest_alone(folder: Path, hash_seed: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "TZ": "Asia/Tokyo" if hash_seed == "1" else "UTC"}
    subprocess.run([sys.executable, "-c", ALONE, str(folder)], check=True, env=environment)
    return _digest(folder)


def test_another_process_writes_the_same_bytes(tmp_path: Path) -> None:
    assert _digest_alone(tmp_path / "one", "1") == _digest_alone(tmp_path / "two", "2")


def test_at_full_size_the_same_bytes_come_again(carillon: Written, chart: Chart, tmp_path: Path) -> None:
    write(tmp_path, parties(chart), seed=1, anchor=ANCHOR)
    assert _digest(tmp_path) == _digest(carillon.folder)


def test_the_order_of_the_parties_changes_nothing(small_world: list[Party], tmp_path: Path) -> None:
    write(tmp_path / "one", small_world, seed=1, anchor=ANCHOR, scale=SMALL)
    write(tmp_path / "two", small_world[::-1], seed=1, anchor=ANCHOR, scale=SMALL)
    assert _digest(tmp_path / "one") == _digest(tmp_path / "two")


@pytest.mark.parametrize(("seed", "later"), [(2, 0), (1, 1)])
def test_another_seed_or_time_gives_another_exercise(
    small_world: list[Party], tmp_path: Path, seed: int, later: int
) -> None:
    write(tmp_path / "one", small_world, seed=1, anchor=ANCHOR, scale=SMALL)
    write(tmp_path / "two", small_world, seed=seed, anchor=ANCHOR + timedelta(hours=later), scale=SMALL)
    assert _digest(tmp_path / "one") != _digest(tmp_path / "two")


def test_it_writes_at_least_two_hundred_thousand_events_of_twelve_organisations(carillon: Written) -> None:
    assert carillon.everyday_events >= 200_000
    assert len({source.organisation for source in carillon.sources}) == 12


def test_the_list_of_sources_is_true(carillon: Written) -> None:
    listed = orjson.loads((carillon.folder / MANIFEST).read_bytes())
    assert [entry["name"] for entry in listed] == [source.name for source in carillon.sources]
    for entry in listed:
        lines = (carillon.folder / entry["path"]).read_bytes().splitlines()
        assert sum(not line.startswith(b"#") for line in lines) == entry["events"]


def test_the_truth_points_at_lines_of_the_story(carillon: Written, told: list[Mapping[str, Any]]) -> None:
    lines = {source.name: path_of(carillon, source.name).read_text().splitlines() for source in carillon.sources}
    for record in told:
        line = lines[record["source"]][record["line"] - 1]
        assert not line.startswith("#")
        if record["subject"]["kind"] != "user":
            assert record["subject"]["value"] in line


def test_everything_happens_within_three_weeks(carillon: Written, truth: Mapping[str, Any]) -> None:
    begins, ends = datetime.fromisoformat(truth["begins"]), datetime.fromisoformat(truth["anchor"])
    assert ends - begins == timedelta(days=21)
    for source in carillon.sources:
        if source.format == "windows_json":
            stamps = [
                orjson.loads(line)["@timestamp"] for line in path_of(carillon, source.name).read_bytes().splitlines()
            ]
            assert begins <= datetime.fromisoformat(stamps[0])
            assert datetime.fromisoformat(stamps[-1]) <= ends
            assert stamps == sorted(stamps)


@pytest.mark.parametrize("weekday", range(7))
def test_the_whole_story_fits_whatever_the_day(small_world: list[Party], tmp_path: Path, weekday: int) -> None:
    anchor = datetime(2026, 12, 28 - weekday, 0, 0, 1, tzinfo=UTC)
    written = write(tmp_path, small_world, seed=1, anchor=anchor, scale=0.001)
    assert written.story_events > 600


def test_people_rest_at_weekends(carillon: Written) -> None:
    days: Counter[int] = Counter()
    for line in path_of(carillon, "carillon-eeas-windows-flat").read_bytes().splitlines():
        days[datetime.fromisoformat(orjson.loads(line)["@timestamp"]).weekday()] += 1
    assert max(days[5], days[6]) * 3 < min(days[day] for day in range(5))


def test_the_attackers_lie_in_nobody_s_prefix(chart: Chart) -> None:
    everyone = parties(chart)
    owned = [ip_network(prefix) for party in everyone for prefix in party.prefixes]
    for name, value in attackers(Outside(everyone)).items():
        if name.endswith("_ip"):
            assert not any(ip_address(value) in net for net in owned)


def test_a_party_that_holds_all_reserved_ranges_is_an_error() -> None:
    greedy = [Party("ALL", "All", ("0.0.0.0/0",), ("all.example",))]
    with pytest.raises(ExerciseError, match="unassigned"):
        Outside(greedy).network()


def test_a_chart_without_addresses_is_an_error(tmp_path: Path) -> None:
    bare = [Party(code, code, (), (f"{code}.example",)) for code in "abcde"]
    with pytest.raises(ExerciseError, match="at least 4 organisations"):
        write(tmp_path, bare, anchor=ANCHOR)


def test_others_take_the_roles_of_those_who_are_not_in_the_chart(tmp_path: Path) -> None:
    world = [Party(f"U{row}", f"Unit {row}", (f"198.18.{row}.0/24",), (f"u{row}.example",)) for row in range(6)]
    written = write(tmp_path, world, anchor=ANCHOR, scale=SMALL)
    assert {source.organisation for source in written.sources} == {party.code for party in world}
