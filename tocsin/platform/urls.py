"""The addresses of all rooms, found through the installed apps."""

from __future__ import annotations

from django.apps import apps
from django.urls import URLPattern, URLResolver, include, path
from django.utils.module_loading import module_has_submodule

from tocsin.platform.api import api, docs
from tocsin.platform.apps import RoomConfig

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/docs", docs, name="api_docs"),
    path("api/", api.urls),
]
for room in apps.get_app_configs():
    if isinstance(room, RoomConfig) and module_has_submodule(room.module, "urls"):
        urlpatterns.append(path("", include(f"{room.name}.urls")))
