"""Mail about an incident: what leaves, what is refused, and what its writer must have confirmed first."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone
from pysequoia import Tsk

from tests.rooms.incidents.talking import HOSTER, OFFICER, codes, converse, preview, writing
from tocsin.platform import gate
from tocsin.platform.gate import Refused
from tocsin.platform.models import AuditEntry, GateEntry, OutboxMessage
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Asset, Contact, Organisation
from tocsin.rooms.incidents import actions
from tocsin.rooms.incidents.models import Incident, IncidentEntity
from tocsin.rooms.notices.models import Thread, ThreadMail
from tocsin.rooms.notices.queries import To

pytestmark = pytest.mark.django_db


def contact(code: str = "DEPA", email: str = "desk@a.example", **more: Any) -> Contact:
    given = {"name": "Desk", "role": "duty", "confirmed_at": timezone.now()} | more
    place = Organisation.objects.get(code=code)
    made: Contact = Contact.objects.create(organisation=place, email=email, **given)
    return made


@pytest.fixture
def shared(responder: Person, department_a: Organisation, department_b: Organisation) -> Incident:
    """An incident of two departments, with what each part names."""
    incident = actions.open_incident(actor=responder, title="Macro", organisations=[department_a, department_b])
    for code, value in (("DEPA", "192.0.2.7"), ("DEPB", "198.51.100.9")):
        part = incident.entities.get(organisation__code=code)
        actions.comment(actor=responder, incident=incident, text=f"Seen {value}", entity=part, audience="entity")
    return incident


def test_a_mail_leaves_as_it_was_shown(responder: Person, incident: Incident) -> None:
    shown = preview(incident)
    mail = converse(responder, incident)
    assert shown.refusals == ()
    thread = mail.thread
    assert mail.message.subject == shown.written.subject.replace("C-…", thread.reference)
    assert mail.message.body == shown.written.body.replace("C-…", thread.reference)
    assert mail.message.subject == f"[TLP:AMBER] [{thread.reference}] What we know"
    assert "Please isolate the host." in mail.message.body
    assert mail.message.body.rstrip().endswith("TLP:AMBER")
    assert thread.organisation is not None
    assert (thread.organisation.code, thread.last) == ("DEPA", "us")
    entry = incident.timeline.get(event="told")
    assert (entry.audience, entry.entity, entry.text) == ("entity", incident.entities.get(), mail.text)
    assert AuditEntry.objects.filter(verb="incident.converse", object_uuid=incident.uuid).count() == 1
    assert GateEntry.objects.get(message=mail.message).item_uuid == incident.uuid


def test_one_party_has_one_conversation(responder: Person, incident: Incident) -> None:
    contact()
    first = converse(responder, incident)
    second = converse(responder, incident, text="And now?")
    third = converse(responder, incident, To("desk@a.example", "DEPA"))
    other = converse(responder, incident, HOSTER, tlp="CLEAR")
    assert first.thread == second.thread == third.thread != other.thread
    assert second.message.headers["In-Reply-To"] == first.message.message_id
    assert first.message.headers == {"Auto-Submitted": "no"}
    assert (other.thread.address, other.thread.party) == ("abuse@hoster.example", "hoster")


def test_what_is_marked_too_strictly_is_refused_with_a_way_out(responder: Person, incident: Incident) -> None:
    found = preview(incident, HOSTER, tlp="AMBER+STRICT")
    (refusal,) = found.refusals
    assert refusal.startswith("TLP:AMBER+STRICT may not go to abuse@hoster.example: ")
    assert "Marked TLP:CLEAR it could go" in refusal
    with pytest.raises(Refused):
        converse(responder, incident, HOSTER, tlp="AMBER+STRICT")
    assert not ThreadMail.objects.exists()
    gate.keep_refusals()
    entry = GateEntry.objects.get(allowed=False)
    assert (entry.recipient, entry.tlp) == ("abuse@hoster.example", "AMBER+STRICT")


def test_an_outside_party_that_is_entered_gets_what_the_community_gets(responder: Person, incident: Incident) -> None:
    Organisation.objects.create(code="CERTX", name="Peer", kind="outside", path="/99/")
    contact("CERTX", "team@peer.example", role="officer")
    found = preview(incident, To("team@peer.example"), tlp="GREEN")
    assert found.refusals == ()
    assert codes(found) == {"first", "concerned", "lower"}
    assert converse(responder, incident, To("team@peer.example"), tlp="GREEN").thread.organisation is not None


def test_no_warning_is_passed_over(responder: Person, incident: Incident) -> None:
    found = preview(incident, HOSTER, tlp="CLEAR")
    assert codes(found) == {"first", "concerned", "lower"}
    for missing in codes(found):
        with pytest.raises(ValidationError, match="Confirm this"):
            actions.converse(
                actor=responder, incident=incident, writing=writing(HOSTER, tlp="CLEAR"), seen=found.digest,
                confirmed=codes(found) - {missing},
            )  # fmt: skip
    mail = converse(responder, incident, HOSTER, tlp="CLEAR")
    assert {code for code, _text in mail.confirmed} == {"first", "concerned", "lower"}
    assert codes(preview(incident, HOSTER, tlp="CLEAR")) == {"concerned", "lower"}


def test_each_state_of_a_contact_is_a_warning_of_its_own(incident: Incident) -> None:
    desk, now = contact(), timezone.now()
    Asset.objects.create(organisation=desk.organisation, kind="mail_domain", value="dep-a.example")
    to = To("desk@a.example", "DEPA")
    assert codes(preview(incident, to)) == {"first", "domain"}
    late = now - timedelta(days=200)
    Contact.objects.update(absent_until=now.date(), bounced_at=now, confirmed_at=late, created_at=late)
    found = preview(incident, to)
    assert codes(found) == {"first", "domain", "absent", "bounced", "unconfirmed"}
    assert "(dep-a.example)" in next(each.text for each in found.cautions if each.code == "domain")


def test_a_mail_to_a_key_leaves_encrypted(responder: Person, incident: Incident) -> None:
    theirs = Tsk.generate("<desk@a.example>")
    contact(key=str(theirs.extract_certificate()))
    to = To("desk@a.example", "DEPA")
    assert preview(incident, to).encrypted
    assert converse(responder, incident, to).encrypted


def test_a_key_that_ran_out_is_a_warning_or_a_refusal_where_all_must_be_encrypted(incident: Incident) -> None:
    old = str(Tsk.generate("<desk@a.example>", validity_seconds=1).extract_certificate())
    contact(key=old)
    to = To("desk@a.example", "DEPA")
    later = timezone.now() + timedelta(days=1)
    with patch("tocsin.rooms.notices.queries.parties.timezone.now", return_value=later):
        found = preview(incident, to)
        assert ("key" in codes(found), found.refusals) == (True, ())
        Contact.objects.update(only_encrypted=True)
        found = preview(incident, to)
        assert "key" not in codes(found)
        assert "encrypted mail only" in found.refusals[0]


def test_whose_an_address_is_nobody_is_believed_without_its_domain(incident: Incident) -> None:
    claimed = To("stranger@elsewhere.example", "DEPA")
    assert "bears out" in preview(incident, claimed).refusals[0]
    Asset.objects.create(organisation=Organisation.objects.get(code="DEPA"), kind="mail_domain", value="a.example")
    found = preview(incident, To("new@mail.a.example", "DEPA"))
    assert (found.refusals, codes(found)) == ((), {"first"})
    found = preview(incident, claimed, tlp="CLEAR")
    assert (found.refusals, codes(found)) == ((), {"first", "domain", "concerned", "lower"})
    assert preview(incident, claimed).refusals


def test_whoever_it_does_not_concern_gets_nothing_of_it(incident: Incident) -> None:
    assert "TLP:AMBER" in preview(incident, To("officer_b@tocsin.example", "DEPB")).refusals[0]
    assert preview(incident, To("outsider@tocsin.example")).refusals


def test_whoever_answers_above_gets_what_concerns_those_below(incident: Incident) -> None:
    found = preview(incident, To("ciso@tocsin.example", "INST"))
    assert (found.refusals, codes(found)) == ((), {"first"})


def test_a_colleague_who_serves_them_may_be_written_to(responder: Person, incident: Incident) -> None:
    mail = converse(responder, incident, To("analyst@tocsin.example"))
    assert (mail.thread.party, mail.thread.organisation) == ("person", None)


def test_the_names_of_others_concerned_are_withheld(responder: Person, shared: Incident) -> None:
    found = preview(shared, text="As at Name of DEPB, and at DEPB itself.", subject="Like DEPB")
    assert found.withheld
    for text in (found.written.subject, found.written.body):
        assert "DEPB" not in text
        assert "[name withheld]" in text
    mail = converse(responder, shared, text="As at Name of DEPB.")
    assert "DEPB" not in mail.message.body
    outside = preview(shared, HOSTER, tlp="CLEAR", text="Name of DEPA was hit.")
    assert "DEPA" not in outside.written.body


def test_what_stands_in_the_part_of_others_is_warned_of(shared: Incident) -> None:
    assert "facts" not in codes(preview(shared, text="Your host 192[.]0[.]2[.]7"))
    found = preview(shared, text="Look for 198.51.100.9")
    (caution,) = [each for each in found.cautions if each.code == "facts"]
    assert "198[.]51[.]100[.]9" in caution.text
    assert "DEPB" not in caution.text


def test_what_was_to_be_filled_in_does_not_leave(incident: Incident) -> None:
    assert "[to fill in: when]" in preview(incident, text="Until [to fill in: when].").refusals[0]
    assert preview(incident, text="Avant [à compléter : quand].").refusals


def test_the_house_does_not_write_to_itself(incident: Incident) -> None:
    assert "own address" in preview(incident, To("tocsin@tocsin.example")).refusals[0]


def test_what_changed_since_it_was_shown_does_not_leave(responder: Person, incident: Incident) -> None:
    found = preview(incident)
    converse(responder, incident, text="Somebody else was faster.")
    with pytest.raises(ValidationError, match="changed since"):
        actions.converse(
            actor=responder, incident=incident, writing=writing(), seen=found.digest, confirmed=codes(found)
        )


def test_what_only_the_named_may_read_stands_for_the_teams(responder: Person, incident: Incident) -> None:
    converse(responder, incident, tlp="RED")
    assert incident.timeline.get(event="told").audience == "team"


def test_only_handlers_with_the_right_write(
    analyst: Person, officer_a: Person, outsider: Person, incident: Incident
) -> None:
    for person in (analyst, officer_a, outsider):
        with pytest.raises(PermissionDenied):
            converse(person, incident)
    assert not OutboxMessage.objects.exists()


def test_of_a_sealed_incident_only_the_named_are_told(responder: Person, incident: Incident) -> None:
    waiting = converse(responder, incident)
    actions.seal(actor=responder, incident=incident, people=[])
    waiting.message.refresh_from_db()
    assert waiting.message.state == "failed"
    incident.refresh_from_db()
    assert "sealed" in preview(incident).refusals[0]
    actions.seal(actor=responder, incident=incident, people=[Person.objects.get(username="officer_a")])
    assert preview(incident).refusals == ()
    thread = Thread.objects.get()
    assert thread.sealed
    assert set(thread.named.values_list("username", flat=True)) == {"officer_a", "responder"}
    actions.unseal(actor=responder, incident=incident)
    thread.refresh_from_db()
    assert not thread.sealed


def test_an_officer_answers_in_the_page_for_their_own_part(
    officer_a: Person, officer_b: Person, shared: Incident
) -> None:
    part = shared.entities.get(organisation__code="DEPA")
    actions.answer_conversation(actor=officer_a, incident=shared, entity=part, text="It is isolated.")
    thread = Thread.objects.get()
    assert (thread.last, thread.remarks.get().text) == ("them", "It is isolated.")
    entry = shared.timeline.get(author=officer_a)
    assert (entry.entity, entry.audience, entry.text) == (part, "entity", "It is isolated.")
    for person, entity in ((officer_b, part), (officer_a, shared.entities.get(organisation__code="DEPB"))):
        with pytest.raises(PermissionDenied):
            actions.answer_conversation(actor=person, incident=shared, entity=entity, text="x")


def test_an_officer_answers_in_no_other_incident(officer_a: Person, responder: Person, incident: Incident) -> None:
    place = Organisation.objects.get(code="DEPA")
    other = actions.open_incident(actor=responder, title="Other", organisations=[place])
    part: IncidentEntity = other.entities.get()
    with pytest.raises(PermissionDenied):
        actions.answer_conversation(actor=officer_a, incident=incident, entity=part, text="x")


def test_no_officer_answers_in_a_sealed_incident(officer_a: Person, responder: Person, incident: Incident) -> None:
    part = incident.entities.get()
    actions.seal(actor=responder, incident=incident, people=[officer_a])
    with pytest.raises(PermissionDenied):
        actions.answer_conversation(actor=officer_a, incident=incident, entity=part, text="x")


def test_the_officer_stays_who_answers_for_the_organisation(incident: Incident) -> None:
    found = preview(incident, OFFICER)
    assert (found.who.entered, found.who.house, found.refusals, codes(found)) == (True, "DEPA", (), {"first"})
