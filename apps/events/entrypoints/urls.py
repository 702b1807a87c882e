"""Addresses of the dead letters' pages."""

from django.urls import path

from . import web

app_name = "events"
urlpatterns = [
    path("", web.index, name="dead_letter.view"),
    path("<uuid:delivery_id>/", web.show, name="dead_letter"),
    path("<uuid:delivery_id>/replay/", web.replay, name="dead_letter.replay"),
    path("<uuid:delivery_id>/discard/", web.discard, name="dead_letter.discard"),
]
