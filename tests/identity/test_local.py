"""Signing in with a password, through the page as a browser does."""

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import Client

from apps.identity.models import Session
from apps.identity.sessions import hashed
from apps.kernel.tenancy import acting_as
from apps.orgs.operations import deactivate_user
from tests.identity.conftest import PASSWORD, events_of, give_password, sign_in

pytestmark = pytest.mark.django_db
WRONG = "The e-mail address or the password is wrong."


def is_signed_in(client: Client) -> bool:
    return "user_id" in client.session


def test_the_right_password_opens_a_session_and_leads_on(company, browser):
    answer = sign_in(browser, give_password(company, "viewer"), next="/policies/?page=2")
    assert (answer.status_code, answer["Location"]) == (302, "/policies/?page=2")
    assert browser.session["user_id"] == str(company.users["viewer"].id)
    (event,) = events_of(company, "session.started")
    assert event.after["method"] == "password"
    assert event.request_id == answer["X-Request-Id"]


def test_the_session_cookie_cannot_be_read_by_scripts_or_sent_across_sites(company, browser):
    sign_in(browser, give_password(company, "viewer"))
    cookie = browser.cookies["aeterna_session"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")


def test_signing_in_changes_the_session_key_and_the_csrf_token(company, browser):
    browser.get("/sign-in/")
    session = browser.session
    session["planted"] = True
    session.save()
    browser.cookies["aeterna_session"] = session.session_key
    before = browser.cookies["aeterna_csrf"].value
    sign_in(browser, give_password(company, "viewer"))
    assert browser.cookies["aeterna_session"].value != session.session_key
    assert browser.cookies["aeterna_csrf"].value != before
    assert not Session.objects.filter(session_key=hashed(session.session_key)).exists()


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "///evil.example",
        "javascript:alert(1)",
        "policies/",
        "/sign-out/",
        "\t//evil.example",
    ],
)
def test_nobody_is_led_away_from_the_portal(company, browser, target):
    answer = sign_in(browser, give_password(company, "viewer"), next=target)
    assert answer["Location"] == "/"


def test_a_wrong_password_is_refused_and_on_record(company, browser):
    answer = sign_in(browser, give_password(company, "viewer"), "not the password")
    assert answer.status_code == 422
    assert WRONG in answer.content.decode()
    assert not is_signed_in(browser)
    (event,) = events_of(company, "session.start.denied")
    assert (event.resource_id, event.reason) == (str(company.users["viewer"].id), "Wrong password.")
    assert events_of(company, "session.started") == []


def test_every_reason_gets_the_same_answer_for_the_same_work(company, browser, monkeypatch):
    known = give_password(company, "viewer")
    gone = give_password(company, "developer")
    with company.acting("admin"):
        deactivate_user(user_id=company.users["developer"].id)
    hashes = []
    encode = MD5PasswordHasher.encode
    monkeypatch.setattr(
        MD5PasswordHasher,
        "encode",
        lambda *args: hashes.append(1) or encode(*args),
    )
    pages, work = set(), set()
    for email in (known, gone, "nobody@nowhere.example", "outsider@acme.example"):
        hashes.clear()
        answer = sign_in(browser, email, "not the password")
        page = answer.content.decode().replace(email, "EMAIL")
        pages.add((answer.status_code, WRONG in page))
        work.add(len(hashes))
    assert pages == {(422, True)}
    assert work == {1}


def test_a_failure_is_stretched_to_a_floor(company, browser, monkeypatch):
    from apps.identity import local

    waits = []
    monkeypatch.setattr(local, "FAILURE_SECONDS", 1000)
    monkeypatch.setattr(local.time, "sleep", waits.append)
    sign_in(browser, "nobody@nowhere.example")
    (wait,) = waits
    assert 0 < wait <= 1000


@pytest.mark.parametrize(
    ("email", "password", "field"),
    [("", PASSWORD, "email"), ("a@b.example", "", "password"), ("x" * 255, PASSWORD, "email")],
)
def test_a_field_that_is_wrong_is_named(company, browser, email, password, field):
    answer = sign_in(browser, email, password)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert not is_signed_in(browser)


def test_strange_characters_are_just_wrong(company, browser):
    answer = sign_in(browser, "zero\u202e@b.example' OR 1=1 --", PASSWORD)
    assert answer.status_code == 422
    assert not is_signed_in(browser)


