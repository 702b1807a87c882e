"""Webhooks for operators to look at, without addresses and secrets."""

from django.contrib import admin

from apps.kernel.read_only_admin import ReadOnlyAdmin

from .models import Message, Webhook


@admin.register(Webhook)
class WebhookAdmin(ReadOnlyAdmin):
    list_display = ("name", "format", "host", "is_active", "failing_since")
    list_filter = ("format", "is_active")
    exclude = ("sealed_url", "sealed_secret", "sealed_old_secret")


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    list_display = ("webhook", "event", "state", "attempts", "last_status", "next_attempt_at")
    list_filter = ("state",)
    list_select_related = ("webhook", "event")
