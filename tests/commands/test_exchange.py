"""`tocsin import` and `tocsin export`: all steps at once, and a folder that is kept up to date."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.rooms.exchange.conftest import DATA
from tocsin.cli import main
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.exchange import actions
from tocsin.rooms.exchange.models import Import
from tocsin.rooms.incidents import actions as incidents
from tocsin.rooms.incidents.models import Incident

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chart: Mapping[str, Person]) -> None:
    monkeypatch.setenv("TOCSIN_HOME", str(tmp_path / "home"))


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def bring(*more: str | Path, file: Path = DATA / "fir.json", peer: str = "fir") -> Result:
    return run("import", file, "--from", peer, "--as", "ciso", *more)


def test_it_says_what_it_would_do_and_does_not() -> None:
    result = bring("--dry-run", "--rest", "DEPB")
    assert result.exit_code == 1, result.output  # something is rejected
    assert "9 records: 4 incidents, 6 entries, 1 tasks, 2 observables; 1 already here, 2 rejected." in result.output
    assert "not understood: marking 'C7' (1)" in result.output
    assert "line 21: rejected: it has no title" in result.output
    assert "Nothing was brought in." in result.output
    assert not Incident.objects.exists()
    assert Import.objects.get().state == "discarded"


def test_it_stops_until_every_name_means_something() -> None:
    result = bring()
    assert result.exit_code == 1
    assert "whose is this? --organisation 'Archive=CODE' (1 incidents)" in result.output
    assert not Incident.objects.exists()
    result = bring("--organisation", "Archive=DEPB", "--source", "FIR of A", "--url", "https://fir.example")
    assert "9 records = 6 brought in + 1 already here + 2 rejected." in result.output
    assert Incident.objects.get(origin__identity="42").origin.url == "https://fir.example/events/42/"
    assert "0 brought in + 7 already here + 2 rejected" in bring("--rest", "DEPB", "--source", "FIR of A").output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--from", "fir", "--as", "nobody"], "there is no person nobody"),
        (["--from", "fir", "--as", "analyst"], "bring incidents in from other systems"),
        (["--from", "jira", "--as", "ciso"], "There is no system jira"),
        (["--from", "csv", "--as", "ciso", "--mapping", "x"], "there is no mapping 'x'; there are: none is kept yet"),
        (["--from", "fir", "--as", "ciso", "--organisation", "Archive"], "give NAME=CODE"),
        (["--from", "fir", "--as", "ciso", "--rest", "NOWHERE"], "You cannot bring in incidents of NOWHERE"),
    ],
)
def test_what_cannot_be_done_is_said(arguments: list[str], said: str) -> None:
    result = run("import", DATA / "fir.json", *arguments)
    assert result.exit_code != 0
    assert said in result.output
    assert "Traceback" not in result.output


def test_a_table_needs_a_mapping(tmp_path: Path, chart: Mapping[str, Person]) -> None:
    table = tmp_path / "t.csv"
    table.write_text("Nr,Betreff,Wo\n1,x,DEPA\n2,y,DEPB\n")
    assert "which column is what?" in bring(file=table, peer="csv").output
    columns = {"Nr": "id", "Betreff": "title", "Wo": "organisations"}
    actions.keep_mapping(actor=chart["ciso"], name="Liste", columns=columns)
    assert "2 records = 2 brought in" in bring("--mapping", "Liste", file=table, peer="csv").output
    assert run("import", tmp_path / "gone.csv", "--from", "csv", "--as", "ciso").exit_code != 0


def test_a_folder_stands_for_its_files(tmp_path: Path) -> None:
    for number in range(60):
        (tmp_path / f"{number}.json").write_text(
            f'{{"case": {{"case_id": {number}, "name": "#{number} - x", "client": {{"customer_name": "DEPA"}}}}}}'
        )
    assert "60 records = 60 brought in" in bring(file=tmp_path, peer="iris").output


def test_a_folder_of_exports_is_kept_up_to_date(tmp_path: Path, chart: Mapping[str, Person]) -> None:
    bring("--rest", "DEPB")
    folder = tmp_path / "out"
    first = run("export", folder, "--as", "ciso")
    assert first.exit_code == 0, first.output
    assert "incidents: 4\n" in first.output
    manifest = json.loads((folder / "manifest.json").read_text())
    assert (manifest["person"], manifest["lines"]["incidents"]) == ("ciso", 4)
    Incident.objects.exclude(origin__identity="45").update(updated_at="2020-01-01T00:00:00Z")
    incident = Incident.objects.get(origin__identity="45")
    incidents.comment(actor=chart["ciso"], incident=incident, text="news of today")
    second = run("export", folder, "--as", "ciso", "--kind", "incidents", "--kind", "timeline")
    assert "incidents: 1\n" in second.output
    lines = [json.loads(line) for line in (folder / "incidents.jsonl").read_text().splitlines()]
    assert [line["uuid"] for line in lines].count(str(incident.uuid)) == 2
    assert "news of today" in (folder / "timeline.jsonl").read_text()
    run("export", folder, "--as", "ciso", "--all")
    assert len((folder / "incidents.jsonl").read_text().splitlines()) == 4


def test_an_export_needs_somebody_who_may(tmp_path: Path) -> None:
    assert "there is no outsider who may export" in run("export", tmp_path, "--as", "outsider").output
    assert "sees nothing of notices" in run("export", tmp_path, "--as", "officer_a", "--kind", "notices").output
    (tmp_path / "manifest.json").write_text("{}")
    assert "is none of ours; use --all" in run("export", tmp_path, "--as", "ciso").output
