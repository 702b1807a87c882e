"""The tenant scope among failures: what is told stays true, and nothing is left open."""

import threading

import pytest
from asgiref.sync import sync_to_async
from django.db import DatabaseError, IntegrityError, connection, transaction

from apps.events.models import Event
from apps.events.operations import emit
from apps.kernel import clock
from apps.kernel.authorization import Resource, authorize, decide
from apps.kernel.errors import Forbidden, MissingEvent, NoActor
from apps.kernel.ids import uuid7
from apps.kernel.operation import OPERATIONS, operation
from apps.kernel.tenancy import acting_as, current_actor, find_tenant_id, is_scope_open
from apps.orgs.models import Membership, User
from apps.orgs.operations import create_organization, grant_role, register_user
from apps.orgs.queries import get_root

from .together import together


@pytest.fixture
def operations():
    """The registry, put back as it was."""
    kept = dict(OPERATIONS)
    yield OPERATIONS
    OPERATIONS.clear()
    OPERATIONS.update(kept)


def denials(company) -> list[str]:
    with company.acting("admin"):
        return list(Event.objects.filter(outcome="denied").values_list("type", flat=True))


def people(company) -> int:
    with company.acting("admin"):
        return User.objects.count()


def fail_in_the_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("select 1/0")


def violate_a_constraint() -> None:
    User.objects.bulk_create([User(email="x@x.example", name="X", created_at=None)])


@pytest.mark.parametrize("fail", [fail_in_the_database, violate_a_constraint])
def test_a_denial_after_a_database_error_is_told_and_recorded(committed_company, fail):
    company = committed_company
    before = people(company)

    def work() -> None:
        root = get_root_resource(company)
        assert not decide("user.register", root).allowed
        User.objects.create(email="y@y.example", name="Y", created_at=clock.now())
        try:
            fail()
        except DatabaseError:
            authorize("user.register", root)

    with pytest.raises(Forbidden), company.acting("viewer"):
        work()
    assert denials(company) == ["user.register.denied"]
    assert people(company) == before
    assert not is_scope_open()


def get_root_resource(company) -> Resource:
    tenant = str(company.tenant_id)
    return Resource(type="Scope", id=tenant, name=company.slug, scope_id=tenant)


def test_a_denial_inside_an_operation_that_is_undone_stays_on_record(committed_company, operations):
    company = committed_company

    @operation("tests.outer")
    def outer() -> None:
        with acting_as(company.actor("viewer")):
            register_user(email="n@n.example", name="N")

    with pytest.raises(Forbidden), company.acting("admin"):
        outer()
    assert denials(company) == ["user.register.denied"]


def test_a_denial_is_recorded_once_however_many_scopes_it_crosses(committed_company):
    company = committed_company
    with (
        pytest.raises(Forbidden),
        company.acting("viewer"),
        company.acting("viewer"),
        company.acting("viewer"),
    ):
        register_user(email="n@n.example", name="N")
    assert denials(company) == ["user.register.denied"]


def test_an_operation_in_an_inner_scope_is_seen_by_decisions_of_the_outer_one(committed_company):
    company = committed_company
    root = get_root_resource(company)
    with company.acting("outsider"):
        assert not decide("org.view", root).allowed
        with company.acting("tenant_admin"):
            grant_role(
                user_id=company.users["outsider"].id, scope_id=company.tenant_id, role="viewer"
            )
        assert decide("org.view", root).allowed


def test_an_error_at_commit_undoes_all_and_closes_the_scope(committed_company):
    company = committed_company

    def work() -> None:
        create_organization(name="Lost", slug="lost")
        Membership.objects.create(
            user_id=uuid7(), scope_id=company.tenant_id, created_at=clock.now()
        )

    with pytest.raises(IntegrityError), company.acting("admin"):
        work()
    assert not is_scope_open()
    with company.acting("admin"):
        assert not Event.objects.filter(resource_name="Lost").exists()


def test_an_operation_without_event_undoes_what_inner_operations_did(committed_company, operations):
    company = committed_company

    @operation("tests.silent")
    def silent() -> None:
        create_organization(name="Inner", slug="inner")

    with pytest.raises(NoActor):
        silent()
    with company.acting("admin"):
        with pytest.raises(Exception, match=r"tests\.silent returned without"):
            silent()
        assert not Event.objects.filter(resource_name="Inner").exists()


def test_an_event_of_an_inner_operation_does_not_count_for_the_outer_one(
    committed_company, operations
):
    company = committed_company

    @operation("tests.mute")
    def mute() -> None:
        authorize("org.init", get_root().as_resource())
        create_organization(name="Inner", slug="inner")

    with company.acting("admin"):
        with pytest.raises(MissingEvent):
            mute()
        emit("tests.after", resource=get_root().as_resource())
        assert Event.objects.get(type="tests.after").action == "tests.after"


async def test_each_task_has_its_own_scope_across_threads(committed_company):
    import asyncio

    company = committed_company

    def work(role: str) -> str:
        with company.acting(role):
            threading.Event().wait(0)
            assert find_tenant_id() == company.tenant_id
            return current_actor().principal.id

    roles = ["viewer", "admin", "architect", "developer"] * 5
    calls = [sync_to_async(work, thread_sensitive=False)(role) for role in roles]
    found = await asyncio.gather(*calls)
    assert found == [str(company.users[role].id) for role in roles]
    assert not is_scope_open()


def test_a_scope_refused_by_a_dead_connection_leaves_a_usable_one(committed_company):
    company = committed_company

    def work() -> int:
        with company.acting("admin"):
            pid = connection.connection.info.backend_pid
        with pytest.raises(DatabaseError), company.acting("admin"):
            end_from_outside(pid)
        with company.acting("admin"):
            pid = connection.connection.info.backend_pid
        end_from_outside(pid)
        with pytest.raises(DatabaseError), company.acting("admin"):
            pass
        assert not is_scope_open()
        with company.acting("admin"):
            assert not transaction.get_autocommit()
            return User.objects.count()

    assert together(work) == [people(company)]


def end_from_outside(pid: int) -> None:
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("select pg_terminate_backend(%s, 5000)", [pid])
    other.close()
