"""Wiring of the portal app."""

from importlib import import_module

from django.apps import AppConfig

from apps.webhooks.formats import bind_wording

from .wording import path_of, told


class PortalConfig(AppConfig):
    name = "apps.portal"
    label = "portal"

    def ready(self) -> None:
        import_module("apps.portal.handlers")
        bind_wording(told=lambda event_type: told(event_type)[0], path_of=path_of)
