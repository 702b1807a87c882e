"""The organization's pages: who may open them, and whose they are."""

import pytest
from django.urls import reverse

from apps.orgs.operations import grant_role
from apps.orgs.types import Role
from tests.factories.company import make_agent
from tests.web.sign_in import browser


def scope_pages(company) -> list[str]:
    scope = company.scopes["api"].id
    sections = ("people", "agents", "access", "history")
    return [
        reverse("orgs:scope", args=[scope]),
        *(reverse("orgs:section", args=[scope, one]) for one in sections),
        reverse("orgs:section", args=[scope, "access"]) + "?action=team.create",
    ]


def lists() -> list[str]:
    return [reverse(f"orgs:{name}") for name in ("tree", "people", "agents")]


def test_a_viewer_opens_every_list_and_section(company):
    make_agent(company)
    client = browser(company, "viewer")
    for path in [*lists(), *scope_pages(company)]:
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert "no-store" not in answer.get("Cache-Control", "")


def test_every_list_is_a_file_too(company):
    make_agent(company, name="=cmd()")
    client = browser(company, "viewer")
    for path in lists():
        answer = client.get(path, {"format": "csv"})
        assert answer["Content-Type"] == "text/csv; charset=utf-8"
        assert answer.content.decode().startswith("id,")
    assert ",'=cmd()," in answer.content.decode()


def test_somebody_without_a_role_sees_empty_lists_and_no_scope(company):
    client = browser(company, "outsider")
    assert b"Nothing here that you may see" in client.get(reverse("orgs:tree")).content
    people = client.get(reverse("orgs:people")).content
    assert b"Outsider" in people
    assert b"Architect" not in people.replace(b">Architect</option>", b"")
    for path in scope_pages(company):
        answer = client.get(path)
        assert answer.status_code == 403, path
        assert b"org.view" in answer.content


def test_another_companys_things_are_not_found(company, other_company):
    agent = make_agent(other_company)
    client = browser(company, "tenant_admin")
    person = other_company.users["viewer"].id
    scope = other_company.scopes["api"].id
    pages = [
        *scope_pages(other_company),
        reverse("orgs:person", args=[person]),
        reverse("orgs:user.update", args=[person]),
        reverse("orgs:agent", args=[agent.id]),
        reverse("orgs:agent.revoke", args=[agent.id]),
        reverse("orgs:scope.update", args=[scope]),
        reverse("orgs:role.grant", args=[scope]),
        reverse("orgs:member.add", args=[scope]),
    ]
    assert [client.get(path).status_code for path in pages] == [404] * len(pages)


@pytest.mark.parametrize("query", ["kind=nonsense", "state=%00", "q=%00", "q=" + "x" * 201])
@pytest.mark.parametrize("name", ["tree", "people", "agents"])
def test_a_malformed_address_is_told_what_is_wrong(company, name, query):
    if query.startswith("kind") and name != "tree":
        query = query.replace("kind", "cursor")
    answer = browser(company, "viewer").get(f"{reverse(f'orgs:{name}')}?{query}")
    assert answer.status_code == 422
    assert query.partition("=")[0].encode() in answer.content


def test_the_person_who_may_is_named_with_the_permission_that_decided(company):
    path = reverse("orgs:section", args=[company.scopes["api"].id, "access"])
    content = browser(company, "viewer").get(path, {"action": "team.create"}).content.decode()
    names = [name for name in ("Architect", "Second Architect", "Admin") if f">{name}<" in content]
    assert names == ["Architect", "Second Architect", "Admin"]
    assert ">Developer<" not in content
    assert "role-architect" in content


def test_people_go_on_from_page_to_page_and_back(company, monkeypatch):
    monkeypatch.setattr("apps.kernel.entrypoints.listing.page_of.__kwdefaults__", {"size": 4})
    client = browser(company, "viewer")
    path = reverse("orgs:people")
    first = client.get(path)
    second = client.get(first.context["page"].next_url)
    names = [row["person"].name for row in first.context["rows"]]
    more = [row["person"].name for row in second.context["rows"]]
    assert names + more == sorted(names + more)
    back = client.get(second.context["page"].previous_url)
    assert [row["person"].name for row in back.context["rows"]] == names
    assert back.context["page"].previous_url == ""


def test_a_team_opens_its_projects_where_it_stands_in_the_tree(company):
    client = browser(company, "viewer")
    branch = reverse("orgs:branch", args=[company.scopes["api"].id])
    assert f"{branch}?level=4" in client.get(reverse("orgs:tree")).content.decode()
    content = client.get(branch, {"level": "4"}).content.decode()
    assert "Gateway" in content
    assert 'aria-level="4"' in content
    assert client.get(branch, {"level": "x"}).status_code == 422


def test_a_persons_page_tells_their_roles_only_where_one_may_look(company):
    user = company.users["team_lead"]
    with company.acting("tenant_admin"):
        grant_role(user_id=user.id, scope_id=company.scopes["shop"].id, role=Role.VIEWER)
        grant_role(
            user_id=company.users["outsider"].id,
            scope_id=company.scopes["api"].id,
            role=Role.DEVELOPER,
        )
    page = reverse("orgs:person", args=[user.id])

    def places(role):
        return [grant.scope.slug for grant in browser(company, role).get(page).context["grants"]]

    assert sorted(places("admin")) == ["api", "shop"]
    assert places("outsider") == ["api"]
