"""Addresses of the room."""

from __future__ import annotations

from django.urls import path

from tocsin.rooms.rota import pages

TEAM, LAYER, PAGE = "on-call/teams/<uuid:uuid>/", "on-call/layers/<uuid:uuid>/", "on-call/pages/<uuid:uuid>/"

urlpatterns = [
    path("on-call/", pages.on_call, name="on_call"),
    path("on-call/mine.ics", pages.my_calendar, name="my_calendar"),
    path(TEAM, pages.roster, name="roster"),
    path(f"{TEAM}shifts.ics", pages.roster_calendar, name="roster_calendar"),
    path(f"{TEAM}set-up/", pages.roster_set_up, name="roster_set_up"),
    path(f"{TEAM}layer/", pages.layer_add, name="layer_add"),
    path(f"{TEAM}stand-in/", pages.stand_in_add, name="stand_in_add"),
    path(f"{TEAM}swap/", pages.shift_swap, name="shift_swap"),
    path(f"{TEAM}notes/", pages.shift_notes, name="shift_notes"),
    path("on-call/notes/", pages.my_shift_notes, name="my_shift_notes"),
    path("on-call/notes/<uuid:uuid>/read/", pages.shift_note_read, name="shift_note_read"),
    path(LAYER, pages.layer, name="layer"),
    path(f"{LAYER}remove/", pages.layer_remove, name="layer_remove"),
    path("on-call/stand-ins/<uuid:uuid>/remove/", pages.stand_in_remove, name="stand_in_remove"),
    path("on-call/pages/new/", pages.page_new, name="page_new"),
    path(PAGE, pages.page, name="page"),
    path(f"{PAGE}take/", pages.page_acknowledge, name="page_acknowledge"),
    path(f"{PAGE}withdraw/", pages.page_withdraw, name="page_withdraw"),
    path(f"{PAGE}call/<uuid:call>/", pages.page_telephone, name="page_telephone"),
    path("called/<str:token>/", pages.called, name="called"),
    path("deputies/", pages.deputies, name="deputies"),
    path("deputies/<uuid:uuid>/end/", pages.deputy_end, name="deputy_end"),
    path("organisations/teams/<uuid:uuid>/second/", pages.second, name="second"),
]
