"""The ASGI application: Django for HTTP, Channels for WebSockets, and the server's lifespan."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aeterna_portal.settings")

import django

django.setup(set_prefix=False)

from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings

from aeterna_portal.http import ThreadedHandler
from aeterna_portal.lifespan import Lifespan
from aeterna_portal.routes import websocket_routes
from apps.kernel.entrypoints.forwarded import TrustedProxies
from apps.kernel.tracing import start_tracing

start_tracing(service="aeterna-portal")
application = TrustedProxies(
    ProtocolTypeRouter(
        {
            "http": ThreadedHandler(),
            "websocket": URLRouter(websocket_routes()),
            "lifespan": Lifespan(),
        }
    ),
    trusted=settings.ENVIRONMENT.forwarded_allow_ips,
)
