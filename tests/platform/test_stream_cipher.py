"""What was encrypted comes back byte for byte, or not at all."""

from __future__ import annotations

import io
import os
import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.platform import stream_cipher
from tocsin.platform.stream_cipher import CHUNK, MAGIC, TAG, Damaged, Decryptor, Encryptor

KEY = bytes(range(32))
SIZES = (0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 17)


def encrypted(content: bytes, piece: int = 65_537, key: bytes = KEY) -> bytes:
    file = io.BytesIO()
    encryptor = Encryptor(file, key)
    for start in range(0, len(content), piece):
        encryptor.write(content[start : start + piece])
    encryptor.finish()
    return file.getvalue()


def decrypted(sealed: bytes, size: int, key: bytes = KEY) -> bytes:
    return b"".join(Decryptor(io.BytesIO(sealed), key, size).chunks())


@pytest.mark.parametrize("size", SIZES)
def test_it_comes_back(size: int) -> None:
    content = random.Random(size).randbytes(size)
    sealed = encrypted(content)
    assert decrypted(sealed, size) == content
    assert len(sealed) == len(MAGIC) + size + TAG * max(1, -(-size // CHUNK))
    assert content[:64] not in sealed or size < 16


@pytest.mark.parametrize("piece", [1, 1000, CHUNK, 5 * CHUNK])
def test_the_pieces_it_comes_in_do_not_matter(piece: int) -> None:
    content = os.urandom(CHUNK + 10) if piece > 1 else os.urandom(1000)
    assert encrypted(content, piece) == encrypted(content)


@pytest.mark.parametrize("size", SIZES)
def test_a_byte_altered_anywhere_is_noticed(size: int) -> None:
    content = os.urandom(size)
    sealed = encrypted(content)
    for place in {0, len(MAGIC), len(MAGIC) + size // 2, len(sealed) - 1}:
        altered = bytearray(sealed)
        altered[place] ^= 1
        with pytest.raises(Damaged):
            decrypted(bytes(altered), size)


def _swapped(sealed: bytes) -> bytes:
    first, width = len(MAGIC), CHUNK + TAG
    return (
        sealed[:first]
        + sealed[first + width : first + 2 * width]
        + sealed[first : first + width]
        + sealed[first + 2 * width :]
    )


DAMAGES: list[Callable[[bytes], bytes]] = [
    lambda sealed: sealed[:-1],
    lambda sealed: sealed[: len(MAGIC) + CHUNK + TAG],  # at the end of a chunk
    lambda sealed: sealed + sealed[-100:],
    lambda sealed: sealed[: len(MAGIC)] + sealed[len(MAGIC) + CHUNK + TAG :],
    _swapped,
    lambda _sealed: b"",
]


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("told", ["the size it had", "a size that fits"])
def test_chunks_cut_off_added_removed_or_swapped_are_noticed(damage: Callable[[bytes], bytes], told: str) -> None:
    content = os.urandom(3 * CHUNK)
    sealed = damage(encrypted(content))
    chunks = max(1, round((len(sealed) - len(MAGIC)) / (CHUNK + TAG)))
    size = len(content) if told == "the size it had" else max(0, len(sealed) - len(MAGIC) - chunks * TAG)
    with pytest.raises(Damaged):
        decrypted(sealed, size)


def test_another_key_opens_nothing() -> None:
    with pytest.raises(Damaged):
        decrypted(encrypted(b"secret"), 6, bytes(32))


def test_what_was_altered_further_on_gives_only_what_stands_before_it() -> None:
    content = os.urandom(3 * CHUNK)
    altered = bytearray(encrypted(content))
    altered[len(MAGIC) + CHUNK + TAG + 5] ^= 1
    chunks = Decryptor(io.BytesIO(bytes(altered)), KEY, len(content)).chunks()
    assert next(chunks) == content[:CHUNK]
    with pytest.raises(Damaged, match=f"byte {CHUNK} "):
        next(chunks)


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), max_size=20), st.integers(0, 250))
def test_it_is_read_anywhere(reads: list[tuple[int, int]], size: int) -> None:
    before, stream_cipher.CHUNK = stream_cipher.CHUNK, 16
    try:
        content = random.Random(size).randbytes(size)
        file = io.BufferedReader(Decryptor(io.BytesIO(encrypted(content)), KEY, size))
        for place, length in reads:
            file.seek(place)
            assert file.read(length) == content[place : place + length]
    finally:
        stream_cipher.CHUNK = before
