"""The ASGI application: Django for HTTP, Channels for WebSockets, and the server's lifespan."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aeterna_portal.settings")

from django.core.asgi import get_asgi_application

django_application = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter

from aeterna_portal.lifespan import Lifespan
from aeterna_portal.routes import websocket_routes
from aeterna_portal.tracing import start_tracing

start_tracing(service="aeterna-portal")
application = ProtocolTypeRouter(
    {
        "http": django_application,
        "websocket": URLRouter(websocket_routes()),
        "lifespan": Lifespan(),
    }
)
