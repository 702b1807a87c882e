"""Django admin as the operators' read-only view of their own company."""

import functools
from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.contrib.admin.apps import AdminConfig
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver

from apps.kernel.authorization import Resource, authorize, decide
from apps.kernel.entrypoints.pages import require_actor
from apps.kernel.read_only_admin import ReadOnlyAdmin
from apps.kernel.tenancy import current_tenant_id

# Signing in and out is the portal's; people have no password to change here.
LEFT_OUT = frozenset({"login", "logout", "password_change", "password_change_done", "view_on_site"})


class OperatorConfig(AdminConfig):
    """Django admin with the operators' site instead of its own."""

    default_site = "apps.portal.operator.OperatorSite"


class OperatorSite(admin.AdminSite):
    """Admin pages for whom Cedar allows operator.view at the company; nothing can be changed."""

    site_header = "Aeterna operator view"
    site_title = "Aeterna operator view"
    index_title = "Tables of your company, read-only"
    index_template = "operator/index.html"
    enable_nav_sidebar = False

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Take only tables that are shown read-only; libraries' own registrations stay out."""
        if admin_class is not None and issubclass(admin_class, ReadOnlyAdmin):
            super().register(model_or_iterable, admin_class, **options)
            for model in self._registry:
                _spell(model._meta)

    def has_permission(self, request: HttpRequest) -> bool:
        """Tell whether the person may look, without recording a denial."""
        is_signed_in = getattr(request, "actor", None) is not None
        return is_signed_in and decide("operator.view", _company()).allowed

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Send strangers to sign-in and deny, on record, who may not look."""
        inner: Callable[..., HttpResponse] = super().admin_view(view, cacheable)

        @functools.wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            require_actor(request)
            authorize("operator.view", _company())
            return inner(request, *args, **kwargs)

        return guarded

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Return admin's addresses without those of accounts."""
        return [one for one in super().get_urls() if getattr(one, "name", "") not in LEFT_OUT]


def _spell(names: Any) -> None:
    """Write the plural as English does where the name ends with "y"; Django only adds an "s"."""
    if names.verbose_name_plural == f"{names.verbose_name}s" and names.verbose_name.endswith("y"):
        names.verbose_name_plural = f"{names.verbose_name.removesuffix('y')}ies"


def _company() -> Resource:
    tenant = str(current_tenant_id())
    return Resource(type="Scope", id=tenant, name="the company", scope_id=tenant)
