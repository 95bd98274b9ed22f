"""Killed at any moment while it sends, the house loses no mail in silence and sends none twice."""

from __future__ import annotations

from pathlib import Path

from tests.platform.mailing import WRITE, Sender, each_once, kill
from tests.platform.processes import fresh_database
from tests.relay import Relay


def test_three_kills_of_the_sender_lose_and_double_no_mail(tmp_path: Path, relay: Relay) -> None:
    with fresh_database("killed") as database:
        sender = Sender(tmp_path, relay, database)
        sender.run(WRITE.format(notices=10, recipients=40))
        kill(sender, kills=3, seed=1)
        each_once(sender, 400)
