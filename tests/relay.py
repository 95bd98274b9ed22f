"""A real Postfix and a real Dovecot for tests, on 127.0.0.1 only, with all they write in a folder of their own.

Mail to the addresses of `BOXES` is laid into Maildirs, which Dovecot shows over IMAP; of all mail a copy goes to the
archive. ``gone@a.example`` and ``later@a.example`` are taken and then refused by the server behind, for good and for
now; nothing is handed to anybody outside. With ``anybody`` there is a box, `crowd`, for all of .example besides.
"""

from __future__ import annotations

import mailbox
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from tests.platform.processes import eventually, free_port
from tests.receiver import certificate
from tests.shared import missing

BOXES = {
    "tocsin@tocsin.example": "house",
    "archive@tocsin.example": "archive",
    "officer_a@tocsin.example": "officer_a",
    "officer_b@tocsin.example": "officer_b",
    "keyholder@a.example": "keyholder",
    "deputy@a.example": "deputy",
    "gone@a.example": "never",
    "later@a.example": "never",
    "passed@a.example": "never",
    "reader@xn--bcher-kva.example": "reader",
    "@crowd.example": "crowd",
}
PASSWORD = "letters only"
OWNER = 65534  # nobody: neither server writes mail as root
MASK = 0o022  # both leave root behind and must read what was made for them, whatever mask a test left

MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
myhostname = relay.tocsin.example
mydestination =
alias_maps =
alias_database =
mynetworks = 127.0.0.1
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
disable_dns_lookups = yes
smtp_host_lookup = native
smtpd_peername_lookup = no
smtpd_recipient_restrictions = reject_unauth_destination
default_transport = error:5.1.2 nothing leaves this machine
relay_transport = error:5.1.2 nothing leaves this machine
transport_maps = texthash:{folder}/transport
virtual_mailbox_domains = {domains} regexp:{folder}/anywhere
virtual_mailbox_base = {folder}/boxes
virtual_mailbox_maps = texthash:{folder}/mailboxes, regexp:{folder}/anybody
virtual_uid_maps = static:{owner}
virtual_gid_maps = static:{owner}
always_bcc = archive@tocsin.example
smtpd_tls_security_level = may
smtpd_tls_cert_file = /etc/ssl/certs/ssl-cert-snakeoil.pem
smtpd_tls_key_file = /etc/ssl/private/ssl-cert-snakeoil.key
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 2s
"""

MASTER = """
{port} inet n - n - - smtpd
127.0.0.1:{behind} inet n - n - - smtpd
  -o myhostname=mx.a.example -o always_bcc= -o smtpd_discard_ehlo_keywords=dsn,starttls
  -o {{ smtpd_recipient_restrictions = check_recipient_access texthash:{folder}/behind }}
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
showq unix n - n - - showq
postlog unix-dgram n - n - 1 postlogd
"""

BEHIND = """
gone@a.example 550 5.1.1 no such user here
later@a.example 451 4.2.0 come back later
passed@a.example DISCARD
"""

DOVECOT = """
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
ssl = yes
ssl_cert = <{folder}/ca.pem
ssl_key = <{folder}/ca.pem
disable_plaintext_auth = no
mail_location = maildir:{folder}/boxes/%u
first_valid_uid = {owner}
first_valid_gid = {owner}
service imap-login {{
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {folder}/users
}}
userdb {{
  driver = static
  args = uid={owner} gid={owner} home={folder}/boxes/%u
}}
"""


@dataclass(frozen=True, slots=True)
class Relay:
    """The servers: where they listen, and what lies in the boxes."""

    folder: Path
    port: int
    imap_port: int
    behind: int  # the port of the server behind
    imaps_port: int

    @property
    def smtp(self) -> str:
        """What TOCSIN_SMTP_URL says."""
        return f"smtp://127.0.0.1:{self.port}"

    def imap(self, box: str) -> str:
        """Give a box as TOCSIN_MAILBOX names it, read over IMAP."""
        return f"imap://{box}:{PASSWORD.replace(' ', '%20')}@127.0.0.1:{self.imap_port}/INBOX"

    def imaps(self, box: str) -> str:
        """Give the same over TLS; the certificate vouches for itself, and stands in ``folder``/ca.pem."""
        return (
            self.imap(box)
            .replace("imap://", "imaps://")
            .replace(f"127.0.0.1:{self.imap_port}", f"localhost:{self.imaps_port}")
        )

    def maildir(self, box: str) -> str:
        """Give a box as TOCSIN_MAILBOX names it, read as a folder."""
        return f"maildir:{self.folder}/boxes/{box}"

    def mails(self, box: str) -> list[EmailMessage]:
        """Give all that lies in a box, in the order in which it came."""
        found = mailbox.Maildir(self.folder / "boxes" / box, factory=None)
        return [message_from_bytes(found.get_bytes(key), policy=default) for key in sorted(found.keys())]

    def empty(self) -> None:
        """Start afresh: throw away what lies in the boxes and in the queue."""
        subprocess.run(["postsuper", "-c", self.folder / "etc", "-d", "ALL"], check=True, capture_output=True)
        for path in (self.folder / "boxes").glob("*/*/*"):
            if path.parent.name in {"new", "cur"}:
                path.unlink()

    def idle(self) -> bool:
        """Tell whether Postfix has nothing in hand; what it will try again later does not count."""
        return not any(
            path.is_file() for part in ("incoming", "active") for path in (self.folder / "queue" / part).rglob("*")
        )

    def settle(self, seconds: float = 60) -> None:
        """Wait until everything was delivered or came back; look twice, for a report begins as another ends."""
        eventually(lambda: self.idle() and self.idle(), "the relay delivers all it has", seconds)

    def start(self) -> None:
        """Start Postfix."""
        self._postfix("start")
        eventually(lambda: listening(self.port), "Postfix answers")

    def stop(self) -> None:
        """Stop Postfix at once, whatever it is doing; only this one, whose number stands in its folder."""
        self._postfix("abort")
        eventually(lambda: not listening(self.port), "Postfix is gone")

    def have_behind(self, answers: str) -> None:
        """Say what the server behind answers to which recipient, a line each."""
        names = [line.split()[0] for line in answers.splitlines() if line]
        (self.folder / "transport").write_text("".join(f"{name} smtp:[127.0.0.1]:{self.behind}\n" for name in names))
        (self.folder / "behind").write_text(answers)

    def refuse(self, addresses: Iterable[str]) -> None:
        """Let the server behind know none of these any more."""
        self.have_behind(BEHIND + "".join(f"{address} 550 5.1.1 no such user here\n" for address in addresses))
        self._postfix("reload")

    def _postfix(self, verb: str) -> None:
        command = ["postfix", "-c", str(self.folder / "etc"), verb]
        done = subprocess.run(command, check=False, capture_output=True, text=True, umask=MASK)
        assert done.returncode == 0, done.stderr + self.log()

    def log(self) -> str:
        """Give what Postfix says of itself."""
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""


def listening(port: int) -> bool:
    """Tell whether somebody answers."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def running(*, anybody: bool = False) -> Iterator[Relay]:
    """Run both servers meanwhile."""
    if os.getuid() != 0 or not shutil.which("postfix") or not shutil.which("dovecot"):
        missing("root with Postfix and Dovecot (apt-get install postfix dovecot-imapd)")
    folder = Path(tempfile.mkdtemp(prefix="tocsin-relay-"))
    folder.chmod(0o755)  # the servers leave root behind
    relay = Relay(folder, free_port(), free_port(), free_port(), free_port())
    certificate(folder)
    before = os.umask(MASK)
    _configure(relay, anybody)
    os.umask(before)
    with subprocess.Popen(["dovecot", "-F", "-c", folder / "dovecot.conf"], umask=MASK) as dovecot:
        try:
            relay.start()
            eventually(lambda: listening(relay.imap_port), "Dovecot answers")
            yield relay
        finally:
            dovecot.terminate()
            if listening(relay.port):
                relay.stop()
    shutil.rmtree(folder)


