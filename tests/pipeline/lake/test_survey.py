"""A survey knows a content by its digest, and the contents it goes on from."""

from __future__ import annotations

import gzip
import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.pipeline.lake.survey import _Passing, open_again, survey
from tocsin.pipeline.parsers.errors import EmptyContent, NotAFile, TruncatedContent, Vanished


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_plain_and_packed_content_are_the_same(tmp_path: Path) -> None:
    content = b"a line\n" * 1000
    (tmp_path / "plain").write_bytes(content)
    (tmp_path / "packed").write_bytes(gzip.compress(content))
    plain, packed = survey(tmp_path / "plain"), survey(tmp_path / "packed")
    assert (plain.digest, plain.size) == (packed.digest, packed.size) == (sha(content), 7000)


@given(st.lists(st.binary(min_size=1, max_size=20), max_size=6), st.sets(st.integers(1, 100)))
def test_prefixes_do_not_depend_on_the_blocks(parts: list[bytes], sizes: set[int]) -> None:
    content = b"".join(parts)
    passing = _Passing(sizes)
    for block in parts:
        passing.take(block)
    assert passing.digest.hexdigest() == sha(content)
    assert passing.prefixes == {size: sha(content[:size]) for size in sizes if size <= len(content)}
    ends = b"\r\n"
    assert passing.cut == {
        size for size in sizes if size < len(content) and content[size - 1] not in ends and content[size] not in ends
    }


def test_content_that_breaks_off_is_surveyed_as_far_as_it_goes(tmp_path: Path) -> None:
    content = os.urandom(50_000)
    (tmp_path / "torn.gz").write_bytes(gzip.compress(content)[:30_000])
    found = survey(tmp_path / "torn.gz")
    assert isinstance(found.failure, TruncatedContent)
    assert 0 < found.size < 50_000
    assert found.digest == sha(content[: found.size])


def test_nothing_to_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    os.mkfifo(tmp_path / "pipe")
    for name, error in {"empty": EmptyContent, "pipe": NotAFile, "none": Vanished, ".": NotAFile}.items():
        with pytest.raises(error):
            survey(tmp_path / name)


def test_another_file_under_the_same_name_is_noticed(tmp_path: Path) -> None:
    path, other = tmp_path / "log", tmp_path / "other"
    path.write_bytes(b"one\n")
    other.write_bytes(b"two\n")
    found = survey(path)
    with open_again(found) as stream:
        assert stream.read(10) == b"one\n"
    other.rename(path)
    with pytest.raises(Vanished, match="replaced"):
        open_again(found)
