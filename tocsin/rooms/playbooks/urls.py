"""Addresses of the room."""

from __future__ import annotations

from django.urls import path

from tocsin.rooms.playbooks import pages

ONE = "playbooks/<uuid:uuid>/"
OF_INCIDENT = "incidents/<uuid:uuid>/playbooks/"
RUN = f"{OF_INCIDENT}<uuid:run>/"
STEP = f"{RUN}<int:position>/"

urlpatterns = [
    path("playbooks/", pages.playbooks, name="playbooks"),
    path("playbooks/new/", pages.playbook_new, name="playbook_new"),
    path("playbooks/import/", pages.playbook_import, name="playbook_import"),
    path("playbooks/starter/", pages.playbook_starter, name="playbook_starter"),
    path(ONE, pages.playbook, name="playbook"),
    path(f"{ONE}edit/", pages.playbook_edit, name="playbook_edit"),
    path(f"{ONE}file/", pages.playbook_file, name="playbook_file"),
    path(f"{ONE}settle/", pages.playbook_settle, name="playbook_settle"),
    path(f"{ONE}switch/", pages.playbook_switch, name="playbook_switch"),
    path(OF_INCIDENT, pages.runs, name="incident_playbooks"),
    path(f"{OF_INCIDENT}start/", pages.start, name="incident_run_start"),
    path(RUN, pages.run, name="incident_run"),
    path(f"{RUN}stop/", pages.stop, name="incident_run_stop"),
    path(f"{STEP}tick/", pages.tick, name="incident_run_tick"),
    path(f"{STEP}choose/", pages.choose, name="incident_run_choose"),
    path(f"{STEP}undo/", pages.undo, name="incident_run_undo"),
    path(f"{STEP}assign/", pages.assign, name="incident_run_assign"),
]
