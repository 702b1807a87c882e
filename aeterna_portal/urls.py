"""Every address of the portal."""

from importlib.util import find_spec

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

MOUNTS = (
    ("", "apps.portal.entrypoints.urls"),
    ("", "apps.identity.entrypoints.urls"),
    ("organization/", "apps.orgs.entrypoints.urls"),
    ("inbox/", "apps.notifications.entrypoints.urls"),
    ("unsubscribe/", "apps.notifications.entrypoints.unsubscribe_urls"),
    ("audit/", "apps.audit.entrypoints.urls"),
    ("dead-letters/", "apps.events.entrypoints.urls"),
    ("policies/", "apps.policies.entrypoints.urls"),
    ("proposals/", "apps.proposals.entrypoints.urls"),
    ("fleet/", "apps.fleet.entrypoints.urls"),
    ("opal/", "apps.fleet.entrypoints.opal_urls"),
    ("api/v1/", "apps.api.urls"),
)

urlpatterns: list[URLPattern | URLResolver] = [
    path(prefix, include(module)) for prefix, module in MOUNTS if find_spec(module)
]
urlpatterns.append(path("operator/", admin.site.urls))

handler400 = "aeterna_portal.error_views.bad_request"
handler403 = "aeterna_portal.error_views.permission_denied"
handler404 = "aeterna_portal.error_views.not_found"
handler500 = "aeterna_portal.error_views.server_error"
