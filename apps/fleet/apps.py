"""Wiring of the fleet app: its handlers."""

from importlib import import_module

from django.apps import AppConfig


class FleetConfig(AppConfig):
    name = "apps.fleet"
    label = "fleet"

    def ready(self) -> None:
        import_module("apps.fleet.handlers")
