"""The mapping of Windows fields holds for the channels and codes it names."""

from __future__ import annotations

import pytest

from tocsin.pipeline.schema.event import Kind
from tocsin.pipeline.schema.vocabulary import vocabulary
from tocsin.pipeline.schema.windows import PARTS, MappingError, Source, _source, columns_of

SYSMON = "microsoft-windows-sysmon/operational"


@pytest.mark.parametrize("channel", [SYSMON, "security", "system", "anything else", ""])
@pytest.mark.parametrize("code", ["1", "3", "22", "4624", "4688", "7045", "nonsense", ""])
def test_every_kind_has_known_columns_and_a_time(channel: str, code: str) -> None:
    mapped = columns_of(Kind("windows", channel, code))
    assert mapped.keys() <= vocabulary().keys()
    assert {"@timestamp", "event.code", "host.name"} <= mapped.keys()


def test_a_later_block_wins_and_can_take_a_column_away() -> None:
    assert columns_of(Kind("windows", "security", "4720"))["user.target.name"].names == ("TargetUserName",)
    logon = columns_of(Kind("windows", "security", "4624"))
    assert logon["user.name"].names == ("TargetUserName",)
    assert "user.target.name" not in logon
    assert logon["event.outcome"] == Source(constant="success")


@pytest.mark.parametrize(
    ("part", "value", "expected"),
    [
        ("name", r"C:\Windows\cmd.exe", "cmd.exe"),
        ("name", "/usr/bin/pwsh", "pwsh"),
        ("account", r"AGENCY\ada", "ada"),
        ("account", "ada", "ada"),
        ("domain", r"AGENCY\ada", "AGENCY"),
        ("domain", "ada", None),
        ("number", "0x1a4", "420"),
        ("number", "?", None),
        ("md5", "SHA1=AB,MD5=CD", "cd"),
        ("sha256", "MD5=CD", None),
    ],
)
def test_a_part_is_taken_of_a_value(part: str, value: str, expected: str | None) -> None:
    assert PARTS[part](value) == expected


def test_an_unknown_column_or_part_is_named_with_its_block() -> None:
    with pytest.raises(MappingError, match=r"block 3 names the unknown column nosuch"):
        _source("nosuch", "Image", 3)
    with pytest.raises(MappingError, match=r"block 4, user\.name: parts are one of name, account"):
        _source("user.name", "User|nonsense", 4)
