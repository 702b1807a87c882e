"""Policies and their revisions for operators to look at."""

from django.contrib import admin

from apps.kernel.read_only_admin import ReadOnlyAdmin

from .models import (
    Analysis,
    BreakGlass,
    Impact,
    Policy,
    PolicyTest,
    PolicyVersion,
    Revision,
    Rewording,
    Rollback,
    SigningKey,
)


@admin.register(Policy)
class PolicyAdmin(ReadOnlyAdmin):
    list_display = ("name", "scope", "state", "severity", "mode")
    list_filter = ("state", "severity", "mode")
    list_select_related = ("scope",)
    search_fields = ("name",)


@admin.register(PolicyVersion)
class PolicyVersionAdmin(ReadOnlyAdmin):
    list_display = ("policy", "number")
    list_select_related = ("policy",)


@admin.register(Analysis)
class AnalysisAdmin(ReadOnlyAdmin):
    list_display = ("policy", "analyzed_at")
    list_select_related = ("policy",)


@admin.register(Impact)
class ImpactAdmin(ReadOnlyAdmin):
    list_display = ("policy", "worked_out_at")
    list_select_related = ("policy",)


@admin.register(Rewording)
class RewordingAdmin(ReadOnlyAdmin):
    list_display = ("intent", "model", "state", "tokens", "asked_at")
    list_filter = ("state",)


@admin.register(Revision)
class RevisionAdmin(ReadOnlyAdmin):
    list_display = ("number", "digest", "published_at")
    ordering = ("-number",)
    exclude = ("policies", "schema", "entities")


@admin.register(SigningKey)
class SigningKeyAdmin(ReadOnlyAdmin):
    list_display = ("kid", "created_at", "retired_at")
    exclude = ("sealed_private_key",)


@admin.register(BreakGlass)
class BreakGlassAdmin(ReadOnlyAdmin):
    list_display = ("author", "state", "started_at", "ends_at")
    list_filter = ("state",)
    list_select_related = ("author",)


@admin.register(Rollback)
class RollbackAdmin(ReadOnlyAdmin):
    list_display = ("policy", "restored", "state", "started_at", "ends_at")
    list_filter = ("state",)
    list_select_related = ("policy",)


@admin.register(PolicyTest)
class PolicyTestAdmin(ReadOnlyAdmin):
    list_display = ("name", "policy", "is_allowed")
    list_select_related = ("policy",)
