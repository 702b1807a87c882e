"""The HTTP handlers of a standalone agent's content, in the manner of cedar-agent 0.2.0."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

from aeterna_cedar_agent.engine import Engine, RefusedError
from aeterna_cedar_agent.problem import problem
from aeterna_cedar_agent.question import printable, read_body, read_json
from aeterna_cedar_agent.shape import need_list, need_object, take_text
from aeterna_cedar_agent.standalone.facts import read_rows
from aeterna_cedar_agent.standalone.grammar import read_schema, shown
from aeterna_cedar_agent.standalone.writer import KeepError, TakenError, UnknownError, Writer
from aeterna_cedar_agent.status import clip

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class WriteDesk:
    """Handlers over a writer; what they answer is what is served then."""

    def __init__(self, *, writer: Writer, engine: Engine) -> None:
        self._writer = writer
        self._engine = engine

    async def policies(self, _request: web.Request) -> web.Response:
        """List all policies in the order they were written."""
        return web.json_response([_policy(*item) for item in self._policies().items()])

    async def policy(self, request: web.Request) -> web.Response:
        """Return one policy."""
        id_ = request.match_info["id"]
        cedar = self._policies().get(id_)
        return _unknown(id_) if cedar is None else web.json_response(_policy(id_, cedar))

    async def add_policy(self, request: web.Request) -> web.Response:
        """Add one policy, whose id must be new."""
        id_, cedar = _read_policy(read_body(await request.read()))
        try:
            await self._writer.add_policy(id_, cedar=cedar)
        except TakenError:
            return problem(409, f"a policy {printable(id_)!r} exists already")
        return web.json_response(_policy(id_, cedar))

    async def put_policy(self, request: web.Request) -> web.Response:
        """Add or replace one policy."""
        id_, cedar = request.match_info["id"], take_text(read_body(await request.read()), "content")
        await self._writer.put_policy(id_, cedar=cedar)
        return web.json_response(_policy(id_, cedar))

    async def remove_policy(self, request: web.Request) -> web.Response:
        """Remove one policy."""
        id_ = request.match_info["id"]
        try:
            await self._writer.remove_policy(id_)
        except UnknownError:
            return _unknown(id_)
        return web.Response(status=204)

    async def replace_policies(self, request: web.Request) -> web.Response:
        """Replace all policies, or none where one is wrong."""
        rows = enumerate(need_list(read_json(await request.read()), field="body"))
        policies = [
            _read_policy(need_object(row, field=f"body[{place}]"), within=f"body[{place}]")
            for place, row in rows
        ]
        await self._writer.replace_policies(policies)
        return web.json_response([_policy(*item) for item in policies])

    async def replace_data(self, request: web.Request) -> web.Response:
        """Replace all entities."""
        rows = read_rows(read_json(await request.read()))
        return web.json_response(await self._writer.replace_entities(rows))

    async def remove_data(self, _request: web.Request) -> web.Response:
        """Remove all entities."""
        await self._writer.replace_entities(())
        return web.Response(status=204)

    async def schema(self, _request: web.Request) -> web.Response:
        """Return the schema, `{}` where there is none."""
        loaded = self._engine.current
        return web.json_response(shown(loaded.revision.schema if loaded else ""))

    async def replace_schema(self, request: web.Request) -> web.Response:
        """Replace the schema where what is stored fits it."""
        text = read_schema(await request.read())
        await self._writer.replace_schema(text)
        return web.json_response(shown(text))

    async def remove_schema(self, _request: web.Request) -> web.Response:
        """Remove the schema."""
        await self._writer.replace_schema("")
        return web.Response(status=204)

    def _policies(self) -> dict[str, str]:
        loaded = self._engine.current
        return {item.id: item.cedar for item in loaded.policies} if loaded else {}


@web.middleware
async def answer_refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn what the writer refuses into 400, and what it cannot keep into 503."""
    try:
        return await handler(request)
    except RefusedError as refused:
        named = f"policy {printable(refused.policy)!r}: " if refused.policy is not None else ""
        return problem(400, clip(named + refused.error))
    except KeepError as error:
        return problem(503, f"not kept and not served: {error}")


def _read_policy(row: Mapping[str, Any], *, within: str = "") -> tuple[str, str]:
    return take_text(row, "id", within=within), take_text(row, "content", within=within)


def _policy(id_: str, cedar: str) -> dict[str, str]:
    return {"id": id_, "content": cedar}


def _unknown(id_: str) -> web.Response:
    return problem(404, f"no policy {printable(id_)!r} is served")
