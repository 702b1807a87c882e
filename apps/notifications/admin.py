"""Notifications for operators to look at."""

from django.contrib import admin

from apps.kernel.read_only_admin import ReadOnlyAdmin

from .models import Notification


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    list_display = ("recipient", "kind", "subject", "created_at", "read_at")
    list_filter = ("kind",)
    list_select_related = ("recipient",)
