"""Fifty kills of the worker that hands mail to a real Postfix."""

from __future__ import annotations

from pathlib import Path

from tests.platform.mailing import WRITE, Sender, each_once, kill
from tests.platform.processes import fresh_database
from tests.relay import Relay

KILLS, NOTICES, RECIPIENTS = 50, 30, 200


def test_fifty_kills_of_the_sender_lose_and_double_no_mail(tmp_path: Path, relay: Relay) -> None:
    with fresh_database("soak") as database:
        sender = Sender(tmp_path, relay, database)
        sender.run(WRITE.format(notices=NOTICES, recipients=RECIPIENTS))
        kill(sender, KILLS, seed=50)
        uncertain, arrived = each_once(sender, NOTICES * RECIPIENTS)
        print(
            f"{KILLS} kills of the sender, {NOTICES * RECIPIENTS:,} mails: each arrived once or is uncertain; "
            f"{uncertain} were uncertain, of which {arrived} were found in the archive"
        )
