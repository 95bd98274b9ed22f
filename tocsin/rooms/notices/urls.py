"""Addresses of the room."""

from __future__ import annotations

from django.urls import path

from tocsin.rooms.notices import pages

urlpatterns = [
    path("notices/affected/", pages.affected, name="affected"),
    path("notices/routing/", pages.routing, name="routing"),
]
