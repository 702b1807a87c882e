"""The event log and its deliveries for operators to look at."""

from django.contrib import admin

from apps.kernel.read_only_admin import ReadOnlyAdmin

from .models import Delivery, Event


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ("occurred_at", "type", "outcome", "actor_name", "resource_name", "channel")
    list_filter = ("outcome", "channel")
    search_fields = ("actor_name", "resource_name", "request_id")
    ordering = ("-id",)


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    list_display = ("handler", "event", "state", "attempts", "next_attempt_at", "finished_at")
    list_filter = ("state", "handler")
    list_select_related = ("event",)
    ordering = ("-id",)
