"""Reads of the decision log, of what it holds, and of what decided."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Min, Q, QuerySet, Sum, TextField
from django.db.models.functions import Cast

from apps.kernel.errors import NotFound
from apps.policies import queries as policies

from ..models import CedarAgent, Decision, DecisionLogRules
from ..types import Arrival, Coverage, Place, RecordedRequest


@dataclass(frozen=True, slots=True)
class DecisionCriteria:
    """What to look for in the decision log; empty fields do not filter."""

    principal: str = ""
    action: str = ""
    resource: str = ""
    decision: str = ""
    agent_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


def find_decisions(criteria: DecisionCriteria) -> QuerySet[Decision]:
    """Return the recorded decisions that meet `criteria`, newest first.

    A principal, action or resource is a whole uid such as `User::"ann"`, or a part of one.
    """
    rows = Decision.objects.select_related("agent").order_by("-decided_at", "-id")
    for name in ("principal", "action", "resource"):
        text = getattr(criteria, name)
        if text:
            rows = rows.filter(**{name if '::"' in text else f"{name}__icontains": text})
    exact: dict[str, Any] = {"decision": criteria.decision, "agent_id": criteria.agent_id}
    exact |= {"decided_at__gte": criteria.since, "decided_at__lt": criteria.until}
    return rows.filter(**{name: value for name, value in exact.items() if value})  # type: ignore[no-any-return]


def decisions_after(criteria: DecisionCriteria, *, last: Decision | None) -> QuerySet[Decision]:
    """Return the decisions that meet `criteria` and come after `last` in the list, or all."""
    rows = find_decisions(criteria)
    if last is None:
        return rows
    older = Q(decided_at__lt=last.decided_at) | Q(decided_at=last.decided_at, id__lt=last.id)
    return rows.filter(older)


def recorded_requests(
    *, since: datetime, until: datetime, after: RecordedRequest | None, limit: int
) -> list[RecordedRequest]:
    """Return up to `limit` requests decided from `since` to before `until` that follow `after`.

    Oldest first; equal contexts and entities are equal texts.
    """
    rows = Decision.objects.filter(decided_at__gte=since, decided_at__lt=until)
    if after is not None:
        same = Q(decided_at=after.decided_at, id__gt=after.id)
        rows = rows.filter(Q(decided_at__gt=after.decided_at) | same)
    found = rows.annotate(**_TEXTS).order_by("decided_at", "id").values_list(*_REQUEST)
    return [RecordedRequest(*row) for row in found[:limit]]


def arrived_requests(*, after: Place, until: datetime, limit: int) -> list[Arrival]:
    """Return up to `limit` requests that were recorded after a place and before `until`.

    In the order in which they arrived, whenever they were decided. What is being recorded now may
    come to stand before what is seen already: `until` is to be a moment that is settled.
    """
    behind = Q(recorded_at__gt=after.recorded_at) | Q(id__gt=after.id)
    rows = Decision.objects.filter(
        behind, recorded_at__gte=after.recorded_at, recorded_at__lt=until
    )
    found = rows.annotate(**_TEXTS).order_by("recorded_at", "id")
    found = found.values_list("recorded_at", *_REQUEST)
    return [Arrival(moment, RecordedRequest(*row)) for moment, *row in found[:limit]]


_TEXTS = {
    "context_text": Cast("context", TextField()),
    "entities_text": Cast("request_entities", TextField()),
}
_REQUEST = (
    "id", "decided_at", "principal", "action", "resource", "context_text", "entities_text",
    "decision", "is_cut", "agent__name",
)  # fmt: skip


def coverage_of(*, since: datetime, until: datetime) -> Coverage:
    """Return what the decision log holds of a period, and what is known to be missing."""
    rows = Decision.objects.filter(decided_at__gte=since, decided_at__lt=until)
    held = rows.aggregate(recorded=Count("id"), first_at=Min("decided_at"))
    return coverage_now(recorded=held["recorded"], first_at=held["first_at"])


def coverage_now(*, recorded: int, first_at: datetime | None) -> Coverage:
    """Return what is known to be missing now beside so many decisions, the first at `first_at`."""
    lost = CedarAgent.objects.aggregate(dropped=Sum("decisions_dropped"))["dropped"]
    rules = decision_log_rules()
    return Coverage(
        recorded=recorded,
        first_at=first_at,
        dropped=lost or 0,
        sample_percent=rules.sample_percent,
        masked=tuple(rules.masked),
        keep_days=rules.keep_days,
    )


def get_decision(decision_id: UUID) -> Decision:
    """Return one recorded decision with its agent; raise NotFound."""
    found = Decision.objects.select_related("agent").filter(id=decision_id).first()
    if found is None:
        raise NotFound("There is no such decision.")
    return found  # type: ignore[no-any-return]


def decision_log_rules() -> DecisionLogRules:
    """Return the company's rules of the decision log, the defaults where it set none."""
    return DecisionLogRules.objects.first() or DecisionLogRules()


@dataclass(frozen=True, slots=True)
class Determining:
    """A policy statement that decided, and the exact version it stood in where that is known."""

    statement: str
    name: str = ""
    policy_id: UUID | None = None
    version: int = 0
    cedar: str = ""


def determining_policies(decision: Decision) -> list[Determining]:
    """Return what decided, as the decision's revision had it."""
    try:
        bundle = policies.load_bundle(decision.revision)
    except NotFound:
        return [Determining(statement=name) for name in decision.reason]
    entries = {entry["id"]: entry for entry in bundle.policies}
    return [_determining(name, entries.get(name.split("#")[0])) for name in decision.reason]


def _determining(name: str, entry: dict[str, Any] | None) -> Determining:
    if entry is None:
        return Determining(statement=name)
    return Determining(
        statement=name,
        name=entry["name"],
        policy_id=UUID(entry["id"]),
        version=entry["version"],
        cedar=entry["cedar"],
    )
