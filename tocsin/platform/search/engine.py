"""The database's own index: FTS5 on SQLite, a text search vector on PostgreSQL. Both give the newest ids that match."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from django.db import connection

from tocsin.platform.search.models import SearchDocument
from tocsin.platform.search.words import Term

TABLE = "search_searchdocument"
WORDS_KNOWN = 1_000  # times 10, the commonest; PostgreSQL manual, ALTER TABLE, SET STATISTICS
SQLITE = (
    f"""
    CREATE VIRTUAL TABLE search_words USING fts5(
        title, text, readers, content='{TABLE}', content_rowid='id', tokenize='unicode61 remove_diacritics 2'
    )
    """,
    f"""
    CREATE TRIGGER search_words_insert AFTER INSERT ON {TABLE} BEGIN
        INSERT INTO search_words (rowid, title, text, readers) VALUES (NEW.id, NEW.title, NEW.text, NEW.readers);
    END
    """,
    f"""
    CREATE TRIGGER search_words_delete AFTER DELETE ON {TABLE} BEGIN
        INSERT INTO search_words (search_words, rowid, title, text, readers)
        VALUES ('delete', OLD.id, OLD.title, OLD.text, OLD.readers);
    END
    """,
)
POSTGRESQL = (f"CREATE INDEX search_words ON {TABLE} USING gin (words)",)


class Row(NamedTuple):
    """A document as it is written; the fields are those of `SearchDocument`."""

    id: int
    source: str
    thing: int
    part: str
    kind: str
    title: str
    text: str
    readers: str
    digest: str
    words: str


FOUND = "id, source, thing, kind, title, readers"
KEEP = f"INSERT INTO {TABLE} ({', '.join(Row._fields)}) VALUES ({', '.join(['%s'] * len(Row._fields))})"


def keep(rows: Sequence[Row]) -> None:
    """Write documents; three times as fast as through the models, which matters when a million are read anew."""
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(KEEP, rows)


def make(_apps: Any, editor: Any) -> None:
    """Make the index beside the table of documents; called by the migration."""
    for statement in POSTGRESQL if editor.connection.vendor == "postgresql" else SQLITE:
        editor.execute(statement)


def know_words(_apps: Any, editor: Any) -> None:
    """Let PostgreSQL count more words than it does by itself; called by a migration."""
    if editor.connection.vendor == "postgresql":
        editor.execute(f"ALTER TABLE {TABLE} ALTER COLUMN words SET STATISTICS {WORDS_KNOWN}")


def newest(
    terms: Sequence[Term], readers: Collection[str], also: Sequence[Collection[str]], since: int, most: int
) -> list[Any]:
    """Give the newest documents with all ``terms``, one of ``readers`` and one of each set of ``also``, as ``FOUND``.

    ``since`` is the least id that counts.
    """
    if not terms or not readers:
        return []
    tokens = [readers, *also]
    if connection.vendor == "postgresql":
        sql = f"SELECT {FOUND} FROM {TABLE} WHERE words @@ %s::tsquery AND id >= %s ORDER BY id DESC LIMIT %s"
        asked = _postgresql(terms, tokens)
    else:
        matching = "SELECT rowid FROM search_words WHERE search_words MATCH %s AND rowid >= %s"
        newest_first = f"{matching} ORDER BY rowid DESC LIMIT %s"
        sql = f"SELECT {FOUND} FROM {TABLE} WHERE id IN ({newest_first}) ORDER BY id DESC"
        asked = _sqlite(terms, tokens)
    with connection.cursor() as cursor:
        cursor.execute(sql, [asked, since, most])
        rows: list[Any] = cursor.fetchall()
        return rows


def _sqlite(terms: Sequence[Term], tokens: Sequence[Collection[str]]) -> str:
    said = [f'"{" ".join(term.words)}"' + (" *" if term.prefix else "") for term in terms]
    marked = ["readers : (" + " OR ".join(f'"{token}"' for token in sorted(some)) + ")" for some in tokens]
    return " AND ".join(["{title text} : (" + " AND ".join(said) + ")", *marked])


def _postgresql(terms: Sequence[Term], tokens: Sequence[Collection[str]]) -> str:
    said = [" <-> ".join(f"'{word}'" for word in term.words) + (":*" if term.prefix else "") for term in terms]
    marked = ["(" + " | ".join(f"'={token}'" for token in sorted(some)) + ")" for some in tokens]
    return " & ".join([*(f"({each})" for each in said), *marked])


def analysed() -> None:
    """Let the index merge what many writes left behind."""
    if connection.vendor != "postgresql" and SearchDocument.objects.exists():
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO search_words(search_words) VALUES ('optimize')")
