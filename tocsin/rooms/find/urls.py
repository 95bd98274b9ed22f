"""Addresses of the room."""

from __future__ import annotations

from django.urls import path

from tocsin.rooms.find import pages

urlpatterns = [path("search/", pages.find, name="find")]
