"""Wiring of the project: whatever sets Django up can also hand work to the workers."""

from django.apps import AppConfig

from .celery import app

__all__ = ["PortalProjectConfig", "app"]


class PortalProjectConfig(AppConfig):
    name = "aeterna_portal"
