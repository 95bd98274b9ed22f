"""Whatever is wrong with a file: a clear error or a reject with its reason, and everything else carries on."""

from __future__ import annotations

import gzip
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.pipeline.parsers.event_log import event_log, logon
from tests.shared import missing
from tocsin.pipeline.parsers.errors import (
    ContentError,
    CorruptContent,
    EmptyContent,
    NoPermission,
    NotAFile,
    TruncatedContent,
    UnknownFormat,
    Unreadable,
    Vanished,
)
from tocsin.pipeline.parsers.format import HEAD
from tocsin.pipeline.parsers.lines import KEPT, lines
from tocsin.pipeline.parsers.opening import open_content
from tocsin.pipeline.parsers.registry import choose, formats
from tocsin.pipeline.schema.event import Reading, Record, Reject

GOOD = b'{"Channel":"Security","EventID":4624,"Provider_Name":"p","Computer":"ws"}\n'


def reading() -> Reading:
    return Reading(datetime(2026, 3, 2, tzinfo=UTC))


def read(name: str, content: bytes) -> list[Record | Reject]:
    return list(formats()[name].read(io.BytesIO(content), reading()))


def reasons(items: list[Record | Reject]) -> list[str]:
    return [item.reason if isinstance(item, Reject) else "" for item in items]


def test_a_missing_file_is_named_with_what_may_have_happened(tmp_path: Path) -> None:
    with pytest.raises(Vanished, match="does not exist"):
        open_content(tmp_path / "gone.log")


def test_a_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotAFile, match="one by one"):
        open_content(tmp_path)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.log").touch()
    with pytest.raises(EmptyContent, match="is empty"):
        open_content(tmp_path / "empty.log")


@pytest.mark.skipif(os.geteuid() == 0 and not Path("/usr/bin/setpriv").exists(), reason="root may read everything")
def test_a_file_without_permission_is_refused(tmp_path: Path) -> None:
    secret = tmp_path / "secret.log"
    secret.write_bytes(GOOD)
    secret.chmod(0)
    if os.geteuid():
        with pytest.raises(NoPermission, match="owner and mode"):
            open_content(secret)
        return
    for folder in (tmp_path, *tmp_path.parents[:3]):
        folder.chmod(0o755)
    code = (
        f"from pathlib import Path\nfrom tocsin.pipeline.parsers.opening import explained\ntry: open({str(secret)!r})\n"
    )
    code += "except OSError as error: print(type(explained(error, 'x')).__name__)"
    drop = ["setpriv", "--reuid=65534", "--clear-groups", "--bounding-set=-all", "--inh-caps=-all"]
    done = subprocess.run([*drop, sys.executable, "-c", code], capture_output=True, text=True, check=False)
    if done.returncode:
        missing("setpriv, which drops rights,")
    assert done.stdout.strip() == "NoPermission"


