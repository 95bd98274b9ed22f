"""Rules are taken in once, refusals are kept, and what runs is one plan."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.core.exceptions import PermissionDenied

from tests.rooms.rules.conftest import rule_text
from tocsin.platform.models import AuditEntry
from tocsin.rooms.rules import queries
from tocsin.rooms.rules.actions import Imported, import_folder, import_starter, switch, switch_set
from tocsin.rooms.rules.actions.errors import CannotRun, NothingToImport
from tocsin.rooms.rules.models import Level, Rule, RuleSet

if TYPE_CHECKING:
    from tocsin.rooms.accounts.models import Person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("home")]


def test_it_takes_a_folder_in(folder: Path) -> None:
    assert import_folder(actor=None, folder=folder) == Imported("house", 3, 0, 0, 0, refused=1)

    rule = Rule.objects.get(path="windows/whoami.yml")
    assert (rule.title, rule.level, rule.techniques, rule.refusal) == ("Whoami", Level.HIGH, ["T1059.001"], "")
    assert rule.text == rule_text()
    assert "process_creation" in rule.source
    assert AuditEntry.objects.get().verb == "rules.import"


def test_it_keeps_what_was_refused_with_its_reason(folder: Path) -> None:
    import_folder(actor=None, folder=folder)

    refused = Rule.objects.get(path="broken.yml")
    assert "YAML error" in refused.refusal
    assert refused.line == 3
    assert not refused.runs


def test_again_it_changes_nothing(folder: Path) -> None:
    import_folder(actor=None, folder=folder)
    before = list(Rule.objects.order_by("pk").values())

    assert import_folder(actor=None, folder=folder) == Imported("house", 0, 0, 3, 0, refused=1)
    assert list(Rule.objects.order_by("pk").values()) == before
    assert AuditEntry.objects.count() == 1


def test_a_changed_file_changes_its_rule_and_a_file_that_is_gone_takes_it_along(folder: Path) -> None:
    import_folder(actor=None, folder=folder)
    before = Rule.objects.get(path="net.yml")
    (folder / "net.yml").write_text(rule_text("Net", "net1.exe", "low"))
    (folder / "broken.yml").unlink()

    assert import_folder(actor=None, folder=folder) == Imported("house", 0, 1, 1, 1, refused=0)
    after = Rule.objects.get(path="net.yml")
    assert after.uuid == before.uuid
    assert after.version != before.version


def test_a_rule_that_was_switched_off_stays_off(folder: Path, analyst: Person) -> None:
    import_folder(actor=None, folder=folder)
    switch(actor=analyst, rule=Rule.objects.get(path="net.yml"), on=False)
    (folder / "net.yml").write_text(rule_text("Net", "net1.exe", "low"))
    import_folder(actor=None, folder=folder)

    assert not Rule.objects.get(path="net.yml").enabled


def test_several_rules_of_one_file_are_several(tmp_path: Path) -> None:
    place = tmp_path / "many"
    place.mkdir()
    (place / "two.yml").write_text(f"{rule_text('One')}---\n{rule_text('Two', 'two.exe')}")

    assert import_folder(actor=None, folder=place).added == 2
    assert list(Rule.objects.order_by("position").values_list("title", "position")) == [("One", 0), ("Two", 1)]


def test_an_id_that_another_set_has_is_refused(folder: Path, tmp_path: Path) -> None:
    import_folder(actor=None, folder=folder)
    other = tmp_path / "other"
    other.mkdir()
    (other / "copy.yml").write_text(rule_text())

    assert import_folder(actor=None, folder=other).refused == 1
    assert Rule.objects.get(path="copy.yml").refusal == "another rule has the same id: house/windows/whoami.yml"


@pytest.mark.parametrize("name", ["empty", "missing"])
def test_a_folder_without_rules_is_an_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()

    with pytest.raises(NothingToImport, match="holds no rule file"):
        import_folder(actor=None, folder=tmp_path / name)
    assert not RuleSet.objects.exists()


def test_only_those_who_manage_rules_import(folder: Path, officer_a: Person) -> None:
    with pytest.raises(PermissionDenied):
        import_folder(actor=officer_a, folder=folder)


def test_the_plan_holds_what_runs(folder: Path, analyst: Person) -> None:
    import_folder(actor=None, folder=folder)
    assert sorted(rule.title for rule in queries.plan().rules) == ["Net", "Whoami"]
    assert queries.plan() is queries.plan()
    assert not queries.plan().refused

    switch(actor=analyst, rule=Rule.objects.get(path="net.yml"), on=False)
    assert [rule.title for rule in queries.plan().rules] == ["Whoami"]

    switch_set(actor=analyst, rule_set=RuleSet.objects.get(), on=False)
    assert queries.plan().rules == ()


def test_a_hit_bears_the_version_the_room_shows(folder: Path) -> None:
    import_folder(actor=None, folder=folder)

    shown = dict(Rule.objects.filter(refusal="").values_list("sigma_id", "version"))
    assert {rule.id: rule.version for rule in queries.plan().rules} == shown


def test_a_refused_rule_is_not_switched_on(folder: Path, analyst: Person) -> None:
    import_folder(actor=None, folder=folder)

    with pytest.raises(CannotRun, match="YAML error"):
        switch(actor=analyst, rule=Rule.objects.get(path="broken.yml"), on=True)


def test_the_starter_set_runs_whole() -> None:
    done = import_starter(actor=None)

    assert done.name == "starter"
    assert done.refused == 0
    assert len(queries.plan().rules) == done.added >= 20
