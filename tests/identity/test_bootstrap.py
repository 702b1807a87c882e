"""Opening a new installation exactly once."""

import os
import subprocess
import sys
from io import StringIO

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from apps.events.models import Event
from apps.identity import queries
from apps.identity.management.commands import bootstrap as command
from apps.identity.models import Bootstrap
from apps.identity.operations import bootstrap_portal
from apps.kernel import clock
from apps.kernel.actor import Channel, service_actor
from apps.kernel.errors import Conflict, Forbidden
from apps.kernel.ids import uuid7
from apps.kernel.tenancy import acting_as
from apps.orgs.queries import get_user, list_grants
from tests.environment import ROOT, base_environment
from tests.identity.conftest import PASSWORD, come_back, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.gap("UX-M1")]
OPTIONS = {"company": "Initech", "slug": "initech", "email": "Ada@initech.example", "name": "Ada"}


@pytest.fixture
def password(monkeypatch):
    monkeypatch.setenv(command.VARIABLE, PASSWORD)


def run(**changes):
    out = StringIO()
    call_command("bootstrap", stdout=out, **{**OPTIONS, **changes})
    return out.getvalue()


def test_a_new_installation_is_closed(browser):
    page = browser.get("/sign-in/").content.decode()
    assert "This installation is closed" in page
    assert sign_in(browser, "ada@initech.example").status_code == 422


def test_the_first_administrator_and_company_are_made_and_can_sign_in(password, browser):
    assert "http://testserver/sign-in/" in run()
    done = queries.find_bootstrap()
    assert done.company_id == queries.find_company_id("initech")
    with acting_as(service_actor(tenant_id=done.company_id, name="relay")):
        user = get_user(done.user_id)
        (grant,) = list_grants(user_id=user.id)
        types = list(Event.objects.order_by("id").values_list("type", flat=True))
    assert (user.email, user.is_platform_admin) == ("ada@initech.example", True)
    assert (grant.role, grant.source, grant.scope_id) == (
        "tenant_admin",
        "bootstrap",
        done.company_id,
    )
    assert types == [
        "tenant.created",
        "user.registered",
        "role.granted",
        "password.set",
        "portal.bootstrapped",
    ]
    assert "This installation is closed" not in browser.get("/sign-in/").content.decode()
    assert sign_in(browser, "ada@initech.example").status_code == 302
    assert browser.session["user_id"] == str(user.id)


def test_it_never_happens_again_whatever_the_names(password):
    run()
    with pytest.raises(CommandError, match=r"was bootstrapped on .* can never happen again"):
        run(slug="other", company="Other", email="eve@other.example")
    assert queries.find_company_id("other") is None
    assert Bootstrap.objects.count() == 1


def test_the_record_cannot_be_changed_or_removed(password):
    from django.db import DatabaseError, transaction

    run()
    second = Bootstrap(id=2, company_id=uuid7(), user_id=uuid7(), happened_at=clock.now())
    for attempt in (
        lambda: Bootstrap.objects.all().delete(),
        lambda: Bootstrap.objects.update(user_id=uuid7()),
        lambda: second.save(force_insert=True),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            attempt()
    assert Bootstrap.objects.count() == 1


def test_only_the_bootstrap_service_may(password):
    tenant_id = uuid7()
    for name in ("sign-in", "relay"):
        with pytest.raises(Forbidden), acting_as(service_actor(tenant_id=tenant_id, name=name)):
            bootstrap_portal(company="X", slug="x", email="a@x.example", name="A")
    assert queries.find_bootstrap() is None


def test_a_company_of_that_slug_is_not_taken_over(company, password):
    with pytest.raises(CommandError, match="There is a company acme already"):
        run(slug="acme")
    assert queries.find_bootstrap() is None


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"slug": "Not A Slug"}, "slug: Use 1 to 63"),
        ({"company": " "}, "name: This is needed"),
        ({"email": "nobody"}, "email: This is not an e-mail address"),
        ({"name": ""}, "name: This is needed"),
        ({"oidc_provider": "okta"}, "--subject"),
        ({"oidc_provider": "okta", "subject": "x"}, "no such identity provider"),
    ],
)
def test_bad_input_is_named_and_makes_nothing(password, changes, says):
    with pytest.raises(CommandError, match=says):
        run(**changes)
    assert queries.find_bootstrap() is None
    assert queries.find_company_id("initech") is None


