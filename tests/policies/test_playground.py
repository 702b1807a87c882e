"""The playground answers what agents would, for what is in force and for a working copy."""

from typing import Any
from urllib.parse import urlencode

import pytest

from apps.policies.operations import edit_policy
from tests.api.rest import caller, done, refused
from tests.factories.policy import make_active, make_policy
from tests.policies.pages import text_of
from tests.web.sign_in import browser

pytestmark = [pytest.mark.django_db, pytest.mark.gap("UX-M2")]
READ = (
    'permit (principal, action == Action::"read_file", resource in Scope::"acme/platform/api");\n'
)
STOP = """forbid (principal, action, resource is File)
when { resource has path && resource.path like "*.pem" };
"""
PAGE = "/policies/playground/"


def question(company: Any, **changes: Any) -> dict[str, Any]:
    return {
        "principal": company.users["developer"].email,
        "action": "read_file",
        "resource_type": "File",
        "resource_id": "src/app.py",
        "place": "acme/platform/api",
        **changes,
    }


def test_it_says_what_decides_and_what_a_working_copy_would_change(company: Any) -> None:
    policy = make_active(company, name="reading", cedar=READ)
    viewer = caller(company, "viewer")
    told = done(viewer.post("policies/evaluate", question(company)))
    assert told == {
        "now": {"is_allowed": True, "policies": ["reading of Acme"], "errors": []},
        "then": None,
        "is_changed": False,
    }
    with company.acting("architect"):
        edit_policy(policy_id=policy.id, cedar=READ + STOP)
    key = {"attributes": {"path": "keys/a.pem"}, "policy_id": str(policy.id)}
    told = done(viewer.post("policies/evaluate", question(company, **key)))
    assert (told["now"]["is_allowed"], told["then"]["is_allowed"]) == (True, False)
    assert told["is_changed"]
    elsewhere = question(company, place="acme/platform/web", policy_id=str(policy.id))
    told = done(viewer.post("policies/evaluate", elsewhere))
    assert (told["now"]["is_allowed"], told["is_changed"]) == (False, False)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"principal": "nobody@acme.example"}, "principal"),
        ({"action": "fly"}, "action"),
        ({"resource_type": "Tool"}, "resource"),
        ({"resource_type": "Cloud"}, "resource"),
        ({"place": "acme/nowhere"}, "place"),
        ({"attributes": {"size": 3}}, "attributes"),
        ({"resource_type": "Scope", "resource_id": "acme"}, "place"),
        ({"context": {"mfa": "yes"}}, "context"),
        ({"context": {"moon": 1}}, "context"),
    ],
)
def test_what_is_no_question_is_named(company: Any, changes: Any, field: str) -> None:
    make_active(company, name="reading", cedar=READ)
    answer = caller(company, "viewer").post("policies/evaluate", question(company, **changes))
    assert field in refused_fields(answer)


def refused_fields(answer: Any) -> list[str]:
    assert answer.status_code == 422, answer.content
    return list(answer.json()["fields"])


def test_nobody_is_asked_about_who_is_not_visible(company: Any, other_company: Any) -> None:
    stranger = question(company, principal=other_company.users["developer"].email)
    if stranger["principal"] != company.users["developer"].email:
        assert refused_fields(caller(company, "viewer").post("policies/evaluate", stranger))
    theirs = question(company, policy_id=str(make_policy(other_company).id))
    refused(caller(company, "viewer").post("policies/evaluate", theirs), 422, "policy_id")
    refused(caller(company, "outsider").post("policies/evaluate", question(company)), 403)


def test_the_address_holds_the_question(company: Any) -> None:
    make_active(company, name="reading", cedar=READ)
    client = browser(company, "viewer")
    assert "No answer yet" in text_of(client.get(PAGE))
    asked = question(company)
    asked |= {"kind": asked.pop("resource_type"), "resource": asked.pop("resource_id")}
    page = text_of(client.get(f"{PAGE}?{urlencode(asked)}"))
    assert "Allowed" in page
    assert "reading of Acme" in page
    wrong = client.get(f"{PAGE}?{urlencode({**asked, 'context': '[1'})}")
    assert wrong.status_code == 422
    assert "This is not JSON" in text_of(wrong)


def test_a_policy_leads_to_a_question_about_its_working_copy(company: Any) -> None:
    policy = make_policy(company)
    client = browser(company, "architect")
    place = f"{PAGE}?policy={policy.id}"
    assert f'href="{place}"' in text_of(client.get(f"/policies/{policy.id}/"))
    assert f'value="{policy.id}" selected' in text_of(client.get(place))
