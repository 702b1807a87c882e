"""Wiring of the proposals app."""

from importlib import import_module

from django.apps import AppConfig


class ProposalsConfig(AppConfig):
    name = "apps.proposals"
    label = "proposals"

    def ready(self) -> None:
        import_module("apps.proposals.handlers")
