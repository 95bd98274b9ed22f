"""Triggers that note what changed, in the transaction of the change, whoever changed it and by whatever statement."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from tocsin.platform.search.models import SearchDue, SearchFill
from tocsin.platform.search.sources import Source, Watch, all_sources


@dataclass(frozen=True, slots=True)
class Trigger:
    """A trigger by its name and table, and what makes it."""

    name: str
    table: str
    made_by: tuple[str, ...]


def after_migrate(**_told: Any) -> None:
    """See to it that every table is watched, once the tables of the index are there."""
    if SearchDue._meta.db_table in connection.introspection.table_names():
        watch()


def watch() -> None:
    """Make the triggers that are missing or not of this version; their sources are then read from the beginning."""
    with transaction.atomic(), connection.cursor() as cursor:
        present = _present(cursor)
        for source in all_sources().values():
            wanted = list(_triggers(source))
            version = hashlib.sha256(repr(wanted).encode()).hexdigest()[:32]
            fill, _made = SearchFill.objects.get_or_create(source=source.name)
            if fill.version == version and present.issuperset(trigger.name for trigger in wanted):
                continue
            for trigger in wanted:
                for statement in trigger.made_by:
                    cursor.execute(statement)
            SearchFill.objects.filter(pk=fill.pk).update(version=version, reached=0, until=0, done=False)


def _present(cursor: Any) -> set[str]:
    if connection.vendor == "postgresql":
        cursor.execute("SELECT tgname FROM pg_trigger WHERE tgname LIKE 'search!_%' ESCAPE '!'")
    else:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'search!_%' ESCAPE '!'")
    return {name for (name,) in cursor.fetchall()}


def _triggers(source: Source) -> Iterator[Trigger]:
    write = _postgresql if connection.vendor == "postgresql" else _sqlite
    for number, seen in enumerate(source.watches):
        yield from write(source.name, f"search_{source.name}_{number}", seen, _columns(seen))


def _columns(seen: Watch) -> list[str]:
    columns = {field.name: str(field.column) for field in seen.model._meta.concrete_fields}
    return [columns[name] for name in seen.fields]


def _sqlite(source: str, name: str, seen: Watch, columns: list[str]) -> Iterator[Trigger]:
    table = seen.model._meta.db_table

    def due(row: str) -> str:
        thing = seen.thing.format(row=row)
        into = f"INSERT INTO {SearchDue._meta.db_table} (source, thing)"
        return f"{into} SELECT '{source}', {thing} WHERE {thing} IS NOT NULL;"

    changed = " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in columns)
    events = {
        "insert": ("AFTER INSERT", due("NEW")),
        "update": (f"AFTER UPDATE OF {', '.join(columns)}", due("OLD") + due("NEW")),
        "delete": ("AFTER DELETE", due("OLD")),
    }
    for event, (when, do) in events.items():
        made = f"CREATE TRIGGER {name}_{event} {when} ON {table}" + (f" WHEN {changed}" if event == "update" else "")
        yield Trigger(f"{name}_{event}", table, (f"DROP TRIGGER IF EXISTS {name}_{event}", f"{made} BEGIN {do} END"))


def _postgresql(source: str, name: str, seen: Watch, columns: list[str]) -> Iterator[Trigger]:
    """Note the rows of a statement all at once, however many it changed."""
    table = seen.model._meta.db_table

    def due(row: str, rows: str) -> str:
        thing = seen.thing.format(row=row)
        into = f"INSERT INTO {SearchDue._meta.db_table} (source, thing)"
        return f"{into} SELECT DISTINCT '{source}', {thing} FROM {rows} WHERE {thing} IS NOT NULL;"

    old, new = (", ".join(f"{side}.{column}" for column in columns) for side in ("o", "n"))
    both = f"news n JOIN olds o ON o.id = n.id AND ({new}) IS DISTINCT FROM ({old})"
    events = {
        "insert": ("NEW TABLE AS news", due("n", "news n")),
        "update": ("OLD TABLE AS olds NEW TABLE AS news", due("o", both) + due("n", both)),
        "delete": ("OLD TABLE AS olds", due("o", "olds o")),
    }
    for event, (rows, do) in events.items():
        mine = f"{name}_{event}"
        yield Trigger(
            mine,
            table,
            (
                f"""
                CREATE OR REPLACE FUNCTION {mine}() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN {do} RETURN NULL; END $$
                """,
                f"DROP TRIGGER IF EXISTS {mine} ON {table}",
                f"""
                CREATE TRIGGER {mine} AFTER {event.upper()} ON {table} REFERENCING {rows}
                FOR EACH STATEMENT EXECUTE FUNCTION {mine}()
                """,
            ),
        )
