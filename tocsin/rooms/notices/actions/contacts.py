"""Ask contacts by mail whether they are still right, before their ninety days are over."""

from __future__ import annotations

from django.db import transaction
from django.template.loader import get_template
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from tocsin.platform import addresses, outbox
from tocsin.platform.gate import Item, Recipient
from tocsin.platform.markings import TLP
from tocsin.rooms.constituency import queries as constituency
from tocsin.rooms.constituency.actions import note_asked
from tocsin.rooms.constituency.models import Contact

AT_ONCE = 200


@transaction.atomic
def ask_to_confirm() -> int:
    """Ask those contacts whose confirmation runs out; give how many."""
    due = [each for each in constituency.contacts_to_ask(timezone.now())[:AT_ONCE] if addresses.takes(each.email)]
    outbox.send_many(actor=None, messages=[_mail(contact) for contact in due])
    note_asked(contacts=due)
    return len(due)


def _mail(contact: Contact) -> outbox.Message:
    code = contact.organisation.code
    with translation.override(contact.language):
        content = {"contact": contact, "link": constituency.confirm_link(contact)}
        return outbox.Message(
            item=Item("contact", contact.uuid, contact.name, TLP.AMBER, frozenset({code}), naming_agreed=True),
            recipient=Recipient(contact.email, code, "named_person", contact.name),
            subject=_("Is this still right?"),
            body=get_template("notices/confirm.txt").render(content),
            language=contact.language,
        )
