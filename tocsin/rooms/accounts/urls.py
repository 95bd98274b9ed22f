"""Addresses of the room, and those of allauth that this house uses."""

from __future__ import annotations

from allauth.account import views as account
from django.urls import include, path

from tocsin.rooms.accounts import pages

urlpatterns = [
    path("account/sign-in/", account.login, name="account_login"),
    path("account/sign-out/", account.logout, name="account_logout"),
    path("account/inactive/", account.account_inactive, name="account_inactive"),
    path("account/confirm/", account.reauthenticate, name="account_reauthenticate"),
    path("account/password/set/", account.password_set, name="account_set_password"),
    path("account/password/", account.password_change, name="account_change_password"),
    path("account/two-factor/", include("allauth.mfa.urls")),
    path("account/", pages.profile, name="profile"),
    path("account/tokens/new/", pages.new_token, name="new_token"),
    path("account/tokens/<uuid:uuid>/revoke/", pages.revoke_token, name="revoke_token"),
    path("views/", pages.save_view, name="save_view"),
    path("views/<uuid:uuid>/remove/", pages.remove_view, name="remove_view"),
    path("people/", pages.people, name="people"),
    path("people/new/", pages.new_person, name="new_person"),
    path("people/<uuid:uuid>/", pages.person, name="person"),
    path("people/<uuid:uuid>/end/", pages.end_person, name="end_person"),
    path("people/<uuid:uuid>/reopen/", pages.reopen_person, name="reopen_person"),
    path("people/<uuid:uuid>/password/", pages.renew_password, name="renew_password"),
]
