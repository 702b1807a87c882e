"""Making, replacing and ending tokens."""

from datetime import timedelta
from uuid import uuid4

import pytest

from apps.identity import operations, queries
from apps.identity.models import ApiToken
from apps.identity.scopes import expand
from apps.kernel import clock
from apps.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from apps.kernel.ids import uuid7
from apps.kernel.tenancy import acting_as
from apps.kernel.tokens import digest_of, tenant_of
from apps.orgs.operations import deactivate_user, revoke_agent
from tests.factories.company import make_agent
from tests.identity.conftest import events_of

pytestmark = pytest.mark.django_db


def soon(days=30):
    return clock.now() + timedelta(days=days)


def make(company, role="developer", **changes):
    values = {"name": "laptop", "expires_at": soon(), **changes}
    with company.acting(role):
        return operations.create_token(**values)


def count(company):
    with acting_as(company.service("relay")):
        return ApiToken.objects.count()


def test_a_token_is_told_once_and_kept_as_a_hash(company):
    token, text = make(company, scopes=["policy.view", "read", "policy.view"])
    assert tenant_of(text, kind="p") == company.tenant_id
    assert token.digest == digest_of(text)
    assert (token.kind, token.scopes, token.tail) == ("p", ["policy.view", "read"], text[-4:])
    (event,) = events_of(company, "token.created")
    assert text not in str(event.after)
    assert event.after["name"] == "laptop"


def test_a_service_token_belongs_to_an_agent_of_ones_own(company):
    agent = make_agent(company)
    token, text = make(company, agent_id=agent.id, expires_at=soon(3))
    assert tenant_of(text, kind="s") == company.tenant_id
    assert token.agent_id == agent.id
    assert token.user_id == company.users["developer"].id


def test_nobody_makes_a_token_for_the_agent_of_somebody_else(company):
    agent = make_agent(company)
    with pytest.raises(Conflict) as error:
        make(company, "tenant_admin", agent_id=agent.id, expires_at=soon(3))
    assert error.value.fields == {"agent_id": ["It is not yours."]}
    assert count(company) == 0


def test_an_agent_that_has_ended_gets_no_token(company):
    agent = make_agent(company)
    with company.acting("developer"):
        revoke_agent(agent_id=agent.id)
    with pytest.raises(Conflict) as error:
        make(company, agent_id=agent.id, expires_at=soon(3))
    assert error.value.fields == {"agent_id": ["helper is revoked or expired."]}
    assert count(company) == 0


def test_a_service_token_ends_with_its_agent_at_the_latest(company):
    agent = make_agent(company)
    with pytest.raises(Invalid) as error:
        make(company, agent_id=agent.id, expires_at=soon(8))
    assert error.value.fields == {"expires_at": ["helper itself expires earlier."]}
    assert count(company) == 0


def test_an_agent_cannot_make_itself_a_token(company):
    agent = make_agent(company)
    with pytest.raises(Conflict, match="Only a person"), acting_as(company.agent_actor(agent)):
        operations.create_token(name="x", expires_at=soon())
    assert count(company) == 0


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"name": " "}, "name", "This is needed."),
        ({"name": "x" * 121}, "name", "At most 120 characters; these are 121."),
        ({"scopes": ["policy.fly", "read"]}, "scopes", "Unknown: policy.fly."),
        ({"scopes": ["nothing.*"]}, "scopes", "Unknown: nothing.*."),
        ({"scopes": ["role:admin"]}, "scopes", "Unknown: role:admin."),
    ],
)
def test_bad_input_is_named_and_makes_nothing(company, changes, field, message):
    with pytest.raises(Invalid) as error:
        make(company, **changes)
    assert error.value.fields == {field: [message]}
    assert count(company) == 0


@pytest.mark.parametrize("days", [-1, 0, 366])
def test_a_token_lives_between_now_and_a_year(company, days):
    with pytest.raises(Invalid) as error:
        make(company, expires_at=soon(days))
    assert error.value.fields == {"expires_at": ["Choose a time within 365 days."]}
    assert count(company) == 0


def test_an_expiry_needs_a_time_zone(company):
    with pytest.raises(Invalid) as error:
        make(company, expires_at=soon().replace(tzinfo=None))
    assert error.value.fields == {"expires_at": ["Give the time zone."]}


