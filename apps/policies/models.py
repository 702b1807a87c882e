"""Policies, their immutable versions, and the revisions that agents enforce."""

from typing import Any

from django.db import models
from django.db.models import Q

from apps.kernel.authorization import Resource
from apps.kernel.tenant_model import TenantManager, TenantModel, TenantQuerySet
from apps.orgs.types import severity_rank

from .types import (
    BreakGlassState,
    MergeStrategy,
    PartKind,
    PolicyMode,
    PolicyState,
    RewordingState,
    RollbackState,
    Severity,
)


def _choices(kinds: Any) -> list[tuple[str, str]]:
    return [(kind.value, kind.value) for kind in kinds]


class PolicyQuerySet(TenantQuerySet["Policy"]):
    def active(self) -> "PolicyQuerySet":
        return self.filter(state=PolicyState.ACTIVE)


class Policy(TenantModel):
    """A named policy of a scope: a working copy, and the version in force if there is one."""

    scope = models.ForeignKey("orgs.Scope", on_delete=models.PROTECT, related_name="+")
    author = models.ForeignKey("orgs.User", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=120)
    description = models.CharField(max_length=1000, default="", blank=True)
    severity = models.CharField(max_length=5, choices=_choices(Severity), default=Severity.WARN)
    mode = models.CharField(
        max_length=10, choices=_choices(PolicyMode), default=PolicyMode.OPTIONAL
    )
    merge_strategy = models.CharField(
        max_length=10, choices=_choices(MergeStrategy), default=MergeStrategy.MERGE
    )
    state = models.CharField(max_length=8, choices=_choices(PolicyState), default=PolicyState.DRAFT)
    cedar = models.TextField(default="", blank=True)
    rules = models.JSONField(default=list, blank=True)
    active_version = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    objects: Any = TenantManager.from_queryset(PolicyQuerySet)()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "scope", "name"], name="policy_name_once_per_scope"
            )
        ]
        indexes = [models.Index(fields=["tenant_id", "state", "id"], name="policy_state")]

    def __str__(self) -> str:
        return self.name

    def as_resource(self) -> Resource:
        return Resource(
            type="Policy",
            id=str(self.id),
            name=self.name,
            scope_id=str(self.scope_id),
            attributes={
                "author": {"__entity": {"type": "Aeterna::User", "id": str(self.author_id)}},
                "isDraft": self.active_version is None,
                "severity": severity_rank(self.severity),
            },
        )


class PolicyVersion(TenantModel):
    """What a policy said when it was activated; never changes."""

    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    cedar = models.TextField(default="", blank=True)
    rules = models.JSONField(default=list, blank=True)
    digest = models.CharField(max_length=71)
    severity = models.CharField(max_length=5, choices=_choices(Severity))
    mode = models.CharField(max_length=10, choices=_choices(PolicyMode))
    merge_strategy = models.CharField(max_length=10, choices=_choices(MergeStrategy))
    activated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "policy", "number"], name="policy_version_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.policy_id} v{self.number}"


class PolicyTest(TenantModel):
    """A question whose answer must stay the same whatever a policy comes to say."""

    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="+")
    author = models.ForeignKey("orgs.User", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=120)
    question = models.JSONField()
    is_allowed = models.BooleanField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "policy", "name"], name="policy_test_once_per_name"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Rollback(TenantModel):
    """An earlier version put back at once by one person, for somebody else to confirm in time."""

    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="+")
    author = models.ForeignKey("orgs.User", on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()
    restored = models.PositiveIntegerField()
    replaced = models.PositiveIntegerField(null=True)
    number = models.PositiveIntegerField()
    state = models.CharField(
        max_length=10, choices=_choices(RollbackState), default=RollbackState.OPEN
    )
    started_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(
        "orgs.User", on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "policy"],
                condition=models.Q(state="open"),
                name="one_open_rollback_per_policy",
            )
        ]
        indexes = [models.Index(fields=["state", "ends_at"], name="rollback_due")]

    def __str__(self) -> str:
        return f"{self.policy_id} back to v{self.restored}"

    def as_resource(self) -> Resource:
        return Resource(
            type="Rollback",
            id=str(self.id),
            name=f"{self.policy.name} back to v{self.restored}",
            scope_id=str(self.policy.scope_id),
            attributes={
                "author": {"__entity": {"type": "Aeterna::User", "id": str(self.author_id)}},
                "severity": severity_rank(self.policy.severity),
            },
        )


class BreakGlass(TenantModel):
    """What one administrator permitted at once and for minutes, and what became of it."""

    scope = models.ForeignKey("orgs.Scope", on_delete=models.PROTECT, related_name="+")
    author = models.ForeignKey("orgs.User", on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()
    principals = models.JSONField()
    actions = models.JSONField()
    resources = models.JSONField()
    cedar = models.TextField()
    state = models.CharField(
        max_length=8, choices=_choices(BreakGlassState), default=BreakGlassState.OPEN
    )
    started_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey("orgs.User", on_delete=models.PROTECT, null=True, related_name="+")
    reviewed_at = models.DateTimeField(null=True)
    reviewed_by = models.ForeignKey(
        "orgs.User", on_delete=models.PROTECT, null=True, related_name="+"
    )
    note = models.TextField(default="", blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=models.F("started_at")), name="break_glass_ends_later"
            ),
            models.CheckConstraint(
                condition=~Q(state=BreakGlassState.REVIEWED)
                | (Q(reviewed_by__isnull=False) & ~Q(reviewed_by=models.F("author"))),
                name="break_glass_reviewed_by_another",
            ),
        ]
        indexes = [models.Index(fields=["state", "ends_at"], name="break_glass_due")]
        verbose_name_plural = "break-glasses"

    def __str__(self) -> str:
        return f"break-glass of {self.started_at:%Y-%m-%d %H:%M}"

    def as_resource(self) -> Resource:
        """Return the break-glass as the resource of a decision."""
        return Resource(
            type="BreakGlass",
            id=str(self.id),
            scope_id=str(self.scope_id),
            name=str(self),
            attributes={
                "author": {"__entity": {"type": "Aeterna::User", "id": str(self.author_id)}}
            },
        )


