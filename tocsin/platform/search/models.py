"""Tables of the index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models

if TYPE_CHECKING:
    Text = models.TextField[str, str]
else:  # Django's own classes take no arguments
    Text = models.TextField


class VectorField(Text):
    """PostgreSQL's text search vector; elsewhere an empty text, for the index there reads title and text itself."""

    def db_type(self, connection: Any) -> str:
        """Give the column's type."""
        return "tsvector" if connection.vendor == "postgresql" else "text"


class SearchDocument(models.Model):
    """One text that can be found. The id grows with the time the text is of: the newest are looked at first."""

    id = models.BigIntegerField(primary_key=True)
    source = models.CharField(max_length=20)
    thing = models.BigIntegerField()
    part = models.CharField(max_length=60)
    kind = models.CharField(max_length=20)
    title = models.TextField(blank=True)
    text = models.TextField(blank=True)
    readers = models.TextField(blank=True)  # tokens of who may read it and of what it is, with spaces between
    digest = models.CharField(max_length=32)
    words = VectorField(blank=True, default="")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source", "thing", "part"], name="document_once"),
        ]


class SearchDue(models.Model):
    """A thing that has changed and is to be read anew; written by triggers, in the transaction of the change."""

    source = models.CharField(max_length=20)
    thing = models.BigIntegerField()


class SearchFill(models.Model):
    """How far the first reading of a source has come."""

    source = models.CharField(max_length=20, unique=True)
    version = models.CharField(max_length=32)  # of what is watched: when that changes, everything is read again
    reached = models.BigIntegerField(default=0)
    until = models.BigIntegerField(default=0)
    done = models.BooleanField(default=False)
