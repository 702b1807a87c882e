"""Who a request comes from, through the middleware and a door of the API's kind."""

import json
from datetime import timedelta

import pytest
from django.http import HttpRequest, JsonResponse
from django.test import Client
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt

from apps.identity import operations
from apps.identity.models import ApiToken
from apps.kernel import clock
from apps.kernel.errors import NoActor
from apps.kernel.ids import uuid7
from apps.kernel.tenancy import acting_as, current_actor
from apps.kernel.tokens import mint
from apps.orgs.operations import deactivate_user, delegate_agent, reactivate_user, revoke_agent
from apps.orgs.queries import get_company
from tests.factories.company import make_agent
from tests.identity.conftest import give_password, sign_in


@csrf_exempt
def who(request: HttpRequest) -> JsonResponse:
    if request.actor is None:
        try:
            get_company()
        except NoActor:
            return JsonResponse({"actor": None})
    actor = current_actor()
    assert actor == request.actor
    return JsonResponse(
        {
            "actor": actor.principal.id,
            "kind": actor.principal.kind,
            "channel": actor.channel,
            "behalf": [p.id for p in actor.on_behalf_of],
            "scopes": sorted(actor.scopes) if actor.scopes is not None else None,
            "request": actor.request_id,
        }
    )


def failing(_request: HttpRequest) -> JsonResponse:
    return JsonResponse({}, status=500)


urlpatterns = [
    path("api/v1/who", who),
    path("who", who),
    path("failing", failing),
    path("", include("apps.identity.entrypoints.urls")),
]
pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


def token_of(company, role="developer", **changes):
    values = {"name": "laptop", "expires_at": clock.now() + timedelta(days=5), **changes}
    with company.acting(role):
        return operations.create_token(**values)


def ask(header=None, *, client=None, url="/api/v1/who"):
    headers = {"Authorization": header} if header else {}
    return (client or Client()).get(url, headers=headers).json()


def test_a_token_acts_as_its_person(company):
    _, text = token_of(company)
    answer = ask(f"Bearer {text}")
    assert answer["actor"] == str(company.users["developer"].id)
    assert (answer["kind"], answer["channel"], answer["scopes"]) == ("User", "rest", None)
    assert ask(f"bEaReR   {text} ")["actor"] == answer["actor"]


def test_a_limited_token_carries_its_expanded_scopes(company):
    _, text = token_of(company, scopes=["proposal.*"])
    assert "proposal.approve" in ask(f"Bearer {text}")["scopes"]
    assert "policy.view" not in ask(f"Bearer {text}")["scopes"]


def test_a_service_token_acts_as_its_agent_for_its_person(company):
    agent = make_agent(company)
    _, text = token_of(company, agent_id=agent.id)
    answer = ask(f"Bearer {text}")
    assert (answer["actor"], answer["kind"]) == (str(agent.id), "Agent")
    assert answer["behalf"] == [str(company.users["developer"].id)]


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Bearer aet_p_nothex_secret",
        "Bearer aet_z_0123456789abcdef0123456789abcdef_secret",
        "Bearer a.b.c",
        "Bearer ..",
        "Bearer " + "x" * 9000,
        "Bearer \u00e4\u00f6",
        "Bearer aet_p_" + "0" * 32 + "_secret",
    ],
)
def test_a_malformed_bearer_is_nobody_even_beside_a_session(company, browser, header):
    sign_in(browser, give_password(company, "viewer"))
    assert ask(client=browser)["actor"] == str(company.users["viewer"].id)
    assert ask(header, client=browser) == {"actor": None}


def test_a_token_of_an_unknown_tenant_or_with_a_wrong_secret_is_nobody(company):
    _, text = token_of(company)
    assert ask(f"Bearer {mint(kind='p', tenant_id=uuid7()).text}") == {"actor": None}
    assert ask(f"Bearer {mint(kind='p', tenant_id=company.tenant_id).text}") == {"actor": None}
    assert ask(f"Bearer {text[:-1]}") == {"actor": None}


def test_a_token_does_not_work_in_the_name_of_another_tenant(company, other_company):
    _, text = token_of(company)
    moved = text.replace(company.tenant_id.hex, other_company.tenant_id.hex)
    assert ask(f"Bearer {moved}") == {"actor": None}


def test_a_revoked_token_is_nobody(company):
    token, text = token_of(company)
    with company.acting("developer"):
        operations.revoke_token(token_id=token.id)
    assert ask(f"Bearer {text}") == {"actor": None}


def test_an_expired_token_is_nobody(company):
    _, text = token_of(company)
    with clock.at(clock.now() + timedelta(days=6)):
        assert ask(f"Bearer {text}") == {"actor": None}


