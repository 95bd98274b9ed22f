"""Reports of mail servers, as the standard has them and as they come."""

from __future__ import annotations

import io

import pytest

from tests.pipeline.mail.builder import build
from tests.pipeline.mail.writing import meant
from tocsin.pipeline.mail.letter import read_letter
from tocsin.pipeline.mail.replies import Understood, understand


def report(text: str, **more: str) -> Understood:
    entry = {"shape": "report", "from": "MAILER-DAEMON@x.example", "human": "Done. Fixed.", "report": text, **more}
    return understand(read_letter(io.BytesIO(build(entry))))


def recipient(action: str, status: str = "5.0.0", address: str = "a@x.example") -> str:
    return f"Final-Recipient: rfc822; {address}\nAction: {action}\nStatus: {status}\n"


@pytest.mark.parametrize(
    ("actions", "kind"),
    [
        (["failed"], "bounced"), (["delayed"], "delayed"), (["delivered"], "delivered"), (["relayed"], "delivered"),
        (["expanded"], "delivered"), (["delivered", "failed"], "bounced"), (["delivered", "delayed"], "delayed"),
        (["unknown"], "automatic"), ([], "automatic"), (["FAILED (gave up)"], "bounced"),
    ],
)  # fmt: skip
def test_the_worst_action_decides(actions: list[str], kind: str) -> None:
    assert report("Reporting-MTA: dns; x\n\n" + "\n".join(map(recipient, actions))).kind == kind


def test_a_report_without_a_group_about_the_mail_is_read() -> None:
    [delivery] = report(recipient("failed", "5.1.1")).deliveries
    assert (delivery.address, delivery.status, delivery.permanent) == ("a@x.example", "5.1.1", True)


def test_folded_diagnostics_are_joined_and_bounded() -> None:
    text = recipient("failed") + "Diagnostic-Code: smtp; 550 one\n two\n three" + " x" * 5000
    [delivery] = report(text).deliveries
    assert delivery.diagnostic.startswith("550 one two three x")
    assert len(delivery.diagnostic) <= 500


def test_recipients_are_bounded() -> None:
    assert len(report("\n".join([recipient("failed")] * 5000)).deliveries) <= 101


def test_a_delay_is_never_permanent() -> None:
    [delivery] = report(recipient("delayed", "5.4.4")).deliveries
    assert not delivery.permanent


def test_a_report_within_a_mail_of_a_person_is_only_attached() -> None:
    inner = f"Content-Type: message/delivery-status\n\n{recipient('failed')}"
    text = f"--b\n\nWhy did we get this?\n--b\nContent-Type: message/rfc822\n\n{inner}\n--b--"
    assert meant(f"\n{text}", 'Content-Type: multipart/mixed; boundary="b"\nX: ').kind in {"question", "unclear"}


def test_a_person_who_writes_of_a_failure_is_no_server() -> None:
    assert meant("The mail could not be delivered to our old address.").kind == "unclear"
    assert meant("Delivery to the following recipient failed permanently: x@y.example").deliveries == ()


def test_an_address_of_the_network_is_no_status() -> None:
    text = "Undeliverable.\n<a@x.example>: host 192.0.2.25 and 5.1.2.3 said no"
    [delivery] = meant(
        text, "From: mailer-daemon@x.example\n".replace("From", "X-Failed-Recipients: a@x.example\nX")
    ).deliveries
    assert (delivery.address, delivery.status) == ("a@x.example", "")
