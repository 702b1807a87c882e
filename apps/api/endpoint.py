"""The view of one address: it reads, makes one call and answers, the same for every resource."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern, path
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.kernel.entrypoints.afterwards import Afterwards, finished
from apps.kernel.entrypoints.rest import Later, Route
from apps.kernel.errors import DomainError, NotFound
from apps.kernel.rehearsal import rehearsed

from . import answers, requests
from .idempotency import answered_once, read_key
from .negotiation import CSV, JSON, chosen_type
from .problems import invalid
from .throttling import POLICY_HEADER, policy

UNKNOWN = re.compile(r"There is no such ([A-Za-z ]+)\.")
ALIASES = {"scope": ("scope_id", "parent_id"), "user": ("user_id", "owner_id", "author_id")}


class Endpoint(APIView):
    """One address with its methods; `routes` says what each does."""

    routes: ClassVar[Mapping[str, Route]] = {}
    http_method_names = ("get", "head", "post", "patch", "delete")
    metadata_class = None
    media_type = JSON

    def perform_content_negotiation(self, request: Request, force: bool = False) -> tuple[Any, str]:
        """Choose among what the method offers; NotAcceptable unless only a problem is told."""
        route = self.routes.get(str(request.method))
        offered = [JSON, CSV] if route and route.csv else [JSON]
        if not force and route and request._request.GET.get("format") is None:
            self.media_type = chosen_type(request._request.headers.get("Accept", ""), offered)
        return self.get_renderers()[0], self.media_type

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        if request._request.actor:  # type: ignore[attr-defined]
            response[POLICY_HEADER] = policy()
        return response

    def respond(self, request: Request, **values: Any) -> HttpResponseBase:
        """Answer by the route of the request's method."""
        http = request._request
        route = self.routes["GET" if http.method == "HEAD" else str(http.method)]
        query = requests.read_query(http, route)
        if not route.is_write:
            return self._run(http, route, query, values)
        expected = requests.expected_version(http, route)
        raw = requests.raw_body(http)

        def run() -> HttpResponseBase:
            body = requests.read_body(http, route, raw)
            return self._run(http, route, query, {**values, **body, **expected})

        key = read_key(http) if route.is_creation else None
        if requests.is_dry_run(http):
            return _rehearsed(run)
        if key is None:
            return run()
        response: HttpResponseBase = answered_once(
            http, raw, key=key, told_once=route.told_once, run=run
        )
        return response

    def _run(
        self, http: HttpRequest, route: Route, query: Mapping[str, Any], values: Mapping[str, Any]
    ) -> HttpResponseBase:
        try:
            if route.csv and self._wants_csv(query):
                return route.csv(http, _filters(query))
            result = route.call(**_filters(query), **values)
        except NotFound as error:
            raise _named(error, route) from error
        if isinstance(result, Later):
            return Afterwards(lambda: answers.render(http, route, result.work(), query))
        response: HttpResponseBase = answers.render(http, route, result, query)
        return response

    def _wants_csv(self, query: Mapping[str, Any]) -> bool:
        wanted = query.get("format")
        return wanted == "csv" if wanted else self.media_type == CSV


def _rehearsed(run: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    with rehearsed():
        # What would be done afterwards is undone only if it is done here.
        response = finished(run())
    response[requests.DRY_RUN] = "true"
    # Nothing was made there.
    del response["Location"]
    return response


def url_patterns(routes: Iterable[Route]) -> list[URLPattern]:
    """Return one address per route, named after it; routes of one path share a view."""
    by_path: dict[str, list[Route]] = {}
    for route in routes:
        by_path.setdefault(route.path, []).append(route)
    return [
        path(place, view, name=route.name)
        for place, found in by_path.items()
        for view in [_view(found)]
        for route in found
    ]


def _view(routes: Sequence[Route]) -> Any:
    methods = {route.method: route for route in routes}
    members: dict[str, Any] = {method.lower(): Endpoint.respond for method in methods}
    view = type("Endpoint", (Endpoint,), {**members, "routes": methods})
    return view.as_view()  # type: ignore[attr-defined]


def _filters(query: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in query.items() if k not in ("limit", "cursor", "format")}


def _named(error: NotFound, route: Route) -> DomainError:
    """Return the refusal of an id that a caller gave in the body or the query, by its name there.

    An id of the path that leads nowhere stays what it is: not found.
    """
    match = UNKNOWN.fullmatch(error.detail)
    if match is None:
        return error
    noun = match[1].replace(" ", "_").lower()
    members = requests.names_of([route.takes, route.query])
    wanted = ALIASES.get(noun, (f"{noun}_id",))
    culprits = [name for name in wanted if name in members and f":{name}>" not in route.path]
    return invalid({name: [error.detail] for name in culprits}) if culprits else error
