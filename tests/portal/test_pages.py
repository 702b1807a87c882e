"""The shell, the home page and settings, as people meet them."""

from urllib.parse import parse_qs

import pytest
from django.test import Client

from apps.identity.operations import set_password
from apps.kernel.tenancy import acting_as
from tests.web.sign_in import browser

PAGES = ["/", "/settings/", "/settings/company/", "/settings/about/"]


@pytest.mark.parametrize("path", PAGES)
def test_a_viewer_can_open(company, path):
    answer = browser(company, "viewer").get(path)
    assert answer.status_code == 200
    assert b"Acme" in answer.content


@pytest.mark.parametrize("path", [*PAGES, "/palette/"])
@pytest.mark.django_db
def test_nobody_signed_in_is_sent_to_sign_in(path):
    answer = Client().get(f"{path}?q=a%20b")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in/?next=%2F")


WANTED = "/policies/?q=a%20b&severity=block&next=%2F%2Fevil.example"


@pytest.mark.django_db
def test_the_way_to_sign_in_remembers_the_whole_address():
    answer = Client().get(WANTED)
    assert answer.status_code == 302
    address, _, query = answer["Location"].partition("?")
    assert (address, parse_qs(query)) == ("/sign-in/", {"next": [WANTED]})


@pytest.mark.django_db
def test_what_was_to_be_written_is_not_gone_back_to():
    answer = Client().post("/policies/new/?scope=x", {"name": "n"})
    assert answer["Location"] == "/sign-in/?next=%2F"


def test_signing_in_leads_to_the_whole_address(company):
    with acting_as(company.service("bootstrap")):
        set_password(user_id=company.users["viewer"].id, password="correct horse battery")
    someone = Client()
    form = someone.get(someone.get(WANTED)["Location"]).context["form"]
    answer = someone.post(
        "/sign-in/",
        {
            "next": form.initial["next"],
            "email": company.users["viewer"].email,
            "password": "correct horse battery",
        },
    )
    assert (answer.status_code, answer["Location"]) == (302, WANTED)
