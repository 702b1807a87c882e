"""Finding people and places: only what the seeker may see."""

import pytest

from apps.orgs.queries import search
from tests.factories.company import make_agent

pytestmark = pytest.mark.django_db


def test_a_part_of_a_name_finds_scopes_people_and_agents(company):
    make_agent(company, name="platform helper")
    with company.acting("viewer"):
        found = search(" PLATFORM ")
        assert [scope.slug for scope in found.scopes] == ["platform"]
        assert [agent.name for agent in found.agents] == ["platform helper"]
        assert [user.name for user in search("tech").users] == ["Tech Lead"]


def test_who_sees_one_team_finds_only_what_is_there(company):
    make_agent(company, name="helper")
    with company.acting("team_lead"):
        assert [scope.slug for scope in search("a").scopes] == ["api", "gateway"]
        assert [user.name for user in search("t").users] == ["Team Lead"]
        assert search("helper").agents == []


def test_nothing_asked_finds_nothing(company):
    with company.acting("admin"):
        found = search("  ")
    assert (found.scopes, found.users, found.agents) == ([], [], [])
