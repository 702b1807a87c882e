"""The shell, the home page and settings, as people meet them."""

import pytest
from django.test import Client

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
