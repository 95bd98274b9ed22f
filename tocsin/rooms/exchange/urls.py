"""Addresses of the exchange."""

from __future__ import annotations

from django.urls import path

from tocsin.rooms.exchange import pages

ONE = "exchange/imports/<uuid:uuid>/"

urlpatterns = [
    path("exchange/", pages.exchange, name="exchange"),
    path("exchange/imports/new/", pages.import_new, name="import_new"),
    path(ONE, pages.one_import, name="import"),
    path(f"{ONE}columns/", pages.import_columns, name="import_columns"),
    path(f"{ONE}decide/", pages.import_decide, name="import_decide"),
    path(f"{ONE}undo/", pages.import_undo, name="import_undo"),
    path(f"{ONE}discard/", pages.import_discard, name="import_discard"),
    path(f"{ONE}records/", pages.import_records, name="import_records"),
    path("exchange/export/<str:kind>/", pages.export_file, name="export_file"),
    path("incidents/<uuid:uuid>/elsewhere/", pages.incident_elsewhere, name="incident_elsewhere"),
]
