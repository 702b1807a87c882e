"""Notifications and letters for operators to look at."""

from django.contrib import admin

from apps.kernel.read_only_admin import ReadOnlyAdmin

from .models import Letter, Notification, Preference


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    list_display = ("recipient", "kind", "subject", "told_by", "created_at", "read_at")
    list_filter = ("kind",)
    list_select_related = ("recipient",)


@admin.register(Letter)
class LetterAdmin(ReadOnlyAdmin):
    list_display = ("recipient", "key", "state", "attempts", "next_attempt_at", "sent_at")
    list_filter = ("state", "is_digest")
    list_select_related = ("recipient",)


@admin.register(Preference)
class PreferenceAdmin(ReadOnlyAdmin):
    list_display = ("user", "digest_hour", "time_zone", "next_digest_at")
    list_select_related = ("user",)
