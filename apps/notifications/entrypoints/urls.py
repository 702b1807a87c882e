"""Addresses of the inbox."""

from django.urls import path

from . import web

app_name = "notifications"
urlpatterns = [
    path("", web.index, name="list"),
    path("read/", web.read_all, name="read_all"),
    path("<uuid:notification_id>/open/", web.open_notification, name="open"),
]
