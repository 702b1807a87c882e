"""Nobody reaches a person above them: not to change, end or let back in, nor their secrets."""

from datetime import timedelta

import pytest

from apps.events.models import Event
from apps.identity.models import ApiToken
from apps.identity.operations import create_token, end_session, revoke_token, set_password
from apps.identity.sessions import hashed
from apps.kernel import clock
from apps.kernel.authorization import decide
from apps.kernel.errors import Forbidden
from apps.kernel.tenancy import acting_as
from apps.orgs.models import RoleGrant, User
from apps.orgs.operations import (
    configure_company,
    deactivate_user,
    grant_role,
    reactivate_user,
    revoke_role,
    update_user,
)
from apps.orgs.queries import who_may
from tests.policies.conftest import person
from tests.web.sign_in import session_of

pytestmark = [pytest.mark.gap("MT-C2"), pytest.mark.django_db]


def _refused(company, action):
    """Return the policies that refused `action`, from the one denial on record."""
    with acting_as(company.service("tests")):
        return Event.objects.get(type=f"{action}.denied").policies


def _unchanged(company, role):
    with acting_as(company.service("tests")):
        user = User.objects.get(id=company.users[role].id)
    return (user.name, user.version, user.is_active) == (company.users[role].name, 1, True)


@pytest.mark.parametrize(
    ("action", "attempt"),
    [
        ("user.deactivate", lambda user: deactivate_user(user_id=user.id)),
        ("user.update", lambda user: update_user(user_id=user.id, name="Mine")),
    ],
)
def test_an_admin_neither_changes_nor_ends_a_tenant_admin(company, action, attempt):
    with pytest.raises(Forbidden), company.acting("admin"):
        attempt(company.users["tenant_admin"])
    assert _unchanged(company, "tenant_admin")
    assert _refused(company, action) == ["not-over-somebody-higher"]


def test_an_admin_does_not_let_a_tenant_admin_back_in(company):
    with company.acting("tenant_admin"):
        grant_role(
            user_id=company.users["outsider"].id,
            scope_id=company.scopes["api"].id,
            role="tenant_admin",
        )
        deactivate_user(user_id=company.users["outsider"].id)
    with pytest.raises(Forbidden), company.acting("admin"):
        reactivate_user(user_id=company.users["outsider"].id)
    with company.acting("tenant_admin"):
        assert reactivate_user(user_id=company.users["outsider"].id).is_active


def test_who_was_a_tenant_admin_stands_no_higher_any_more(company):
    with company.acting("tenant_admin"):
        grant = grant_role(
            user_id=company.users["outsider"].id, scope_id=company.tenant_id, role="tenant_admin"
        )
        revoke_role(grant_id=grant.id)
    with company.acting("admin"):
        assert not deactivate_user(user_id=company.users["outsider"].id).is_active


def test_a_tenant_admin_does_not_end_a_platform_administrator(company):
    user = company.users["outsider"]
    user.is_platform_admin = True
    with acting_as(company.service("tests")):
        user.save(update_fields=["is_platform_admin"])
    with pytest.raises(Forbidden), company.acting("tenant_admin"):
        deactivate_user(user_id=user.id)
    assert _unchanged(company, "outsider")


@pytest.mark.parametrize(("lower", "may"), [("platform", False), ("api", False), ("web", True)])
def test_under_the_least_permissive_rule_a_lower_role_there_counts(company, lower, may):
    """TenantAdmin of the company and Viewer at `lower`, over the TenantAdmin of the team `api`."""
    with company.acting("tenant_admin"):
        owner = company.users["outsider"]
        grant_role(user_id=owner.id, scope_id=company.scopes["api"].id, role="tenant_admin")
        mixed = company.users["second_architect"]
        grant_role(user_id=mixed.id, scope_id=company.tenant_id, role="tenant_admin")
        for grant in RoleGrant.objects.filter(user=mixed, role="architect"):
            revoke_role(grant_id=grant.id)
        grant_role(user_id=mixed.id, scope_id=company.scopes[lower].id, role="viewer")
        configure_company(role_resolution="least_permissive")
    with acting_as(person(mixed)):
        assert decide("user.deactivate", owner.as_resource()).allowed == may


def test_who_may_end_a_tenant_admin_is_told_without_those_below(company):
    with company.acting("tenant_admin"):
        answers = who_may("user.deactivate", company.users["tenant_admin"].as_resource())
        assert [answer.user.name for answer in answers] == ["Tenant Admin"]
        answers = who_may("user.deactivate", company.users["viewer"].as_resource())
        assert [answer.user.name for answer in answers] == ["Admin", "Tenant Admin"]


@pytest.mark.parametrize("role", ["admin", "tenant_admin", "developer"])
def test_nobody_ends_sessions_or_tokens_of_another_or_sets_their_password(company, role):
    """A lower one, an equal and a higher: these are ended by their own person, or with them."""
    for owner in ("tenant_admin", "second_architect", "viewer"):
        if owner == role:
            continue
        session = session_of(company, owner)
        with company.acting(owner):
            token, _ = create_token(name="t", expires_at=clock.now() + timedelta(days=1))
        user_id = company.users[owner].id
        for attempt in (
            lambda session=session: end_session(session_id=hashed(session.session_key)),
            lambda token=token: revoke_token(token_id=token.id),
            lambda user_id=user_id: set_password(user_id=user_id, password="correct horse battery"),
        ):
            with pytest.raises(Forbidden), company.acting(role):
                attempt()
        assert session.exists(session.session_key)
        with acting_as(company.service("tests")):
            assert ApiToken.objects.get(id=token.id).revoked_at is None
            assert not User.objects.get(id=user_id).has_usable_password()
