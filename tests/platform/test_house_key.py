"""The key that wraps keys: made once, never replaced, missed aloud."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tocsin.config import Config
from tocsin.platform import doctor, house_key
from tocsin.platform.house_key import HouseKeyError
from tocsin.platform.stream_cipher import Damaged


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TOCSIN_HOME", str(tmp_path))
    return tmp_path


def findings(home: Path) -> list[tuple[str, str]]:
    return [(found.state, found.text) for found in doctor.evidence(Config(tocsin_home=str(home)))]


def test_it_is_made_on_first_use_and_fits_on_paper(home: Path) -> None:
    key, wrapped = house_key.fresh(b"file")
    path = house_key.path(home)
    assert len(path.read_text()) == 64
    assert path.stat().st_mode & 0o077 == 0
    assert house_key.unwrap(wrapped, b"file") == key
    assert key not in wrapped


def test_a_wrapped_key_opens_only_its_own_file(home: Path) -> None:
    _key, wrapped = house_key.fresh(b"file")
    for given, bound in ((wrapped, b"another"), (b"", b"file"), (wrapped[:-1], b"file"), (bytes(60), b"file")):
        with pytest.raises(Damaged):
            house_key.unwrap(given, bound)


def test_a_key_that_is_missing_is_missed_and_not_replaced(home: Path) -> None:
    _key, wrapped = house_key.fresh(b"file")
    path = house_key.path(home)
    kept = path.read_text()
    path.unlink()
    for act in (lambda: house_key.fresh(b"other"), lambda: house_key.unwrap(wrapped, b"file")):
        with pytest.raises(HouseKeyError, match="is missing: put it back"):
            act()
    assert not path.exists()
    [(state, text)] = findings(home)
    assert (state, "is missing" in text) == ("ill", True)
    path.write_text(f"{kept}\n")  # as whoever typed it from paper leaves it
    assert house_key.unwrap(wrapped, b"file") == _key


@pytest.mark.parametrize("content", ["0" * 64, "", "no key", "ab" * 16, "é" * 64])
def test_another_key_is_refused(home: Path, content: str) -> None:
    house_key.fresh(b"file")
    house_key.path(home).write_text(content)
    with pytest.raises(HouseKeyError, match="put"):
        house_key.fresh(b"other")
    assert findings(home)[0][0] == "ill"


def test_the_doctor_makes_nothing(home: Path) -> None:
    assert [state for state, _text in findings(home)] == ["well"]
    assert list(home.iterdir()) == []
    house_key.fresh(b"file")
    assert [state for state, _text in findings(home)] == ["well"]


def test_of_several_at_once_all_have_the_same_key(home: Path) -> None:
    gate, made = threading.Barrier(8), []

    def first() -> None:
        gate.wait()
        made.append(house_key.fresh(b"file"))

    threads = [threading.Thread(target=first) for _number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [house_key.unwrap(wrapped, b"file") for _key, wrapped in made] == [key for key, _wrapped in made]
    assert len({key for key, _wrapped in made}) == 8
    assert sorted(path.name for path in (home / "keys").iterdir()) == ["artefacts.key"]
