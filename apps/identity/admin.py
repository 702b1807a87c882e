"""Identities and tokens for operators to look at; sessions carry no tenant wall and stay out."""

from django.contrib import admin

from apps.kernel.read_only_admin import ReadOnlyAdmin

from .models import ApiToken, ExternalIdentity, PlatformEntry


@admin.register(ExternalIdentity)
class ExternalIdentityAdmin(ReadOnlyAdmin):
    list_display = ("user", "provider", "issuer", "subject", "last_sign_in_at")
    list_select_related = ("user",)


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    list_display = ("name", "user", "agent", "tail", "expires_at", "last_used_at", "revoked_at")
    list_select_related = ("user", "agent")
    exclude = ("digest",)


@admin.register(PlatformEntry)
class PlatformEntryAdmin(ReadOnlyAdmin):
    list_display = ("administrator_name", "reason", "entered_at", "expires_at", "left_at")
