"""Cedar agents and the revisions they acknowledged or refused."""

from typing import Any

from django.db import models

from apps.kernel.authorization import Resource
from apps.kernel.tenant_model import TenantManager, TenantModel, TenantQuerySet

from .types import SILENT_AFTER, AgentHealth


class CedarAgentQuerySet(TenantQuerySet["CedarAgent"]):
    def live(self) -> "CedarAgentQuerySet":
        return self.filter(revoked_at__isnull=True)


class CedarAgent(TenantModel):
    """A policy decision point somewhere, known by its token, and what it last reported."""

    name = models.CharField(max_length=120)
    token_digest = models.CharField(max_length=64)
    token_tail = models.CharField(max_length=4)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    agent_version = models.CharField(max_length=40, default="", blank=True)
    cedar_version = models.CharField(max_length=40, default="", blank=True)
    connection = models.CharField(max_length=64, default="", blank=True)
    connected_at = models.DateTimeField(null=True)
    last_heartbeat_at = models.DateTimeField(null=True)
    revision = models.PositiveBigIntegerField(default=0)
    digest = models.CharField(max_length=71, null=True)  # noqa: DJ001 - none yet is not a digest
    acknowledged_at = models.DateTimeField(null=True)
    refused_revision = models.PositiveBigIntegerField(null=True)
    refusal = models.CharField(max_length=1000, default="", blank=True)

    objects: Any = TenantManager.from_queryset(CedarAgentQuerySet)()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "name"], name="cedar_agent_name_once"),
            models.UniqueConstraint(
                fields=["tenant_id", "token_digest"], name="cedar_agent_token_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def as_resource(self) -> Resource:
        return Resource(
            type="CedarAgent", id=str(self.id), name=self.name, scope_id=str(self.tenant_id)
        )

    def health(self, *, head_digest: str | None, head: int, moment: Any) -> AgentHealth:
        """Return how the agent stands against the head at `moment`."""
        if self.revoked_at is not None:
            return AgentHealth.REVOKED
        if self.last_heartbeat_at is None:
            return AgentHealth.NEVER
        if not self.connection or moment - self.last_heartbeat_at > SILENT_AFTER:
            return AgentHealth.OFFLINE
        if self.digest == head_digest:
            return AgentHealth.CURRENT
        return AgentHealth.REFUSED if self.refused_revision == head else AgentHealth.BEHIND


class Acknowledgement(TenantModel):
    """One agent's answer to one revision."""

    agent = models.ForeignKey(CedarAgent, on_delete=models.PROTECT, related_name="+")
    revision = models.PositiveBigIntegerField()
    is_accepted = models.BooleanField()
    stage = models.CharField(max_length=20, default="", blank=True)
    error = models.CharField(max_length=1000, default="", blank=True)
    applied_ms = models.FloatField(null=True)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["tenant_id", "agent", "id"], name="acknowledgement_agent")]

    def __str__(self) -> str:
        return f"{self.agent_id} r{self.revision}"
