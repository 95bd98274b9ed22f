"""Addresses of the room."""

from __future__ import annotations

from django.urls import path

from tocsin.rooms.notices import pages

ONE, PART = "notices/<uuid:uuid>/", "notices/part/<uuid:uuid>/"

urlpatterns = [
    path("notices/", pages.notices, name="notices"),
    path("notices/new/", pages.notice_new, name="notice_new"),
    path("notices/affected/", pages.affected, name="affected"),
    path("notices/routing/", pages.routing, name="routing"),
    path("notices/matrix/", pages.matrix, name="notice_matrix"),
    path("notices/board/", pages.board, name="notice_board"),
    path("notices/mine/", pages.mine, name="notices_mine"),
    path("notices/told/", pages.told, name="notices_told"),
    path("notices/letters/", pages.letters, name="notice_letters"),
    path("notices/letters/<uuid:uuid>/", pages.letter_settle, name="notice_letter"),
    path(ONE, pages.notice, name="notice"),
    path(f"{ONE}send/", pages.send, name="notice_send"),
    path(f"{ONE}rest/", pages.send_rest, name="notice_rest"),
    path(f"{ONE}by-telephone/", pages.by_telephone, name="notice_by_telephone"),
    path(f"{ONE}discard/", pages.discard, name="notice_discard"),
    path(f"{ONE}correct/", pages.correct, name="notice_correct"),
    path(f"{ONE}withdraw/", pages.withdraw, name="notice_withdraw"),
    path(f"{ONE}telephone/", pages.telephone, name="notice_telephone"),
    path(PART, pages.part, name="notice_part"),
    path(f"{PART}answer/", pages.part_answer, name="notice_part_answer"),
    path(f"{PART}telephone/", pages.part_telephone, name="notice_part_telephone"),
    path("answer/<str:token>/", pages.answer, name="notice_answer"),
]
