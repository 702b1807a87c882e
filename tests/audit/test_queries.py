"""Reading the audit log: filters, and whose log it is."""

from datetime import timedelta

import pytest

from apps.audit import queries
from apps.audit.queries import Criteria
from apps.kernel import clock
from apps.kernel.errors import Forbidden, NotFound
from apps.orgs import operations as orgs


def change(company) -> None:
    with company.acting("architect"):
        orgs.update_scope(scope_id=company.scopes["api"].id, name="Api 2")
    with pytest.raises(Forbidden), company.acting("developer"):
        orgs.update_scope(scope_id=company.scopes["web"].id, name="Web 2")


def found(company, role: str = "tech_lead", **criteria: object) -> list[tuple[str, str]]:
    with company.acting(role):
        rows = queries.find_audit(Criteria(**criteria))
        return [(event.type, event.resource_name) for event in rows]


def test_each_filter_keeps_what_it_names(company):
    change(company)
    done, denied = ("scope.updated", "Api 2"), ("scope.update.denied", "Web")
    assert found(company, action="scope.update") == [denied, done]
    assert found(company, action="scope.update", outcome="denied") == [denied]
    assert found(company, actor_id=str(company.users["developer"].id)) == [denied]
    assert found(company, resource_id=str(company.scopes["api"].id))[0] == done
    assert found(company, text="api 2") == [done]
    assert found(company, action="scope.update", resource_type="Scope") == [denied, done]
    with company.acting("tech_lead"):
        event = queries.list_audit().get(type="scope.updated")
    assert found(company, request_id=event.request_id) == [done]
    assert found(company, since=event.occurred_at, until=event.occurred_at) == []
    assert done in found(company, since=event.occurred_at)
    assert found(company, since=clock.now() + timedelta(seconds=1)) == []


def test_a_scope_includes_everything_below_it(company):
    change(company)
    with company.acting("architect"):
        orgs.update_scope(scope_id=company.scopes["gateway"].id, name="Gate")
    names = {name for _, name in found(company, scope_id=company.scopes["platform"].id)}
    assert {"Platform", "Api 2", "Gate", "Web"} <= names
    assert {name for _, name in found(company, scope_id=company.scopes["gateway"].id)} == {
        "Gateway",
        "Gate",
    }


def test_a_team_lead_reads_the_log_of_their_team_only(company):
    change(company)
    assert {name for _, name in found(company, "team_lead")} <= {
        "API", "Api 2", "Gateway", "Team Lead",
    }  # fmt: skip
    assert ("scope.updated", "Api 2") in found(company, "team_lead")
    assert found(company, "viewer") == []


@pytest.mark.gap("MT-C1")
def test_another_companys_log_is_never_read(company, other_company):
    with other_company.acting("admin"):
        theirs = queries.list_audit().first()
    with company.acting("admin"), pytest.raises(NotFound):
        queries.get_audit(theirs.id)
    with company.acting("admin"), pytest.raises(NotFound):
        queries.find_audit(Criteria(scope_id=other_company.scopes["api"].id))
    assert found(company, "admin", resource_id=str(other_company.scopes["api"].id)) == []
