"""Cedar agents and their answers for operators to look at."""

from django.contrib import admin

from apps.kernel.read_only_admin import ReadOnlyAdmin

from .models import Acknowledgement, CedarAgent, Decision, DecisionLogRules


@admin.register(CedarAgent)
class CedarAgentAdmin(ReadOnlyAdmin):
    list_display = ("name", "revision", "agent_version", "last_heartbeat_at", "revoked_at")
    exclude = ("token_digest", "connection")


@admin.register(Acknowledgement)
class AcknowledgementAdmin(ReadOnlyAdmin):
    list_display = ("agent", "revision", "is_accepted", "stage", "applied_ms", "at")
    list_filter = ("is_accepted",)
    list_select_related = ("agent",)


@admin.register(Decision)
class DecisionAdmin(ReadOnlyAdmin):
    list_display = ("principal", "action", "resource", "decision", "decided_at")
    list_filter = ("decision", "staleness")


@admin.register(DecisionLogRules)
class DecisionLogRulesAdmin(ReadOnlyAdmin):
    list_display = ("sample_percent", "keep_days")
