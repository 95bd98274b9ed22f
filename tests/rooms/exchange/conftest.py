"""Imports to try things on: files of foreign systems, written by hand after what those systems export."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tocsin.rooms.accounts.models import Person
from tocsin.rooms.exchange import actions
from tocsin.rooms.exchange.models import Import

DATA = Path(__file__).parents[2] / "data" / "exchange"
Receive = Callable[..., Import]


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_HOME", str(tmp_path / "home"))


@pytest.fixture
def receive(ciso: Person) -> Receive:
    """Give a function that takes files (their content, or names in the folder of data) as one import."""

    def take(peer: str, *contents: str | bytes, actor: Person = ciso, **more: object) -> Import:
        files = []
        for content in contents:
            named = isinstance(content, str) and (DATA / content).is_file() if len(content) < 100 else False
            given = (DATA / str(content)).read_bytes() if named else content
            body = given.encode() if isinstance(given, str) else given
            files.append(actions.Offered(str(content)[:40] if named else "given", [body]))
        load = actions.receive(actor=actor, peer=peer, files=files, **more)  # type: ignore[arg-type]
        actions.look_at(load)
        load.refresh_from_db()
        return load

    return take


@pytest.fixture
def bring(ciso: Person, receive: Receive) -> Receive:
    """Give a function that does the same, decides about what is left open, and brings it in."""

    def whole(peer: str, *contents: str | bytes, organisations: dict[str, str] | None = None, **more: object) -> Import:
        load = receive(peer, *contents, **more)
        actor = Person.objects.get(pk=load.created_by_id)
        actions.decide(actor=actor, load=load, organisations=organisations or {}, people={})
        load.refresh_from_db()
        actions.ask_to_bring_in(actor=actor, load=load)
        actions.work()
        load.refresh_from_db()
        return load

    return whole
