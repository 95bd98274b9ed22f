"""Addresses of the rules room."""

from __future__ import annotations

from django.urls import path

from tocsin.rooms.rules import pages

urlpatterns = [
    path("rules/", pages.rules, name="rules"),
    path("rules/<uuid:uuid>/", pages.rule, name="rule"),
    path("rules/<uuid:uuid>/switch/", pages.switch, name="rule_switch"),
    path("rules/sets/<uuid:uuid>/switch/", pages.switch_set, name="rule_set_switch"),
]
