"""The tenant scope: a context variable, a transaction and a transaction-local setting."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import OperationalError
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus

from .actor import Actor
from .errors import Forbidden, NoActor, TenantSwitch

SETTING = "aeterna.tenant_id"
APP, PLATFORM = "default", "platform"


@dataclass(slots=True)
class Scope:
    """What is known while one actor works; `facts` caches what decisions were based on."""

    actor: Actor
    outer: "Scope | None" = None
    facts: dict[Any, Any] = field(default_factory=dict)

    def forget(self) -> None:
        """Drop the facts of this scope and of those around it: something changed."""
        self.facts.clear()
        if self.outer is not None:
            self.outer.forget()


_scope: ContextVar[Scope | None] = ContextVar("tenant_scope", default=None)
_across: ContextVar[str | None] = ContextVar("across_tenants", default=None)
_record_denial: list[Callable[[Forbidden], None]] = []


def bind_denial_recorder(recorder: Callable[[Forbidden], None]) -> None:
    """Set the function that writes a denial into the log of the tenant in scope."""
    _record_denial[:] = [recorder]


def record_denial(denial: Forbidden) -> None:
    """Write `denial` once, in the transaction that is open now; leave it if that is broken."""
    if denial.is_recorded or _scope.get() is None or _is_broken(connections[APP]):
        return
    denial.is_recorded = True
    for recorder in _record_denial:
        recorder(denial)


def current_scope() -> Scope:
    """Return the scope in force; raise NoActor outside `acting_as`."""
    scope = _scope.get()
    if scope is None:
        raise NoActor("tenant data needs acting_as(actor)")
    return scope


def current_actor() -> Actor:
    """Return who acts now; raise NoActor outside `acting_as`."""
    return current_scope().actor


def current_tenant_id() -> UUID:
    """Return the tenant in scope; raise NoActor outside `acting_as`."""
    return current_actor().tenant_id


def find_tenant_id() -> UUID | None:
    """Return the tenant in scope, or None."""
    scope = _scope.get()
    return scope.actor.tenant_id if scope else None


def is_scope_open() -> bool:
    """Tell whether tenant rows may be read here at all."""
    return _scope.get() is not None or _across.get() is not None


def database_alias() -> str:
    """Return the connection to use: the platform's inside `across_tenants`, else the app's."""
    return PLATFORM if _across.get() is not None else APP


@contextmanager
def acting_as(actor: Actor) -> Iterator[Actor]:
    """Open the tenant scope of `actor` in a transaction.

    A Forbidden raised inside commits with its denial on record and is raised again; what an
    operation did before it was denied is already undone by that operation's savepoint. Any other
    error rolls everything back. Raises TenantSwitch inside another tenant's scope.
    """
    outer = _scope.get()
    if _across.get() is not None:
        raise TenantSwitch("leave across_tenants before acting in one tenant")
    if outer is not None and outer.actor.tenant_id != actor.tenant_id:
        raise TenantSwitch("a scope of another tenant is already open")
    denial: Forbidden | None = None
    setting = _nested_setting(connections[APP], actor.tenant_id)
    token = _scope.set(Scope(actor=actor, outer=outer))
    try:
        with transaction.atomic(using=APP), setting:
            try:
                yield actor
            except Forbidden as error:
                record_denial(error)
                if not error.is_recorded:
                    raise
                denial = error
    except Forbidden as error:
        _record_afterwards(error)
        raise
    finally:
        _scope.reset(token)
    if denial is not None:
        raise denial


def _record_afterwards(denial: Forbidden) -> None:
    # The transaction of the denial was broken and is gone. One around it, if any, is left to the
    # scope that opened it.
    if not connections[APP].in_atomic_block:
        with transaction.atomic(using=APP):
            record_denial(denial)


def _is_broken(connection: BaseDatabaseWrapper) -> bool:
    """Tell whether the open transaction can only be rolled back."""
    if connection.needs_rollback or connection.connection is None:
        return True
    status = connection.connection.info.transaction_status
    return status in (TransactionStatus.INERROR, TransactionStatus.UNKNOWN)


@contextmanager
def across_tenants(reason: str) -> Iterator[None]:
    """Work on rows of every tenant through the platform role; `reason` names the need."""
    if _scope.get() is not None:
        raise TenantSwitch(f"cannot work across tenants inside a tenant's scope: {reason}")
    token = _across.set(reason)
    try:
        with transaction.atomic(using=PLATFORM):
            yield
    finally:
        _across.reset(token)


def apply_tenant(connection: BaseDatabaseWrapper) -> None:
    """Open a transaction on `connection` with the tenant in scope, if there is one."""
    tenant_id = find_tenant_id()
    if tenant_id is not None and connection.alias == APP:
        _begin(connection, tenant_id)


def _begin(connection: BaseDatabaseWrapper, tenant_id: UUID) -> None:
    # psycopg would send BEGIN by itself before the first statement; together with the tenant it
    # costs one round trip instead of two. The text of a UUID needs no quoting.
    raw = connection.connection
    command = f"BEGIN; SET LOCAL {SETTING} = '{tenant_id}'"
    result = raw.pgconn.exec_(command.encode())
    if raw.pgconn.status != ConnStatus.OK:
        raise OperationalError(f"the server ended the connection: {result.error_message!r}")
    if result.status != ExecStatus.COMMAND_OK:
        raise error_from_result(result, encoding="utf-8")


def _set(connection: BaseDatabaseWrapper, value: str) -> None:
    connection.connection.execute("select set_config(%s, %s, true)", (SETTING, value))


def _nested_setting(
    connection: BaseDatabaseWrapper, tenant_id: UUID
) -> AbstractContextManager[None]:
    # The backend's hook sets the tenant of a transaction that opens now; one that was open before
    # (an enclosing atomic, a test's) needs the setting changed and put back.
    if not connection.in_atomic_block:
        return nullcontext()
    return _changed_setting(connection, str(tenant_id))


@contextmanager
def _changed_setting(connection: BaseDatabaseWrapper, value: str) -> Iterator[None]:
    row = connection.connection.execute(
        "select coalesce(current_setting(%s, true), '')", (SETTING,)
    ).fetchone()
    before = row[0]
    _set(connection, value)
    yield
    # RELEASE SAVEPOINT keeps an inner value; ROLLBACK TO restores by itself.
    if before != value and not connection.needs_rollback:
        _set(connection, before)