class Analysis(TenantModel):
    """What was proven of one change of a policy beside one state of all others; never changes.

    The digests name everything the report depends on: what would be in force, and what was.
    """

    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="+")
    content = models.CharField(max_length=71)
    proposed = models.CharField(max_length=71)
    base = models.CharField(max_length=71)
    report = models.JSONField()
    analyzed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "policy", "proposed", "base"], name="analysis_once"
            )
        ]
        indexes = [models.Index(fields=["tenant_id", "policy", "content"], name="analysis_of")]
        verbose_name_plural = "analyses"

    def __str__(self) -> str:
        return f"{self.policy_id} {self.proposed}"


class Impact(TenantModel):
    """Who gains and loses by one change of a policy in the organization, and what its tests find.

    The digests `proposed` and `base` name the policies, `facts` the organization and the tests:
    for another organization the row is worked out anew.
    """

    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="+")
    content = models.CharField(max_length=71)
    proposed = models.CharField(max_length=71)
    base = models.CharField(max_length=71)
    facts = models.CharField(max_length=71)
    report = models.JSONField()
    tests = models.JSONField(default=list)
    worked_out_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "policy", "proposed", "base"], name="impact_once"
            )
        ]
        indexes = [models.Index(fields=["tenant_id", "policy", "content"], name="impact_of")]

    def __str__(self) -> str:
        return f"{self.policy_id} {self.proposed}"


class Rewording(TenantModel):
    """An intent as a model puts it, kept once for each model, prompt, intent and place.

    `tokens` is what is reserved of the day's budget until the answer says what it took.
    """

    scope = models.ForeignKey("orgs.Scope", on_delete=models.PROTECT, related_name="+")
    author = models.ForeignKey("orgs.User", on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=71)
    model = models.CharField(max_length=200)
    prompt_version = models.PositiveIntegerField()
    intent = models.TextField()
    state = models.CharField(
        max_length=10, choices=_choices(RewordingState), default=RewordingState.ASKED
    )
    sentences = models.JSONField(default=list)
    question = models.CharField(max_length=300, default="", blank=True)
    reason = models.CharField(max_length=300, default="", blank=True)
    tokens = models.PositiveIntegerField()
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "key"], name="reworded_once")]
        indexes = [models.Index(fields=["tenant_id", "asked_at"], name="rewording_by_day")]

    def __str__(self) -> str:
        return f"{self.model}: {self.state}"

    def as_resource(self) -> Resource:
        return self.scope.as_resource()


class Part(TenantModel):
    """A piece of a revision, stored once under its digest."""

    digest = models.CharField(max_length=71)
    kind = models.CharField(max_length=8, choices=_choices(PartKind))
    body = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "digest"], name="part_once_per_digest")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.digest}"


class Revision(TenantModel):
    """One gap-free, immutable state of policies, schema and entities together.

    `manifest` is a JWS by the key `kid` for number and digest; both are empty only in revisions
    that are older than signing.
    """

    number = models.PositiveBigIntegerField()
    digest = models.CharField(max_length=71)
    previous_digest = models.CharField(max_length=71, null=True)  # noqa: DJ001 - none yet is not a digest
    policies = models.ForeignKey(Part, on_delete=models.PROTECT, related_name="+")
    schema = models.ForeignKey(Part, on_delete=models.PROTECT, related_name="+")
    entities = models.ForeignKey(Part, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=300, default="", blank=True)
    published_at = models.DateTimeField()
    kid = models.CharField(max_length=43, default="", blank=True)
    manifest = models.TextField(default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "number"], name="revision_once")
        ]

    def __str__(self) -> str:
        return f"revision {self.number}"


class SigningKey(TenantModel):
    """An Ed25519 key of the company: `x` is its public half, `kid` the thumbprint of that.

    `endorsement` is a JWS by the key before it; the one that is not retired signs.
    """

    kid = models.CharField(max_length=43)
    x = models.CharField(max_length=43)
    sealed_private_key = models.TextField()
    endorsement = models.TextField(default="", blank=True)
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "kid"], name="signing_key_once"),
            models.UniqueConstraint(
                fields=["tenant_id"],
                condition=Q(retired_at__isnull=True),
                name="one_active_signing_key",
            ),
        ]

    def __str__(self) -> str:
        return self.kid


class Head(TenantModel):
    """The newest revision of the tenant; its row lock makes numbers gap-free."""

    number = models.PositiveBigIntegerField(default=0)
    digest = models.CharField(max_length=71, null=True)  # noqa: DJ001 - none yet is not a digest

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id"], name="one_head_per_tenant")]

    def __str__(self) -> str:
        return f"head {self.number}"
