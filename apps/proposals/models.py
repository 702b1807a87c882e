"""Proposals, the reviews they got and what was said about them."""

from typing import Any

from django.db import models
from django.db.models import Q

from apps.kernel.authorization import Resource
from apps.kernel.tenant_model import TenantModel
from apps.orgs.types import Severity, severity_rank
from apps.policies.digest import canonical, sha256

from .types import KIND_TITLES, ProposalState, ReplayState, ShadowState, Verdict


def _choices(kinds: Any) -> list[tuple[str, str]]:
    return [(kind.value, kind.value) for kind in kinds]


class Proposal(TenantModel):
    """A change of some kind, at a scope, waiting for somebody else's decision.

    `subject` names what it is about (one proposal for each may wait), `digest` binds reviews to
    the content: `payload`, or for a policy `cedar` and `rules`. A round begins when it is proposed
    and when it is revised; in it the proposal climbs `level` by level, each with its `due_at`.
    """

    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=32)
    state = models.CharField(
        max_length=10, choices=_choices(ProposalState), default=ProposalState.PENDING
    )
    scope = models.ForeignKey("orgs.Scope", on_delete=models.PROTECT, related_name="+")
    # Only the proposals about a policy have one, and only their code asks for it.
    policy: Any = models.ForeignKey(
        "policies.Policy", on_delete=models.PROTECT, null=True, related_name="+"
    )
    subject = models.CharField(max_length=200)
    title = models.CharField(max_length=300)
    severity = models.CharField(max_length=5, choices=_choices(Severity))
    payload = models.JSONField(default=dict, blank=True)
    author = models.ForeignKey("orgs.User", on_delete=models.PROTECT, related_name="+")
    through_agent = models.ForeignKey(
        "orgs.Agent", on_delete=models.PROTECT, null=True, related_name="+"
    )
    justification = models.TextField()
    cedar = models.TextField(default="", blank=True)
    rules = models.JSONField(default=list, blank=True)
    base_version = models.PositiveIntegerField(null=True)
    digest = models.CharField(max_length=71)
    revision = models.PositiveBigIntegerField(null=True)
    created_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)
    round = models.PositiveIntegerField(default=1)
    level = models.PositiveSmallIntegerField(default=0)
    level_since = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    next_step_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "number"], name="proposal_number_once"),
            models.UniqueConstraint(
                fields=["tenant_id", "subject"],
                condition=Q(state="pending"),
                name="one_pending_proposal_per_subject",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant_id", "state", "id"], name="proposal_state"),
            models.Index(
                fields=["next_step_at"], name="proposal_due", condition=Q(state="pending")
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.number} {self.title}"

    @property
    def kind_title(self) -> str:
        """Return in words what kind of change it is."""
        return KIND_TITLES.get(self.kind, self.kind.replace("_", " ").capitalize())

    @staticmethod
    def digest_of(content: dict[str, Any]) -> str:
        """Return the digest that reviews of `content` bind to."""
        return sha256(canonical(content))

    def as_resource(self) -> Resource:
        return Resource(
            type="Proposal",
            id=str(self.id),
            name=str(self),
            scope_id=str(self.scope_id),
            attributes={
                "author": {"__entity": {"type": "Aeterna::User", "id": str(self.author_id)}},
                "severity": severity_rank(self.policy.severity if self.policy else self.severity),
            },
        )


class Review(TenantModel):
    """One person's verdict on exactly the content that `digest` names."""

    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="+")
    reviewer = models.ForeignKey("orgs.User", on_delete=models.PROTECT, related_name="+")
    verdict = models.CharField(max_length=10, choices=_choices(Verdict))
    reason = models.TextField(default="", blank=True)
    digest = models.CharField(max_length=71)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "proposal", "reviewer", "digest"], name="one_review_each"
            )
        ]

    def __str__(self) -> str:
        return f"{self.verdict} by {self.reviewer_id}"


