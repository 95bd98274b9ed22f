"""From one list of 500 indicators to 90 organisations told, each its own facts, in six actions; then they answer."""

from __future__ import annotations

import json
import re
import smtplib
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from ipaddress import IPv4Network
from typing import Any

import pytest
import requests

from tests.flows.conftest import Demo, demonstrating
from tests.platform.processes import fresh_database
from tests.relay import Relay, running
from tocsin.charts import chart_named, load

pytestmark = pytest.mark.browser

ORGANISATIONS, BY_ADDRESS, INDICATORS = 90, 59, 500
ANSWER, BOUNCE = 60, 10
ROLES = {"officer", "deputy"}
HOUSE = "tocsin@tocsin.example"
C2 = "c2.lynx-group.example"
MOST_ACTIONS, MOST_SECONDS = 6, 600
DNS = ("ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto", "query")


@dataclass(frozen=True, slots=True)
class Stage:
    """Who is concerned by what: an address of each organisation, and how the list names it."""

    addresses: Mapping[str, str]
    values: Mapping[str, str]
    text: str


def own_addresses() -> Iterator[tuple[str, str]]:
    """Give one address of each organisation of the chart that is nobody else's."""
    chart = load(chart_named("eu"))
    spoken_for = {each.organisation for each in chart.memberships if each.role in ROLES}
    spoken_for |= {contact.organisation for contact in chart.contacts if contact.role in ROLES and contact.email}
    held = [
        (organisation.code, IPv4Network(prefix.prefix))
        for organisation in chart.organisations
        if organisation.code in spoken_for
        for prefix in organisation.prefixes
        if ":" not in prefix.prefix
    ]
    seen: set[str] = set()
    for number, (code, network) in enumerate(held):
        within = any(other.subnet_of(network) for n, (_code, other) in enumerate(held) if n != number)
        if not within and code not in seen:
            seen.add(code)
            yield code, str(network.network_address + 1)


@pytest.fixture(scope="module")
def post() -> Iterator[Relay]:
    """Run a relay that takes mail to everybody, and a server from which answers are read."""
    with running(anybody=True) as relay:
        yield relay


