"""Addresses of the fleet pages."""

from django.urls import path

from . import web

app_name = "fleet"
urlpatterns = [
    path("", web.index, name="list"),
    path("enroll/", web.enroll, name="enroll"),
    path("agents/<uuid:agent_id>/", web.show, name="view"),
    path("agents/<uuid:agent_id>/rotate/", web.rotate, name="rotate"),
    path("agents/<uuid:agent_id>/revoke/", web.revoke, name="revoke"),
    path("revisions/", web.revisions, name="revisions"),
    path("revisions/<int:number>/", web.revision, name="revision"),
]
