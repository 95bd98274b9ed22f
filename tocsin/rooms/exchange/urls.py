"""Addresses of the exchange."""

from __future__ import annotations

from django.urls import path

from tocsin.rooms.exchange import pages

ONE = "exchange/imports/<uuid:uuid>/"
DESK = "exchange/desks/<uuid:uuid>/"
ELSEWHERE = "incidents/<uuid:uuid>/elsewhere/"

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
    path("exchange/desks/", pages.foreign_desks, name="foreign_desks"),
    path("exchange/desks/new/", pages.foreign_desk_new, name="foreign_desk_new"),
    path(DESK, pages.foreign_desk, name="foreign_desk"),
    path(f"{DESK}try/", pages.foreign_desk_try, name="foreign_desk_try"),
    path(f"{DESK}run/", pages.foreign_desk_run, name="foreign_desk_run"),
    path("called/desk/<uuid:uuid>/", pages.foreign_desk_called, name="foreign_desk_called"),
    path(ELSEWHERE, pages.incident_elsewhere, name="incident_elsewhere"),
    path(f"{ELSEWHERE}<uuid:ticket>/now/", pages.incident_ticket_now, name="incident_ticket_now"),
    path(f"{ELSEWHERE}<uuid:part>/begin/", pages.incident_ticket_begin, name="incident_ticket_begin"),
]