@pytest.fixture(scope="module")
def demo(post: Relay, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Run a demonstration whose mail a real Postfix carries and a real Dovecot holds."""
    by = {
        "TOCSIN_SMTP_URL": post.smtp,
        "TOCSIN_MAILBOX": post.imap("house"),
        "TOCSIN_MAIL_ARCHIVE": post.imap("archive"),
    }
    home = tmp_path_factory.mktemp("bar")
    with fresh_database("bar") as database_url, demonstrating(home, database_url, **by) as running_one:
        yield running_one


@pytest.fixture(scope="module")
def stage(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """Choose 90 organisations: 59 by an address of theirs, 31 because they asked for the name of the command server."""
    addresses = dict(list(own_addresses())[:ORGANISATIONS])
    assert len(addresses) == ORGANISATIONS
    codes = list(addresses)
    log = tmp_path_factory.mktemp("zeek") / "dns.log"
    rows = [[f"{time.time():.6f}", f"C{n}", addresses[code], "5353", "203.0.113.254", "53", "udp", C2]
            for n, code in enumerate(codes[BY_ADDRESS:])]  # fmt: skip
    head = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tdns\n"
    fields = "#fields\t" + "\t".join(DNS) + "\n#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\n"
    log.write_text(head + fields + "".join("\t".join(row) + "\n" for row in rows))
    taken = tocsin(demo, "ingest", str(log))
    assert taken.returncode == 0, taken.stderr
    values = {code: addresses[code] if n < BY_ADDRESS else C2 for n, code in enumerate(codes)}
    others = [f"233.252.0.{n}" for n in range(1, 251)] + [f"x{n}.elsewhere.example" for n in range(190)]
    text = "\n".join([*dict.fromkeys(values.values()), *others])
    assert len(text.split()) == INDICATORS
    return Stage(addresses, values, text)


def tocsin(demo: Demo, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tocsin", *words]
    return subprocess.run(command, env=demo.environment, capture_output=True, text=True, timeout=300, check=False)


def parts(demo: Demo, uuid: str) -> dict[str, dict[str, Any]]:
    shown = tocsin(demo, "notice", "status", uuid, "--json").stdout.splitlines()
    return {row["organisation"]: row for row in map(json.loads, shown)}


def mails(post: Relay, references: Mapping[str, str]) -> dict[str, list[EmailMessage]]:
    """Give the mail that left by the relay, by the organisation whose reference it carries."""
    found: dict[str, list[EmailMessage]] = {}
    for mail in post.mails("archive"):
        reference = re.search(r"N-\d\d-\w{8}", mail["Subject"] or "")
        if mail["From"] == HOUSE and reference and reference[0] in references:
            found.setdefault(references[reference[0]], []).append(mail)
    return found


def body(mail: Any) -> str:
    return str(mail.get_body().get_content())


def wait(reached: Callable[[], bool], seconds: float = MOST_SECONDS) -> None:
    until = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < until, "it takes too long"
        time.sleep(0.5)


class Counting:
    """A page that counts what a person does on it."""

    def __init__(self, page: Any) -> None:
        self.page, self.actions = page, 0

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def act(*given: Any, **more: Any) -> Any:
            self.actions += 1
            return getattr(self.page, name)(*given, **more)

        return act


@pytest.fixture(scope="module")
def bouncing(demo: Demo, stage: Stage, post: Relay) -> list[str]:
    """Choose ten organisations, and let the server behind no longer know who is told for them and for nobody else."""
    codes = sorted(stage.values)
    routed = map(json.loads, tocsin(demo, "whom", *codes, "--severity", "2", "--json").stdout.splitlines())
    through = {row["value"]: {way["address"] for told in row["told"] for way in told["ways"]} for row in routed}
    served = Counter(address for addresses in through.values() for address in addresses)
    alone = [code for code in codes[ANSWER:] if all(served[address] == 1 for address in through[code])][:BOUNCE]
    post.refuse(sorted(address for code in alone for address in through[code]))
    return alone


@pytest.fixture(scope="module")
def told(demo: Demo, stage: Stage, bouncing: list[str], post: Relay, browser: Any) -> str:
    """Tell all of them on the pages, as an analyst does; give the id of the notice."""
    page = browser.new_context(viewport={"width": 1400, "height": 900}).new_page()
    page.goto(f"{demo.url}/account/sign-in/")
    page.fill("input[name=login]", "cert.analyst")
    page.fill("input[name=password]", demo.accounts["cert.analyst"]["password"])
    page.press("input[name=password]", "Enter")
    page.wait_for_url(f"{demo.url}/")
    person = Counting(page)
    person.click("text=Notices")
    person.click("text=Write a notice")
    person.fill("textarea[name=values]", stage.text)
    person.fill("input[name=title]", "Command server of the Lynx group")
    person.click("text=Show who would be told")
    page.wait_for_url(re.compile(r"/notices/[0-9a-f-]{36}/"))
    assert page.locator(".stats b").first.inner_text() == str(ORGANISATIONS)
    assert "nothing is sent yet" in page.content()
    before, started = len(post.mails("archive")), time.monotonic()
    person.click("button:has-text('Send to')")
    said = page.locator(".messages").inner_text()
    wait(lambda: len(post.mails("archive")) >= before + ORGANISATIONS)
    print(
        f"{ORGANISATIONS} organisations told in {person.actions} actions, {time.monotonic() - started:.1f} s by Postfix"
    )
    assert f"{ORGANISATIONS} organisations are told." in said
    assert person.actions <= MOST_ACTIONS
    return str(page.url).rstrip("/").rsplit("/", 1)[1]


def test_ninety_are_told_each_its_own_and_none_twice(
    demo: Demo, stage: Stage, told: str, post: Relay, bouncing: list[str]
) -> None:
    rows = parts(demo, told)
    assert set(rows) == set(stage.values)
    references = {row["reference"]: code for code, row in rows.items()}
    wait(lambda: len(mails(post, references)) == ORGANISATIONS)
    for code, sent in mails(post, references).items():
        mail = sent[0]
        assert len(sent) == 1 or code in bouncing  # whoever stands in there is told as well
        (facts,) = mail.iter_attachments()
        text = body(mail) + facts.get_content()
        shown = set(re.findall(r"\d+\.\d+\.\d+\.\d+|[\w.]*lynx-group\.example", text.replace("[.]", ".")))
        others = {value for other, value in stage.values.items() if other != code} - {stage.values[code]}
        assert stage.values[code] in shown, code
        assert not shown & others, code
        assert not shown & set(stage.text.split()) - {stage.values[code]}, code


def test_sixty_answer_ten_bounce_and_the_rest_is_silent(
    demo: Demo, stage: Stage, told: str, post: Relay, bouncing: list[str]
) -> None:
    rows = parts(demo, told)
    references = {row["reference"]: code for code, row in rows.items()}
    wait(lambda: len(mails(post, references)) == ORGANISATIONS)
    sent = {code: found[0] for code, found in mails(post, references).items()}
    codes = sorted(sent)
    for number, code in enumerate(codes[:ANSWER]):
        if number % 2:
            reply(post, sent[code], "Done, the host was reinstalled." if number % 4 == 1 else "C'est fait.")
        else:
            by_link(sent[code], "done" if number % 4 else "acknowledged")

    def settled() -> bool:
        now = parts(demo, told)
        answered = sum(now[code]["state"] in {"done", "acknowledged"} for code in codes[:ANSWER])
        stand_in = {code for code in bouncing if len(mails(post, references)[code]) > 1}
        unreached = {code for code in bouncing if now[code]["state"] == "unreached"}
        return answered == ANSWER and stand_in | unreached == set(bouncing)

    wait(settled, 240)
    now = parts(demo, told)
    assert {now[code]["state"] for code in codes[ANSWER:] if code not in bouncing} == {"told"}
    back = [now[code]["state"] for code in bouncing]
    assert set(back) <= {"told", "unreached"}  # told: whoever stands in has it now
    unreached = back.count("unreached")
    acted = sum(row["state"] == "done" for row in now.values())
    sentence = (
        f"Of {ORGANISATIONS - unreached} told, {ANSWER} have answered ({acted} acted); "
        f"{ORGANISATIONS - ANSWER - unreached} silent"
    )
    assert sentence in tocsin(demo, "notice", "status").stdout


def by_link(mail: Any, kind: str) -> None:
    """Answer by the signed link: looking first, as scanners do too, then by the form."""
    link = re.search(r"http://\S+/answer/\S+", body(mail))
    assert link
    session = requests.Session()
    page = session.get(link[0], timeout=30)
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    assert token
    given = {"kind": kind, "csrfmiddlewaretoken": token[1]}
    answer = session.post(link[0], given, headers={"Referer": link[0]}, timeout=30)
    assert "Thank you" in answer.text or "Merci" in answer.text


def reply(post: Relay, mail: Any, text: str) -> None:
    written = EmailMessage()
    written["From"], written["To"], written["Subject"] = mail["To"], mail["From"], f"Re: {mail['Subject']}"
    written["In-Reply-To"] = mail["Message-ID"]
    quoted = "\n".join(f"> {line}" for line in body(mail).splitlines())
    written.set_content(f"{text}\n\nOn Thu, 26 Nov 2026 at 09:00, Tocsin wrote:\n{quoted}\n")
    with smtplib.SMTP("127.0.0.1", post.port) as session:
        session.send_message(written)
