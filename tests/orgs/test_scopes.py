"""Growing, archiving and restoring the scope tree."""

import pytest

from apps.events.models import Event
from apps.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from apps.orgs import operations, queries
from apps.orgs.models import Scope


def test_a_tech_lead_creates_a_project_in_their_team_only(company):
    with company.acting("team_lead"):
        project = operations.create_project(
            parent_id=company.scopes["api"].id, name="Router", slug="router"
        )
        assert project.path[-2:] == [company.scopes["api"].id, project.id]

    with pytest.raises(Forbidden), company.acting("team_lead"):
        operations.create_project(parent_id=company.scopes["web"].id, name="Site", slug="site")
    with company.acting("admin"):
        assert not Scope.objects.filter(slug="site").exists()
        denial = Event.objects.filter(type="project.init.denied").get()
        assert denial.actor_id == str(company.users["team_lead"].id)
        assert denial.outcome == "denied"


def test_a_taken_slug_is_a_conflict_that_names_the_field(company):
    with pytest.raises(Conflict) as caught, company.acting("admin"):
        operations.create_organization(name="Again", slug="platform")
    assert list(caught.value.fields) == ["slug"]


def test_a_project_does_not_belong_in_an_organization(company):
    with pytest.raises(Invalid) as caught, company.acting("admin"):
        operations.create_project(parent_id=company.scopes["platform"].id, name="X", slug="x")
    assert caught.value.fields == {
        "parent_id": ["A project belongs in a team, not in a organization."]
    }


@pytest.mark.gap("UX-C3")
def test_archiving_takes_everything_below_and_restoring_brings_it_back(company):
    with company.acting("admin"):
        operations.archive_scope(scope_id=company.scopes["api"].id, reason="merged")
        assert set(
            Scope.objects.filter(archived_at__isnull=False).values_list("slug", flat=True)
        ) == {
            "api",
            "gateway",
        }
        operations.restore_scope(scope_id=company.scopes["api"].id)
        assert not Scope.objects.filter(archived_at__isnull=False).exists()


@pytest.mark.gap("MT-C1")
def test_another_companys_scope_is_not_found(company, other_company):
    with pytest.raises(NotFound), company.acting("tenant_admin"):
        queries.get_scope(other_company.scopes["api"].id)
    with pytest.raises(NotFound), company.acting("tenant_admin"):
        operations.create_project(parent_id=other_company.scopes["api"].id, name="X", slug="x")
