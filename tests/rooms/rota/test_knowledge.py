"""The ladders of the house can be climbed, and a broken file says where it is broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from tocsin.rooms.rota import knowledge

STEP = "      - {after: 0, to: [first_line], by: [mail]}\n"
WHOLE = f"ladders:\n  - name: all\n    steps:\n{STEP}    unanswered: 5\n"


def test_every_team_and_severity_has_a_ladder() -> None:
    for severity in range(6):
        assert knowledge.ladder_for("CSIRC", severity).steps[0].after == 0
    assert knowledge.ladder_for("CSIRC", 5).name == "emergencies"
    assert knowledge.ladder_named("gone", "CSIRC", 0).name == "everything else"


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("ladders: []\n", 1, "at least 1"),
        ("ladders: [\n", 2, "not YAML"),
        (WHOLE.replace("mail", "pigeon"), 4, "Input should be"),
        (WHOLE.replace("first_line", "butler"), 4, "Input should be"),
        (WHOLE.replace("unanswered: 5", "unanswered: 0"), 5, "greater than or equal to 1"),
        (WHOLE.replace(STEP, STEP + STEP), 5, "must come after the one before it"),
        (WHOLE.replace("after: 0", "after: 9"), 5, "must come after the last step"),
        (WHOLE.replace("after: 0", "after: soon"), 4, "valid integer"),
        (WHOLE.replace("name: all", "name: all\n    severity: 3"), 2, "must fit every team"),
        (WHOLE.replace("name: all", "name: all\n    teams: [SOC]"), 2, "must fit every team"),
        (WHOLE.replace("name: all", "name: all\n    colour: red"), 3, "not permitted"),
        (WHOLE + WHOLE.partition("\n")[2], 1, "two ladders have one name"),
    ],
)
def test_a_broken_file_names_the_line(text: str, line: int, says: str, tmp_path: Path) -> None:
    path = tmp_path / "ladders.yaml"
    path.write_text(text)
    with pytest.raises(knowledge.LadderError, match=says) as caught:
        knowledge.load(path)
    assert str(caught.value).startswith(f"{path}:{line}: ")
