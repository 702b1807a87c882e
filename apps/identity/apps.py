"""Wiring of the identity app."""

from importlib import import_module

from django.apps import AppConfig


class IdentityConfig(AppConfig):
    name = "apps.identity"
    label = "identity"

    def ready(self) -> None:
        import_module("apps.identity.handlers")
