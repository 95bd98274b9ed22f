"""Service levels are data: the most particular policy holds, and what is wrong in a file is said with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tocsin.config import Config, ConfigError
from tocsin.platform.doctor import State
from tocsin.platform.documents import BrokenFile
from tocsin.rooms.incidents.actions import examine_levels
from tocsin.rooms.incidents.knowledge.levels import NOBODY, SHIPPED, Levels, Standing, levels, load
from tocsin.rooms.incidents.models import Severity

OWN = """
version: "own-3"
warn_at: 50
policies:
  - {id: parliament, organisations: [EP], targets: {S3: {acknowledge: 10 min}}}
  - {id: unions, kinds: [union_entity], targets: {S3: {acknowledge: 20 min}, S2: {acknowledge: 25 min}}}
  - {id: tree, organisations: [EU], targets: {S3: {acknowledge: 30 min}}}
  - {id: house, targets: {S5: {acknowledge: 1 min}}}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "levels.yaml"
    path.write_text(text)
    return path


def minutes(found: Levels, place: Standing, severity: int) -> int:
    return next(each.target for each in found.promises(place, severity) if each.kind == "acknowledge") // 60


def test_what_comes_with_the_house_promises_something_at_every_severity() -> None:
    found = load(SHIPPED)
    for severity in Severity.values:
        assert {"acknowledge", "recover"} <= {promise.kind for promise in found.promises(NOBODY, severity)}
    harder = [minutes(found, NOBODY, severity) for severity in Severity.values]
    assert harder == sorted(harder, reverse=True)


def test_the_most_particular_policy_holds(tmp_path: Path) -> None:
    with pytest.raises(BrokenFile, match="no policy for any organisation has targets for S0"):
        load(written(tmp_path, OWN))
    whole = OWN.replace(
        "S5: {acknowledge: 1 min}}", ", ".join(f"S{n}: {{acknowledge: {n + 1} min}}" for n in range(6)) + "}"
    )
    found = load(SHIPPED, written(tmp_path, whole))
    parliament = Standing(("EP", "EU"), "union_entity")
    assert minutes(found, parliament, 3) == 10
    assert minutes(found, Standing(("DGX", "EP", "EU"), "department"), 3) == 10  # below it
    assert minutes(found, Standing(("COUNCIL", "EU"), "union_entity"), 3) == 30  # a tree before a kind
    assert minutes(found, Standing(("ALONE",), "union_entity"), 3) == 20
    assert minutes(found, parliament, 2) == 25  # its own policy says nothing of S2
    assert minutes(found, NOBODY, 3) == 4  # the house's own instead of what came with it
    assert found.warn_at == 50
    assert {promise.version for promise in found.promises(parliament, 3)} == {"own-3"}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{id: a, targets: {S3: {acknowledge: soon}}}", ":3: .*'soon' is no time; write 15 min or 4 h"),
        ("{id: a, targets: {S3: {acknowledge: 0 h}}}", ":3: .*no time"),
        ("{id: a, targets: {S3: {acknowledge: 999999 h}}}", ":3: .*too long"),
        ("{id: a, targets: {S9: {acknowledge: 1 h}}}", ":3: .*'S9' is no severity"),
        ("{id: a, targets: {S3: {}}}", ":3: nothing is promised at S3"),
        ("{id: a, targets: {}}", ":3: "),
        ("{id: a, calendar: mars, targets: {S3: {acknowledge: 1 h}}}", ":3: there is no calendar 'mars'"),
        ("{id: a, targets: {S3: {acknowledge: 1 h, calendar: mars}}}", ":3: there is no calendar 'mars'"),
        ("{id: a, escalate: king, targets: {S3: {acknowledge: 1 h}}}", ":3: 'king' is no role"),
        ("{id: a, owners: {acknowledge: nobody}, targets: {S3: {acknowledge: 1 h}}}", ":3: "),
        ("{id: a, kinds: [planet], targets: {S3: {acknowledge: 1 h}}}", ":3: "),
        ("{id: a, warn_at: 100, targets: {S3: {acknowledge: 1 h}}}", ":3: "),
        ("{id: '<b>', targets: {S3: {acknowledge: 1 h}}}", ":3: "),
        ("{id: a, colour: red, targets: {S3: {acknowledge: 1 h}}}", ":3: .*[Ee]xtra"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, line: str, said: str) -> None:
    path = written(tmp_path, f"version: x\npolicies:\n  - {line}\n")
    with pytest.raises(BrokenFile, match=said) as raised:
        load(SHIPPED, path)
    assert str(raised.value).startswith(f"{path}:")
    assert len(str(raised.value).splitlines()) == 1


def test_states_are_those_of_incidents(tmp_path: Path) -> None:
    for reached, said in (
        ("{contain: [asleep]}", "asleep|Input should be"),
        ("{update: [triage]}", "kept by no state"),
    ):
        with pytest.raises(BrokenFile, match=said):
            load(written(tmp_path, f"version: x\nreached: {reached}\npolicies: []\n"))


def test_two_policies_of_one_name_are_refused(tmp_path: Path) -> None:
    twice = "  - {id: a, targets: {S3: {acknowledge: 1 h}}}\n" * 2
    with pytest.raises(BrokenFile, match=":4: there are two policies 'a'"):
        load(SHIPPED, written(tmp_path, f"version: x\npolicies:\n{twice}"))


def test_a_broken_file_is_a_setting_that_cannot_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_LEVELS", str(written(tmp_path, "version: x\n")))
    levels.cache_clear()
    with pytest.raises(ConfigError, match=r"TOCSIN_LEVELS: .*:1: .*policies"):
        levels()
    levels.cache_clear()


@pytest.mark.django_db
def test_the_doctor_looks_at_them(tmp_path: Path, chart: object) -> None:
    assert [finding.state for finding in examine_levels(Config())] == [State.WELL]
    broken = Config(tocsin_levels=str(written(tmp_path, "version: x\n")))
    assert [finding.state for finding in examine_levels(broken)] == [State.ILL]
    line = "{id: a, organisations: [DEPA, NOWHERE], targets: {S3: {acknowledge: 1 h}}}"
    strange = Config(tocsin_levels=str(written(tmp_path, f"version: x\npolicies:\n  - {line}\n")))
    found = list(examine_levels(strange))
    assert [finding.state for finding in found] == [State.WARNING, State.WELL]
    assert "'NOWHERE'" in found[0].text
