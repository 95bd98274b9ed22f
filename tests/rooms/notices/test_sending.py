"""Each organisation is told its own facts, once, and nobody before a person has looked."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client

from tests.rooms.notices.conftest import contact, mails, part, rest, seen
from tocsin.platform.models import AuditEntry, GateEntry, OutboxMessage
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Asset, Membership, Organisation
from tocsin.rooms.notices import actions, knowledge
from tocsin.rooms.notices.actions.tell import tell
from tocsin.rooms.notices.models import Notice, Part, Telling

ClientOf = Callable[[Person], Client]
Write = Callable[..., Notice]


def test_nothing_is_sent_by_writing(draft: Write) -> None:
    notice = draft()
    assert set(notice.parts.values_list("organisation__code", "state")) == {("DEPA", "waiting"), ("DEPB", "waiting")}
    assert (notice.nobody, notice.unread) == (1, [[4, "not-a-name"]])
    assert not OutboxMessage.objects.exists()


def test_each_is_told_its_own_facts_only(sent: Write) -> None:
    notice = sent()
    told = mails()
    assert set(told) == {"officer_a@tocsin.example", "officer_b@tocsin.example"}
    for own, other, address in (("192.0.2.7", "192.0.2.200", "officer_a"), ("192.0.2.200", "192.0.2.7", "officer_b")):
        body = told[f"{address}@tocsin.example"]
        assert f"{own} (yours: " in body
        assert f"{other} " not in body
        assert "203.0.113.9" not in body
    for message in OutboxMessage.objects.all():
        (facts,) = message.attachments.all()
        assert len(facts.text.splitlines()) == 2
        assert message.subject.startswith("[TLP:AMBER] [N-")
    assert (part(notice, "DEPA").state, part(notice, "DEPA").settled) == ("told", False)
    assert GateEntry.objects.filter(allowed=True, item_type="notice").count() == 2
    assert AuditEntry.objects.filter(verb="notice.send").count() == 1


def test_nothing_is_sent_twice(sent: Write, analyst: Person) -> None:
    notice = sent()
    with pytest.raises(actions.NoticeError, match="nothing to send"):
        actions.send(actor=analyst, notice=notice, seen="")
    assert OutboxMessage.objects.count() == 2


def test_whoever_would_be_told_has_changed_so_a_person_looks_again(draft: Write, analyst: Person) -> None:
    notice = draft()
    before = seen(notice)
    Membership.objects.filter(role="officer", organisation__code="DEPA").delete()
    contact("DEPA", "officer", "new@a.example")
    with pytest.raises(actions.LookAgain):
        actions.send(actor=analyst, notice=notice, seen=before)
    assert not OutboxMessage.objects.exists()
    actions.send(actor=analyst, notice=notice, seen=seen(notice))
    assert set(mails()) == {"new@a.example", "officer_b@tocsin.example"}


def test_whom_nobody_can_reach_stands_on_the_list_and_is_told_later(sent: Write, analyst: Person) -> None:
    Membership.objects.filter(role__in=("officer", "ciso")).delete()
    contact("DEPB", "officer", "b@b.example")
    notice = sent()
    missed = part(notice, "DEPA")
    assert (missed.state, missed.trouble) == ("unreached", "Nobody there or above can be reached.")
    contact("DEPA", "deputy", "deputy@a.example")
    outcome = rest(notice, analyst)
    assert (outcome.organisations, set(mails())) == (1, {"b@b.example", "deputy@a.example"})
    assert (part(notice, "DEPA").state, part(notice, "DEPA").trouble) == ("told", "")
    assert OutboxMessage.objects.filter(recipient="b@b.example").count() == 1


def test_those_above_are_told_in_its_stead(sent: Write) -> None:
    Membership.objects.filter(role="officer", organisation__code="DEPA").delete()
    contact("INST", "officer", "top@inst.example")
    sent()
    body = mails()["top@inst.example"]
    assert "192.0.2.7" in body
    assert "192.0.2.200" not in body


def test_each_reads_in_their_language(sent: Write) -> None:
    Person.objects.filter(username="officer_b").update(language="fr")
    sent(texts={"en": {"text": "Look at it."}, "fr": {"text": "Veuillez regarder."}})
    assert "Look at it." in mails()["officer_a@tocsin.example"]
    assert "Veuillez regarder." in mails()["officer_b@tocsin.example"]
    assert "Ce message est TLP:AMBER" in mails()["officer_b@tocsin.example"]


def test_every_kind_has_its_text(draft: Write) -> None:
    for kind in knowledge.routes().kinds:
        notice = draft(kind=kind)
        assert notice.editions.get().texts["fr"]["text"]


def test_nobody_writes_to_whom_they_do_not_serve(ranges: None, officer_a: Person, outsider: Person) -> None:
    for person in (officer_a, outsider):
        with pytest.raises((PermissionDenied, actions.NoticeError)):
            actions.draft_list(
                actor=person, text="192.0.2.7", title="t", kind="indicators", severity=2, tlp="AMBER"
            )  # fmt: skip
    assert not Notice.objects.exists()


def test_a_text_that_names_one_of_them_is_pointed_out(draft: Write) -> None:
    from tocsin.rooms.notices import queries

    notice = draft(texts={"en": {"text": "Name of DEPA has 192.0.2[.]7 infected."}})
    warnings = " ".join(queries.plan(notice.editions.get()).warnings)
    assert "192.0.2.7" in warnings
    assert "Name of DEPA" in warnings


def test_what_a_policy_sends_by_itself(draft: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    notice = draft(kind="exposure")
    with pytest.raises(actions.NoticeError, match="policy"):
        actions.send_by_itself(notice)
    known = knowledge.routes().model_copy(update={"by_itself": {"exposure": "Policy 7"}})
    monkeypatch.setattr(knowledge, "routes", lambda: known)
    assert actions.send_by_itself(notice).organisations == 2
    assert AuditEntry.objects.filter(verb="notice.by_itself").exists()


def test_what_is_thrown_away_leaves_nothing(draft: Write, analyst: Person) -> None:
    actions.discard(actor=analyst, notice=draft())
    assert not Notice.objects.exists()
    assert not Part.objects.exists()


def test_the_whole_way_on_the_pages(
    ranges: None, analyst: Person, officer_a: Person, officer_b: Person, client_of: ClientOf
) -> None:
    client = client_of(analyst)
    form = {"values": "192.0.2.7", "title": "Command server", "kind": "indicators", "severity": "2", "tlp": "AMBER"}
    page = client.post("/notices/new/", form, follow=True)
    notice = Notice.objects.get()
    text = page.content.decode()
    assert "officer_a@tocsin.example" in text
    assert "nothing is sent yet" in text
    digest = text.split('name="seen" value="')[1].split('"')[0]
    answer = client.post(f"/notices/{notice.uuid}/send/", {"seen": digest}, follow=True).content.decode()
    assert "1 organisation is told." in answer
    assert "Of 1 told, 0 have answered; 1 silent." in answer
    for url in ("/notices/", "/notices/matrix/", "/notices/board/", f"/notices/{notice.uuid}/telephone/"):
        assert client.get(url).status_code == 200
    own = part(notice, "DEPA")
    assert "Command server" in client_of(officer_a).get("/notices/mine/").content.decode()
    assert client_of(officer_a).get(f"/notices/part/{own.uuid}/").status_code == 200
    assert client_of(officer_b).get(f"/notices/part/{own.uuid}/").status_code == 404
    assert "Command server" not in client_of(officer_b).get("/notices/mine/").content.decode()
    assert Telling.objects.get().told_by == analyst


def test_an_organisation_that_ended_is_said(draft: Write, analyst: Person) -> None:
    notice = draft()
    Organisation.objects.filter(code="DEPA").update(active=False)
    actions.send(actor=analyst, notice=notice, seen=seen(notice))
    assert (part(notice, "DEPA").state, part(notice, "DEPA").trouble) == ("unreached", "The organisation has ended.")


def test_an_incident_leads_to_a_notice_for_those_concerned(
    ranges: None, responder: Person, analyst: Person, client_of: ClientOf
) -> None:
    from tocsin.rooms.incidents import actions as incidents
    from tocsin.rooms.incidents.models import Incident

    incident = incidents.open_incident(
        actor=responder, title="Macro & more", severity=4, organisations=Organisation.objects.filter(code="DEPA")
    )
    client = client_of(responder)
    page = client.get(f"/incidents/{incident.uuid}/").content.decode()
    link = unescape(page.split('href="/notices/new/?')[1].split('"')[0])
    form = client.get(f"/notices/new/?{link}").content.decode()
    assert 'value="Macro &amp; more"' in form
    assert re.search(r'value="DEPA"[^>]*checked', form)
    assert '<option value="4" selected>' in form
    given = {
        "values": "", "title": "t", "kind": "incident", "severity": 4, "tlp": "AMBER", "organisations": "DEPA",
        "matter": f"incident:{incident.uuid}",
    }  # fmt: skip
    client.post("/notices/new/", given)
    notice = Notice.objects.get()
    assert (notice.matter, notice.sealed) == (incident.uuid, False)
    assert notice.title in client.get(f"/incidents/{incident.uuid}/").content.decode()
    incidents.seal(actor=responder, incident=incident, people=[])
    assert Notice.objects.get().sealed
    assert client.get(f"/notices/{notice.uuid}/").status_code == 200
    assert client_of(analyst).get(f"/notices/{notice.uuid}/").status_code == 404
    assert client_of(analyst).post("/notices/new/", given).status_code == 404
    client.post("/notices/new/", given)
    assert set(Notice.objects.values_list("sealed", flat=True)) == {True}
    incidents.unseal(actor=responder, incident=Incident.objects.get())
    assert client_of(analyst).get(f"/notices/{notice.uuid}/").status_code == 200


def test_alerts_lead_to_a_notice_with_each_organisations_own(
    ranges: None, analyst: Person, client_of: ClientOf
) -> None:
    from django.utils import timezone

    from tocsin.rooms.alerts.models import Alert

    now = timezone.now()
    for number, (code, subject) in enumerate((("DEPA", "ws-a.example"), ("DEPB", "ws-b.example"), (None, "nobody"))):
        Alert.objects.create(
            key=f"k{number}", rule_id="r", rule_version="1", title="PsExec", level=3, subject_kind="host",
            subject=subject, organisation=Organisation.objects.filter(code=code).first(), window_start=now,
            first_seen=now, last_seen=now, count=5,
        )  # fmt: skip
    chosen = [str(uuid) for uuid in Alert.objects.values_list("uuid", flat=True)]
    page = client_of(analyst).post("/alerts/bulk/", {"do": "tell", "selected": chosen}, follow=True).content.decode()
    assert "nothing is sent yet" in page
    notice = Notice.objects.get()
    assert (notice.title, notice.severity, notice.kind) == ("PsExec", 3, "exposure")
    actions.send(actor=analyst, notice=notice, seen=seen(notice))
    body = mails()["officer_a@tocsin.example"]
    assert "ws-a.example (seen 5 times" in body
    assert "PsExec" in body
    assert "ws-b" not in body
    assert "nobody" not in " ".join(mails().values()).replace("Nobody", "")


def test_a_prefix_that_belongs_to_two_is_told_to_both_and_to_nobody_else(draft: Write, analyst: Person) -> None:
    for code in ("DEPA", "DEPB"):
        Asset.objects.create(organisation=Organisation.objects.get(code=code), kind="prefix", value="198.51.100.0/24")
    notice = draft("198.51.100.9\n192.0.2.7")
    actions.send(actor=analyst, notice=notice, seen=seen(notice))
    found = mails()
    assert "198[.]51[.]100[.]9" not in found["officer_a@tocsin.example"]  # what one holds is written as it is
    for officer in ("officer_a", "officer_b"):
        assert "198.51.100.9 (yours: 198.51.100.0/24)" in found[f"{officer}@tocsin.example"]
    assert "192.0.2.7" not in found["officer_b@tocsin.example"]
    assert {each.state for each in notice.parts.all()} == {"told"}


@pytest.mark.parametrize("title", ["[N-26-ABCDEFGH] Command server", "N-26-ABCDEFGH", "[TLP:CLEAR] [INC-26-ABCDEF] x"])
def test_a_title_that_looks_like_a_reference_misleads_nobody(sent: Write, title: str) -> None:
    from tocsin.rooms.notices.actions import take

    notice = sent(title=title)
    told = part(notice, "DEPA")
    subject = mails()["officer_a@tocsin.example"].partition("\n")[0]
    assert subject.startswith(f"[TLP:AMBER] [{told.reference}] ")
    answer = f"From: officer_a@tocsin.example\nTo: tocsin@tocsin.example\nSubject: Re: {subject}\n\nDone.\n"
    letter = take(answer.encode())
    assert letter.part in {told, None}  # two references in a subject: a person looks
    assert (part(notice, "DEPA").state == "done") is (letter.part is not None)


def test_all_alerts_that_match_lead_to_one_notice(ranges: None, analyst: Person, client_of: ClientOf) -> None:
    from django.utils import timezone

    from tocsin.rooms.alerts.models import Alert

    now, place = timezone.now(), Organisation.objects.get(code="DEPA")
    for number in range(60):
        Alert.objects.create(
            key=f"k{number}", rule_id="r" if number < 50 else "s", rule_version="1", title="PsExec", level=3,
            subject_kind="host", subject=f"ws-{number}.example", organisation=place, window_start=now, first_seen=now,
            last_seen=now, count=1,
        )  # fmt: skip
    client = client_of(analyst)
    client.post("/alerts/bulk/", {"do": "tell", "whole": "1", "back": "/alerts/?rule=r"})
    (share,) = Notice.objects.get().editions.get().shares.all()
    assert len(share.facts) == 50
    said = client.post("/alerts/bulk/", {"do": "tell", "back": "/alerts/?rule=r"}, follow=True)
    assert "Select at least one alert." in said.content.decode()


def test_alerts_of_a_sealed_incident_are_told_from_there(ranges: None, responder: Person, client_of: ClientOf) -> None:
    from django.utils import timezone

    from tocsin.rooms.alerts.models import Alert
    from tocsin.rooms.incidents import actions as incidents

    now, place = timezone.now(), Organisation.objects.get(code="DEPA")
    alert = Alert.objects.create(
        key="k", rule_id="r", rule_version="1", title="PsExec", level=3, subject_kind="host", subject="ws",
        organisation=place, window_start=now, first_seen=now, last_seen=now, count=1,
    )  # fmt: skip
    incident = incidents.open_incident(actor=responder, title="x", organisations=[place], alerts=[alert])
    incidents.seal(actor=responder, incident=incident, people=[])
    said = client_of(responder).post("/alerts/bulk/", {"do": "tell", "selected": [str(alert.uuid)]}, follow=True)
    assert "sealed incident" in said.content.decode()
    assert not Notice.objects.exists()


def test_the_same_words_told_twice_are_one_mail(draft: Write) -> None:
    from tocsin.rooms.notices import queries

    words = [word for row in queries.plan(draft().editions.get()).rows for word in row.words]
    for _again in range(2):
        assert tell(actor=None, words=[*words, *words], why=Telling.Why.FIRST) == {}
    assert OutboxMessage.objects.count() == Telling.objects.count() == 2


def test_sent_again_by_a_person_it_counts_as_told_again(sent: Write, analyst: Person) -> None:
    sent()
    message = OutboxMessage.objects.earliest("pk")
    OutboxMessage.objects.filter(pk=message.pk).update(state="failed")
    Telling.objects.filter(message=message).update(failed_at=message.created_at, failure="550")
    actions.send_again(message, actor=analyst)
    assert (Telling.objects.get(message=message).failed_at, message.state) == (None, "queued")


def test_an_administrator_finds_the_routes_and_reads_no_notice(sent: Write, admin: Person, client_of: ClientOf) -> None:
    notice, client = sent(), client_of(admin)
    assert client.get("/notices/routing/?value=DEPA&kind=incident&severity=5").status_code == 200
    for path in ("/notices/", "/notices/matrix/", "/notices/affected/", f"/notices/{notice.uuid}/"):
        assert client.get(path).status_code == 403, path
    assert client.get(f"/notices/part/{part(notice, 'DEPA').uuid}/").status_code == 403
