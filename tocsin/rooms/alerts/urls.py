"""Addresses of the alert room."""

from __future__ import annotations

from django.urls import path

from tocsin.rooms.alerts import pages

ONE, QUIET = "alerts/<uuid:uuid>/", "alerts/suppressions/"

urlpatterns = [
    path("alerts/", pages.alerts, name="alerts"),
    path(QUIET, pages.suppressions, name="suppressions"),
    path(f"{QUIET}new/", pages.suppression_new, name="suppression_new"),
    path(f"{QUIET}<uuid:uuid>/", pages.suppression, name="suppression"),
    path(f"{QUIET}<uuid:uuid>/prolong/", pages.suppression_prolong, name="suppression_prolong"),
    path(f"{QUIET}<uuid:uuid>/lift/", pages.suppression_lift, name="suppression_lift"),
    path("alerts/bulk/", pages.bulk, name="alerts_bulk"),
    path("alerts/bulk/<uuid:uuid>/", pages.bulk_change, name="alerts_bulk_change"),
    path(ONE, pages.alert, name="alert"),
    path(f"{ONE}hits/", pages.alert_hits, name="alert_hits"),
    path(f"{ONE}raw/", pages.alert_raw, name="alert_raw"),
    path(f"{ONE}events/<uuid:receipt>/<int:record>/", pages.alert_event, name="alert_event"),
    path(f"{ONE}take/", pages.take, name="alert_take"),
    path(f"{ONE}release/", pages.release, name="alert_release"),
    path(f"{ONE}assign/", pages.assign, name="alert_assign"),
    path(f"{ONE}comment/", pages.comment, name="alert_comment"),
    path(f"{ONE}ask/", pages.ask, name="alert_ask"),
    path(f"{ONE}answer/", pages.answer, name="alert_answer"),
    path(f"{ONE}dispose/", pages.dispose, name="alert_dispose"),
    path(f"{ONE}reopen/", pages.reopen, name="alert_reopen"),
]
