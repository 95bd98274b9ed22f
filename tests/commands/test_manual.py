"""`tocsin --help` tells in whole sentences what there is."""

from __future__ import annotations

from click.testing import CliRunner

from tocsin.cli import main


def test_no_sentence_of_the_list_of_commands_is_cut_short() -> None:
    for arguments in ([], ["rules"], ["mail"], ["audit"], ["chart"]):
        listed = CliRunner().invoke(main, [*arguments, "--help"]).output.partition("Commands:")[2]
        assert listed
        assert "..." not in listed
