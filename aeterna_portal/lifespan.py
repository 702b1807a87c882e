"""The server's start and stop: checks before the first request, tidy ends after the last."""

from typing import Any

from asgiref.sync import sync_to_async
from django.db import connections

from apps.kernel.database_role import require_safe_role


class Lifespan:
    """Refuse to start on a run-time role that could bypass the tenant wall; close pools at end."""

    async def __call__(self, _scope: Any, receive: Any, send: Any) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await self._start(send)
            else:
                await sync_to_async(close_pools)()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _start(self, send: Any) -> None:
        try:
            await sync_to_async(require_safe_role)()
        except Exception as error:  # noqa: BLE001 - whatever it is, the server must not start
            await send({"type": "lifespan.startup.failed", "message": str(error)})
        else:
            await send({"type": "lifespan.startup.complete"})


def close_pools() -> None:
    """Close every connection and pool of this process."""
    for connection in connections.all(initialized_only=True):
        connection.close()
        if hasattr(connection, "close_pool"):
            connection.close_pool()
