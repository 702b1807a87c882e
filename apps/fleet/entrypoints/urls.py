"""Addresses of the fleet pages."""

from django.urls import path

from . import agent_page, decisions, overview, trust, web

app_name = "fleet"
urlpatterns = [
    path("", overview.index, name="list"),
    path("enroll/", web.enroll, name="enroll"),
    path("agents/<uuid:agent_id>/", agent_page.show, name="view"),
    path("agents/<uuid:agent_id>/rotate/", web.rotate, name="rotate"),
    path("agents/<uuid:agent_id>/revoke/", web.revoke, name="revoke"),
    path("agents/<uuid:agent_id>/offline/", trust.set_offline, name="set_offline"),
    path("leases/", trust.leases, name="leases"),
    path("keys/", trust.keys, name="keys"),
    path("keys/rotate/", trust.rotate_key, name="rotate_key"),
    path("decisions/", decisions.index, name="decisions"),
    path("decisions/log/", decisions.configure, name="decision_log"),
    path("decisions/<uuid:decision_id>/", decisions.show, name="decision"),
    path("revisions/", web.revisions, name="revisions"),
    path("revisions/<int:number>/", web.revision, name="revision"),
]
