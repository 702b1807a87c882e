"""Every operation of the registry: registered well, denied to outsiders, blind to other tenants."""

import inspect
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import connections, transaction

from aeterna_portal.operations_page import events_of, load_operations, operations_page
from apps.events.models import Event
from apps.kernel.actor import service_actor
from apps.kernel.errors import DomainError, Forbidden
from apps.kernel.operation import OPERATIONS
from apps.kernel.tenancy import acting_as
from apps.policies.permission_table import list_actions, list_services
from tests.tenancy.arguments import arguments, id_parameters, random_id, row_id
from tests.tenancy.catalog import tenant_tables

load_operations()
pytestmark = [pytest.mark.gap("MT-C1"), pytest.mark.gap("MT-C2"), pytest.mark.django_db]
ACTIONS = {action.name: action for action in list_actions()}
NAMES = sorted(OPERATIONS)
ROOT = Path(__file__).resolve().parents[2]
# What anybody may do for themselves is denied by a token that does not allow it.
FOR_ONESELF = {"token.create", "notification.read_all", "notification.prefer"}
# The company must exist before anything can be asked about it, so its creation is asked first.
FIRST_ASKED = {"portal.bootstrap": "tenant.create"}


def call(name, values):
    """Run an operation as doors do: through its wrapper, not the bare function."""
    function = OPERATIONS[name].function
    module = inspect.getmodule(function)
    return getattr(module, function.__name__)(**values)


def fingerprint(actor):
    """Return a digest of each table as the tenant of `actor` sees it, and the last event."""
    with acting_as(actor), connections["default"].cursor() as cursor:
        found = {}
        for table in [*tenant_tables(cursor), "identity_session"]:
            cursor.execute(
                f"SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), ''))"
                f' FROM "{table}" t WHERE tenant_id = %s',
                [actor.tenant_id],
            )
            found[table] = cursor.fetchone()[0]
        return found


def event_ids(actor):
    with acting_as(actor):
        return set(Event.objects.values_list("id", flat=True))


def witness(company):
    return service_actor(tenant_id=company.tenant_id, name="witness")


# --- the registry -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_an_operation_is_an_action_of_the_schema_with_an_event_and_a_summary(name):
    operation = OPERATIONS[name]
    assert name in ACTIONS
    assert events_of(operation) != []
    assert operation.summary.endswith(".")
    parameters = inspect.signature(operation.function).parameters.values()
    assert {p.kind for p in parameters} <= {inspect.Parameter.KEYWORD_ONLY}
    assert all(p.annotation is not inspect.Parameter.empty for p in parameters)


@pytest.fixture(scope="module")
def page():
    return operations_page()


def test_the_page_of_operations_is_what_the_registry_says(page):
    written = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert written == page, "stale: run `make operations`"


@pytest.mark.parametrize("name", NAMES)
def test_an_operation_has_its_row_in_the_page(page, name):
    assert f"| `{name}` |" in page


# --- denied -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_an_outsider_is_denied_with_one_event_and_no_change(name, attacker):
    company = attacker.company
    limits = frozenset() if name in FOR_ONESELF else None
    actor = company.actor("outsider", scopes=limits)
    values = arguments(OPERATIONS[name], attacker.rows)
    before, known = fingerprint(witness(company)), event_ids(witness(company))

    with pytest.raises(Forbidden), acting_as(actor):
        call(name, values)

    after, told = fingerprint(witness(company)), event_ids(witness(company)) - known
    assert {table for table in after if after[table] != before[table]} == {"events_event"}
    with acting_as(witness(company)):
        event = Event.objects.get(id__in=told)
    assert (event.outcome, event.actor_id) == ("denied", actor.principal.id)
    asked = FIRST_ASKED.get(name, name)
    assert (event.action, event.type) == (asked, f"{asked}.denied")


# --- from another tenant ----------------------------------------------------------------------


def _actors(company):
    yield company.actor("tenant_admin")
    yield company.actor("developer")
    for service in list_services():
        yield service_actor(tenant_id=company.tenant_id, name=service)


def _outcome(actor, name, values):
    """Return how an attempt ends, undoing it; the id that was guessed must not show."""
    guess = {str(v) for v in values.values()}
    try:
        with transaction.atomic(), acting_as(actor):
            call(name, values)
            transaction.set_rollback(True)
    except DomainError as error:
        detail = " ".join("<id>" if part in guess else part for part in error.detail.split())
        return type(error).__name__, error.code, detail, str(error.fields)
    return ("done",)


@pytest.mark.parametrize("name", NAMES)
def test_another_tenants_id_fails_like_an_id_of_nothing(name, victim, attacker):
    operation = OPERATIONS[name]
    for actor in _actors(attacker.company):
        for parameter, table in id_parameters(operation).items():
            own = arguments(operation, attacker.rows)
            foreign = _outcome(actor, name, {**own, parameter: row_id(table, victim.rows)})
            nothing = _outcome(actor, name, {**own, parameter: random_id(table)})
            assert foreign == nothing, (parameter, actor.principal.name)
            assert foreign != ("done",), (parameter, actor.principal.name)


@pytest.mark.parametrize("name", NAMES)
def test_a_person_of_another_tenant_can_do_nothing_here(name, victim, attacker):
    """Were an actor ever built with one tenant's person in another's scope, Cedar says no."""
    stranger = replace(
        victim.company.actor("viewer"),
        principal=attacker.company.actor("tenant_admin").principal,
        scopes=frozenset() if name in FOR_ONESELF else None,
    )
    before = fingerprint(witness(victim.company))
    with pytest.raises(DomainError), acting_as(stranger):
        call(name, arguments(OPERATIONS[name], victim.rows))
    after = fingerprint(witness(victim.company))
    assert {table for table in after if after[table] != before[table]} <= {"events_event"}
