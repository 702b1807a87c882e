"""The OpenAPI document, made from the routes: every answer an address can give is in it."""

import re
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ComponentRegistry, ResolvedComponent
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from apps.kernel.entrypoints.rest import Route

from .idempotency import HEADER as IDEMPOTENCY_KEY
from .negotiation import CSV, JSON
from .problems import MEDIA_TYPE
from .requests import DRY_RUN, MAX_TAG, ONE_TAG

PREFIX = "/api/v1/"
SCHEMAS = "#/components/schemas/"
PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>")
CONVERTED: Mapping[str, dict[str, Any]] = {
    "uuid": {"type": "string", "format": "uuid"},
    "int": {"type": "integer", "minimum": 0, "maximum": 9_007_199_254_740_991},
    "str": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[A-Za-z0-9_-]+$"},
}
TITLES = {
    400: "The request cannot be read: not JSON, or a header that means nothing.",
    401: "Nobody is signed in, or the token is not, or no longer, valid.",
    403: "A policy denies it; `policies` names those that decided.",
    404: "There is no such thing for this caller.",
    406: "The address answers nothing that Accept names.",
    409: "The present state does not permit it, or a name is taken.",
    412: "Somebody changed it since the version that If-Match names.",
    413: "The body is too large.",
    415: "The body must be application/json.",
    422: "Something in the input is wrong; `fields` names each culprit.",
    429: "Too many requests in this minute.",
}
PROBLEM = {
    "title": "Problem",
    "description": "A refusal, as RFC 9457 says.",
    "type": "object",
    "required": ["type", "title", "status", "detail", "code", "fields", "request_id"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "fields": {
            "type": "object",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
        "request_id": {"type": "string"},
        "policies": {"type": "array", "items": {"type": "string"}},
        "retry_after": {"type": "integer"},
    },
}


class PortalSchema(AutoSchema):
    """What drf-spectacular asks about a method of an address, answered from its route."""

    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: ComponentRegistry
    ) -> dict[str, Any]:
        """Return the operation; register the models it takes and answers."""
        self.registry, self.method = registry, method.upper()
        view: Any = self.view
        route: Route = view.routes[self.method]
        for model in (route.takes, route.answers):
            if model is not None:
                self._register(model, "validation" if model is route.takes else "serialization")
        operation: dict[str, Any] = {
            "operationId": route.name,
            "summary": route.summary,
            "tags": [route.path.split("/")[0]],
            "parameters": [*_path_parameters(route), *_query_parameters(route), *_headers(route)],
            "security": [{name: []} for way in self.get_auth() for name in way],
            "responses": responses(route),
        }
        if route.takes is not None:
            is_needed = any(field.is_required() for field in route.takes.model_fields.values())
            operation["requestBody"] = {"content": _json(_ref(route.takes)), "required": is_needed}
        return operation

    def _register(self, model: type[BaseModel], mode: Any) -> None:
        _, found = models_json_schema([(model, mode)], ref_template=SCHEMAS + "{model}")
        for name, schema in found["$defs"].items():
            component = ResolvedComponent(  # type: ignore[no-untyped-call]
                name=name, type=ResolvedComponent.SCHEMA, object=name, schema=schema
            )
            self.registry.register_on_missing(component)


def responses(route: Route) -> dict[str, Any]:
    """Return every answer of a route by status."""
    answers = {str(route.status): _success(route)}
    if not route.is_write and not route.order and route.answers:
        answers["304"] = {"description": "What If-None-Match names is still true."}
    for status in refusals(route):
        answers[str(status)] = {"$ref": f"#/components/responses/Problem{status}"}
    return answers


def refusals(route: Route) -> list[int]:
    """Return the statuses of the problems that a route can answer."""
    found = {401, 403, 406, 422, 429}
    if "<" in route.path:
        found.add(404)
    if route.is_write:
        found |= {400, 409, 413}
    if route.takes is not None:
        found.add(415)
    if route.is_write and route.is_versioned:
        found.add(412)
    return sorted(found)


def complete(result: dict[str, Any], **_context: Any) -> dict[str, Any]:
    """Return the document with the parts that all operations share."""
    components = result.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = deepcopy(PROBLEM)
    components["responses"] = {f"Problem{status}": _problem(status) for status in TITLES}
    components["schemas"] = dict(sorted(components["schemas"].items()))
    return result


