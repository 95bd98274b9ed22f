"""What the first event says, loaded into an alert's page."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.urls import reverse

from tocsin.rooms.alerts.models import Alert

if TYPE_CHECKING:
    from django.test import Client

    from tocsin.rooms.accounts.models import Person

AlertOf = Callable[..., Alert]
ClientOf = Callable[["Person"], "Client"]


def test_what_the_first_event_says_is_seen_at_once(client_of: ClientOf, alert_of: AlertOf, analyst: Person) -> None:
    raw = b'{"EventID": 1, "Event": {"CommandLine": "powershell -enc <b>AAAA</b>", "Image": ""}, "Noise": "zzz"}'
    alert = alert_of(raw=raw)
    client = client_of(analyst)
    assert b"?first=1" in client.get(reverse("alert", args=[alert.uuid])).content
    page = client.get(reverse("alert_raw", args=[alert.uuid]), {"first": "1"}).content.decode()
    assert "powershell -enc &lt;b&gt;AAAA" in page
    assert "zzz" not in page


def test_a_line_that_is_no_document_is_shown_as_it_came(
    client_of: ClientOf, alert_of: AlertOf, analyst: Person
) -> None:
    alert = alert_of(raw=b"Jan  5 10:00:06 gate sshd[1]: Invalid user bob" + b"x" * 900)
    page = client_of(analyst).get(reverse("alert_raw", args=[alert.uuid]), {"first": "1"}).content.decode()
    assert "Invalid user bob" in page
    assert "x" * 600 not in page
