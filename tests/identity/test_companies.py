"""The companies of the installation: listed, opened and entered past one's own scope, and back."""

import contextlib
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import DataError, connections, transaction

from apps.events.models import Event
from apps.identity import companies
from apps.identity.companies import in_company, open_company
from apps.identity.operations import enter_tenant, leave_tenant
from apps.identity.queries import find_company_id
from apps.kernel import clock
from apps.kernel.elsewhere import outside_scope
from apps.kernel.errors import Conflict, DomainError, Forbidden, Invalid, NoActor, TenantSwitch
from apps.kernel.ids import uuid7
from apps.kernel.tenancy import SETTING, acting_as, current_tenant_id
from apps.orgs.models import Scope, User
from tests.api.rest import caller, done
from tests.factories.company import make_company
from tests.identity.administrators import REASON, entries, set_platform, visitor
from tests.identity.conftest import events_of
from tests.web.sign_in import browser

pytestmark = pytest.mark.gap("MT-C1")
NEW = {"name": "Initech", "admin_name": "Bill", "admin_email": "bill@initech.example"}


def setting():
    with connections["default"].cursor() as cursor:
        cursor.execute(f"SELECT current_setting('{SETTING}', true)")
        return cursor.fetchone()[0]


def platform(company, role="admin", **extra):
    set_platform(company, role)
    return replace(company.actor(role), is_platform=True, **extra)


def fail():
    raise Invalid("That is wrong.")


def deny():
    raise Forbidden("No.")


def break_statement():
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT 1 / 0")


# --- leaving the scope --------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("ending", [lambda: None, fail, deny, break_statement])
def test_the_tenant_of_the_connection_is_put_back(company, other_company, ending):
    actor = platform(company)
    with acting_as(actor):
        with (
            contextlib.suppress(DomainError, DataError),
            outside_scope(),
            acting_as(visitor(company, other_company)),
        ):
            assert setting() == str(other_company.tenant_id) == str(current_tenant_id())
            assert Scope.objects.filter(kind="company").get().slug == "globex"
            ending()
        assert setting() == str(company.tenant_id) == str(current_tenant_id())
        assert Scope.objects.filter(kind="company").get().slug == "acme"


@pytest.mark.django_db
def test_outside_the_scope_nothing_of_any_tenant_is_read(company):
    with acting_as(platform(company)), outside_scope(), pytest.raises(NoActor):
        Scope.objects.first()


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["viewer", "tenant_admin"])
def test_nobody_else_leaves_their_scope(company, role):
    with company.acting(role):
        with pytest.raises(TenantSwitch), outside_scope():
            pass
        assert setting() == str(company.tenant_id)


@pytest.mark.django_db
def test_without_a_scope_there_is_nothing_to_leave():
    with pytest.raises(NoActor), outside_scope():
        pass


@pytest.mark.django_db
def test_an_error_afterwards_at_home_undoes_what_was_done_elsewhere(company, other_company):
    def run():
        with acting_as(platform(company)):
            with in_company("globex", action="tenant.enter"):
                enter_tenant(reason=REASON)
            fail()

    with pytest.raises(Invalid):
        run()
    assert entries(other_company) == []
    assert events_of(other_company, "tenant.entered") == []


@pytest.mark.django_db
def test_a_denial_elsewhere_is_recorded_at_home_with_nothing_done(company):
    """A token that may open companies and no more: its denial comes when half is done."""
    actor = platform(company, scopes=frozenset({"tenant.create"}))
    with pytest.raises(Forbidden), acting_as(actor):
        open_company(slug="initech", **NEW)
    assert find_company_id("initech") is None
    (event,) = events_of(company, "user.register.denied")
    assert (event.actor_id, event.is_platform) == (actor.principal.id, True)


@pytest.mark.django_db
def test_time_and_request_go_along(company, other_company):
    moment = clock.now() - timedelta(days=3)
    actor = platform(company, request_id="r-1")
    with (
        clock.at(moment),
        acting_as(actor),
        in_company("globex", action="tenant.enter") as root,
    ):
        entry = enter_tenant(reason=REASON)
    assert (root.slug, entry.entered_at) == ("globex", moment)
    (event,) = events_of(other_company, "tenant.entered")
    assert (event.request_id, event.occurred_at) == ("r-1", moment)


# --- opening a company --------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_new_company_has_its_administrator_and_a_log_that_says_platform(company):
    with acting_as(platform(company)):
        root = open_company(slug="initech", **NEW)
        assert setting() == str(company.tenant_id)
    with acting_as(replace(company.actor("admin"), tenant_id=root.id, is_platform=True)):
        assert [user.email for user in User.objects.all()] == ["bill@initech.example"]
        told = list(Event.objects.order_by("id").values_list("type", "is_platform"))
    assert told == [
        ("tenant.created", True),
        ("user.registered", True),
        ("role.granted", True),
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"admin_email": "nobody"}, "admin_email"),
        ({"admin_name": " "}, "admin_name"),
        ({"name": " "}, "name"),
        ({"slug": "No Slug"}, "slug"),
    ],
)
def test_what_is_wrong_with_a_company_is_named_and_nothing_of_it_is_left(company, change, field):
    with pytest.raises(Invalid) as caught, acting_as(platform(company)):
        open_company(**{"slug": "initech", **NEW, **change})
    assert list(caught.value.fields) == [field]
    assert find_company_id("initech") is None


