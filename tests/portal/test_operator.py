"""The operators' view: for administrators only, of their own company only, changing nothing."""

import pytest
from django.contrib import admin
from django.test import Client, RequestFactory

from apps.events.models import Event
from tests.factories.company import make_agent
from tests.web.sign_in import browser


def models() -> list[str]:
    return [f"/operator/{m._meta.app_label}/{m._meta.model_name}/" for m in admin.site._registry]


def test_an_administrator_opens_every_table(company):
    make_agent(company)
    client = browser(company, "admin")
    assert client.get("/operator/").status_code == 200
    assert len(models()) >= 18
    for path in models():
        assert client.get(path).status_code == 200, path


def test_a_row_can_be_read_but_not_written(company):
    client, user = browser(company, "admin"), company.users["viewer"]
    path = f"/operator/orgs/user/{user.id}/change/"
    content = client.get(path).content.decode()
    assert user.email in content
    assert "argon2" not in content
    assert 'name="_save"' not in content
    assert client.post(path, {"name": "Hacked"}).status_code == 403
    assert client.get("/operator/orgs/user/add/").status_code == 403
    assert client.post(f"/operator/orgs/user/{user.id}/delete/", {"post": "yes"}).status_code == 403
    with company.acting("admin"):
        user.refresh_from_db()
    assert user.name == "Viewer"


def test_no_table_offers_to_write(company):
    request = RequestFactory().get("/operator/")
    request.user = company.users["admin"]
    for model_admin in admin.site._registry.values():
        assert not model_admin.has_add_permission(request)
        assert not model_admin.has_change_permission(request)
        assert not model_admin.has_delete_permission(request)
        assert model_admin.get_actions(request) == {}


@pytest.mark.gap("MT-C1")
def test_another_companys_rows_are_not_there(company, other_company):
    client, theirs = browser(company, "tenant_admin"), other_company.users["viewer"]
    assert theirs.email.encode() not in client.get("/operator/orgs/user/").content
    answer = client.get(f"/operator/orgs/user/{theirs.id}/change/", follow=True)
    assert theirs.email.encode() not in answer.content


@pytest.mark.parametrize("role", ["architect", "viewer", "outsider"])
def test_whoever_is_no_administrator_is_denied(company, role):
    client = browser(company, role)
    for path in ("/operator/", "/operator/orgs/user/"):
        assert client.get(path).status_code == 403
    with company.acting("admin"):
        assert Event.objects.filter(type="operator.view.denied").count() == 2


@pytest.mark.django_db
def test_a_stranger_is_sent_to_sign_in():
    answer = Client().get("/operator/orgs/user/")
    assert answer["Location"] == "/sign-in/?next=%2Foperator%2Forgs%2Fuser%2F"
    assert Client().get("/operator/login/").status_code in (302, 404)


def test_the_history_of_a_row_is_the_audit_log(company):
    user = company.users["viewer"]
    answer = browser(company, "admin").get(f"/operator/orgs/user/{user.id}/history/")
    assert answer["Location"] == f"/audit/?resource={user.id}"
