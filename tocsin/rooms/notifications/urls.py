"""Addresses of the room."""

from __future__ import annotations

from django.urls import path

from tocsin.rooms.notifications import pages

urlpatterns = [
    path("notifications/", pages.notifications, name="notifications"),
    path("notifications/read/", pages.read_all, name="notifications_read"),
    path("notifications/wishes/", pages.wishes, name="notification_wishes"),
    path("notifications/<uuid:uuid>/read/", pages.read, name="notification_read"),
    path("live/", pages.live, name="live"),
    path("live/<slug:kind>/", pages.live, name="live_list"),
    path("live/<slug:kind>/<uuid:uuid>/", pages.live, name="live_one"),
]
