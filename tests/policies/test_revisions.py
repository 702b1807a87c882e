"""Revisions: numbered without gaps, immutable, and the same digest for the same content."""

import threading
from typing import Any

import pytest

from apps.kernel.errors import Forbidden, NotFound
from apps.orgs.operations import create_team, register_user
from apps.policies.digest import (
    canonical_entities,
    canonical_policies,
    revision_digest,
    sha256,
)
from apps.policies.models import Part, Revision
from apps.policies.operations import activate_policy, publish_revision, retire_policy
from apps.policies.queries import get_head, load_bundle
from tests.factories.company import TestCompany
from tests.factories.policy import FORBID, PERMIT, make_active, make_policy


def publish(company: TestCompany, reason: str = "try") -> Any:
    from apps.kernel.tenancy import acting_as

    with acting_as(company.service("relay")):
        return publish_revision(reason=reason)


def revisions_of(company: TestCompany) -> list[tuple[int, str, str | None]]:
    with company.acting("viewer"):
        rows = Revision.objects.order_by("number")
        return [(row.number, row.digest, row.previous_digest) for row in rows]


def test_before_the_first_there_is_no_head(company: TestCompany) -> None:
    with company.acting("viewer"):
        head = get_head()
        with pytest.raises(NotFound):
            load_bundle(1)

    assert (head.number, head.digest) == (0, None)


def test_an_activation_publishes_what_agents_get(company: TestCompany) -> None:
    policy = make_active(company)

    with company.acting("viewer"):
        head, bundle = get_head(), load_bundle(1)

    assert (head.number, head.digest) == (bundle.revision, bundle.digest) == (1, bundle.digest)
    assert bundle.previous_digest is None
    assert bundle.policies == [
        {"id": str(policy.id), "version": 1, "name": "baseline", "cedar": PERMIT}
    ]
    assert 'User::"architect@acme.example"' in {
        f'{e["uid"]["type"]}::"{e["uid"]["id"]}"' for e in bundle.entities
    }


def test_the_digest_is_the_protocols(company: TestCompany) -> None:
    make_active(company)
    with company.acting("viewer"):
        bundle = load_bundle(1)

    assert bundle.digest == revision_digest(
        policies=sha256(canonical_policies(bundle.policies)),
        schema=sha256(bundle.schema),
        entities=sha256(canonical_entities(bundle.entities)),
    )


def test_revisions_form_a_chain_without_gaps(company: TestCompany) -> None:
    policy = make_active(company)
    with company.acting("architect"):
        activate_policy(policy_id=policy.id, cedar=FORBID, reason="Change.")
        retire_policy(policy_id=policy.id, reason="Gone.")

    rows = revisions_of(company)

    assert [number for number, _, _ in rows] == [1, 2, 3]
    assert [previous for _, _, previous in rows] == [None, rows[0][1], rows[1][1]]
    assert len({digest for _, digest, _ in rows}) == 3


def test_publishing_what_is_published_changes_nothing(company: TestCompany) -> None:
    make_active(company)
    before = revisions_of(company)

    again = publish(company)

    assert again.number == 1
    assert revisions_of(company) == before


def test_a_draft_never_reaches_an_agent(company: TestCompany) -> None:
    make_active(company)
    make_policy(company, name="idea", cedar=FORBID)

    assert publish(company).number == 1


def test_a_change_of_the_organization_is_a_revision_that_keeps_its_unchanged_parts(
    company: TestCompany,
) -> None:
    make_active(company)
    with company.acting("tenant_admin"):
        create_team(parent_id=company.scopes["platform"].id, name="Data", slug="data")
        register_user(email="new@acme.example", name="New")

    publish(company)

    with company.acting("viewer"):
        first, second = Revision.objects.order_by("number")
        assert (first.policies_id, first.schema_id) == (second.policies_id, second.schema_id)
        assert first.entities_id != second.entities_id
        assert Part.objects.count() == 4


def test_only_the_portal_itself_publishes(company: TestCompany) -> None:
    with pytest.raises(Forbidden), company.acting("tenant_admin"):
        publish_revision(reason="mine")

    assert revisions_of(company) == []


def test_another_company_has_its_own_numbers(
    company: TestCompany, other_company: TestCompany
) -> None:
    make_active(company)

    assert publish(other_company).number == 1
    assert len(revisions_of(company)) == 1


def test_activations_at_once_leave_no_gap(committed_company: Any) -> None:
    company = committed_company
    policies = [make_policy(company, name=f"p{number}") for number in range(4)]
    start = threading.Barrier(len(policies))
    failures: list[Exception] = []

    def activate(policy: Any) -> None:
        from django.db import connections

        start.wait(timeout=30)
        try:
            with company.acting("second_architect"):
                activate_policy(policy_id=policy.id, cedar=PERMIT, reason="At once.")
        except Exception as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=activate, args=(policy,)) for policy in policies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    rows = revisions_of(company)
    assert failures == []
    assert [number for number, _, _ in rows] == [1, 2, 3, 4]
    assert [previous for _, _, previous in rows[1:]] == [digest for _, digest, _ in rows[:-1]]
    with company.acting("viewer"):
        assert len(load_bundle(4).policies) == 4
