"""The base of every admin of a model: an operator looks, and changes nothing."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Shows rows of the tenant in scope; whether at all is asked of Cedar by `has_perm`."""

    actions = None
    show_full_result_count = False
    list_per_page = 50

    @property
    def media(self) -> forms.Media:
        """Ask for no script: they help with editing, and write styles that the policy forbids."""
        return forms.Media()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """Go to the audit log, which is the only history there is."""
        return HttpResponseRedirect(f"/audit/?resource={object_id}")
