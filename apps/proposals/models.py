"""Proposals, the reviews they got and what was said about them."""

from typing import Any

from django.db import models
from django.db.models import Q

from apps.kernel.authorization import Resource
from apps.kernel.tenant_model import TenantModel
from apps.orgs.types import severity_rank

from .types import ProposalKind, ProposalState, Verdict


def _choices(kinds: Any) -> list[tuple[str, str]]:
    return [(kind.value, kind.value) for kind in kinds]


class Proposal(TenantModel):
    """A change to a policy, waiting for somebody else's decision.

    `cedar` and `rules` are what would be in force, and `digest` binds reviews to them.
    """

    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=16, choices=_choices(ProposalKind))
    state = models.CharField(
        max_length=10, choices=_choices(ProposalState), default=ProposalState.PENDING
    )
    policy = models.ForeignKey("policies.Policy", on_delete=models.PROTECT, related_name="+")
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

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "number"], name="proposal_number_once"),
            models.UniqueConstraint(
                fields=["tenant_id", "policy"],
                condition=Q(state="pending"),
                name="one_pending_proposal_per_policy",
            ),
        ]
        indexes = [models.Index(fields=["tenant_id", "state", "id"], name="proposal_state")]

    def __str__(self) -> str:
        return f"#{self.number} {self.policy.name}"

    def as_resource(self) -> Resource:
        return Resource(
            type="Proposal",
            id=str(self.id),
            name=f"#{self.number} {self.policy.name}",
            scope_id=str(self.policy.scope_id),
            attributes={
                "author": {"__entity": {"type": "Aeterna::User", "id": str(self.author_id)}},
                "severity": severity_rank(self.policy.severity),
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
