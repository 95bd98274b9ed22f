"""A chart is loaded once in full, and later as a difference."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from tests.charts.test_loading import GOOD
from tocsin.charts import ChartError, chart_named, load
from tocsin.platform.models import AuditEntry
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency import queries
from tocsin.rooms.constituency.actions import Change, load_chart
from tocsin.rooms.constituency.models import Asset, Contact, Mandate, Membership, Organisation, Team

pytestmark = pytest.mark.django_db


def loaded(tmp_path: Path, text: str = GOOD) -> dict[str, Change]:
    path = tmp_path / "chart.yaml"
    path.write_text(text)
    return {change.section: change for change in load_chart(chart=load(path), actor=None)}


def test_the_union_loads_and_loading_it_again_changes_nothing() -> None:
    sections = {change.section: len(change.created) for change in load_chart(chart=chart_named("eu"), actor=None)}
    assert sections["organisations"] == Organisation.objects.count() == 128
    assert sections["assets"] == Asset.objects.count()
    assert load_chart(chart=chart_named("eu"), actor=None) == []
    assert AuditEntry.objects.filter(verb="constituency.load_chart").count() == 1


def test_the_tree_follows_the_chart() -> None:
    load_chart(chart=chart_named("eu"), actor=None)
    security = Organisation.objects.get(code="HR.DS")
    assert queries.lineage(security) == ["EU", "EC", "HR"]
    assert (security.depth, security.place) == (3, "EU EC HR HR.DS")


def test_the_cast_of_the_union_may_see_what_it_should() -> None:
    load_chart(chart=chart_named("eu"), actor=None)
    people = {person.username: person for person in Person.objects.all()}

    def seen(name: str) -> int:
        return len(queries.scope_of(people[name]).organisations("alerts.view"))

    everybody = Organisation.objects.count()
    commission = Organisation.objects.filter(path__startswith=Organisation.objects.get(code="EC").path).count()
    assert [seen(name) for name in ("cert.analyst", "soc.analyst", "soc.agencies", "liso.agri", "enisa.peer")] == [
        everybody,
        commission,
        12,
        1,
        0,
    ]


def test_accounts_are_made_without_password(tmp_path: Path) -> None:
    loaded(tmp_path)
    ada = Person.objects.get(username="ada")
    assert (ada.full_name, ada.has_usable_password()) == ("Ada Acorn", False)


def test_another_address_from_the_chart_has_no_bounce(tmp_path: Path) -> None:
    loaded(tmp_path)
    Person.objects.update(mail_bounced_at=timezone.now())
    loaded(tmp_path)
    assert Person.objects.get(username="ada").bounced_at is not None
    loaded(tmp_path, GOOD.replace(Person.objects.get(username="ada").email, "new@a.example"))
    assert Person.objects.get(username="ada").bounced_at is None


def test_ownership_is_that_of_the_chart(tmp_path: Path) -> None:
    loaded(tmp_path)
    ownership = queries.ownership({"proxy": "DEPB"})
    owner = ownership.whose("pc.a.example", datetime.now(UTC))[0].asset.organisation
    assert (owner, ownership.default("proxy")) == ("DEPA", "DEPB")


def test_the_community_of_a_range_is_kept(tmp_path: Path) -> None:
    loaded(tmp_path)
    assert Asset.objects.get(value="192.0.2.128/25").community == "65000:666"


def test_only_what_differs_changes(tmp_path: Path) -> None:
    loaded(tmp_path)
    changes = loaded(tmp_path, GOOD.replace("name: Department A", "name: Agriculture"))
    assert changes == {"organisations": Change("organisations", changed=("DEPA",))}
    assert Organisation.objects.get(code="DEPA").name == "Agriculture"


def test_moving_an_organisation_moves_all_below_it(tmp_path: Path) -> None:
    loaded(tmp_path)
    text = GOOD.replace("kind: department, parent: INST}", "kind: department}").replace(
        "parent: INST\n", "parent: DEPB\n"
    )
    assert loaded(tmp_path, text)["tree"].changed == ("DEPA", "DEPB")
    assert queries.lineage(Organisation.objects.get(code="DEPA")) == ["DEPB"]


def test_what_the_chart_drops_is_ended_and_the_past_stays(tmp_path: Path) -> None:
    loaded(tmp_path)
    text = GOOD.replace("  - {person: ada, role: analyst, team: SOC}\n", "").replace("hosts: [pc1, srv", "hosts: [srv")
    text = text.replace("  - {organisation: DEPA, role: officer, name: Desk, email: desk@a.example}\n", "")
    changes = loaded(tmp_path, text.replace("mandates: [{organisation: INST, services: [monitoring]}]", "mandates: []"))
    assert {section: change.gone for section, change in changes.items()} == {
        "memberships": ("ada analyst SOC",),
        "mandates": ("SOC INST",),
        "contacts": ("DEPA officer Desk",),
        "assets": ("host pc1 DEPA",),
    }
    assert Membership.objects.get().valid_to <= timezone.now()  # type: ignore[operator]  # it was just set
    assert queries.ownership().whose("pc1", datetime(2020, 1, 1, tzinfo=UTC))[0].wins
    assert (Mandate.objects.count(), Contact.objects.count()) == (0, 0)


def test_what_comes_back_into_the_chart_holds_again(tmp_path: Path) -> None:
    loaded(tmp_path)
    loaded(tmp_path, GOOD.replace("hosts: [pc1, srv", "hosts: [srv"))
    assert loaded(tmp_path)["assets"].changed == ("host pc1 DEPA",)
    assert Asset.objects.get(value="pc1").valid_to is None


def test_an_organisation_that_the_chart_drops_becomes_inactive(tmp_path: Path) -> None:
    loaded(tmp_path)
    gone = "  - {code: DEPB, name: Department B, kind: department, parent: INST}\n"
    assert loaded(tmp_path, GOOD.replace(gone, ""))["organisations"].gone == ("DEPB",)
    assert not Organisation.objects.get(code="DEPB").active
    assert loaded(tmp_path)["organisations"].changed == ("DEPB",)


def test_what_people_added_by_hand_stays(tmp_path: Path, chart: Mapping[str, Person]) -> None:
    loaded(tmp_path)
    assert Organisation.objects.get(code="OTHER").active
    assert set(Team.objects.values_list("code", flat=True)) == {"SOC", "CSIRC"}
    assert Membership.objects.get(person=chart["responder"]).valid_to is None


def test_the_choices_people_made_for_themselves_stay(tmp_path: Path) -> None:
    loaded(tmp_path)
    Person.objects.filter(username="ada").update(language="fr", timezone="Asia/Tokyo", full_name="A. A.")
    assert loaded(tmp_path)["people"].changed == ("ada",)
    ada = Person.objects.get(username="ada")
    assert (ada.language, ada.timezone, ada.full_name) == ("fr", "Asia/Tokyo", "Ada Acorn")


def test_a_broken_chart_changes_nothing(tmp_path: Path) -> None:
    loaded(tmp_path)
    with pytest.raises(ChartError):
        loaded(tmp_path, GOOD.replace("192.0.2.0/25", "192.0.2.1/25"))
    assert Asset.objects.filter(value="192.0.2.0/25").exists()


def test_only_who_manages_everything_may_load(chart: Mapping[str, Person]) -> None:
    with pytest.raises(PermissionDenied):
        load_chart(chart=chart_named("eu"), actor=chart["analyst"])
    with pytest.raises(PermissionDenied):
        load_chart(chart=chart_named("eu"), actor=chart["admin"])  # of INST, not of OTHER
    Organisation.objects.filter(code="OTHER").delete()
    assert load_chart(chart=chart_named("eu"), actor=chart["admin"])