def _configure(relay: Relay, anybody: bool) -> None:
    folder = relay.folder
    for name in ("etc", "queue", "data", "boxes"):
        (folder / name).mkdir()
        (folder / name).chmod(0o755)
    shutil.chown(folder / "data", "postfix")
    for box in set(BOXES.values()):
        for part in ("", "new", "cur", "tmp"):
            (folder / "boxes" / box / part).mkdir(exist_ok=True)
            os.chown(folder / "boxes" / box / part, OWNER, OWNER)
    os.chown(folder / "boxes", OWNER, OWNER)
    domains = " ".join(sorted({address.rpartition("@")[2] for address in BOXES}))
    values = {"folder": folder, "domains": domains, "owner": OWNER, "behind": relay.behind}
    (folder / "etc" / "main.cf").write_text(MAIN.format(**values))
    (folder / "etc" / "master.cf").write_text(MASTER.format(**values, port=f"127.0.0.1:{relay.port}"))
    (folder / "mailboxes").write_text("".join(f"{address} {box}/\n" for address, box in BOXES.items()))
    (folder / "anywhere").write_text("/\\.example$/ yes\n" if anybody else "")
    (folder / "anybody").write_text("/\\.example$/ crowd/\n" if anybody else "")
    relay.have_behind(BEHIND)
    (folder / "users").write_text("".join(f"{box}:{PASSWORD}\n" for box in sorted(set(BOXES.values()))))
    (folder / "dovecot.conf").write_text(DOVECOT.format(**values, port=relay.imap_port, imaps=relay.imaps_port))
