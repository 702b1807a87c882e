"""A connection between an agent and its portal that can be cut, held up and garbled."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import Self

# Takes what comes from the portal and returns what arrives instead; None ends the connection.
Spoil = Callable[[bytes], bytes | None]


class Wire:
    """Forwards bytes to a port on this machine, as badly as it is told to."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._writers: set[asyncio.StreamWriter] = set()
        self.port = 0
        self.is_down = False
        self._is_open = asyncio.Event()
        self._is_open.set()
        self.delay = 0.0
        self.spoil: Spoil | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        serving = asyncio.start_server(self._serve, "127.0.0.1", 0)
        server = asyncio.run_coroutine_threadsafe(serving, self._loop).result(10)
        self.port = server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_error: object) -> None:
        self.cut()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cut(self) -> None:
        """End every connection; new ones are taken unless the wire is down."""
        self._loop.call_soon_threadsafe(self._cut)

    def freeze(self) -> None:
        """Forward nothing, and end nothing."""
        self._loop.call_soon_threadsafe(self._is_open.clear)

    def mend(self) -> None:
        """Forward all that comes, at once and as it is."""
        self.is_down = False
        self.delay, self.spoil = 0.0, None
        self._loop.call_soon_threadsafe(self._is_open.set)

    def _cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_down:
            writer.transport.abort()
            return
        with contextlib.suppress(OSError):
            there, out = await asyncio.open_connection("127.0.0.1", self._target)
            self._writers |= {writer, out}
            try:
                await asyncio.gather(self._carry(reader, out), self._carry_back(there, writer))
            finally:
                self._writers -= {writer, out}
                out.transport.abort()
        writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                await self._wait()
                writer.write(data)
                await writer.drain()
        writer.close()

    async def _carry_back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                await self._wait()
                spoil, self.spoil = self.spoil, None
                left = spoil(data) if spoil else data
                if left is None:
                    break
                writer.write(left)
                await writer.drain()
        writer.close()

    async def _wait(self) -> None:
        await asyncio.sleep(self.delay)
        await self._is_open.wait()
