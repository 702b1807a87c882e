"""Reads of policies, versions and revisions."""

import json
from collections.abc import Collection, Iterable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet, Sum

from apps.kernel import clock
from apps.kernel.errors import NotFound
from apps.kernel.tenancy import across_tenants, current_tenant_id
from apps.orgs.queries import permitted_at, permitted_scope_ids

from .models import (
    BreakGlass,
    Head,
    Policy,
    PolicyTest,
    PolicyVersion,
    Revision,
    Rewording,
    Rollback,
    SigningKey,
)
from .rules import rules_text
from .tokens import statements_of, tokens_of
from .types import BreakGlassState, Bundle, PolicyState, RollbackState
from .words import tell_policy


@cache
def agent_schema() -> str:
    """Return the Cedar schema that the company's policies are written against."""
    path = Path(__file__).parent / "product" / "agent.cedarschema"
    return path.read_text(encoding="utf-8")


def list_policies(*, text: str = "", state: str = "", scope_id: str = "") -> QuerySet[Policy]:
    """Return the policies the actor may view, by name, filtered."""
    rows = Policy.objects.filter(permitted_at("policy.view", "scope_id"))
    if text:
        rows = rows.filter(Q(name__icontains=text) | Q(description__icontains=text))
    if state:
        rows = rows.filter(state=state)
    if scope_id:
        rows = rows.filter(scope_id=scope_id)
    return rows.select_related("scope", "author").order_by("name", "id")  # type: ignore[no-any-return]


def get_policy(policy_id: UUID, *, for_update: bool = False) -> Policy:
    """Return one policy with scope and author, locked if asked; raise NotFound."""
    rows = Policy.objects.select_related("scope", "author")
    if for_update:
        rows = rows.select_for_update(of=("self",))
    policy = rows.filter(id=policy_id).first()
    if policy is None:
        raise NotFound("There is no such policy.")
    return policy  # type: ignore[no-any-return]


def find_policies(
    *, scope_ids: Iterable[UUID], names: Iterable[str], for_update: bool = False
) -> list[Policy]:
    """Return the policies of these names at these scopes, by id, locked in that order if asked."""
    rows = Policy.objects.filter(scope_id__in=list(scope_ids), name__in=list(names))
    rows = rows.select_related("scope", "author").order_by("id")
    return list(rows.select_for_update(of=("self",)) if for_update else rows)


def versions_in_force(policies: Iterable[Policy]) -> dict[UUID, PolicyVersion]:
    """Return the version in force of each policy that has one, by the policy's id."""
    active = {policy.id: policy.active_version for policy in policies}
    rows = PolicyVersion.objects.filter(policy_id__in=list(active))
    return {row.policy_id: row for row in rows if row.number == active[row.policy_id]}


def tests_of(policies: Iterable[Policy]) -> dict[UUID, list[PolicyTest]]:
    """Return the tests of each of these policies by the policy's id, those of one by name."""
    found: dict[UUID, list[PolicyTest]] = {policy.id: [] for policy in policies}
    for test in PolicyTest.objects.filter(policy_id__in=list(found)).order_by("name", "id"):
        found[test.policy_id].append(test)
    return found


def list_versions(policy_id: UUID) -> QuerySet[PolicyVersion]:
    """Return the versions of a policy, newest first."""
    return PolicyVersion.objects.filter(policy_id=policy_id).order_by("-number")  # type: ignore[no-any-return]


def find_version(*, policy_id: UUID, number: int | None) -> PolicyVersion | None:
    """Return one version of a policy, or None."""
    return PolicyVersion.objects.filter(policy_id=policy_id, number=number).first()  # type: ignore[no-any-return]


def get_version(*, policy_id: UUID, number: int) -> PolicyVersion:
    """Return one version of a policy; raise NotFound."""
    version = find_version(policy_id=policy_id, number=number)
    if version is None:
        raise NotFound("There is no such version.")
    return version


def body_text(one: Any) -> str:
    """Return all that a policy, version or proposal says as one text: Cedar, then rules."""
    if one is None:
        return ""
    return "\n".join(filter(None, (one.cedar, rules_text(one.rules))))


def cedar_in_words(cedar: str) -> tuple[str, ...]:
    """Return a sentence for each statement; empty for text that is not Cedar."""
    try:
        return tuple(one.sentence for one in tell_policy(cedar))
    except ValueError:
        return ()


def list_tests(policy_id: UUID) -> QuerySet[PolicyTest]:
    """Return the tests of a policy, by name."""
    rows = PolicyTest.objects.filter(policy_id=policy_id).select_related("author")
    return rows.order_by("name", "id")  # type: ignore[no-any-return]


def newest_tests(count: int) -> list[PolicyTest]:
    """Return the newest tests of policies in force, at most `count`."""
    rows = PolicyTest.objects.filter(policy__state=PolicyState.ACTIVE)
    return list(rows.order_by("-created_at", "id")[:count])


def get_test(test_id: UUID) -> PolicyTest:
    """Return one test with its policy; raise NotFound."""
    test = PolicyTest.objects.select_related("policy__scope").filter(id=test_id).first()
    if test is None:
        raise NotFound("There is no such test.")
    return test  # type: ignore[no-any-return]


def get_rollback(rollback_id: UUID) -> Rollback:
    """Return one rollback with its policy; raise NotFound."""
    rows = Rollback.objects.select_related("policy__scope", "author")
    rollback = rows.filter(id=rollback_id).first()
    if rollback is None:
        raise NotFound("There is no such rollback.")
    return rollback  # type: ignore[no-any-return]


