"""`@operation`: the only way to write, and the registry of all that can be written."""

import functools
import inspect
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

from django.db import transaction

from .errors import DomainError, Forbidden, MissingDecision, MissingEvent, ProgrammingError
from .frames import Frame, frame
from .telemetry import OPERATION_SECONDS, OPERATIONS_TOTAL, tracer
from .tenancy import APP, current_scope

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Operation:
    """One entry of the registry; `name` is also the Cedar action and the audit verb."""

    name: str
    function: Callable[..., Any]

    @property
    def summary(self) -> str:
        """Return what the operation guarantees, in one line."""
        return (inspect.getdoc(self.function) or "").split("\n")[0]


OPERATIONS: dict[str, Operation] = {}


def operation(name: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Register a keyword-only function as the operation `name`.

    A call needs an actor, runs in one transaction and one trace span, and must authorize and
    leave an event before it returns; otherwise MissingDecision or MissingEvent undoes it.
    """

    def register(function: Callable[P, R]) -> Callable[P, R]:
        _require_keyword_only(name, function)
        if name in OPERATIONS:
            raise ProgrammingError(f"operation {name} is defined twice")

        @functools.wraps(function)
        def run(*args: P.args, **kwargs: P.kwargs) -> R:
            scope = current_scope()
            started = time.perf_counter()
            outcome = "failed"
            try:
                with (
                    tracer.start_as_current_span(name),
                    frame(name) as opened,
                    transaction.atomic(using=APP),
                ):
                    result = function(*args, **kwargs)
                    _require_answered(opened)
                outcome = "done"
                return result
            except DomainError as error:
                outcome = error.code
                if isinstance(error, Forbidden):
                    # What recorded it inside this operation was undone with it.
                    error.is_recorded = False
                raise
            finally:
                scope.forget()
                OPERATIONS_TOTAL.labels(name, outcome).inc()
                OPERATION_SECONDS.labels(name).observe(time.perf_counter() - started)

        OPERATIONS[name] = Operation(name=name, function=function)
        return run

    return register


def _require_keyword_only(name: str, function: Callable[..., Any]) -> None:
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
            raise ProgrammingError(f"operation {name}: {parameter.name} must be keyword-only")


def _require_answered(opened: Frame) -> None:
    if not opened.is_decided:
        raise MissingDecision(f"{opened.name} returned without authorize(...)")
    if not opened.is_recorded:
        raise MissingEvent(f"{opened.name} returned without emit(...)")
