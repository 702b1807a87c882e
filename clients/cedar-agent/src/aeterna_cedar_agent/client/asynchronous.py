"""The client for code with an event loop."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import aiohttp

from aeterna_cedar_agent.client.messages import (
    ASK,
    ASK_MANY,
    DEFAULT_ADDRESS,
    DEFAULT_SECONDS,
    STATUS,
    Decision,
    Entities,
    Question,
    UnreachableError,
    headers,
    question,
    read_address,
    read_answer,
    read_decision,
    read_decisions,
)


class AsyncClient:
    """Asks one agent from one event loop; what `Client` says holds here too."""

    def __init__(
        self,
        address: str = DEFAULT_ADDRESS,
        *,
        token: str | None = None,
        timeout_seconds: float = DEFAULT_SECONDS,
    ) -> None:
        """Take an address; raises ValueError where it is none. Nothing is asked yet."""
        self._address = read_address(address)
        self._headers = headers(token)
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def is_allowed(
        self,
        principal: str,
        action: str,
        resource: str,
        *,
        context: Mapping[str, Any] | None = None,
        additional_entities: Entities | None = None,
    ) -> bool:
        """Tell whether the agent decided Allow; False is a Deny, and no answer raises."""
        found = await self.ask(
            principal, action, resource, context=context, additional_entities=additional_entities
        )
        return found.is_allowed

    async def ask(
        self,
        principal: str,
        action: str,
        resource: str,
        *,
        context: Mapping[str, Any] | None = None,
        additional_entities: Entities | None = None,
    ) -> Decision:
        """Return one decision with its reasons."""
        asked = question(
            principal, action, resource, context=context, additional_entities=additional_entities
        )
        value = await self._request("POST", ASK, asked)
        return read_decision(value, served=value)

    async def ask_many(self, questions: Sequence[Question]) -> list[Decision]:
        """Return the decisions on up to 1,000 questions, in order and from one revision."""
        value = await self._request("POST", ASK_MANY, {"requests": list(questions)})
        return read_decisions(value, asked=len(questions))

    async def status(self) -> dict[str, Any]:
        """Return what the agent says of itself."""
        return await self._request("GET", STATUS, None)

    async def close(self) -> None:
        """Close all connections; a later call opens others."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _request(self, method: str, path: str, body: object) -> dict[str, Any]:
        if self._session is None:
            self._session = self._open()
        url = self._address.origin + path
        try:
            async with self._session.request(
                method, url, json=body, headers=self._headers, allow_redirects=False
            ) as answer:
                status, content = answer.status, await answer.read()
        except (aiohttp.ClientError, OSError) as error:
            reason = str(error) or type(error).__name__
            raise UnreachableError(f"{self._address.text}: {reason}") from error
        return read_answer(status, content, address=self._address.text)

    def _open(self) -> aiohttp.ClientSession:
        path = self._address.socket
        connector = aiohttp.UnixConnector(path) if path is not None else aiohttp.TCPConnector()
        return aiohttp.ClientSession(connector=connector, timeout=self._timeout)