class ConflictAcceptance(TenantModel):
    """That somebody took responsibility for exactly these conflicts of exactly this content."""

    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="+")
    accepted_by = models.ForeignKey("orgs.User", on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()
    digest = models.CharField(max_length=71)
    conflicts = models.CharField(max_length=71)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "proposal", "digest", "conflicts"],
                name="conflicts_accepted_once",
            )
        ]

    def __str__(self) -> str:
        return f"accepted by {self.accepted_by_id}"


class Comment(TenantModel):
    """Something said about a proposal."""

    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="+")
    author = models.ForeignKey("orgs.User", on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["tenant_id", "proposal", "id"], name="comment_order")]

    def __str__(self) -> str:
        return self.text[:60]


class ProposalStep(TenantModel):
    """What time did to a proposal in a round, once; a missed one was overtaken by a later one."""

    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="+")
    round = models.PositiveIntegerField()
    key = models.CharField(max_length=40)
    is_missed = models.BooleanField(default=False)
    taken_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "proposal", "round", "key"], name="proposal_step_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.key} of {self.proposal_id}"


class Replay(TenantModel):
    """Decisions recorded in a period, decided again as if one content of a proposal were in force.

    `digest` names the content, `proposed` and `base` the policies that were compared. Who holds
    the `lease` works on it until `lease_until`; then another worker begins anew.
    """

    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="+")
    author = models.ForeignKey("orgs.User", on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=71)
    proposed = models.CharField(max_length=71, default="", blank=True)
    base = models.CharField(max_length=71, default="", blank=True)
    revision = models.PositiveBigIntegerField(default=0)
    days = models.PositiveIntegerField()
    since = models.DateTimeField()
    until = models.DateTimeField()
    state = models.CharField(
        max_length=10, choices=_choices(ReplayState), default=ReplayState.QUEUED
    )
    total = models.PositiveBigIntegerField(default=0)
    done = models.PositiveBigIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    report = models.JSONField(default=dict, blank=True)
    failure = models.CharField(max_length=300, default="", blank=True)
    requested_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "proposal"],
                condition=Q(state__in=["queued", "running"]),
                name="one_replay_at_a_time",
            )
        ]
        indexes = [
            models.Index(fields=["tenant_id", "proposal", "id"], name="replay_of"),
            models.Index(
                fields=["requested_at"],
                name="replay_waiting",
                condition=Q(state__in=["queued", "running"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.days} days against {self.proposal_id}: {self.state}"

    def as_resource(self) -> Resource:
        return self.proposal.as_resource()


class Shadow(TenantModel):
    """Decisions decided again, as they arrive, as if one content of a proposal were in force.

    `report` counts the decisions up to the cursor: the place, in the order of arrival, of the last
    one judged. `proposed`, `base` and `revision` are of the newest run, `ending` is in words.
    """

    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="+")
    author = models.ForeignKey("orgs.User", on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=71)
    proposed = models.CharField(max_length=71, default="", blank=True)
    base = models.CharField(max_length=71, default="", blank=True)
    revision = models.PositiveBigIntegerField(default=0)
    hours = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    until = models.DateTimeField()
    state = models.CharField(
        max_length=10, choices=_choices(ShadowState), default=ShadowState.RUNNING
    )
    ending = models.CharField(max_length=300, default="", blank=True)
    cursor_at = models.DateTimeField()
    cursor_id = models.UUIDField()
    done = models.PositiveBigIntegerField(default=0)
    report = models.JSONField(default=dict, blank=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "proposal"],
                condition=Q(state="running"),
                name="one_shadow_at_a_time",
            )
        ]
        indexes = [
            models.Index(fields=["tenant_id", "proposal", "id"], name="shadow_of"),
            models.Index(fields=["until"], name="shadow_running", condition=Q(state="running")),
        ]

    def __str__(self) -> str:
        return f"{self.hours} hours of {self.proposal_id}: {self.state}"

    def as_resource(self) -> Resource:
        return self.proposal.as_resource()
