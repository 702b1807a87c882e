"""Keeps one connection to the portal open, with backoff, a fresh token and a fresh hello each."""

import asyncio
import logging
import time

import aiohttp

from aeterna_cedar_agent import __version__, frames
from aeterna_cedar_agent.applier import ENGINE
from aeterna_cedar_agent.backoff import Backoff
from aeterna_cedar_agent.conversation import Conversation, LinkEndedError
from aeterna_cedar_agent.credentials import Token, TokenError
from aeterna_cedar_agent.parts import Parts

CONNECT_SECONDS = 15.0
CLOSE_SECONDS = 2.0

# A handshake refused over HTTP counts as the close code it should have been.
_CODE_OF_STATUS = {401: 4401, 403: 4403}

logger = logging.getLogger(__name__)


class Link:
    """The agent's side of the protocol for as long as the process runs."""

    def __init__(
        self,
        *,
        portal: str,
        token: Token,
        parts: Parts,
        backoff: Backoff,
    ) -> None:
        self._portal = portal
        self._token = token
        self._parts = parts
        self._backoff = backoff

    async def run(self) -> None:
        """Connect, converse, wait and connect again until cancelled."""
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            while True:
                delay = await self._attempt(session)
                logger.info("waiting to reconnect", extra={"seconds": round(delay, 3)})
                await asyncio.sleep(delay)

    async def _attempt(self, session: aiohttp.ClientSession) -> float:
        up_seconds, close_code = 0.0, None
        conversation: Conversation | None = None
        try:
            async with await self._connect(session) as socket:
                conversation = Conversation(socket=socket, parts=self._parts)
                await conversation.run(hello=self._hello())
        except LinkEndedError as ended:
            close_code = ended.close_code
            self._report(str(ended), close_code=close_code)
        except (aiohttp.ClientError, OSError, TokenError) as error:
            self._report(str(error) or type(error).__name__, close_code=None)
        if conversation is not None and conversation.welcomed_at is not None:
            up_seconds = time.monotonic() - conversation.welcomed_at
        return self._backoff.after(close_code=close_code, up_seconds=up_seconds)

    async def _connect(self, session: aiohttp.ClientSession) -> aiohttp.ClientWebSocketResponse:
        headers = {"Authorization": f"Bearer {self._token.read()}"}
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                return await session.ws_connect(
                    self._portal,
                    headers=headers,
                    protocols=(frames.SUBPROTOCOL,),
                    max_msg_size=frames.MAX_INBOUND_BYTES,
                    timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_SECONDS),
                )
        except aiohttp.WSServerHandshakeError as error:
            reason = f"portal answered the handshake with HTTP {error.status}"
            raise LinkEndedError(reason, close_code=_CODE_OF_STATUS.get(error.status)) from None
        except TimeoutError:
            raise LinkEndedError(f"no connection within {CONNECT_SECONDS:g} s") from None

    def _hello(self) -> str:
        return frames.hello(
            agent_version=__version__,
            cedar_version=ENGINE,
            revision=self._parts.engine.number,
            digest=self._parts.engine.digest,
        )

    def _report(self, reason: str, *, close_code: int | None) -> None:
        self._parts.status.failed(reason)
        logger.warning("link down", extra={"reason": reason, "close_code": close_code})
