"""Addresses of the incident room."""

from __future__ import annotations

from django.urls import path

from tocsin.rooms.incidents import pages

ONE = "incidents/<uuid:uuid>/"
EVIDENCE = f"{ONE}evidence/<uuid:evidence>/"

urlpatterns = [
    path("incidents/", pages.incidents, name="incidents"),
    path("incidents/board/", pages.board, name="incidents_board"),
    path("incidents/times/", pages.times, name="incidents_times"),
    path("incidents/new/", pages.incident_new, name="incident_new"),
    path("incidents/from-alerts/", pages.incident_from_alerts, name="incident_from_alerts"),
    path(ONE, pages.incident, name="incident"),
    path(f"{ONE}similar/", pages.similar, name="incident_similar"),
    path(f"{ONE}comment/", pages.comment, name="incident_comment"),
    path(f"{ONE}change/", pages.change, name="incident_change"),
    path(f"{ONE}advance/", pages.advance, name="incident_advance"),
    path(f"{ONE}close/", pages.close, name="incident_close"),
    path(f"{ONE}take/", pages.take, name="incident_take"),
    path(f"{ONE}offer/", pages.offer, name="incident_offer"),
    path(f"{ONE}offer/<uuid:offer>/accept/", pages.accept, name="incident_accept"),
    path(f"{ONE}offer/<uuid:offer>/refuse/", pages.refuse, name="incident_refuse"),
    path(f"{ONE}offer/<uuid:offer>/withdraw/", pages.withdraw, name="incident_withdraw"),
    path(f"{ONE}seal/", pages.seal, name="incident_seal"),
    path(f"{ONE}unseal/", pages.unseal, name="incident_unseal"),
    path(f"{ONE}organisation/", pages.add_organisation, name="incident_organisation"),
    path(f"{ONE}task/", pages.add_task, name="incident_task"),
    path(f"{ONE}task/<uuid:task>/", pages.answer_task, name="incident_task_answer"),
    path(f"{ONE}task/<uuid:task>/change/", pages.task_change, name="incident_task_change"),
    path(f"{ONE}part/<uuid:part>/", pages.part_change, name="incident_part_change"),
    path(f"{ONE}entry/", pages.entry, name="incident_entry"),
    path(f"{ONE}entry/<uuid:entry>/", pages.entry_correct, name="incident_entry_correct"),
    path(f"{ONE}entry/<uuid:entry>/pin/", pages.entry_pin, name="incident_entry_pin"),
    path(f"{ONE}flag/", pages.flag, name="incident_flag"),
    path(f"{ONE}reject/", pages.reject, name="incident_reject"),
    path(f"{ONE}merge/", pages.merge, name="incident_merge"),
    path(f"{ONE}unmerge/", pages.unmerge, name="incident_unmerge"),
    path(f"{ONE}split/", pages.split, name="incident_split"),
    path(f"{ONE}parent/", pages.parent, name="incident_parent"),
    path(f"{ONE}link/", pages.link, name="incident_link"),
    path(f"{ONE}link/<uuid:link>/remove/", pages.unlink, name="incident_unlink"),
    path(f"{ONE}deadline/<uuid:deadline>/pause/", pages.pause, name="incident_pause"),
    path(f"{ONE}deadline/<uuid:deadline>/resume/", pages.resume, name="incident_resume"),
    path(f"{ONE}evidence/", pages.evidence, name="incident_evidence"),
    path(f"{ONE}evidence/add/", pages.evidence_add, name="incident_evidence_add"),
    path(EVIDENCE, pages.evidence_one, name="incident_evidence_one"),
    path(f"{EVIDENCE}download/", pages.evidence_download, name="incident_evidence_download"),
    path(f"{EVIDENCE}verify/", pages.evidence_verify, name="incident_evidence_verify"),
    path(f"{EVIDENCE}hold/", pages.evidence_hold, name="incident_evidence_hold"),
    path(f"{EVIDENCE}release/", pages.evidence_release, name="incident_evidence_release"),
    path(f"{EVIDENCE}hand-over/", pages.evidence_hand_over, name="incident_evidence_hand_over"),
    path(f"{EVIDENCE}destroy/", pages.evidence_destroy, name="incident_evidence_destroy"),
    path(f"{ONE}inform/", pages.inform, name="incident_inform"),
    path(f"{ONE}hand-offs/", pages.incident_hand_offs, name="incident_hand_offs"),
    path(f"{ONE}hand-offs/new/", pages.incident_hand_over, name="incident_hand_over"),
    path("hand-offs/", pages.hand_offs, name="hand_offs"),
    path("hand-offs/risen/", pages.rises, name="rises"),
    path("hand-offs/risen/<uuid:uuid>/take/", pages.rise_take, name="rise_take"),
    path("hand-offs/<uuid:uuid>/", pages.hand_off, name="hand_off"),
    path("hand-offs/<uuid:uuid>/accept/", pages.hand_off_accept, name="hand_off_accept"),
    path("hand-offs/<uuid:uuid>/refuse/", pages.hand_off_refuse, name="hand_off_refuse"),
    path("hand-offs/<uuid:uuid>/withdraw/", pages.hand_off_withdraw, name="hand_off_withdraw"),
]
