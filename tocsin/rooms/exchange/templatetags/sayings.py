"""What templates of the room say."""

from __future__ import annotations

from django import template

from tocsin.rooms.exchange.knowledge.sayings import said

register = template.Library()
register.filter("said", said)
