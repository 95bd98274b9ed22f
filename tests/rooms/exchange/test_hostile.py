"""Whatever is in a file, reading it ends, says what is wrong, and accounts for every record."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.rooms.exchange.conftest import DATA, Receive
from tocsin.rooms.exchange import knowledge
from tocsin.rooms.exchange.models import Import, Staged
from tocsin.rooms.incidents.models import Incident

SLOW = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
SAMPLES = {name: (DATA / f"{name}.json").read_bytes() for name in ("fir", "thehive", "iris")}


@SLOW
@given(st.sampled_from(sorted(knowledge.peers())), st.binary(max_size=200), st.data())
@pytest.mark.django_db
def test_a_damaged_file_is_accounted_for(receive: Receive, name: str, noise: bytes, data: st.DataObject) -> None:
    whole = SAMPLES.get(name, b"No,Titre\n1,a\n2,b\n")
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + 400)))
    load = receive(name, whole[:start] + noise + whole[end:])
    assert load.state in {"ready", "failed", "columns"}
    if load.state == "ready":
        waiting = Staged.objects.filter(load=load, fate="waiting").count()
        assert load.records == waiting + load.duplicates + load.rejected
    Import.objects.all().delete()


@pytest.mark.django_db
def test_long_texts_and_many_things_are_cut_and_said(bring: Receive) -> None:
    text = "x" * 1_000_000
    load = bring(
        "fir",
        f'[{{"id": "{text}", "subject": "{text}", "description": "{text}", "concerned_business_lines": ["DEPA"],'
        f' "opened_by": "{text}", "category": "{text}", "status": "{text}",'
        f' "comments_set": [{{"comment": "{text}", "opened_by": "{text}", "date": "{text}"}}]}}]',
    )
    assert (load.state, load.imported) == ("done", 1)
    incident = Incident.objects.get()
    assert len(incident.title) == 200
    assert len(incident.summary) <= 200_000


@pytest.mark.django_db
def test_nul_and_halves_of_characters_are_kept_out(bring: Receive) -> None:
    load = bring(
        "fir",
        b'[{"id": "a\\u0000b", "subject": "t\\u0000\\ud800", "description": "\xff\xfe",'
        b' "concerned_business_lines": ["DEPA"],'
        b' "comments_set": [{"comment": "c\\u0000", "date": "2020-01-01T00:00:00Z"}]}]',
    )
    assert (load.state, load.imported) == ("done", 1)
    assert "\0" not in Incident.objects.get().title


def test_memory_holds_one_record(tmp_path: Path) -> None:
    path = tmp_path / "big.json"
    with path.open("w") as file:
        file.write('{"results": [')
        for number in range(30_000):
            file.write(("," if number else "") + f'{{"id": {number}, "subject": "{"s" * 2_000}"}}')
        file.write("]}")
    assert path.stat().st_size > 60_000_000
    tracemalloc.start()
    assert sum(1 for _ in knowledge.records(path, knowledge.peers()["fir"])) == 30_000
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 10_000_000
