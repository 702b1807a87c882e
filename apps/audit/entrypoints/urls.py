"""Addresses of the audit log's pages."""

from django.urls import path

from . import web

app_name = "audit"
urlpatterns = [
    path("", web.index, name="audit.view"),
    path("<uuid:event_id>/", web.show, name="event"),
]
