"""What tests of the proposal pages look at: the page's text, the state and the denials."""

from typing import Any

from apps.events.models import Event
from apps.policies.models import Policy
from apps.proposals.models import Comment, Proposal, Review
from tests.factories.company import TestCompany


def text_of(response: Any) -> str:
    return str(response.content.decode())


def state_of(company: TestCompany) -> dict[str, Any]:
    """Return all that a decision could change."""
    with company.acting("tenant_admin"):
        return {
            "proposals": list(Proposal.objects.order_by("id").values_list("state", "version")),
            "reviews": Review.objects.count(),
            "comments": Comment.objects.count(),
            "policies": list(Policy.objects.order_by("id").values_list("state", "version")),
        }


def denials_of(company: TestCompany) -> list[str]:
    with company.acting("tenant_admin"):
        rows = Event.objects.filter(outcome="denied").order_by("id")
        return list(rows.values_list("action", flat=True))
