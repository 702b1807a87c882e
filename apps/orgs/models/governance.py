"""Governance rules that a company made for itself; what it did not say its preset says."""

from django.db import models

from apps.kernel.tenant_model import TenantModel

from ..types import Severity


class GovernanceRule(TenantModel):
    """Terms for changes of `kind` (empty: any) from `severity_floor` at a scope and below it."""

    scope = models.ForeignKey("orgs.Scope", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=32, default="", blank=True)
    severity_floor = models.CharField(
        max_length=5, choices=[(s.value, s.value) for s in Severity], default=Severity.INFO
    )
    terms = models.JSONField(default=dict)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "scope", "kind", "severity_floor"], name="governance_rule_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind or 'any change'} from {self.severity_floor}"
