"""Lists that stay quick at any length: pages by key instead of by offset, and counts that stop.

The ordering of a list must be one an index has, must end in a unique field, and no field of it may be null.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.contrib.humanize.templatetags.humanize import intcomma
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import BooleanField, F, Field, Func, Model, Q, QuerySet, Value
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tocsin.platform import opaque

M = TypeVar("M", bound=Model)

COUNT_LIMIT = 10_000


@dataclass(frozen=True, slots=True)
class Order:
    """One way to order a list: ``fields`` as `keyset` takes them."""

    value: str
    label: str | Promise
    fields: tuple[str, ...]


NEWEST = Order("", _("newest first"), ("-id",))
OLDEST = Order("oldest", _("oldest first"), ("id",))


def order_of(orders: Sequence[Order], value: str) -> Order:
    """Give the order that was chosen, the first when there is none such."""
    return next((order for order in orders if order.value == value), orders[0])


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list, and the cursors of the pages beside it (empty when there is none)."""

    items: Sequence[Any]
    next: str = ""
    previous: str = ""

    @property
    def several(self) -> bool:
        """Tell whether there is more than this page."""
        return bool(self.next or self.previous)


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a list: after (or, going back, before) the row with these values."""

    values: tuple[Any, ...]
    back: bool = False

    def __str__(self) -> str:
        text = json.dumps([self.back, *self.values], default=str, separators=(",", ":"))
        return opaque.shut(text)


class RowCompare(Func):
    """Compare whole rows, ``(a, b) < (x, y)``: one step into the index.

    Both databases can; Django's own tuple lookups spell it out in ORs on SQLite, which walks the index instead.
    """

    output_field = BooleanField()

    def __init__(self, left: Sequence[Any], right: Sequence[Any], sign: str) -> None:
        super().__init__(*left, *right)
        self.sign, self.width = sign, len(left)

    def as_sql(
        self, compiler: Any, connection: Any, *_spelling: Any, **_more: Any
    ) -> tuple[str, tuple[str | int, ...]]:
        parts = [compiler.compile(expression) for expression in self.get_source_expressions()]
        left, right = (", ".join(sql for sql, _ in some) for some in (parts[: self.width], parts[self.width :]))
        return f"({left}) {self.sign} ({right})", tuple(value for _, values in parts for value in values)


def keyset(queryset: QuerySet[M], fields: Sequence[str] = ("-id",), cursor: str = "", size: int = 50) -> Page:
    """Give the page of ``queryset`` at ``cursor``, ordered by ``fields``; a cursor without sense gives the first."""
    here = _read(cursor, queryset.model, fields)
    back = here is not None and here.back
    ordering = [_turned(field) for field in fields] if back else list(fields)
    rows = list(_beyond(queryset, ordering, here).order_by(*ordering)[: size + 1])
    more, rows = len(rows) > size, rows[:size]
    if back:
        rows.reverse()
    if not rows:
        return Page(items=[])
    after, before = (Cursor(_key(rows[-1], fields)), Cursor(_key(rows[0], fields), back=True))
    return Page(
        items=rows,
        next=str(after) if more or back else "",
        previous=str(before) if (more if back else here is not None) else "",
    )


def bounded_count(queryset: QuerySet[M], limit: int = COUNT_LIMIT) -> str:
    """Count up to ``limit``, as people read it: ``812``, ``10,000+``."""
    return shown_count(queryset.order_by()[: limit + 1].count(), limit)


def shown_count(count: int, limit: int = COUNT_LIMIT) -> str:
    """Write a count that stopped looking after ``limit``."""
    return f"{intcomma(limit)}+" if count > limit else intcomma(count)


def _turned(field: str) -> str:
    return field[1:] if field.startswith("-") else f"-{field}"


def _name(field: str) -> str:
    return field.removeprefix("-")


def _key(row: Model, fields: Sequence[str]) -> tuple[Any, ...]:
    return tuple(_value(row, _name(field)) for field in fields)


def _value(row: Any, name: str) -> Any:
    for part in name.split("__"):
        row = getattr(row, part)
    return row


def _get_field(model: type[Model], name: str) -> Any:
    return model._meta.get_field(name)  # noqa: SLF001 - Django's public name for it


def _column(model: type[Model], name: str) -> Field[Any, Any]:
    *path, last = name.split("__")
    for part in path:
        model = _get_field(model, part).related_model
    field = _get_field(model, last)
    if not isinstance(field, Field):
        raise FieldDoesNotExist(name)
    return field


def _beyond(queryset: QuerySet[M], ordering: Sequence[str], cursor: Cursor | None) -> QuerySet[M]:
    if cursor is None:
        return queryset
    falling = {field.startswith("-") for field in ordering}
    if len(falling) > 1:
        return queryset.filter(_stepwise(ordering, cursor.values))
    values = [Value(v, _column(queryset.model, _name(f))) for f, v in zip(ordering, cursor.values, strict=True)]
    return queryset.filter(RowCompare([F(_name(f)) for f in ordering], values, "<" if falling == {True} else ">"))


def _stepwise(ordering: Sequence[str], values: Sequence[Any]) -> Q:
    condition, equal = Q(), Q()
    for field, value in zip(ordering, values, strict=True):
        side = "lt" if field.startswith("-") else "gt"
        condition |= equal & Q(**{f"{_name(field)}__{side}": value})
        equal &= Q(**{_name(field): value})
    return condition


def _read(text: str, model: type[Model], fields: Sequence[str]) -> Cursor | None:
    made_here = opaque.opened(text) if text else None
    if made_here is None:
        return None
    try:
        back, *values = json.loads(made_here)
        read = [_column(model, _name(f)).to_python(v) for f, v in zip(fields, values, strict=True)]
    except (ValueError, TypeError, ValidationError):
        return None
    return Cursor(tuple(read), back=back is True) if None not in read else None
