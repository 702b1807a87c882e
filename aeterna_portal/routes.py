"""Every WebSocket route of the portal."""

from django.urls import URLPattern, path

from apps.fleet.entrypoints.live import CedarAgentConsumer
from apps.fleet.entrypoints.opal_live import OpalConsumer
from apps.portal.entrypoints.live import BrowserConsumer


def websocket_routes() -> list[URLPattern]:
    """Return the routes; browsers' sockets check Origin, agents' sockets need a token."""
    return [
        path("ws/agents/v1", CedarAgentConsumer.as_asgi()),
        path("opal/ws", OpalConsumer.as_asgi()),
        path("ws/live", BrowserConsumer.as_asgi()),
    ]