def _success(route: Route) -> dict[str, Any]:
    description = "Done." if route.is_write else "Found."
    answer: dict[str, Any] = {"description": description, "headers": _answer_headers(route)}
    if route.answers is None:
        return answer
    schema = _page(route.answers) if route.order else _ref(route.answers)
    answer["content"] = _json(schema)
    if route.csv:
        answer["content"][CSV] = {"schema": {"type": "string"}}
    return answer


def _page(model: type[BaseModel]) -> dict[str, Any]:
    link = {"type": ["string", "null"], "format": "uri"}
    return {
        "type": "object",
        "required": ["results", "next", "previous"],
        "properties": {
            "results": {"type": "array", "items": _ref(model)},
            "next": link,
            "previous": link,
        },
    }


def _answer_headers(route: Route) -> dict[str, Any]:
    names = ["X-Request-Id"]
    if route.answers and not route.order and not route.told_once:
        names.append("ETag")
    if route.located:
        names.append("Location")
    if route.is_creation:
        names.append("Idempotent-Replay")
    if route.is_write:
        names.append(DRY_RUN)
    return {name: {"schema": {"type": "string"}} for name in names}


def _path_parameters(route: Route) -> list[dict[str, Any]]:
    return [
        {"in": "path", "name": name, "required": True, "schema": dict(CONVERTED[kind or "str"])}
        for kind, name in PARAMETER.findall(route.path)
    ]


def _query_parameters(route: Route) -> list[dict[str, Any]]:
    schema = route.query.model_json_schema(ref_template=SCHEMAS + "{model}")
    definitions = schema.get("$defs", {})
    return [
        _query_parameter(name, member, definitions, name in schema.get("required", ()))
        for name, member in schema.get("properties", {}).items()
    ]


def _query_parameter(
    name: str, member: dict[str, Any], definitions: Mapping[str, Any], is_required: bool
) -> dict[str, Any]:
    member = {key: value for key, value in member.items() if key != "title"}
    choices = [item for item in member.pop("anyOf", []) if item.get("type") != "null"]
    for part in (*choices, {"$ref": member.pop("$ref", "")}):
        reference = part.get("$ref", "")
        member |= definitions[reference.removeprefix(SCHEMAS)] if reference else part
    member.pop("$ref", None)
    if member.get("default") in ("", False):
        member.pop("default")
    parameter = {"in": "query", "name": name, "required": is_required, "schema": member}
    if "description" in member:
        parameter["description"] = member.pop("description")
    return parameter


def _headers(route: Route) -> list[dict[str, Any]]:
    found: list[tuple[str, str, dict[str, Any]]] = []
    if route.is_creation:
        text = "Carries the same request out once within 24 hours."
        found.append((IDEMPOTENCY_KEY, text, {"maxLength": 255, "pattern": "^[!-~]+$"}))
    if route.is_write and route.is_versioned:
        text = "The ETag that was read; 412 if it changed since."
        found.append(("If-Match", text, {"maxLength": MAX_TAG, "pattern": ONE_TAG}))
    if route.is_write:
        text = "Try it: the answer is what it would be, and nothing is kept."
        found.append((DRY_RUN, text, {"enum": ["true"]}))
    if not route.is_write and not route.order:
        found.append(("If-None-Match", "The ETag that is known; 304 if it is still true.", {}))
    return [
        {
            "in": "header",
            "name": name,
            "description": text,
            "schema": {"type": "string", **limits},
        }
        for name, text, limits in found
    ]


def _problem(status: int) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "description": TITLES[status],
        "content": {MEDIA_TYPE: {"schema": {"$ref": f"{SCHEMAS}Problem"}}},
    }
    if status == 429:
        names = ("Retry-After", "RateLimit", "RateLimit-Policy")
        answer["headers"] = {name: {"schema": {"type": "string"}} for name in names}
    if status == 401:
        answer["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}}}
    return answer


def _ref(model: type[BaseModel]) -> dict[str, Any]:
    return {"$ref": SCHEMAS + model.__name__}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {JSON: {"schema": schema}}