def test_guessing_one_address_is_slowed_down_from_wherever_it_comes(company):
    email = give_password(company, "viewer")
    for number in range(10):
        client = Client(REMOTE_ADDR=f"10.0.0.{number}")
        assert sign_in(client, email, "wrong").status_code == 422
    client = Client(REMOTE_ADDR="10.0.1.1")
    answer = sign_in(client, email.upper())
    assert answer.status_code == 429
    assert 1 <= int(answer["Retry-After"]) <= 900
    assert "Too many attempts" in answer.content.decode()
    assert not is_signed_in(client)


def test_guessing_many_addresses_is_slowed_down_by_where_it_comes_from(company):
    client = Client(REMOTE_ADDR="10.1.0.1")
    answers = [sign_in(client, f"p{number}@b.example").status_code for number in range(61)]
    assert answers == [422] * 60 + [429]
    assert sign_in(Client(REMOTE_ADDR="10.1.0.2"), "p@b.example").status_code == 422


def test_without_a_counter_nobody_gets_a_try(company, browser, settings):
    email = give_password(company, "viewer")
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    answer = sign_in(browser, email)
    assert answer.status_code == 503
    assert not is_signed_in(browser)


def test_passwords_can_be_turned_off(company, browser, settings):
    email = give_password(company, "viewer")
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"local_passwords": False})
    assert 'type="password"' not in browser.get("/sign-in/").content.decode()
    client = Client()
    answer = client.post("/sign-in/", {"email": email, "password": PASSWORD})
    assert answer.status_code == 404
    assert not is_signed_in(client)


def test_the_form_needs_a_csrf_token(company):
    client = Client(enforce_csrf_checks=True)
    answer = client.post(
        "/sign-in/", {"email": give_password(company, "viewer"), "password": PASSWORD}
    )
    assert answer.status_code == 403
    assert not is_signed_in(client)


def test_who_is_signed_in_is_led_on_at_once(company, browser):
    sign_in(browser, give_password(company, "viewer"))
    answer = browser.get("/sign-in/?next=/audit/")
    assert (answer.status_code, answer["Location"]) == (302, "/audit/")


def test_signing_in_as_another_ends_the_first_session_on_record(company, browser):
    sign_in(browser, give_password(company, "viewer"))
    first = browser.cookies["aeterna_session"].value
    email = give_password(company, "developer")
    token = browser.cookies["aeterna_csrf"].value
    browser.post("/sign-in/", {"email": email, "password": PASSWORD, "csrfmiddlewaretoken": token})
    assert browser.session["user_id"] == str(company.users["developer"].id)
    assert not Session.objects.filter(session_key=hashed(first)).exists()
    (event,) = events_of(company, "session.ended")
    assert event.reason == "Signed in again."


def test_signing_out_ends_the_session_and_is_on_record(company, browser):
    sign_in(browser, give_password(company, "viewer"))
    key = browser.cookies["aeterna_session"].value
    token = browser.cookies["aeterna_csrf"].value
    answer = browser.post("/sign-out/", {"csrfmiddlewaretoken": token})
    assert (answer.status_code, answer["Location"]) == (302, "/sign-in/")
    assert not Session.objects.filter(session_key=hashed(key)).exists()
    (event,) = events_of(company, "session.ended")
    assert (event.actor_id, event.reason) == (str(company.users["viewer"].id), "Signed out.")


def test_signing_out_takes_a_post_with_a_token(company, browser):
    sign_in(browser, give_password(company, "viewer"))
    assert browser.get("/sign-out/").status_code == 405
    assert browser.post("/sign-out/").status_code == 403
    assert is_signed_in(browser)


def test_signing_out_without_a_session_does_nothing(company):
    answer = Client().post("/sign-out/")
    assert (answer.status_code, answer["Location"]) == (302, "/sign-in/")


def test_a_password_is_argon2_in_production_settings(settings):
    assert "django.contrib.auth.hashers.Argon2PasswordHasher" in settings.PASSWORD_HASHERS


@pytest.mark.parametrize("password", ["short", "password1234"])
def test_a_weak_password_is_refused(company, password):
    from apps.kernel.errors import Invalid

    with pytest.raises(Invalid) as error:
        give_password(company, "viewer", password)
    assert list(error.value.fields) == ["password"]
    with acting_as(company.service("relay")):
        from apps.orgs.queries import get_user

        assert not get_user(company.users["viewer"].id).has_usable_password()


def test_nobody_sets_the_password_of_somebody_else(company):
    from apps.identity.operations import set_password
    from apps.kernel.errors import Forbidden

    with pytest.raises(Forbidden), company.acting("tenant_admin"):
        set_password(user_id=company.users["viewer"].id, password=PASSWORD)