@pytest.mark.django_db
def test_a_failure_in_the_middle_leaves_nothing(company, monkeypatch):
    monkeypatch.setattr(companies, "grant_role", lambda **_values: fail())
    with acting_as(platform(company)):
        before = Event.objects.count()
        with pytest.raises(Invalid):
            open_company(slug="initech", **NEW)
        assert setting() == str(company.tenant_id)
        assert find_company_id("initech") is None
        assert Event.objects.count() == before


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["viewer", "tenant_admin"])
def test_nobody_else_opens_a_company(company, role):
    with pytest.raises(Forbidden), company.acting(role):
        open_company(slug="initech", **NEW)
    assert find_company_id("initech") is None
    assert len(events_of(company, "tenant.create.denied")) == 1


@pytest.mark.django_db
def test_a_visitor_opens_and_enters_no_further_company(company, other_company):
    set_platform(company)
    third = make_company(slug="initech")
    with acting_as(visitor(company, other_company)):
        with pytest.raises(Conflict, match="Leave Globex first"):
            open_company(slug="new", **NEW)
        with (
            pytest.raises(Conflict, match="Leave Globex first"),
            in_company("initech", action="tenant.enter"),
        ):
            pass
    assert entries(third) == []


# --- with rows that are committed ---------------------------------------------------------------


@pytest.fixture
def other_committed(committed_company, django_db_blocker):
    with django_db_blocker.unblock():
        yield make_company(slug=f"c-{uuid7().hex[-12:]}")


def at_once(*calls):
    """Run each call in a thread of its own and return how each ended."""
    barrier, outcomes = threading.Barrier(len(calls)), {}

    def run(number, call):
        barrier.wait()
        try:
            outcomes[number] = call()
        except DomainError as error:
            outcomes[number] = error
        finally:
            connections["default"].close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [outcomes[number] for number in range(len(calls))]


def test_of_two_that_enter_at_once_one_is_in(committed_company, other_committed):
    set_platform(committed_company)
    actor = visitor(committed_company, other_committed)

    def enter():
        with acting_as(actor):
            return enter_tenant(reason=REASON)

    for _ in range(3):
        ended = at_once(enter, enter, enter)
        assert sorted(type(one).__name__ for one in ended) == [
            "Conflict",
            "Conflict",
            "PlatformEntry",
        ]
        with acting_as(actor):
            leave_tenant()
    assert len(entries(other_committed)) == 3
    assert len(events_of(other_committed, "tenant.entered")) == 3


def test_of_two_that_leave_at_once_one_has_left(committed_company, other_committed):
    set_platform(committed_company)
    actor = visitor(committed_company, other_committed)
    with acting_as(actor):
        enter_tenant(reason=REASON)

    def leave():
        with acting_as(actor):
            return leave_tenant()

    ended = at_once(leave, leave)
    assert sorted(type(one).__name__ for one in ended) == ["Conflict", "PlatformEntry"]
    assert len(events_of(other_committed, "tenant.left")) == 1


def test_of_two_companies_opened_at_once_under_one_slug_one_is(committed_company, other_committed):
    slug = f"n-{uuid7().hex[-12:]}"

    def opening(company):
        actor = platform(company)

        def run():
            with acting_as(actor):
                return open_company(slug=slug, **NEW)

        return run

    ended = at_once(opening(committed_company), opening(other_committed))
    assert sorted(type(one).__name__ for one in ended) == ["Conflict", "Scope"]
    (refused,) = (one for one in ended if isinstance(one, Conflict))
    assert list(refused.fields) == ["slug"]


def test_the_companies_are_listed_searched_and_saved(committed_company, other_committed):
    set_platform(committed_company)
    client, path = browser(committed_company, "admin"), "/settings/companies/"
    own, other = committed_company.slug, other_committed.slug
    shown = client.get(f"{path}?q={own}").content.decode()
    assert f"{own}</code>" in shown
    assert "Yours" in shown
    assert f"{path}{own}/enter/" not in shown
    shown = client.get(f"{path}?q={other}").content.decode()
    assert f"{path}{other}/enter/" in shown
    assert "Yours" not in shown
    assert client.post(f"{path}{other}/enter/", {"reason": REASON}).status_code == 302
    shown = browser(committed_company, "admin").get(f"{path}?q={other}").content.decode()
    assert f"{path}{other}/leave/" in shown
    assert f"{path}{other}/enter/" not in shown.replace(f'data-row-link href="{path}{other}', "")


def test_the_list_is_a_file_too(committed_company, other_committed):
    set_platform(committed_company)
    client, slug = browser(committed_company, "admin"), other_committed.slug
    file = client.get(f"/settings/companies/?q={slug}&format=csv").content.decode().splitlines()
    assert file[0] == "id,name,slug,created_at"
    assert [line.split(",")[:3] for line in file[1:]] == [
        [str(other_committed.tenant_id), slug.title(), slug]
    ]


def test_the_rest_list_knows_every_company(committed_company, other_committed):
    set_platform(committed_company)
    found = done(caller(committed_company, "admin").get("tenants"))["results"]
    slugs = {company["slug"] for company in found}
    assert {committed_company.slug, other_committed.slug} <= slugs


def test_a_request_that_fails_undoes_the_entry(committed_company, other_committed, monkeypatch):
    set_platform(committed_company)
    monkeypatch.setattr(
        "apps.identity.entrypoints.rest_tenants._told", lambda *_: break_statement()
    )
    person = caller(committed_company, "admin")
    answer = person.post(f"tenants/{other_committed.slug}/enter", {"reason": REASON})
    assert answer.status_code == 500
    assert entries(other_committed) == []
    assert not transaction.get_connection("default").in_atomic_block
