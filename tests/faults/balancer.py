"""A balancer as simple as they come: each new connection goes to a server that takes it."""

import asyncio
import contextlib
import itertools
import threading
from collections.abc import Sequence
from typing import Self


class Balancer:
    """Forwards bytes to the first of some ports on this machine that listens, in turns."""

    def __init__(self, ports: Sequence[int]) -> None:
        self._ports, self._turn = tuple(ports), itertools.count()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        serving = asyncio.start_server(self._serve, "127.0.0.1", 0)
        server = asyncio.run_coroutine_threadsafe(serving, self._loop).result(10)
        self.port = server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_error: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        begin = next(self._turn)
        for place in range(len(self._ports)):
            port = self._ports[(begin + place) % len(self._ports)]
            with contextlib.suppress(OSError):
                upstream = await asyncio.open_connection("127.0.0.1", port)
                await asyncio.gather(_copy(reader, upstream[1]), _copy(upstream[0], writer))
                return
        writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()
