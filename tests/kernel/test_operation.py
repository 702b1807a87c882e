"""What the operation decorator, the scope and the frames promise."""

from datetime import datetime

import pytest
from django.db import connections

from apps.events.models import Event
from apps.events.operations import emit
from apps.kernel import clock
from apps.kernel.authorization import authorize, decide
from apps.kernel.constraints import require_version
from apps.kernel.errors import (
    Conflict,
    Forbidden,
    MissingDecision,
    MissingEvent,
    NoActor,
    ProgrammingError,
    Stale,
)
from apps.kernel.ids import uuid7
from apps.kernel.operation import OPERATIONS, operation
from apps.kernel.tenancy import acting_as, current_actor, find_tenant_id
from apps.orgs.models import User

pytestmark = [pytest.mark.gap("MT-H3"), pytest.mark.django_db]


@pytest.fixture
def define():
    """Define operations for one test and take them out of the registry afterwards."""
    before = dict(OPERATIONS)
    yield operation
    OPERATIONS.clear()
    OPERATIONS.update(before)


def _root(company):
    return company.scopes["company"].as_resource()


def _rename(company, title):
    User.objects.filter(id=company.users["viewer"].id).update(title=title)


def _title(company):
    with acting_as(company.service("tests")):
        return User.objects.get(id=company.users["viewer"].id).title


def test_an_operation_without_an_actor_does_not_run(define):
    @define("test.alone")
    def alone() -> None:
        raise AssertionError("it ran")

    with pytest.raises(NoActor):
        alone()


def test_an_operation_that_asks_nobody_is_undone(define, company):
    @define("test.unasked")
    def unasked() -> None:
        _rename(company, "unasked")
        emit("test.unasked", resource=_root(company))

    with pytest.raises(MissingDecision, match=r"test\.unasked"), company.acting("admin"):
        unasked()
    assert _title(company) == ""


def test_an_operation_that_tells_nobody_is_undone(define, company):
    @define("test.silent")
    def silent() -> None:
        authorize("org.view", _root(company))
        _rename(company, "silent")

    with pytest.raises(MissingEvent, match=r"test\.silent"), company.acting("admin"):
        silent()
    assert _title(company) == ""


def test_asking_without_enforcing_is_not_asking(define, company):
    @define("test.looked")
    def looked() -> None:
        decide("org.view", _root(company))
        emit("test.looked", resource=_root(company))

    with pytest.raises(MissingDecision), company.acting("admin"):
        looked()


def test_what_an_inner_operation_asked_does_not_count_for_the_outer(define, company):
    @define("test.inner")
    def inner() -> None:
        authorize("org.view", _root(company))
        emit("test.inner", resource=_root(company))

    @define("test.outer")
    def outer() -> None:
        inner()

    with pytest.raises(MissingDecision, match=r"test\.outer"), company.acting("admin"):
        outer()
    with acting_as(company.service("tests")):
        assert not Event.objects.filter(type="test.inner").exists()


def test_an_operation_takes_keywords_only(define):
    with pytest.raises(ProgrammingError, match="name must be keyword-only"):

        @define("test.positional")
        def positional(name: str) -> None: ...

    assert "test.positional" not in OPERATIONS


def test_a_name_is_defined_once(define):
    with pytest.raises(ProgrammingError, match=r"org\.init is defined twice"):

        @define("org.init")
        def again() -> None: ...


def test_a_denial_is_kept_and_the_change_before_it_is_not(define, company):
    @define("org.init.test")
    def climb() -> None:
        _rename(company, "climbed")
        authorize("org.init", _root(company))

    with pytest.raises(Forbidden), company.acting("viewer"):
        climb()
    assert _title(company) == ""
    with acting_as(company.service("tests")):
        event = Event.objects.get(outcome="denied")
    assert (event.type, event.action, event.actor_id) == (
        "org.init.denied",
        "org.init",
        str(company.users["viewer"].id),
    )
    assert event.reason == "None of your roles permits org.init on Acme."


def test_any_other_error_undoes_the_whole_scope(define, company):
    @define("test.breaks")
    def breaks() -> None:
        authorize("org.view", _root(company))
        emit("test.breaks", resource=_root(company))
        _rename(company, "broken")
        raise RuntimeError

    with pytest.raises(RuntimeError), company.acting("admin"):
        breaks()
    assert _title(company) == ""
    with acting_as(company.service("tests")):
        assert not Event.objects.filter(type="test.breaks").exists()


def test_an_event_that_cannot_be_written_undoes_the_change(define, company):
    from dataclasses import replace

    from django.db import DataError

    from apps.orgs.operations import update_user

    actor = replace(company.actor("admin"), request_id="r" * 65)
    user = company.users["viewer"]
    with pytest.raises(DataError), acting_as(actor):
        update_user(user_id=user.id, title="unheard")
    assert _title(company) == ""


def test_a_caught_denial_inside_a_scope_is_the_catchers_to_record(company):
    from apps.kernel.tenancy import record_denial

    with company.acting("viewer"):
        try:
            authorize("org.init", _root(company))
        except Forbidden as denial:
            record_denial(denial)
            record_denial(denial)
    with acting_as(company.service("tests")):
        assert Event.objects.filter(outcome="denied").count() == 1


def test_nothing_of_the_scope_is_left_after_it(company):
    with company.acting("viewer") as actor:
        assert current_actor() is actor
        assert find_tenant_id() == company.tenant_id
    with pytest.raises(NoActor):
        current_actor()
    assert find_tenant_id() is None
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT coalesce(current_setting('aeterna.tenant_id', true), '')")
        assert cursor.fetchone() == ("",)


@pytest.mark.parametrize(("actual", "expected", "is_stale"), [(2, 2, 0), (2, None, 0), (2, 1, 1)])
def test_a_version_that_was_not_seen_is_stale(actual, expected, is_stale):
    if is_stale:
        with pytest.raises(Stale, match="You saw version 1; it is now version 2"):
            require_version(actual, expected)
    else:
        require_version(actual, expected)


def test_a_constraint_of_ours_is_a_conflict_and_any_other_stays_an_error(company):
    from django.db import IntegrityError

    from apps.kernel.constraints import conflicts

    taken = User(email=company.users["viewer"].email, name="x", created_at=clock.now())
    with company.acting("admin"):
        with (
            pytest.raises(Conflict) as caught,
            conflicts({"user_email_once_per_tenant": ("email", "Taken.")}),
        ):
            taken.save(force_insert=True)
        with pytest.raises(IntegrityError), conflicts({}):
            taken.save(force_insert=True)
        assert caught.value.fields == {"email": ["Taken."]}
        assert User.objects.filter(email=taken.email).count() == 1


def test_ids_are_unique_ordered_by_time_and_of_version_seven():
    made = [uuid7() for _ in range(2000)]
    assert len(set(made)) == 2000
    assert {item.version for item in made} == {7}
    stamps = [item.int >> 80 for item in made]
    assert stamps == sorted(stamps)


def test_the_clock_can_be_set_but_not_without_a_time_zone():
    moment = datetime.fromisoformat("2026-01-02T03:04:05+00:00")
    with clock.at(moment):
        assert clock.now() == moment
    assert clock.now() != moment
    with pytest.raises(ValueError, match="time zone"), clock.at(datetime(2026, 1, 1)):  # noqa: DTZ001
        pass
