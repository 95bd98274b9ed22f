"""Files of kinds: read with file and line of what is wrong, in two languages, quiet by default."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.utils import translation

from tocsin.platform.documents import BrokenFile
from tocsin.rooms.notifications.knowledge import kind_of, kinds, load, register

GOOD = """kinds:
  one_kind:
    about: thing
    says: {en: Something, fr: Quelque chose}
    mail: [ciso]
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "kinds.yaml"
    path.write_text(text)
    return path


def test_a_good_file_is_read(tmp_path: Path) -> None:
    found = load(written(tmp_path, GOOD))["one_kind"]
    assert (found.about, found.page, found.mail, found.webhook) == ("thing", ("everyone",), ("ciso",), ())
    assert found.defaults(["ciso", "head"]) == {"page": True, "mail": True, "webhook": False}
    assert found.defaults([]) == {"page": True, "mail": False, "webhook": False}


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ("[ciso]", "[cisso]", 5),
        ("fr: Quelque chose", "de: Etwas", 4),
        ("one_kind", "One Kind", 2),
        ("    mail", "    maill", 5),
        ("en: Something", "en: ''", 4),
        ("about: thing", "about: ''", 3),
    ],
)
def test_a_broken_file_says_where(before: str, after: str, line: int, tmp_path: Path) -> None:
    with pytest.raises(BrokenFile, match=f"kinds.yaml:{line}: "):
        load(written(tmp_path, GOOD.replace(before, after)))


def test_a_kind_is_about_a_source_that_is_known(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no source of things is called thing"):
        register(written(tmp_path, GOOD))
    assert "one_kind" not in kinds()


def test_kinds_speak_both_languages() -> None:
    with translation.override("fr"):
        assert str(kind_of("mentioned")) == "Vous êtes nommé dans une note"
    assert str(kind_of("mentioned")) == "You are named in a note"


def test_defaults_are_quiet() -> None:
    assert all(kind.page == ("everyone",) and not kind.webhook for kind in kinds().values())
    loud = [name for name, kind in kinds().items() if "everyone" in kind.mail]
    assert loud == ["hand_off_refused", "risen"]
