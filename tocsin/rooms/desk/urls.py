"""Addresses of the room."""

from __future__ import annotations

from django.urls import path

from tocsin.rooms.desk import pages

urlpatterns = [
    path("", pages.desk, name="desk"),
    path("desk/figures/", pages.desk_figures, name="desk_figures"),
    path("desk/rest/", pages.desk_rest, name="desk_rest"),
    path("overview/", pages.overview, name="overview"),
    path("ledger/", pages.ledger, name="ledger"),
    path("ledger/<uuid:uuid>/confirm/", pages.confirm, name="message_confirm"),
    path("ledger/<uuid:uuid>/again/", pages.again, name="message_again"),
    path("audit/", pages.audit_trail, name="audit"),
]
