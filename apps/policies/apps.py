"""Wiring of the policies app: the portal's decision point and its handlers."""

from importlib import import_module

from django.apps import AppConfig

from apps.kernel.authorization import bind_decider


class PoliciesConfig(AppConfig):
    name = "apps.policies"
    label = "policies"

    def ready(self) -> None:
        from .decider import CedarDecider

        bind_decider(CedarDecider())
        import_module("apps.policies.handlers")
