"""The HTTP application: routes, who may call them, and one form for every error."""

import logging
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Middleware

from aeterna_cedar_agent.credentials import Token
from aeterna_cedar_agent.desk import Desk
from aeterna_cedar_agent.parts import Serving
from aeterna_cedar_agent.problem import problem
from aeterna_cedar_agent.shape import ShapeError
from aeterna_cedar_agent.standalone.desk import WriteDesk, answer_refusals
from aeterna_cedar_agent.standalone.writer import Writer

GOVERNED = "the portal governs policies, schema and data: here they can only be read"

_PROBES = ("/", "/health", "/health/", "/healthz", "/v1", "/v1/")
_OPEN_PATHS = frozenset((*_PROBES, "/ready", "/v1/openapi.json"))
_CONTENT = ("/v1/policies", "/v1/policies/{id:.+}", "/v1/schema", "/v1/data")
_WRITES = ("PUT", "POST", "PATCH", "DELETE")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

logger = logging.getLogger(__name__)


def build_app(
    *,
    serving: Serving,
    max_body_bytes: int,
    api_token: Token | None,
) -> web.Application:
    """Return the application; with an api_token every path but the probes needs it."""
    middlewares: list[Middleware] = [answer_errors, answer_refusals]
    if api_token is not None:
        middlewares.append(_guard(api_token))
    app = web.Application(middlewares=middlewares, client_max_size=max_body_bytes)
    desk = Desk(serving)
    for path in _PROBES:
        app.router.add_get(path, _ok)
    app.router.add_get("/v1/openapi.json", desk.openapi)
    app.router.add_get("/ready", desk.ready)
    app.router.add_get("/metrics", desk.metrics)
    app.router.add_get("/v1/status", desk.status)
    app.router.add_post("/v1/is_authorized", desk.is_authorized)
    app.router.add_post("/v1/is_authorized/batch", desk.is_authorized_batch)
    app.router.add_post("/v1/is_authorized/partial", desk.is_authorized_partial)
    app.router.add_get("/v1/data", desk.data)
    if serving.writer is None:
        _add_read_only(app, desk)
    else:
        _add_writable(app, serving, writer=serving.writer)
    return app


@web.middleware
async def answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every failure into {reason, description, code}."""
    try:
        return await handler(request)
    except ShapeError as error:
        return problem(400, str(error))
    except (web.RequestPayloadError, ConnectionError) as error:
        return problem(400, f"body: {error}")
    except web.HTTPRequestEntityTooLarge:
        return problem(413, f"body: is larger than {request.client_max_size} bytes")
    except web.HTTPException as error:
        answer = problem(error.status, error.reason)
        if "Allow" in error.headers:
            answer.headers["Allow"] = error.headers["Allow"]
        return answer
    except Exception:
        logger.exception("request failed", extra={"method": request.method, "path": request.path})
        return problem(500, "the agent failed to answer; its log says why")


def _guard(api_token: Token) -> Middleware:
    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path in _OPEN_PATHS or api_token.matches(request.headers.get("Authorization")):
            return await handler(request)
        answer = problem(401, "Authorization: does not match this agent's API token")
        answer.headers["WWW-Authenticate"] = "Bearer"
        return answer

    return guard


def _add_read_only(app: web.Application, desk: Desk) -> None:
    app.router.add_get("/v1/policies", desk.policies)
    app.router.add_get("/v1/policies/{id:.+}", desk.policy)
    app.router.add_get("/v1/schema", desk.schema)
    for path in _CONTENT:
        for method in _WRITES:
            app.router.add_route(method, path, _refuse_write)


def _add_writable(app: web.Application, serving: Serving, *, writer: Writer) -> None:
    desk = WriteDesk(writer=writer, engine=serving.engine)
    app.router.add_get("/v1/policies", desk.policies)
    app.router.add_post("/v1/policies", desk.add_policy)
    app.router.add_put("/v1/policies", desk.replace_policies)
    app.router.add_get("/v1/policies/{id:.+}", desk.policy)
    app.router.add_put("/v1/policies/{id:.+}", desk.put_policy)
    app.router.add_delete("/v1/policies/{id:.+}", desk.remove_policy)
    app.router.add_put("/v1/data", desk.replace_data)
    app.router.add_delete("/v1/data", desk.remove_data)
    app.router.add_get("/v1/schema", desk.schema)
    app.router.add_put("/v1/schema", desk.replace_schema)
    app.router.add_delete("/v1/schema", desk.remove_schema)


async def _refuse_write(_request: web.Request) -> web.StreamResponse:
    answer = problem(405, GOVERNED)
    answer.headers["Allow"] = "GET, HEAD"
    return answer


async def _ok(_request: web.Request) -> web.StreamResponse:
    return web.Response(text="ok")
