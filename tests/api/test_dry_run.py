"""A write that is only tried: answered like the real one, and nothing is left of it."""

from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from apps.policies.queries import get_head
from tests.api.rest import Caller, done, refused
from tests.factories.policy import make_policy, make_proposal

pytestmark = [pytest.mark.django_db, pytest.mark.gap("UX-M2")]
DRY = {"Aeterna-Dry-Run": "true"}
KEY = {"Idempotency-Key": "0f8fad5b-d9cb-469f-a165-70867728950e"}
TEAM = {"name": "Data", "slug": "data"}


def rows(company: Any) -> dict[str, int]:
    """Count the rows of every table that the company sees."""
    with company.acting("tenant_admin"), connection.cursor() as cursor:
        counts = {}
        for model in apps.get_models():
            table = model._meta.db_table
            cursor.execute("select has_table_privilege(%s, 'select')", [table])
            if cursor.fetchone() == (True,):
                cursor.execute(f'select count(*) from "{table}"')
                counts[table] = cursor.fetchone()[0]
        return counts


def test_a_tried_creation_answers_as_the_real_one_and_leaves_nothing(
    company: Any, admin: Caller
) -> None:
    before = rows(company)
    tried = admin.post("scopes/organizations", TEAM, headers={**DRY, **KEY})
    assert rows(company) == before
    assert tried.headers["Aeterna-Dry-Run"] == "true"
    assert "Location" not in tried.headers
    made = admin.post("scopes/organizations", TEAM, headers=KEY)
    assert "Aeterna-Dry-Run" not in made.headers
    assert "Idempotent-Replay" not in made.headers
    fleeting = ("id", "path", "created_at", "updated_at")
    first, second = done(tried, 201), done(made, 201)
    assert {k: v for k, v in first.items() if k not in fleeting} == {
        k: v for k, v in second.items() if k not in fleeting
    }


def test_a_tried_approval_tells_the_revision_and_publishes_none(company: Any, call: Any) -> None:
    proposal = make_proposal(company)
    before = rows(company)
    with company.acting("architect"):
        head = get_head().number
    architect = call("second_architect")
    before = rows(company)
    told = done(architect.post(f"proposals/{proposal.id}/approve", {}, headers=DRY))
    assert (told["state"], told["revision"]) == ("approved", head + 1)
    assert rows(company) == before
    assert done(architect.get(f"proposals/{proposal.id}"))["state"] == "pending"


def test_a_refusal_is_the_same_when_only_tried(company: Any, admin: Caller, call: Any) -> None:
    make_policy(company, name="taken")
    draft = {"scope_id": str(company.scopes["company"].id), "name": "taken", "cedar": "permit("}
    refused(admin.post("policies", draft, headers=DRY), 422, "cedar")
    draft["cedar"] = "permit(principal, action, resource);"
    refused(admin.post("policies", draft, headers=DRY), 409, "name")
    stale = {**DRY, "If-Match": '"99-0123456789abcdef"'}
    policy = make_policy(company, name="other")
    refused(admin.patch(f"policies/{policy.id}", {"name": "x"}, headers=stale), 412)
    refused(call("viewer").post("policies", draft, headers=DRY), 403)


def test_a_secret_of_a_tried_token_opens_nothing(admin: Caller) -> None:
    told = done(admin.post("cedar-agents", {"name": "edge"}, headers=DRY), 201)
    assert Caller(token=told["token"]).get("me").status_code == 401
    assert done(admin.get("cedar-agents"))["results"] == []


@pytest.mark.parametrize("value", ["", "false", "True", "1"])
def test_any_other_value_is_named_and_nothing_is_done(
    company: Any, admin: Caller, value: str
) -> None:
    before = rows(company)
    answer = admin.post("scopes/organizations", TEAM, headers={"Aeterna-Dry-Run": value})
    refused(answer, 400, "Aeterna-Dry-Run")
    assert rows(company) == before


def test_another_company_cannot_be_tried_upon(company: Any, attacker: Caller) -> None:
    proposal = make_proposal(company)
    refused(attacker.post(f"proposals/{proposal.id}/approve", {}, headers=DRY), 404)


def test_a_company_is_only_tried_too(company: Any, admin: Caller) -> None:
    with company.acting("tenant_admin"):
        person = company.users["tenant_admin"]
        person.is_platform_admin = True
        person.save(update_fields=["is_platform_admin"])
    new = {"name": "New", "slug": "newco", "admin_name": "Ann", "admin_email": "ann@new.example"}
    done(admin.post("tenants", new, headers=DRY), 201)
    done(admin.post("tenants", new), 201)