def test_a_weak_password_makes_nothing(monkeypatch):
    monkeypatch.setenv(command.VARIABLE, "short")
    with pytest.raises(CommandError, match="password: This password is too short"):
        run()
    assert queries.find_bootstrap() is None


def test_the_password_is_asked_for_twice_when_it_is_not_given(monkeypatch):
    monkeypatch.delenv(command.VARIABLE, raising=False)
    answers = iter([PASSWORD, "another one entirely", PASSWORD, PASSWORD])
    monkeypatch.setattr(command, "getpass", lambda _prompt: next(answers))
    with pytest.raises(CommandError, match="differ"):
        run()
    assert "is ready" in run()


def test_without_passwords_a_provider_is_needed(settings, password):
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"local_passwords": False})
    with pytest.raises(CommandError, match="LOCAL_PASSWORDS is off"):
        run()
    assert queries.find_bootstrap() is None


def test_the_administrator_can_come_from_a_provider(provider, configure):
    configure(okta=(provider, {"company": "initech"}))
    run(oidc_provider="okta", subject="alice")
    client = Client()
    assert come_back(client, provider, email="whatever@x.example").status_code == 302
    assert client.session["user_id"] == str(queries.find_bootstrap().user_id)


def test_a_provider_of_another_company_is_refused(provider, configure):
    configure(okta=(provider, {"company": "acme"}))
    with pytest.raises(CommandError, match="signs people in to acme"):
        run(oidc_provider="okta", subject="alice")


def test_a_registered_person_can_be_linked_by_an_operator(company, provider, configure):
    configure(okta=(provider, {}))
    options = {"provider": "okta", "email": "viewer@acme.example", "subject": "alice"}
    call_command("link_identity", stdout=StringIO(), **options)
    client = Client()
    come_back(client, provider)
    assert client.session["user_id"] == str(company.users["viewer"].id)
    with pytest.raises(CommandError, match="already belongs to somebody"):
        call_command("link_identity", **options)
    with pytest.raises(CommandError, match="Nobody in acme has the address"):
        call_command("link_identity", **{**options, "email": "no@acme.example"})


def test_of_two_at_the_same_time_one_wins(servers, redis_url, tmp_path):
    from tests.conftest import TEMPLATE

    urls = servers.copy_database(TEMPLATE, f"bootstrap_{uuid7().hex[-8:]}")
    environment = {**os.environ, **base_environment(), **urls, command.VARIABLE: PASSWORD}
    environment["REDIS_URL"] = redis_url
    started = [
        subprocess.Popen(
            [
                *(sys.executable, "manage.py", "bootstrap", "--company", slug.title()),
                *("--slug", slug, "--email", f"a@{slug}.example", "--name", "A"),
            ],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for slug in ("first", "second")
    ]
    ended = [(process.communicate(timeout=120), process.returncode) for process in started]
    assert sorted(code for _, code in ended) == [0, 1]
    (loser,) = [err for (_, err), code in ended if code]
    assert "bootstrapped" in loser
    with psycopg.connect(urls["DATABASE_PLATFORM_URL"]) as connection:
        companies = connection.execute("SELECT count(*) FROM orgs_company").fetchone()
        records = connection.execute("SELECT count(*) FROM identity_bootstrap").fetchone()
    assert (companies, records) == ((1,), (1,))


def test_the_operation_says_so_when_somebody_else_was_first(password, monkeypatch):
    run()
    monkeypatch.setattr(queries, "find_bootstrap", lambda: None)
    actor = service_actor(tenant_id=uuid7(), name="bootstrap", channel=Channel.CLI)
    with pytest.raises(Conflict, match="can never happen again"), acting_as(actor):
        bootstrap_portal(company="Late", slug="late", email="l@late.example", name="L")
    assert queries.find_company_id("late") is None
