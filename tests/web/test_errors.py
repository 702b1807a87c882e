"""What the portal answers where no view does: problems below /api/, pages elsewhere."""

import logging

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.test import Client

from apps.api import documents
from apps.kernel.errors import RateLimited
from apps.portal.entrypoints import web
from tests.api.rest import refused
from tests.web.sign_in import browser

pytestmark = pytest.mark.django_db
HTML = "text/html; charset=utf-8"


def page(answer, status):
    """Assert that an answer is a page of `status` that names the request; return its text."""
    assert answer.status_code == status, answer.content
    assert answer.headers["Content-Type"] == HTML
    text = answer.content.decode()
    assert answer.headers["X-Request-Id"] in text
    return text


def client(**options):
    return Client(raise_request_exception=False, **options)


@pytest.mark.parametrize("method", ["get", "post", "put", "delete", "patch"])
@pytest.mark.parametrize("path", ["/api", "/api/", "/api/v2/users", "/api/v1x", "/api/v1/nowhere"])
def test_an_unknown_address_below_api_is_a_problem(method, path):
    document = refused(getattr(client(), method)(path), 404)
    assert document["detail"] == "There is nothing at this address."


@pytest.mark.parametrize("path", ["/nowhere/", "/apis/v1", "/policies/not-an-id/"])
def test_an_unknown_address_elsewhere_is_a_page(company, path):
    assert "Not here" in page(client().get(path), 404)
    assert "Not here" in page(browser(company, "viewer").get(path), 404)


def raising(error):
    def view(*_args, **_kwargs):
        raise error

    return view


ERRORS = [
    (ValueError("secret detail"), 500),
    (PermissionDenied("secret detail"), 403),
    (SuspiciousOperation("secret detail"), 400),
]


@pytest.mark.parametrize(("error", "status"), ERRORS)
def test_what_breaks_below_api_is_a_problem_that_tells_nothing(monkeypatch, error, status):
    monkeypatch.setattr(documents, "openapi_text", raising(error))
    answer = client().get("/api/v1/openapi.json")
    assert set(refused(answer, status)) >= {"title", "detail", "code"}
    assert b"secret detail" not in answer.content


@pytest.mark.parametrize(("error", "status"), ERRORS)
def test_what_breaks_elsewhere_is_a_page_that_tells_nothing(company, monkeypatch, error, status):
    monkeypatch.setattr(web.queries, "desk", raising(error))
    someone = browser(company, "viewer")
    someone.raise_request_exception = False
    assert "secret detail" not in page(someone.get("/"), status)


def test_the_page_of_a_broken_request_needs_no_database(company, monkeypatch, settings):
    someone = browser(company, "viewer")
    someone.raise_request_exception = False
    monkeypatch.setattr("apps.identity.middleware.signed_in", raising(ValueError("no database")))
    assert "Something failed on our side" in page(someone.get("/"), 500)
    refused(someone.get("/api/v1/me"), 500)


def test_a_host_that_is_not_ours_is_refused(caplog):
    with caplog.at_level(logging.CRITICAL):
        page(client().get("/", headers={"Host": "evil.example"}), 400)
        refused(client().get("/api/v1/me", headers={"Host": "evil.example"}), 400)


@pytest.mark.parametrize("length", [2001, 10**15])
def test_a_body_past_the_limit_is_refused_before_it_is_read(company, settings, length):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 2000
    announced = {"CONTENT_LENGTH": str(length)}
    document = refused(client().post("/api/v1/users", **announced), 413)
    assert document["detail"] == "The body is too large: at most 2000 bytes."
    assert document["code"] == "too_large"
    for path in ("/sign-in/", "/policies/new/", "/nowhere/"):
        text = page(browser(company, "admin").post(path, **announced), 413)
        assert "at most 2000 bytes" in text


@pytest.mark.parametrize("length", ["many", "-1", "²"])
def test_a_length_that_is_no_number_is_refused(length):
    announced = {"CONTENT_LENGTH": length}
    refused(client().generic("POST", "/api/v1/users", **announced), 400)
    page(client().generic("POST", "/sign-in/", **announced), 400)


def test_a_forged_write_is_told_in_the_way_of_its_door(company):
    someone = browser(company, "admin")
    someone.handler.enforce_csrf_checks = True
    assert "expired or came from elsewhere" in page(someone.post("/sign-out/"), 403)
    assert refused(someone.post("/api/v1/nowhere"), 403)["code"] == "csrf"


def test_a_page_that_is_asked_for_too_often_says_when_to_come_back(company, monkeypatch):
    monkeypatch.setattr(web.queries, "desk", raising(RateLimited(retry_after=17)))
    answer = browser(company, "viewer").get("/")
    assert "Try again in 17 seconds" in page(answer, 429)
    assert answer.headers["Retry-After"] == "17"
