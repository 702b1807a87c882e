"""Every address of the REST interface, mounted at /api/v1/."""

from django.urls import path, re_path

from apps.audit.entrypoints import rest as audit
from apps.events.entrypoints import rest as events
from apps.fleet.entrypoints import rest as fleet
from apps.identity.entrypoints import rest as identity
from apps.notifications.entrypoints import rest as notifications
from apps.orgs.entrypoints import rest as orgs
from apps.policies.entrypoints import rest as policies
from apps.proposals.entrypoints import rest as proposals
from apps.webhooks.entrypoints import rest as webhooks

from . import history
from .documents import docs, openapi
from .endpoint import url_patterns
from .nowhere import Nowhere

app_name = "api"
ROUTES = tuple(
    route
    for module in (
        identity,
        orgs,
        policies,
        proposals,
        fleet,
        audit,
        events,
        notifications,
        webhooks,
        history,
    )
    for route in module.ROUTES
)
urlpatterns = [
    path("openapi.json", openapi, name="openapi"),
    path("docs", docs, name="docs"),
    path("docs/", docs),
    *url_patterns(ROUTES),
    re_path(r"", Nowhere.as_view(), name="nowhere"),
]
