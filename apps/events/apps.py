"""Wiring of the events app."""

from django.apps import AppConfig

from apps.kernel.tenancy import bind_denial_recorder


class EventsConfig(AppConfig):
    name = "apps.events"
    label = "events"

    def ready(self) -> None:
        from .operations import record_denial

        bind_denial_recorder(record_denial)
