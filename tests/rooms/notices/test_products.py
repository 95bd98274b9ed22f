"""Whom a product or a machine concerns."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from tests.rooms.notices.conftest import part
from tocsin.charts.schema import Chart
from tocsin.pipeline.enrich.asset import product_name
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency import queries as constituency
from tocsin.rooms.constituency.actions import add_asset
from tocsin.rooms.constituency.models import Asset, Organisation
from tocsin.rooms.notices.models import Notice

pytestmark = pytest.mark.django_db


def uses(code: str, product: str, **more: object) -> None:
    place = Organisation.objects.get(code=code)
    Asset.objects.create(organisation=place, kind="product", value=product_name(product), **more)


@pytest.mark.parametrize(
    ("written", "form"),
    [
        ("Atlassian Confluence", "atlassian confluence"),
        ("  Atlassian   confluence ", "atlassian confluence"),
        ("cpe:2.3:a:atlassian:confluence:7.19.0:*:*:*:*:*:*:*", "atlassian confluence"),
        ("cpe:/a:atlassian:confluence:7.19", "atlassian confluence"),
        ("cpe:2.3:o:fortinet:fortios:*", "fortinet fortios"),
        ("CPE:2.3:a:apache:http_server:2.4", "apache http server"),
        ("cpe:nonsense", "cpe:nonsense"),
    ],
)
def test_products_have_one_form(written: str, form: str) -> None:
    assert product_name(written) == form


def test_whoever_uses_a_product_is_concerned(draft: Callable[..., Notice]) -> None:
    uses("DEPA", "Atlassian Confluence")
    uses("DEPB", "FortiOS")
    uses("DEPB", "Atlassian Confluence", valid_to=datetime(2020, 1, 1, tzinfo=UTC))
    notice = draft("Atlassian confluence\ncpe:2.3:o:fortinet:fortios:7.2.1:*\ncpe:/a:nobody:uses_this\nPlease patch")
    shares = {each.part.organisation.code: each.facts for each in notice.editions.get().shares.all()}
    assert shares == {
        "DEPA": [{"value": "atlassian confluence", "sort": "product", "held_as": "atlassian confluence"}],
        "DEPB": [{"value": "fortinet fortios", "sort": "product", "held_as": "fortios"}],
    }
    assert (notice.nobody, [text for _line, text in notice.unread]) == (1, ["Please", "patch"])


def test_a_machine_is_known_by_its_bare_name(draft: Callable[..., Notice]) -> None:
    Asset.objects.create(organisation=Organisation.objects.get(code="DEPA"), kind="host", value="ws-042")
    notice = draft("WS-042\nws-043\n192.0.2.200")
    assert {each.organisation.code for each in notice.parts.all()} == {"DEPA", "DEPB"}
    assert part(notice, "DEPA").shares.get().facts[0]["value"] == "ws-042"
    assert notice.unread == [[2, "ws-043"]]


def test_products_are_nobodys_alone_and_attribute_nothing(ranges: None, admin: Person) -> None:
    for code in ("DEPA", "DEPB"):
        made = add_asset(
            actor=admin, organisation=Organisation.objects.get(code=code), kind="product", value="Apache HTTP_Server"
        )
        assert made.value == "apache http server"
    assert list(constituency.ownership().whose("apache http server", datetime.now(UTC))) == []


def test_a_chart_says_which_products_are_in_use() -> None:
    entry = {"code": "X", "name": "X", "kind": "department", "products": ["FortiOS", {"name": "cpe:/a:a:b"}]}
    chart = Chart.model_validate({"meta": {"name": "n", "version": "1"}, "organisations": [entry]})
    assert [used.value for used in chart.organisations[0].uses()] == ["fortios", "a b"]
    assert chart.assets() == []
