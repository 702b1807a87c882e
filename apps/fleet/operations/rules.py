"""What a company wants of its agents: how they log, and how long they decide on their own."""

from collections.abc import Mapping, Sequence
from typing import Any

from apps.events.operations import emit
from apps.events.types import Change
from apps.kernel.authorization import authorize
from apps.kernel.errors import Invalid
from apps.kernel.operation import operation
from apps.orgs.queries import get_root

from .. import queries
from ..models import DecisionLogRules, LeaseRules
from ..types import (
    MAX_KEEP_DAYS,
    MAX_LIMIT_SECONDS,
    MAX_NAMED_ACTIONS,
    MAX_OFFLINE_HOURS,
    MIN_LEASE_SECONDS,
    MIN_OUT_OF_DATE_SECONDS,
)

MAX_MASKED = 200
MAX_NAME = 120


@operation("decision.configure")
def configure_decision_log(
    *, sample_percent: float, masked: Sequence[str], keep_days: int
) -> DecisionLogRules:
    """Set how many of a hundred decisions agents log, what they mask and how long it is kept.

    Invalid names what is out of range; agents hear of it with their next heartbeat.
    """
    company = get_root().as_resource()
    authorize("decision.configure", company)
    names = _names(masked)
    if not 0 <= sample_percent <= 100:
        raise Invalid(fields={"sample_percent": ["Choose from 0 to 100."]})
    if not 1 <= keep_days <= MAX_KEEP_DAYS:
        raise Invalid(fields={"keep_days": [f"Choose from 1 to {MAX_KEEP_DAYS} days."]})
    before = queries.decision_log_rules()
    after = {"sample_percent": sample_percent, "masked": names, "keep_days": keep_days}
    rules, _ = DecisionLogRules.objects.update_or_create(defaults=after)
    told = {name: getattr(before, name) for name in after}
    emit("decision.configured", resource=company, change=Change(before=told, after=after))
    return rules  # type: ignore[no-any-return]


@operation("lease.configure")
def configure_leases(
    *,
    lease_seconds: int,
    limit_seconds: int,
    limits: Mapping[str, int],
    readable: Sequence[str],
    offline_hours: int,
    out_of_date_seconds: int | None = None,
) -> LeaseRules:
    """Set how long agents decide without word from the portal, and what is decided after that.

    `limits` are seconds for single actions, `readable` the actions decided though all is expired,
    `out_of_date_seconds` how long an agent may lack a revision unsaid, as before where left out.
    Invalid names what is out of range; agents hear of it with their next heartbeat.
    """
    company = get_root().as_resource()
    authorize("lease.configure", company)
    before = queries.lease_rules()
    waits = before.out_of_date_seconds if out_of_date_seconds is None else out_of_date_seconds
    after = {
        "lease_seconds": lease_seconds,
        "limit_seconds": limit_seconds,
        "limits": {name.strip(): seconds for name, seconds in sorted(limits.items())},
        "readable": sorted({name.strip() for name in readable if name.strip()}),
        "offline_hours": offline_hours,
        "out_of_date_seconds": waits,
    }
    _check_leases(after)
    rules, _ = LeaseRules.objects.update_or_create(defaults=after)
    told = {name: getattr(before, name) for name in after}
    emit("lease.configured", resource=company, change=Change(before=told, after=after))
    return rules  # type: ignore[no-any-return]


def _check_leases(rules: Mapping[str, Any]) -> None:
    lease = rules["lease_seconds"]
    most = MAX_LIMIT_SECONDS
    ranges = {
        "lease_seconds": (MIN_LEASE_SECONDS, most, f"{MIN_LEASE_SECONDS} to {most} seconds"),
        "limit_seconds": (lease, most, f"the {lease} seconds of a lease to {most}"),
        "offline_hours": (1, MAX_OFFLINE_HOURS, f"1 to {MAX_OFFLINE_HOURS} hours"),
        "out_of_date_seconds": (
            MIN_OUT_OF_DATE_SECONDS, most, f"{MIN_OUT_OF_DATE_SECONDS} to {most} seconds",
        ),
    }  # fmt: skip
    problems = {
        name: [f"Choose from {words}."]
        for name, (least, highest, words) in ranges.items()
        if not least <= rules[name] <= highest
    }
    bad = [name for name, at in rules["limits"].items() if not 0 <= at <= MAX_LIMIT_SECONDS]
    if bad:
        text = f"{', '.join(bad)}: choose from 0 to {MAX_LIMIT_SECONDS} seconds."
        problems["limits"] = [text]
    for field in ("limits", "readable"):
        names = list(rules[field])
        if len(names) > MAX_NAMED_ACTIONS or not all(0 < len(name) <= MAX_NAME for name in names):
            text = f"At most {MAX_NAMED_ACTIONS} actions of at most {MAX_NAME} characters."
            problems[field] = [text]
    if problems:
        raise Invalid(fields=problems)


def _names(masked: Sequence[str]) -> list[str]:
    names = sorted({name.strip().lower() for name in masked if name.strip()})
    if len(names) > MAX_MASKED or any(len(name) > MAX_NAME for name in names):
        text = f"At most {MAX_MASKED} names of at most {MAX_NAME} characters."
        raise Invalid(fields={"masked": [text]})
    return names
