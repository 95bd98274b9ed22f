"""The room as a Django app."""

from __future__ import annotations

from pathlib import Path

from django.utils.translation import gettext_lazy as _

from tocsin.platform.apps import MenuEntry, RoomConfig


class IncidentsConfig(RoomConfig):
    """See the room's models, queries, actions and pages."""

    name = "tocsin.rooms.incidents"
    label = "incidents"
    checks = ("tocsin.rooms.incidents.actions.examine_levels",)
    menu = (
        MenuEntry(_("Incidents"), "incidents", 20, ("incidents.view", "incidents.part")),
        MenuEntry(_("Hand-offs"), "hand_offs", 22, ("incidents.view", "incidents.part")),
    )

    def ready(self) -> None:
        """Let notices be about incidents; show the incident itself as the first of its tabs; read the service levels.

        A file of service levels that cannot be used is refused here, before anything is promised by it.
        """
        from tocsin.rooms.incidents.actions import (
            Pages,
            hold_incident,
            note_failure,
            note_letter,
            note_page,
            own_movers,
            register_mover,
        )
        from tocsin.rooms.incidents.knowledge.insider import insider
        from tocsin.rooms.incidents.knowledge.levels import levels
        from tocsin.rooms.incidents.knowledge.suggestions import suggestions
        from tocsin.rooms.incidents.queries import (
            among_conversations,
            happened,
            matter_for,
            register_open_ends,
            waiting_conversations,
        )
        from tocsin.rooms.incidents.queries.notifying import SOURCES, SUBJECTS
        from tocsin.rooms.notices.queries import register
        from tocsin.rooms.notifications import knowledge as notifications
        from tocsin.rooms.notifications.queries.live import register_subject
        from tocsin.rooms.rota.queries import register as hear_of_pages
        from tocsin.rooms.rota.queries import register_happened

        for subject in SUBJECTS:
            register_subject(subject)
        notifications.register(Path(__file__).with_name("notifications.yaml"), *SOURCES)
        register("incident", matter_for, note_letter, note_failure)
        hear_of_pages("incident", note_page, hold_incident)
        own_movers.register()
        register_happened("incidents", happened)
        register_mover(Pages())
        register_open_ends("conversations", waiting_conversations, among_conversations)
        _show_tabs()
        for file in (levels, suggestions, insider):
            file()


def _show_tabs() -> None:
    from tocsin.rooms.incidents.queries import Tab, register_tab, sees_personal

    for tab in (
        Tab("incident", _("Incident"), "incident", 0, lambda _view: True),
        Tab("conversations", _("Conversations"), "incident_conversations", 30, lambda _view: True),
        Tab("evidence", _("Evidence"), "incident_evidence", 40, lambda _view: True),
        Tab("personal", _("Personal content"), "incident_personal", 45, sees_personal),
        Tab("hand_offs", _("Hand-offs"), "incident_hand_offs", 60, lambda _view: True),
        Tab("pages", _("On call"), "incident_pages", 65),
    ):
        register_tab(tab)
