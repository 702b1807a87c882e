"""One method of one address: what it takes, what it calls, what it answers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponseBase
from pydantic import BaseModel, StringConstraints

from ...operation import OPERATIONS
from .fields import Limit
from .resources import Body, Query

DEFAULT_LIMIT = 50


class ListQuery(Query):
    """What every list takes: how many rows, and from where in the list."""

    limit: Limit = DEFAULT_LIMIT
    cursor: Annotated[str, StringConstraints(max_length=2000)] = ""


@dataclass(frozen=True, slots=True)
class Later:
    """What a call returns whose work opens scopes of its own, once the request's has closed."""

    work: Callable[[], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One entry of the REST interface.

    `call` gets the path's values, the query's and the body's as keywords, only those given, and
    `expected_version` from If-Match where `is_versioned`. With `order` it returns a queryset, which
    is answered in pages; `present` turns a page's rows into what `answers` reads. `located` is the
    address of what was made, with `{id}`. `told_once` names the member that is told only once.
    """

    method: str
    path: str
    name: str
    call: Callable[..., Any]
    answers: type[BaseModel] | None = None
    status: int = 200
    takes: type[Body] | None = None
    query: type[Query] = Query
    order: tuple[str, ...] = ()
    present: Callable[[Sequence[Any]], Sequence[Any]] | None = None
    is_versioned: bool = False
    located: str = ""
    told_once: str = ""
    csv: Callable[[HttpRequest, Mapping[str, Any]], HttpResponseBase] | None = None

    @property
    def summary(self) -> str:
        """Return what a caller can rely on, in one line: the operation's or the door's own."""
        operation = OPERATIONS.get(self.name)
        if operation:
            return operation.summary
        return (self.call.__doc__ or "").strip().split("\n")[0]

    @property
    def is_write(self) -> bool:
        return self.method != "GET"

    @property
    def is_creation(self) -> bool:
        return self.method == "POST" and self.status == 201
