"""What a change means for today's organization, and what its policy's tests find: kept, or not."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from apps.kernel.actor import service_actor
from apps.kernel.tenancy import acting_as
from apps.orgs.queries import get_root, organization_entities

from . import queries
from .chain import layer_of
from .comparison import Change
from .digest import canonical, canonical_entities, sha256
from .impact import ENGINE, compute_impact
from .inheritance import Layer
from .models import Impact, Policy, Revision
from .operations import record_impact
from .standing import analysis_schema, keys_of, read_change
from .testing import run_tests

TOO_MUCH = "It takes more time or memory than it may have."
# The policy of a text that is not saved yet.
UNSAVED = UUID(int=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospect:
    """A policy as it would be in force; without a layer it would be out of force."""

    policy: Policy
    layer: Layer | None

    @property
    def change(self) -> Change:
        return read_change(self.policy.id, self.layer)


def working_copy_of(policy: Policy) -> Prospect:
    """Return a policy's working copy as it would be in force."""
    return Prospect(policy=policy, layer=layer_of(policy))


def facts_digest(policy: Policy) -> str:
    """Return the digest of all that an impact depends on besides the policies."""
    tests = [[str(one.id), one.question, one.is_allowed] for one in queries.list_tests(policy.id)]
    return sha256(canonical([ENGINE, _organization_digest(), tests]))


def find_impact(change: Change) -> Impact | None:
    """Return what was worked out of exactly this change, be it of an earlier organization."""
    keys = keys_of(change)
    rows = Impact.objects.filter(policy_id=change.id, proposed=keys.proposed, base=keys.base)
    return rows.first()  # type: ignore[no-any-return]


def find_impact_until(change: Change, moment: Any) -> Impact | None:
    """Return what was last worked out up to a moment of what the change says."""
    rows = Impact.objects.filter(policy_id=change.id, content=keys_of(change).content)
    return rows.filter(worked_out_at__lte=moment).order_by("worked_out_at", "id").last()  # type: ignore[no-any-return]


def work_out(
    *,
    tenant_id: UUID,
    read: Callable[[], Prospect | None],
    too_long: tuple[type[Exception], ...] = (),
) -> bool:
    """Work out what `read` returns inside the tenant's scope; False if nothing was left to do.

    Running it twice, or beside itself, does no harm. What raises `too_long` or needs too much
    memory is kept as unknown: trying again would end the same way.
    """
    actor = service_actor(tenant_id=tenant_id, name="analysis")
    with acting_as(actor):
        prospect = read()
        if prospect is None:
            return False
        change, facts = prospect.change, facts_digest(prospect.policy)
        known = find_impact(change)
        if known is not None and known.facts == facts:
            return False
        entities = organization_today()
        tests = [one.as_json() for one in _tests(prospect)]
    report = _report(change, entities, (MemoryError, RecursionError, *too_long))
    keys = keys_of(change)
    with acting_as(actor):
        record_impact(
            policy_id=prospect.policy.id,
            content=keys.content,
            proposed=keys.proposed,
            base=keys.base,
            facts=facts,
            report=report,
            tests=tests,
        )
    return True


def impact_of_text(*, cedar: str, policy: Policy | None) -> dict[str, Any]:
    """Return the impact of Cedar text as a policy's, or as a new policy of the company."""
    if policy is None:
        policy = Policy(id=UNSAVED, scope=get_root(), cedar=cedar)
    change = read_change(policy.id, replace(layer_of(policy), cedar=cedar))
    return _report(change, organization_today(), ())


def _report(
    change: Change, entities: Sequence[Mapping[str, Any]], failures: tuple[type[Exception], ...]
) -> dict[str, Any]:
    try:
        return compute_impact(change, analysis_schema(), entities).as_json()
    except failures:
        return {"failed": TOO_MUCH}


def _tests(prospect: Prospect) -> list[Any]:
    if prospect.layer is None:
        return []
    return run_tests(prospect.policy, layer=prospect.layer)


def _organization_digest() -> str:
    """Return the digest of the entities that agents were sent last."""
    rows = Revision.objects.order_by("-number").values_list("entities__digest", flat=True)
    known: str | None = rows.first()
    return known or sha256(canonical_entities(organization_entities()))


def organization_today() -> list[dict[str, Any]]:
    """Return the entities that agents were sent last, or would be sent first."""
    rows = Revision.objects.order_by("-number").values_list("entities__body", flat=True)
    known: str | None = rows.first()
    text = known or canonical_entities(organization_entities())
    entities: list[dict[str, Any]] = json.loads(text)
    return entities
