"""Cedar agents and the revisions they acknowledged or refused."""

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Case, Q, Value, When
from django.db.models.functions import Coalesce, TruncSecond

from apps.kernel.authorization import Resource
from apps.kernel.tenant_model import TenantManager, TenantModel, TenantQuerySet

from .types import (
    DEFAULT_KEEP_DAYS,
    DEFAULT_LEASE_SECONDS,
    DEFAULT_LIMIT_SECONDS,
    DEFAULT_OFFLINE_HOURS,
    DEFAULT_OUT_OF_DATE_SECONDS,
    DEFAULT_SAMPLE_PERCENT,
    SILENT_AFTER,
    AgentHealth,
    AgentProtocol,
)


class CedarAgentQuerySet(TenantQuerySet["CedarAgent"]):
    def live(self) -> "CedarAgentQuerySet":
        return self.filter(revoked_at__isnull=True)

    def with_state(
        self, *, head_digest: str | None, head: int, moment: datetime
    ) -> "CedarAgentQuerySet":
        """Add `state`, which is each agent's health, and `heard_at`, to the second."""
        is_current = Q(digest=head_digest) if head_digest else Q(digest__isnull=True)
        is_away = Q(connection="") | Q(last_heartbeat_at__lt=moment - SILENT_AFTER)
        cases = (
            (Q(revoked_at__isnull=False), AgentHealth.REVOKED),
            (Q(last_heartbeat_at__isnull=True), AgentHealth.NEVER),
            (is_away, AgentHealth.OFFLINE),
            (is_current, AgentHealth.CURRENT),
            (Q(refused_revision=head), AgentHealth.REFUSED),
        )
        whens = [When(condition, then=Value(health.value)) for condition, health in cases]
        return self.annotate(
            state=Case(
                *whens, default=Value(AgentHealth.BEHIND.value), output_field=models.CharField()
            ),
            heard_at=TruncSecond(Coalesce("last_heartbeat_at", "created_at")),
        )


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
    works_offline = models.BooleanField(default=False)
    protocol = models.CharField(max_length=10, default=AgentProtocol.AETERNA)
    # What an OPAL client reported of either part of a revision; it takes them one by one.
    policies_revision = models.PositiveBigIntegerField(default=0)
    entities_revision = models.PositiveBigIntegerField(default=0)
    decisions_dropped = models.PositiveBigIntegerField(default=0)
    out_of_date_since = models.DateTimeField(null=True)
    out_of_date_as = models.CharField(max_length=8, default="", blank=True)

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

    @property
    def is_opal(self) -> bool:
        return self.protocol == AgentProtocol.OPAL

    def as_resource(self) -> Resource:
        return Resource(
            type="CedarAgent", id=str(self.id), name=self.name, scope_id=str(self.tenant_id)
        )

    def limit_seconds(self, rules: "LeaseRules") -> int:
        """Return how long the agent decides after the portal last answered it."""
        offline = rules.offline_hours * 60 * 60 if self.works_offline else 0
        return max(rules.limit_seconds, offline)

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


class Decision(TenantModel):
    """One decision an agent made, as the agent told it; `log` is one run of the agent."""

    agent = models.ForeignKey(CedarAgent, on_delete=models.PROTECT, related_name="+")
    log = models.CharField(max_length=32)
    sequence = models.PositiveBigIntegerField()
    decided_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    revision = models.PositiveBigIntegerField()
    principal = models.CharField(max_length=512)
    action = models.CharField(max_length=512)
    resource = models.CharField(max_length=512)
    context = models.JSONField()
    request_entities = models.JSONField()
    decision = models.CharField(max_length=5)
    reason = models.JSONField()
    errors = models.JSONField()
    staleness = models.CharField(max_length=8)
    is_cut = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "agent", "log", "sequence"], name="decision_recorded_once"
            ),
        ]
        indexes = [
            models.Index(fields=["tenant_id", "-decided_at", "-id"], name="decision_newest"),
            models.Index(fields=["tenant_id", "principal", "-decided_at"], name="decision_who"),
            models.Index(fields=["tenant_id", "resource", "-decided_at"], name="decision_what"),
            models.Index(fields=["tenant_id", "recorded_at", "id"], name="decision_arrival"),
        ]

    def __str__(self) -> str:
        return f"{self.principal} {self.action} {self.resource}: {self.decision}"


class DecisionLogRules(TenantModel):
    """What a company wants of its agents' decision log; one row, or none for the defaults."""

    sample_percent = models.FloatField(default=DEFAULT_SAMPLE_PERCENT)
    masked = models.JSONField(default=list)
    keep_days = models.PositiveIntegerField(default=DEFAULT_KEEP_DAYS)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id"], name="decision_log_rules_once"),
        ]

    def __str__(self) -> str:
        return f"{self.sample_percent:g} %, {self.keep_days} days"


class LeaseRules(TenantModel):
    """How long agents decide without word from the portal; one row, or none for the defaults.

    `limits` are seconds for single actions, `readable` the actions decided though all is expired.
    """

    lease_seconds = models.PositiveIntegerField(default=DEFAULT_LEASE_SECONDS)
    limit_seconds = models.PositiveIntegerField(default=DEFAULT_LIMIT_SECONDS)
    limits = models.JSONField(default=dict)
    readable = models.JSONField(default=list)
    offline_hours = models.PositiveIntegerField(default=DEFAULT_OFFLINE_HOURS)
    out_of_date_seconds = models.PositiveIntegerField(default=DEFAULT_OUT_OF_DATE_SECONDS)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id"], name="lease_rules_once")]

    def __str__(self) -> str:
        return f"{self.lease_seconds} s, at most {self.limit_seconds} s"


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
        indexes = [
            models.Index(fields=["tenant_id", "agent", "id"], name="acknowledgement_agent"),
            models.Index(fields=["tenant_id", "revision"], name="acknowledgement_revision"),
            models.Index(
                fields=["tenant_id", "agent"],
                condition=Q(is_accepted=False),
                name="acknowledgement_refused",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agent_id} r{self.revision}"