def test_a_gzip_that_ends_early_gives_what_is_readable_and_then_says_so(tmp_path: Path) -> None:
    packed = gzip.compress(b"".join(GOOD[:-2] + b',"n":%d}\n' % n for n in range(20_000)))
    cut = tmp_path / "cut.jsonl.gz"
    cut.write_bytes(packed[: len(packed) // 2])
    taken: list[Record | Reject] = []
    with open_content(cut) as stream, pytest.raises(TruncatedContent, match="ends early"):
        taken.extend(formats()["windows_json"].read(stream, reading()))
    assert sum(isinstance(item, Record) for item in taken) > 5_000
    assert all(isinstance(item, Record) for item in taken[:-1])


def test_a_damaged_gzip_is_told_from_one_cut_short(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(os.urandom(100_000)))
    packed[len(packed) // 2] ^= 0xFF
    packed[-6] ^= 0xFF
    (tmp_path / "bad.gz").write_bytes(packed)
    with open_content(tmp_path / "bad.gz") as stream, pytest.raises(CorruptContent, match="damaged"):
        list(iter(lambda: stream.read(4096), b""))


def test_a_damaged_gzip_gives_what_lies_before_the_damage(tmp_path: Path) -> None:
    content = b"".join(GOOD[:-2] + b',"n":%d}\n' % n for n in range(2_000))
    packed = bytearray(gzip.compress(content))
    packed[-6] ^= 0xFF  # the check sum alone
    (tmp_path / "bad.gz").write_bytes(packed)
    taken: list[Record | Reject] = []
    with open_content(tmp_path / "bad.gz") as stream, pytest.raises(CorruptContent, match="damaged"):
        taken.extend(formats()["windows_json"].read(stream, reading()))
    assert [item.raw for item in taken] == content.splitlines()


def test_an_event_log_cut_off_between_two_chunks_does_not_look_complete() -> None:
    whole = event_log([logon(1)])
    items = read("evtx", whole[:4096])
    assert reasons(items) == ["the file ends early: 1 more chunks of up to 65,536 bytes were announced"]
    assert reasons(read("evtx", whole)) == [""]


def test_a_long_line_does_not_hide_the_format_of_those_before_it() -> None:
    line = b"Mar  1 10:00:00 h sshd[7]: Connection closed by 192.0.2.7 port 22\n"
    assert choose((line + b"A" * 10_000_000)[:HEAD]).name == "syslog"


@pytest.mark.parametrize("head", [b"", b"\n\n \n", b"\xff\xfe"])
def test_blank_content_is_called_so(head: bytes) -> None:
    with pytest.raises(EmptyContent, match="blank space"):
        choose(head)


def test_several_gzip_members_are_read_as_one(tmp_path: Path) -> None:
    (tmp_path / "two.gz").write_bytes(gzip.compress(GOOD) + gzip.compress(GOOD) + b"\0" * 512)
    with open_content(tmp_path / "two.gz") as stream:
        assert len(list(formats()["windows_json"].read(stream, reading()))) == 2


def test_a_medium_that_fails_half_way_gives_what_came_before() -> None:
    class Failing(io.RawIOBase):
        def __init__(self) -> None:
            self.served = 0

        def read(self, size: int = -1) -> bytes:
            self.served += 1
            if self.served > 1:
                raise OSError(5, "Input/output error")
            return GOOD * 3 + GOOD[:20]

    taken: list[Record | Reject] = []

    def collect() -> Iterator[None]:
        for item in formats()["windows_json"].read(Failing(), reading()):  # type: ignore[arg-type]  # reads are all it has
            taken.append(item)
            yield

    with pytest.raises(Unreadable, match="Input/output error"):
        list(collect())
    assert [type(item).__name__ for item in taken] == ["Record", "Record", "Record", "Reject"]


@pytest.mark.parametrize("name", ["windows_json", "syslog", "access_log", "zeek"])
def test_a_line_of_ten_megabytes_is_one_reject_that_keeps_its_beginning(name: str) -> None:
    items = read(name, b"x" * 10_000_000 + b"\n" + b"short\n")
    assert len(items) == 2
    long = items[0]
    assert isinstance(long, Reject)
    assert "10,000,000" in long.reason
    assert len(long.raw) == KEPT
    assert items[1].offset == 10_000_001


def test_half_a_character_is_rejected_with_its_place() -> None:
    items = read("windows_json", GOOD.replace(b'"ws"', b'"caf\xc3"') + GOOD)
    assert reasons(items) == ["not UTF-8 at byte 72", ""]


def test_nul_bytes_are_rejected_in_every_text_format() -> None:
    assert reasons(read("windows_json", b"\0\0\0\n" + GOOD))[1:] == [""]
    assert "NUL" in reasons(read("syslog", b"Mar  1 10:00:00 h p: a\0b\n"))[0]
    assert "NUL" in reasons(read("access_log", b"192.0.2.1 \0\n"))[0]


def test_utf_16_with_a_mark_is_read_and_offsets_stay_true() -> None:
    text = (GOOD.decode() + GOOD.decode()).encode("utf-16-le")
    items = read("windows_json", b"\xff\xfe" + text)
    assert [item.offset for item in items] == [2, 2 + len(text) // 2]
    state = reading()
    state.start, state.state = items[1].offset, {"encoding": "utf-16-le", "layout": "lines"}
    rest = (b"\xff\xfe" + text)[state.start :]
    assert len(list(formats()["windows_json"].read(io.BytesIO(rest), state))) == 1


def test_utf_16_newlines_are_not_mistaken_within_characters() -> None:
    text = "a\u0a00\u000ab\n".encode("utf-16-be")
    found = [item for item in lines(io.BytesIO(b"\xfe\xff" + text), reading()) if not isinstance(item, Reject)]
    assert [line.decode() for _, line in found] == ["a\u0a00", "b"]


def test_content_nobody_knows_is_refused_with_the_formats_there_are() -> None:
    with pytest.raises(UnknownFormat, match="--format and one of: access_log, evtx, syslog, windows_json, zeek"):
        choose(b"\x7fELF" + b"\0" * 100)


def test_a_format_nobody_knows_is_refused_by_name() -> None:
    with pytest.raises(UnknownFormat, match="'nonsense'"):
        choose(b"", "nonsense")


def test_all_content_errors_can_be_caught_as_one() -> None:
    for error in (Vanished, NotAFile, NoPermission, EmptyContent, TruncatedContent, CorruptContent, Unreadable):
        assert issubclass(error, ContentError)


@pytest.mark.parametrize(("head", "kind"), [(b"PK\x03\x04x", "zip"), (b"\xfd7zXZ\0", "xz"), (b"BZh91AY", "bzip2")])
def test_what_is_packed_otherwise_is_named(head: bytes, kind: str) -> None:
    with pytest.raises(UnknownFormat, match=f"packed with {kind}. Unpack it first"):
        choose(head)


@pytest.mark.parametrize(
    ("listed", "column", "client"),
    [
        ("203.0.113.1, 10.0.0.1", "source.ip", "203.0.113.1"),
        ("203.0.113.1,  10.0.0.1", "source.ip", "203.0.113.1"),
        ("203.0.113.1,10.0.0.1", "source.ip", "203.0.113.1"),
        ("unknown, 203.0.113.1", "source.ip", "203.0.113.1"),
        ("-, 203.0.113.1", "source.ip", "203.0.113.1"),
        ("203.0.113.1:5555, 10.0.0.1", "source.ip", "203.0.113.1"),
        ("[2001:db8::1]:5555, 10.0.0.1", "source.ip", "2001:db8::1"),
        ("2001:db8::1", "source.ip", "2001:db8::1"),
        ("unknown, hidden", "source.domain", "unknown"),
        ("client.example.eu", "source.domain", "client.example.eu"),
    ],
)
def test_a_list_of_addresses_that_proxies_wrote_begins_with_the_client(listed: str, column: str, client: str) -> None:
    line = f'{listed} - - [10/Oct/2026:13:55:36 +0200] "GET /a HTTP/1.1" 200 12 "-" "x"\n'
    (record,) = read("access_log", line.encode())
    assert isinstance(record, Record)
    fields = dict(record.fields)
    assert (fields.get(column), fields.get("url.domain"), fields["url.path"]) == (client, None, "/a")
