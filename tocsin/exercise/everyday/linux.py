"""Ordinary syslog lines of an institution's Linux servers."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from tocsin.exercise.clock import Clock
from tocsin.exercise.events import Content, syslog
from tocsin.exercise.house import Host, House

Delayed = tuple[int, Content]
WRONG_NAMES = ("admin", "test", "oracle", "ubuntu", "user", "git", "ftpuser", "support", "pi", "deploy")
COMMANDS = (
    "/usr/bin/systemctl restart nginx",
    "/usr/bin/apt-get update",
    "/usr/bin/journalctl -u nginx",
    "/usr/bin/tail -n 200 /var/log/nginx/error.log",
    "/usr/bin/less /var/log/syslog",
    "/usr/sbin/ss -ltnp",
)
JOBS = (
    ("root", "cd / && run-parts --report /etc/cron.hourly"),
    ("www-data", "php /srv/portal/cron.php"),
    ("root", "/usr/local/sbin/backup --incremental"),
    ("postgres", "/usr/bin/vacuumdb --all --analyze-only"),
)
UNITS = (
    "Daily apt download activities",
    "Rotate log files",
    "Daily man-db regeneration",
    "Session 4711 of User backup",
    "Certificate renewal",
)


def _admin(house: House, rng: random.Random, host: Host) -> Iterator[Delayed]:
    person, pid = rng.choice(house.admins), rng.randrange(600, 60000)
    origin = f"{person.host.ip} port {rng.randrange(49152, 65500)} ssh2"
    yield (
        0,
        syslog(
            host,
            "sshd",
            pid,
            f"Accepted publickey for {person.login} from {origin}: ED25519 SHA256:{house.domain[:12]}{person.login}",
        ),
    )
    yield (
        90,
        syslog(
            host, "sshd", pid, f"pam_unix(sshd:session): session opened for user {person.login}(uid=1001) by (uid=0)"
        ),
    )
    spent = 400
    for command in rng.sample(COMMANDS, rng.randrange(1, 4)):
        spent += rng.randrange(3_000, 120_000)
        text = f"{person.login:>8} : TTY=pts/0 ; PWD=/home/{person.login} ; USER=root ; COMMAND={command}"
        yield spent, syslog(host, "sudo", pid + 7, text)
        yield (
            spent + 30,
            syslog(
                host,
                "sudo",
                pid + 7,
                f"pam_unix(sudo:session): session opened for user root(uid=0) by {person.login}(uid=1001)",
            ),
        )
    yield spent + 60_000, syslog(host, "sshd", pid, f"pam_unix(sshd:session): session closed for user {person.login}")


def _backup(house: House, rng: random.Random, host: Host) -> Iterator[Delayed]:
    pid = rng.randrange(600, 60000)
    origin = f"{house.linux_servers[2].ip} port {rng.randrange(49152, 65500)} ssh2"
    yield (
        0,
        syslog(host, "sshd", pid, f"Accepted publickey for backup from {origin}: ED25519 SHA256:backup{house.code}"),
    )
    yield (
        rng.randrange(4_000, 400_000),
        syslog(host, "sshd", pid, "Received disconnect from backup: 11: disconnected by user"),
    )


def _stranger(house: House, rng: random.Random, _host: Host) -> Iterator[Delayed]:
    """Yield the guesses of a machine on the Internet at the gateway, the only server it can reach."""
    ip, host = rng.choice(house.visitors), house.linux_servers[3]
    for guess in range(rng.randrange(4, 21)):
        pid, port, name = rng.randrange(600, 60000), rng.randrange(1025, 65500), rng.choice(WRONG_NAMES)
        yield guess * 4_100, syslog(host, "sshd", pid, f"Invalid user {name} from {ip} port {port}")
        yield (
            guess * 4_100 + 800,
            syslog(host, "sshd", pid, f"Failed password for invalid user {name} from {ip} port {port} ssh2"),
        )
        yield (
            guess * 4_100 + 900,
            syslog(host, "sshd", pid, f"Connection closed by invalid user {name} {ip} port {port} [preauth]"),
        )


def _mistyped(house: House, rng: random.Random, host: Host) -> Iterator[Delayed]:
    person, pid = rng.choice(house.admins), rng.randrange(600, 60000)
    yield (
        0,
        syslog(
            host,
            "sshd",
            pid,
            f"Failed password for {person.login} from {person.host.ip} port {rng.randrange(49152, 65500)} ssh2",
        ),
    )


def _job(_house: House, rng: random.Random, host: Host) -> Iterator[Delayed]:
    user, command = rng.choice(JOBS)
    yield 0, syslog(host, "CRON", rng.randrange(600, 60000), f"({user}) CMD ({command})")


def _unit(_house: House, rng: random.Random, host: Host) -> Iterator[Delayed]:
    unit = rng.choice(UNITS)
    yield 0, syslog(host, "systemd", 1, f"Starting {unit}...")
    yield rng.randrange(100, 9_000), syslog(host, "systemd", 1, f"Finished {unit}.")


# How often, when, what, and how many lines it leaves on average.
HABITS: tuple[tuple[float, str, Callable[[House, random.Random, Host], Iterator[Delayed]], float], ...] = (
    (5, "office", _admin, 7),
    (0.4, "office", _mistyped, 1),
    (3, "night", _backup, 2),
    (0.4, "steady", _stranger, 36),
    (30, "steady", _job, 1),
    (9, "steady", _unit, 2),
)


def everyday(house: House, clock: Clock, rng: random.Random, count: int) -> Iterator[tuple[int, Content]]:
    """Yield about ``count`` ordinary lines with their moments."""
    scale = count / sum(often * lines for often, _, _, lines in HABITS)
    for often, profile, habit, _ in HABITS:
        for moment in clock.moments(rng, int(often * scale), profile):
            host = rng.choice(house.linux_servers)
            for delay, content in habit(house, rng, host):
                if moment + delay < clock.end:
                    yield moment + delay, content
