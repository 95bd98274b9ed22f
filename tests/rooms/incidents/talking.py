"""What tests of conversations share: a mail written and sent, and what its party answers."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Any

from tocsin.rooms.accounts.models import Person
from tocsin.rooms.incidents import actions, queries
from tocsin.rooms.incidents.models import Incident
from tocsin.rooms.notices.models import Party, ThreadMail
from tocsin.rooms.notices.queries import Preview, To

HOUSE = "tocsin@tocsin.example"
OFFICER = To("officer_a@tocsin.example", "DEPA")
HOSTER = To("abuse@hoster.example", name="Abuse desk", party=Party.HOSTER)


def writing(to: To = OFFICER, **more: Any) -> queries.Writing:
    """Give a mail as somebody fills it in."""
    given = {"language": "", "tlp": "AMBER", "subject": "What we know", "text": "Please isolate the host."} | more
    return queries.Writing(to=to, **given)


def preview(incident: Incident, to: To = OFFICER, **more: Any) -> Preview:
    """Give what would leave."""
    return queries.preview(incident, writing(to, **more))


def codes(found: Preview) -> set[str]:
    """Give the names of what its writer must confirm."""
    return {each.code for each in found.cautions}


def converse(actor: Person, incident: Incident, to: To = OFFICER, **more: Any) -> ThreadMail:
    """Send a mail as somebody does who has looked and has confirmed whatever stood against it."""
    found = preview(incident, to, **more)
    return actions.converse(
        actor=actor, incident=incident, writing=writing(to, **more), seen=found.digest, confirmed=codes(found)
    )


def reply(mail: ThreadMail, text: str, sender: str = "", **headers: str) -> bytes:
    """Write an answer to a mail of ours as mail programs do; an empty header is left out."""
    letter = EmailMessage()
    given = {
        "From": sender or mail.address, "To": HOUSE, "Subject": f"Re: {mail.message.subject}",
        "In-Reply-To": mail.message.message_id, "Message-ID": "<r1@party.example>",
    }  # fmt: skip
    for name, value in (given | {name.replace("_", "-"): value for name, value in headers.items()}).items():
        if value:
            letter[name] = value
    letter.set_content(text)
    return letter.as_bytes()