def test_scopes_are_expanded_when_they_are_used():
    read = expand(["read"])
    assert {"org.view", "policy.view", "policy.simulate", "token.view"} <= read
    assert not read & {"policy.draft", "audit.export", "role.grant", "token.create"}
    assert expand(["proposal.*"]) == {
        "proposal.view",
        "proposal.comment",
        "proposal.withdraw",
        "proposal.revise",
        "proposal.approve",
        "proposal.reject",
        "proposal.accept_conflicts",
        "proposal.remind",
        "proposal.nudge",
        "proposal.replay",
        "proposal.cancel_replay",
        "proposal.shadow",
        "proposal.stop_shadow",
        "proposal.escalate",
        "proposal.expire",
    }
    assert expand(["gone.away"]) == frozenset()


def test_a_limited_token_cannot_make_one_that_may_do_more(company):
    actor = company.actor("developer", scopes=frozenset({"token.create", "org.view"}))
    for scopes in ([], ["policy.view"], ["read"]):
        with pytest.raises(Forbidden, match="more than itself"), acting_as(actor):
            operations.create_token(name="x", expires_at=soon(), scopes=scopes)
    assert count(company) == 0
    with acting_as(actor):
        operations.create_token(name="x", expires_at=soon(), scopes=["org.view"])
    assert count(company) == 1
    assert len(events_of(company, "token.create.denied")) == 3


def test_a_limited_token_cannot_take_over_a_stronger_one_by_rotating_it(company):
    strong, _ = make(company)
    actor = company.actor("developer", scopes=frozenset({"token.rotate"}))
    with pytest.raises(Forbidden, match="more than itself"), acting_as(actor):
        operations.rotate_token(token_id=strong.id)
    with company.acting("developer"):
        assert queries.get_token(strong.id).digest == strong.digest


def test_rotating_ends_the_old_secret_and_keeps_the_rest(company):
    token, old = make(company, scopes=["read"])
    with company.acting("developer"):
        again, new = operations.rotate_token(token_id=token.id)
        assert queries.find_token(digest_of(old)) is None
        assert queries.find_token(digest_of(new)).id == token.id
    assert (again.name, again.scopes, again.expires_at) == ("laptop", ["read"], token.expires_at)
    assert len(events_of(company, "token.rotated")) == 1


def test_a_revoked_or_expired_token_cannot_be_rotated(company):
    token, _ = make(company)
    with company.acting("developer"):
        operations.revoke_token(token_id=token.id, reason="done")
        with pytest.raises(Conflict, match="laptop is revoked or expired"):
            operations.rotate_token(token_id=token.id)
    other, _ = make(company, expires_at=soon(1))
    with clock.at(soon(2)), company.acting("developer"), pytest.raises(Conflict):
        operations.rotate_token(token_id=other.id)


def test_revoking_is_for_good_and_on_record(company):
    token, text = make(company)
    with company.acting("developer"):
        operations.revoke_token(token_id=token.id, reason="Lost.")
        assert queries.find_token(digest_of(text)) is None
        with pytest.raises(Conflict, match="already revoked"):
            operations.revoke_token(token_id=token.id)
    (event,) = events_of(company, "token.revoked")
    assert event.reason == "Lost."


@pytest.mark.parametrize("name", ["rotate_token", "revoke_token"])
def test_nobody_touches_the_token_of_somebody_else(company, name):
    token, _ = make(company)
    with pytest.raises(Forbidden), company.acting("tenant_admin"):
        getattr(operations, name)(token_id=token.id)
    with company.acting("developer"):
        kept = queries.get_token(token.id)
    assert (kept.digest, kept.revoked_at) == (token.digest, None)


@pytest.mark.parametrize("name", ["rotate_token", "revoke_token"])
def test_a_token_of_another_company_does_not_exist(company, other_company, name):
    token, _ = make(company)
    for token_id in (token.id, uuid4()):
        with pytest.raises(NotFound), other_company.acting("tenant_admin"):
            getattr(operations, name)(token_id=token_id)


def test_a_person_lists_their_own_tokens_only(company):
    mine, _ = make(company)
    make(company, "viewer")
    gone, _ = make(company)
    with company.acting("developer"):
        operations.revoke_token(token_id=gone.id)
        assert [token.id for token in queries.list_own_tokens()] == [mine.id]
        assert len(queries.list_own_tokens(live_only=False)) == 2
    with acting_as(company.actor("developer", scopes=frozenset({"org.view"}))):
        assert list(queries.list_own_tokens()) == []


def test_a_deactivated_person_makes_no_token(company):
    with company.acting("admin"):
        deactivate_user(user_id=company.users["developer"].id)
    with pytest.raises(Forbidden):
        make(company)
    assert count(company) == 0


def test_an_unknown_agent_is_not_found(company):
    with pytest.raises(NotFound):
        make(company, agent_id=uuid7())
    assert count(company) == 0
