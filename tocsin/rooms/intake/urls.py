"""Addresses of the intake room."""

from __future__ import annotations

from django.urls import path

from tocsin.rooms.intake import pages

SOURCE, RECEIPT = "intake/sources/<uuid:uuid>/", "intake/receipts/<uuid:uuid>/"

urlpatterns = [
    path("intake/sources/", pages.sources, name="sources"),
    path("intake/sources/new/", pages.source_new, name="source_new"),
    path(SOURCE, pages.source, name="source"),
    path(f"{SOURCE}token/", pages.source_token, name="source_token"),
    path("intake/receipts/", pages.receipts, name="receipts"),
    path(RECEIPT, pages.receipt, name="receipt"),
    path(f"{RECEIPT}rejected/<int:record>/", pages.rejected, name="rejected"),
]