def test_a_rotated_token_answers_to_its_new_secret_only(company):
    token, old = token_of(company)
    with company.acting("developer"):
        _, new = operations.rotate_token(token_id=token.id)
    assert ask(f"Bearer {old}") == {"actor": None}
    assert ask(f"Bearer {new}")["actor"] == str(company.users["developer"].id)


def test_the_token_and_session_of_a_deactivated_person_are_nobodys(company, browser):
    sign_in(browser, give_password(company, "developer"))
    _, text = token_of(company)
    with company.acting("admin"):
        deactivate_user(user_id=company.users["developer"].id)
    assert ask(f"Bearer {text}") == {"actor": None}
    assert ask(client=browser) == {"actor": None}
    with company.acting("admin"):
        reactivate_user(user_id=company.users["developer"].id)
    assert ask(f"Bearer {text}")["actor"] == str(company.users["developer"].id)


def test_the_token_of_a_revoked_or_expired_agent_is_nobodys(company):
    agent = make_agent(company)
    _, text = token_of(company, agent_id=agent.id)
    with company.acting("developer"):
        revoke_agent(agent_id=agent.id)
    assert ask(f"Bearer {text}") == {"actor": None}


def test_a_broken_link_anywhere_in_the_chain_ends_the_last_agents_token(company):
    top = make_agent(company, max_depth=2)
    with company.acting("developer"):
        below = delegate_agent(
            parent_id=top.id,
            name="last",
            capabilities=["policy.propose"],
            expires_at=top.expires_at,
        )
    _, text = token_of(company, agent_id=below.id)
    assert ask(f"Bearer {text}")["actor"] == str(below.id)
    with acting_as(company.service("relay")):
        top.revoked_at = clock.now()
        top.save(update_fields=["revoked_at"])
    assert ask(f"Bearer {text}") == {"actor": None}


def test_the_last_use_is_noted_at_most_once_a_minute(company):
    token, text = token_of(company)
    moment = clock.now()

    def used_after(seconds):
        with clock.at(moment + timedelta(seconds=seconds)):
            ask(f"Bearer {text}")
        with acting_as(company.service("relay")):
            return ApiToken.objects.get(id=token.id).last_used_at - moment

    assert used_after(10) == timedelta(seconds=10)
    assert used_after(60) == timedelta(seconds=10)
    assert used_after(71) == timedelta(seconds=71)


def test_a_session_acts_as_its_person_through_either_door(company, browser):
    sign_in(browser, give_password(company, "viewer"))
    assert ask(client=browser)["channel"] == "rest"
    assert ask(client=browser, url="/who")["channel"] == "web"


def test_another_scheme_leaves_the_session_alone(company, browser):
    sign_in(browser, give_password(company, "viewer"))
    assert ask("Basic dTpw", client=browser)["actor"] == str(company.users["viewer"].id)


def test_a_forged_write_on_a_session_is_refused_where_django_looks_away(company, browser):
    sign_in(browser, give_password(company, "viewer"))
    body = json.dumps({"x": 1})
    answer = browser.post("/api/v1/who", body, content_type="application/json")
    assert answer.status_code == 403
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "csrf"
    headers = {"X-CSRFToken": browser.cookies["aeterna_csrf"].value}
    answer = browser.post("/api/v1/who", body, content_type="application/json", headers=headers)
    assert answer.json()["actor"] == str(company.users["viewer"].id)
    evil = {**headers, "Origin": "https://evil.example"}
    answer = browser.post("/api/v1/who", body, content_type="application/json", headers=evil)
    assert answer.status_code == 403


def test_a_bearer_needs_no_csrf_token(company):
    _, text = token_of(company)
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/api/v1/who", headers={"Authorization": f"Bearer {text}"})
    assert answer.json()["actor"] == str(company.users["developer"].id)


def test_a_server_error_undoes_what_the_request_wrote(company):
    token, text = token_of(company)
    Client(raise_request_exception=False).get(
        "/failing", headers={"Authorization": f"Bearer {text}"}
    )
    with acting_as(company.service("relay")):
        assert ApiToken.objects.get(id=token.id).last_used_at is None


def test_a_request_by_token_opens_one_transaction_and_reads_once(
    company, django_assert_num_queries
):
    _, text = token_of(company)
    ask(f"Bearer {text}")
    with django_assert_num_queries(3):  # savepoint, the token with all it hangs on, release
        ask(f"Bearer {text}")


def test_without_a_credential_nobody_acts(db):
    assert ask() == {"actor": None}
