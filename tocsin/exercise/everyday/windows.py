"""Ordinary Windows events of an institution's workstations and servers."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import NamedTuple

from tocsin.exercise.clock import Clock
from tocsin.exercise.events import SYSTEM, Content, guid, process, windows
from tocsin.exercise.everyday.catalogue import catalogue, fill
from tocsin.exercise.house import Host, House, Person
from tocsin.exercise.names import names

LSASS = r"C:\Windows\System32\lsass.exe"
BROWSER = r"C:\Program Files\Microsoft\Edge\Application\msedge.exe"


class Scene(NamedTuple):
    """Say who acts where at one moment."""

    house: House
    rng: random.Random
    host: Host
    person: Person
    values: dict[str, str]

    @property
    def account(self) -> str:
        return f"{self.house.nt}\\{self.person.login}"

    def row(self, name: str) -> list[str]:
        """Draw a row of the catalogue, filled in for this scene."""
        return [fill(cell, self.values) for cell in catalogue()[name].draw(self.rng)]


Delayed = tuple[int, Content]


def _program(scene: Scene) -> Iterator[Delayed]:
    on_server = scene.host.server
    kind = scene.rng.choices(("services", "administration" if on_server else "programs"), (40, 60))[0]
    user = SYSTEM if kind == "services" else scene.account
    parent, image, command = scene.row(kind)
    yield 0, process(scene.host, scene.rng, user, parent, image, command)
    if on_server:
        data = {
            "SubjectUserName": scene.person.login,
            "SubjectDomainName": scene.house.nt,
            "NewProcessName": image,
            "CommandLine": command,
            "ParentProcessName": parent,
            "NewProcessId": hex(scene.rng.randrange(400, 20000, 4)),
            "ProcessId": "0x3e8",
            "SubjectUserSid": scene.person.sid,
            "SubjectLogonId": "0x3e7",
        }
        yield 2, windows(scene.host, 4688, data)


def _connection(scene: Scene) -> Iterator[Delayed]:
    rng, house = scene.rng, scene.house
    name, ip = rng.choice(house.sites)
    image, port = BROWSER, "443"
    if rng.random() < 0.3:
        target = rng.choice(house.windows_servers)
        image, port = rng.choice((("System", "445"), (LSASS, "389"), (LSASS, "88")))
        name, ip = target.name, target.ip
    data = {
        "ProcessGuid": guid(scene.host, rng),
        "ProcessId": str(rng.randrange(400, 20000, 4)),
        "Image": image,
        "User": scene.account,
        "SourceIp": scene.host.ip,
        "SourceHostname": scene.host.name,
        "SourcePort": str(rng.randrange(49152, 65500)),
        "DestinationIp": ip,
        "DestinationHostname": name,
        "DestinationPort": port,
    }
    yield 0, windows(scene.host, 3, data)


def _lookup(scene: Scene) -> Iterator[Delayed]:
    rng, house = scene.rng, scene.house
    name, ip = rng.choice(house.sites)
    if rng.random() < 0.3:
        name, ip = f"{rng.choice(names()['machines'])}.{house.domain}", house.controller.ip
    data = {
        "ProcessGuid": guid(scene.host, rng),
        "ProcessId": str(rng.randrange(400, 20000, 4)),
        "QueryName": name,
        "QueryResults": f"::ffff:{ip};",
        "Image": BROWSER,
        "User": scene.account,
    }
    yield 0, windows(scene.host, 22, data)


def _file(scene: Scene) -> Iterator[Delayed]:
    image, path = scene.row("files")
    data = {"ProcessGuid": guid(scene.host, scene.rng), "Image": image, "TargetFilename": path, "User": scene.account}
    yield 0, windows(scene.host, 11, data)


def _registry(scene: Scene) -> Iterator[Delayed]:
    image, key, value = scene.row("registry")
    data = {
        "ProcessGuid": guid(scene.host, scene.rng),
        "Image": image,
        "TargetObject": key,
        "Details": value,
        "User": SYSTEM,
    }
    yield 0, windows(scene.host, 13, data)


def _access(scene: Scene) -> Iterator[Delayed]:
    source, target, rights = scene.row("accesses")
    data = {
        "SourceProcessGUID": guid(scene.host, scene.rng),
        "SourceImage": source,
        "TargetImage": target,
        "GrantedAccess": rights,
        "SourceUser": SYSTEM,
        "TargetUser": SYSTEM,
    }
    yield 0, windows(scene.host, 10, data)


def _pipe(scene: Scene) -> Iterator[Delayed]:
    image, pipe = scene.row("pipes")
    data = {"ProcessGuid": guid(scene.host, scene.rng), "Image": image, "PipeName": pipe, "User": SYSTEM}
    yield 0, windows(scene.host, 17, data)


def _session(scene: Scene) -> Iterator[Delayed]:
    rng, house = scene.rng, scene.house
    logon = hex(rng.randrange(0x10000, 0xFFFFFF))
    target = rng.choice(house.windows_servers) if rng.random() < 0.6 else scene.host
    kind = "3" if target is not scene.host else rng.choice(("2", "7", "11"))
    who = {"TargetUserName": scene.person.login, "TargetDomainName": house.nt, "TargetUserSid": scene.person.sid}
    data = {
        **who,
        "TargetLogonId": logon,
        "LogonType": kind,
        "SubjectUserName": "-",
        "LogonProcessName": "Kerberos",
        "AuthenticationPackageName": "Kerberos",
        "WorkstationName": scene.host.short.upper(),
        "IpAddress": scene.person.host.ip,
        "IpPort": str(rng.randrange(49152, 65500)),
        "ElevatedToken": "%%1843",
    }
    yield 0, windows(target, 4624, data)
    if scene.person in house.admins:
        subject = {"SubjectUserName": scene.person.login, "SubjectDomainName": house.nt, "SubjectLogonId": logon}
        yield 1, windows(target, 4672, {"SubjectUserSid": scene.person.sid, **subject})
    yield rng.randrange(20_000, 14_400_000), windows(target, 4634, {**who, "TargetLogonId": logon, "LogonType": kind})


def _failure(scene: Scene) -> Iterator[Delayed]:
    for attempt in range(scene.rng.choice((1, 1, 1, 2, 3))):
        data = {
            "TargetUserName": scene.person.login,
            "TargetDomainName": scene.house.nt,
            "LogonType": "3",
            "LogonProcessName": "NtLmSsp",
            "AuthenticationPackageName": "NTLM",
            "WorkstationName": scene.host.short.upper(),
            "IpAddress": scene.host.ip,
        }
        yield attempt * 2300, windows(scene.house.controller, 4625, data)


def _explicit(scene: Scene) -> Iterator[Delayed]:
    target = scene.rng.choice(scene.house.windows_servers)
    data = {
        "SubjectUserName": scene.person.login,
        "SubjectDomainName": scene.house.nt,
        "TargetUserName": f"{scene.person.login}-adm",
        "TargetDomainName": scene.house.nt,
        "TargetServerName": target.name,
        "ProcessName": r"C:\Windows\System32\mstsc.exe",
        "IpAddress": "-",
    }
    yield 0, windows(scene.host, 4648, data)


def _script(scene: Scene) -> Iterator[Delayed]:
    (text,) = scene.row("scripts")
    data = {"ScriptBlockText": text, "ScriptBlockId": f"{scene.rng.getrandbits(64):016x}", "Path": ""}
    host = scene.rng.choice(scene.house.windows_servers) if scene.rng.random() < 0.7 else scene.house.admins[0].host
    yield 0, windows(host, 4104, data)


def _change(scene: Scene) -> Iterator[Delayed]:
    """Yield what changes a machine: a new task, a new service, or a membership that policy brings."""
    machine = {
        "SubjectUserSid": "S-1-5-18",
        "SubjectUserName": f"{scene.host.short.upper()}$",
        "SubjectDomainName": scene.house.nt,
    }
    pick = scene.rng.random()
    if pick < 0.6:
        name, content = scene.row("tasks")
        yield 0, windows(scene.host, 4698, {**machine, "TaskName": name, "TaskContent": content})
    elif pick < 0.85:
        name, path = scene.row("installs")
        yield 0, windows(scene.host, 7045, {"ServiceName": name, "ImagePath": path})
    else:
        group, sid = scene.rng.choice((("Administrators", "S-1-5-32-544"), ("Remote Desktop Users", "S-1-5-32-555")))
        data = {**machine, "TargetUserName": group, "TargetSid": sid, "MemberSid": scene.person.sid, "MemberName": "-"}
        yield 0, windows(scene.host, 4732, data)


HABITS: tuple[tuple[float, Callable[[Scene], Iterator[Delayed]]], ...] = (
    (20, _program),
    (15, _connection),
    (13, _lookup),
    (10, _file),
    (9, _registry),
    (6, _access),
    (2.5, _pipe),
    (11, _session),
    (0.9, _failure),
    (0.5, _explicit),
    (1.5, _script),
    (0.4, _change),
)


def _scene(house: House, rng: random.Random, *, server: bool) -> Scene:
    if server:
        person, host = rng.choice(house.admins), rng.choice(house.windows_servers)
    else:
        person = rng.choice(house.people)
        host = person.host
    values = {"{login}": person.login, "{n}": str(rng.randrange(10, 999)), "{domain}": house.domain, "{nt}": house.nt}
    return Scene(house, rng, host, person, values)


def everyday(house: House, clock: Clock, rng: random.Random, count: int) -> Iterator[tuple[int, Content]]:
    """Yield about ``count`` ordinary events with their moments."""
    habits = [habit for _, habit in HABITS]
    weights = list(accumulate(weight for weight, _ in HABITS))
    for profile, share, server in (("office", 0.66, False), ("steady", 0.10, True), ("night", 0.04, True)):
        for moment in clock.moments(rng, int(count * share), profile):
            scene = _scene(house, rng, server=server)
            for delay, content in rng.choices(habits, cum_weights=weights)[0](scene):
                if moment + delay < clock.end:
                    yield moment + delay, content
