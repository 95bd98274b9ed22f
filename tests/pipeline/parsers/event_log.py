"""Write small EVTX files for the tests: one chunk, events as plain binary XML without templates."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence

Element = tuple[str, Mapping[str, str], "Sequence[Element] | str"]


class _Writer:
    """Write binary XML for one chunk; names stand where they are first used and are referred to by offset."""

    def __init__(self, at: int) -> None:
        self.base, self.data = at, bytearray(b"\x0f\x01\x01\x00")

    def _name(self, name: str) -> bytes:
        here = self.base + len(self.data) + 4
        text = name.encode("utf-16-le")
        return struct.pack("<IIHH", here, 0, 0, len(name)) + text + b"\0\0"

    @staticmethod
    def _text(value: str) -> bytes:
        return b"\x05\x01" + struct.pack("<H", len(value)) + value.encode("utf-16-le")

    def element(self, name: str, attributes: Mapping[str, str], content: Sequence[Element] | str) -> None:
        start = len(self.data)
        self.data += (b"\x41" if attributes else b"\x01") + struct.pack("<I", 0)
        self.data += self._name(name)
        if attributes:
            self._attributes(attributes)
        self.data += b"\x02"
        if isinstance(content, str):
            self.data += self._text(content)
        else:
            for child in content:
                self.element(*child)
        self.data += b"\x04"
        struct.pack_into("<I", self.data, start + 1, len(self.data) - start - 5)

    def _attributes(self, attributes: Mapping[str, str]) -> None:
        start = len(self.data)
        self.data += b"\0\0\0\0"
        for left, (name, value) in zip(range(len(attributes) - 1, -1, -1), attributes.items(), strict=True):
            self.data += b"\x46" if left else b"\x06"
            self.data += self._name(name)
            self.data += self._text(value)
        struct.pack_into("<I", self.data, start, len(self.data) - start - 4)


def event_log(events: Sequence[Element]) -> bytes:
    """Give an EVTX file of one chunk that holds these events."""
    body, last = bytearray(), 512
    for number, event in enumerate(events, start=1):
        last = 512 + len(body)
        writer = _Writer(last + 24)
        writer.element(*event)
        writer.data += b"\0"
        size = 24 + len(writer.data) + 4
        body += b"**\0\0" + struct.pack("<IQQ", size, number, 133_000_000_000_000_000) + writer.data
        body += struct.pack("<I", size)
    count, free = len(events), 512 + len(body)
    head = b"ElfChnk\0" + struct.pack("<QQQQIIII", 1, count, 1, count, 128, last, free, zlib.crc32(body))
    head += b"\0" * 64 + struct.pack("<I", 0)
    tables = b"\0" * 384
    chunk = head + struct.pack("<I", zlib.crc32(head[:120] + tables)) + tables + body
    file = b"ElfFile\0" + struct.pack("<QQQIHHHH", 0, 0, count + 1, 128, 1, 3, 4096, 1) + b"\0" * 76 + b"\0\0\0\0"
    file += struct.pack("<I", zlib.crc32(file[:120]))
    return file.ljust(4096, b"\0") + chunk.ljust(65536, b"\0")


def logon(number: int, user: str = "ada") -> Element:
    """Give a failed logon as the Security log holds it."""
    system: list[Element] = [
        ("Provider", {"Name": "Microsoft-Windows-Security-Auditing"}, ""),
        ("EventID", {}, "4625"),
        ("TimeCreated", {"SystemTime": f"2026-03-01T10:00:{number:02}.123456Z"}, ""),
        ("EventRecordID", {}, str(number)),
        ("Channel", {}, "Security"),
        ("Computer", {}, "ws1.agency.example"),
    ]
    data: list[Element] = [
        ("Data", {"Name": "TargetUserName"}, user),
        ("Data", {"Name": "TargetDomainName"}, "AGENCY"),
        ("Data", {"Name": "IpAddress"}, "192.0.2.7"),
        ("Data", {"Name": "IpPort"}, "50123"),
    ]
    return ("Event", {}, [("System", {}, system), ("EventData", {}, data)])
