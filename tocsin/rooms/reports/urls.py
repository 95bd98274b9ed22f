"""Addresses of the room."""

from __future__ import annotations

from django.urls import path

from tocsin.rooms.reports import pages

urlpatterns = [
    path("incidents/<uuid:uuid>/report/", pages.incident_report, name="incident_report"),
    path("incidents/<uuid:uuid>/report/file/", pages.incident_report_file, name="incident_report_file"),
]