def list_rollbacks(policy_id: UUID) -> QuerySet[Rollback]:
    """Return the rollbacks of a policy, newest first."""
    rows = Rollback.objects.filter(policy_id=policy_id).select_related("author", "closed_by")
    return rows.order_by("-id")  # type: ignore[no-any-return]


def list_open_rollbacks() -> QuerySet[Rollback]:
    """Return the open rollbacks of policies that the actor may view, the next to end first."""
    permitted = permitted_at("policy.view", "policy__scope_id")
    rows = Rollback.objects.filter(permitted, state=RollbackState.OPEN)
    return rows.select_related("policy__scope", "author").order_by("ends_at", "id")  # type: ignore[no-any-return]


def list_break_glasses() -> QuerySet[BreakGlass]:
    """Return the break-glasses of the company, newest first."""
    rows = BreakGlass.objects.select_related("scope", "author", "ended_by", "reviewed_by")
    return rows.order_by("-id")  # type: ignore[no-any-return]


def get_break_glass(glass_id: UUID, *, for_update: bool = False) -> BreakGlass:
    """Return one break-glass, locked if asked; raise NotFound."""
    rows = list_break_glasses()
    rows = rows.select_for_update(of=("self",)) if for_update else rows
    glass: BreakGlass | None = rows.filter(id=glass_id).first()
    if glass is None:
        raise NotFound("There is no such break-glass.")
    return glass


def break_glasses_in_force() -> list[BreakGlass]:
    """Return the break-glasses that permit something now, the next to end first."""
    rows = BreakGlass.objects.filter(state=BreakGlassState.OPEN, ends_at__gt=clock.now())
    return list(rows.order_by("ends_at", "id"))


def visible_break_glasses() -> list[BreakGlass]:
    """Return those in force with who opened them, if the actor may know of them."""
    glasses = list_break_glasses().filter(state=BreakGlassState.OPEN, ends_at__gt=clock.now())
    may_view = str(current_tenant_id()) in permitted_scope_ids("policy.view")
    return list(glasses.order_by("ends_at", "id")) if may_view else []


def list_revisions() -> QuerySet[Revision]:
    """Return the revisions of the tenant, newest first."""
    return Revision.objects.order_by("-number")  # type: ignore[no-any-return]


def published_at(numbers: Collection[int]) -> dict[int, datetime]:
    """Return when each of these revisions was published; one that there is not is left out."""
    rows = Revision.objects.filter(number__in=numbers)
    return dict(rows.values_list("number", "published_at"))


def get_head() -> Head:
    """Return the newest revision's number and digest; 0 and None before the first."""
    return Head.objects.first() or Head()


def list_signing_keys() -> QuerySet[SigningKey]:
    """Return the company's keys, oldest first; the last one signs."""
    return SigningKey.objects.order_by("created_at", "id")  # type: ignore[no-any-return]


def find_signing_key() -> SigningKey | None:
    """Return the key that signs now; None before the first revision."""
    return SigningKey.objects.filter(retired_at__isnull=True).first()  # type: ignore[no-any-return]


def is_head_signed() -> bool:
    """Tell whether agents can believe the newest revision; so they can where there is none."""
    newest = list_revisions().first()
    key = find_signing_key()
    return newest is None or (key is not None and newest.kid == key.kid)


def heads_of(tenant_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Return the number of the newest revision of each of these companies that has one."""
    with across_tenants("look for new revisions"):
        rows = Head.objects.filter(tenant_id__in=list(tenant_ids))
        return dict(rows.values_list("tenant_id", "number"))


def load_bundle(number: int) -> Bundle:
    """Return everything of one revision; raise NotFound."""
    rows = Revision.objects.select_related("policies", "schema", "entities")
    revision = rows.filter(number=number).first()
    if revision is None:
        raise NotFound(f"There is no revision {number}.")
    return Bundle(
        revision=revision.number,
        digest=revision.digest,
        previous_digest=revision.previous_digest,
        policies=json.loads(revision.policies.body),
        schema=revision.schema.body,
        entities=json.loads(revision.entities.body),
        kid=revision.kid,
        manifest=revision.manifest,
    )


def find_bundle(digest: str) -> Bundle | None:
    """Return everything of the newest revision of this digest, or None."""
    found = find_revision(digest=digest)
    return None if found is None else load_bundle(found.number)


def find_revision(*, number: int | None = None, digest: str = "") -> Revision | None:
    """Return the revision of this number, or the newest of this digest, or None."""
    rows = list_revisions()
    rows = rows.filter(digest=digest) if number is None else rows.filter(number=number)
    return rows.first()


def split_statements(cedar: str) -> list[str]:
    """Return the text of each statement, without the comments between them."""
    return [cedar[one.start : one.end] for one in statements_of(tokens_of(cedar))]


def tokens_today() -> int:
    """Return the tokens that the company's models took, or may still take, since midnight UTC."""
    day = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    rows = Rewording.objects.filter(asked_at__gte=day)
    return int(rows.aggregate(total=Sum("tokens"))["total"] or 0)


def get_rewording(rewording_id: UUID, *, for_update: bool = False) -> Rewording:
    """Return one question to a model with its answer; NotFound if there is none."""
    rows = Rewording.objects.select_related("scope")
    rows = rows.select_for_update(of=("self",)) if for_update else rows
    found: Rewording | None = rows.filter(id=rewording_id).first()
    if found is None:
        raise NotFound("There is no such question.")
    return found
