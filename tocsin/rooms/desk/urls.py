"""Addresses of the room."""

from __future__ import annotations

from django.urls import path

from tocsin.rooms.desk import pages

urlpatterns = [path("", pages.desk, name="desk")]
