"""A real Request Tracker for tests, on 127.0.0.1 only, with its SQLite database in a folder of its own.

It has one queue, `Incidents`, the custom fields `Tocsin reference` and `Severity`, the account `tocsin` for the house,
the account `handler` for somebody of the organisation, and a token for each, made by RT's own API.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.platform.processes import eventually, free_port
from tests.relay import listening
from tests.shared import missing

LIBRARY = Path("/usr/share/request-tracker5")
SERVER = LIBRARY / "libexec" / "rt-server"
QUEUE, FIELD = "Incidents", "Tocsin reference"

SITE = """
Set($rtname, 'depa');
Set($Organization, 'depa.example');
Set($Timezone, 'Europe/Brussels');
Set($WebDomain, '127.0.0.1');
Set($WebPort, {port});
Set($WebPath, '');
Set($DatabaseType, 'SQLite');
Set($DatabaseName, '{folder}/rt.db');
Set($LogToSyslog, undef);
Set($LogToSTDERR, 'error');
Set($MailCommand, 'testfile');
Set($MasonDataDir, '{folder}/mason');
1;
"""

PREPARE = r"""
use strict; use warnings;
use lib '/usr/local/share/request-tracker5/lib', '/usr/share/request-tracker5/lib';
use RT; RT::LoadConfig(); RT::Init();
use RT::AuthToken;
my ($ok, $said, $secret);
my $queue = RT::Queue->new(RT->SystemUser);
($ok, $said) = $queue->Create(Name => 'Incidents'); die $said unless $ok;
for my $name ('tocsin', 'handler') {
    my $user = RT::User->new(RT->SystemUser);
    ($ok, $said) = $user->Create(Name => $name, Privileged => 1, EmailAddress => "$name\@depa.example");
    die $said unless $ok;
    for my $right (qw(SeeQueue ShowTicket CreateTicket ReplyToTicket ModifyTicket SeeCustomField ModifyCustomField)) {
        ($ok, $said) = $user->PrincipalObj->GrantRight(Right => $right, Object => $queue); die $said unless $ok;
    }
    my $token = RT::AuthToken->new(RT->SystemUser);
    ($ok, $said, $secret) = $token->Create(Owner => $user->Id, Description => 'tests'); die $said unless $ok;
    print "$name $secret\n";
}
for my $name ('Tocsin reference', 'Severity') {
    my $field = RT::CustomField->new(RT->SystemUser);
    ($ok, $said) = $field->Create(
        Name => $name, Type => 'FreeformSingle', LookupType => 'RT::Queue-RT::Ticket', Queue => 0);
    die $said unless $ok;
    ($ok, $said) = $field->AddToObject($queue); die $said unless $ok;
}
"""


@dataclass
class Tracker:
    """The server: where it listens, the tokens of its accounts, and what somebody there does."""

    folder: Path
    port: int
    tokens: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What lets RT read its own settings and no others."""
        return {**os.environ, "RT_SITE_CONFIG": str(self.folder / "site.pm"), "RT_SITE_CONFIG_DIR": "/dev/null"}

    def start(self) -> None:
        """Start the server."""
        command = [str(SERVER), "--server", "HTTP::Server::PSGI", "--host", "127.0.0.1", "--port", str(self.port)]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)
        eventually(lambda: listening(self.port), "RT answers")

    def stop(self) -> None:
        """Stop the server."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(30)
            self.process = None

    def ask(self, path: str, content: Any = None, *, method: str = "", account: str = "handler") -> Any:
        """Ask RT as one of its accounts."""
        body = None if content is None else json.dumps(content).encode()
        headers = {"Authorization": f"token {self.tokens[account]}", "Content-Type": "application/json"}
        request = urllib.request.Request(
            f"{self.url}/REST/2.0/{path}", body, headers, method=method or ("GET" if body is None else "POST")
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def tickets(self) -> list[int]:
        """Give the numbers of all tickets of the queue."""
        found = self.ask(f"tickets?query=Queue%3D%27{QUEUE}%27&per_page=100")
        return sorted(int(each["id"]) for each in found["items"])

    def texts(self, number: str | int) -> list[str]:
        """Give all that was written in a ticket, in order."""
        found = self.ask(f"ticket/{number}/attachments?fields=Content&per_page=100")
        return [each["Content"] for each in found["items"] if each["Content"]]

    def state(self, number: str | int) -> str:
        """Give the state of a ticket."""
        return str(self.ask(f"ticket/{number}")["Status"])

    def reply(self, number: str | int, text: str, *, account: str = "handler", **more: Any) -> None:
        """Write into a ticket as somebody there."""
        content = {"Content": text, "ContentType": "text/plain", **more}
        self.ask(f"ticket/{number}/correspond", content, account=account)

    def set_state(self, number: str | int, state: str) -> None:
        """Give a ticket a state as somebody there."""
        self.ask(f"ticket/{number}", {"Status": state}, method="PUT")


@contextmanager
def running() -> Iterator[Tracker]:
    """Run a tracker meanwhile."""
    if not SERVER.exists() or not shutil.which("rt-setup-database-5"):
        missing("Request Tracker (apt-get install request-tracker5 rt5-db-sqlite rt5-standalone)")
    folder = Path(tempfile.mkdtemp(prefix="tocsin-rt-"))
    tracker = Tracker(folder, free_port())
    (folder / "site.pm").write_text(SITE.format(folder=folder, port=tracker.port))
    (folder / "prepare.pl").write_text(PREPARE)
    _run(tracker, "rt-setup-database-5", "--action", "init", "--dba", "root", "--dba-password", "")
    lines = _run(tracker, "perl", str(folder / "prepare.pl")).splitlines()
    tracker.tokens = dict(line.split() for line in lines)
    tracker.start()
    try:
        yield tracker
    finally:
        tracker.stop()
        shutil.rmtree(folder)


def _run(tracker: Tracker, *command: str) -> str:
    done = subprocess.run(command, env=tracker.environment, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout
