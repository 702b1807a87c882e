"""Addresses of the shell: home, palette, settings, health."""

from django.urls import path

from . import health, settings, web

app_name = "portal"
urlpatterns = [
    path("", web.home, name="home"),
    path("palette/", web.palette, name="palette"),
    path("settings/", settings.account, name="account"),
    path("settings/company/", settings.company, name="company.configure"),
    path("settings/about/", settings.about, name="about"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
]
