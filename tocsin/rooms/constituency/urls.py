"""Addresses of the constituency."""

from __future__ import annotations

from django.urls import path

from tocsin.rooms.constituency import pages

ONE = "organisations/<uuid:uuid>/"

urlpatterns = [
    path("organisations/", pages.organisations, name="organisations"),
    path(ONE, pages.organisation, name="organisation"),
    path(f"{ONE}change/", pages.organisation_change, name="organisation_change"),
    path(f"{ONE}role/", pages.organisation_role, name="organisation_role"),
    path(f"{ONE}contact/", pages.organisation_contact, name="organisation_contact"),
    path(f"{ONE}asset/", pages.organisation_asset, name="organisation_asset"),
    path("organisations/roles/<uuid:uuid>/end/", pages.role_end, name="role_end"),
    path("organisations/contacts/<uuid:uuid>/confirm/", pages.contact_confirm, name="contact_confirm"),
    path("organisations/contacts/<uuid:uuid>/change/", pages.contact_change, name="contact_change"),
    path("confirm/<str:token>/", pages.contact_link, name="contact_link"),
    path("organisations/contacts/<uuid:uuid>/remove/", pages.contact_remove, name="contact_remove"),
    path("organisations/assets/<uuid:uuid>/end/", pages.asset_end, name="asset_end"),
    path("organisations/teams/", pages.teams, name="teams"),
    path("organisations/teams/<uuid:uuid>/", pages.team, name="team"),
    path("organisations/teams/<uuid:uuid>/role/", pages.team_role, name="team_role"),
    path("organisations/whose/", pages.whose, name="whose"),
]
