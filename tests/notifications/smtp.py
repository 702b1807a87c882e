"""A real mail server on loopback that keeps what it takes, or refuses it."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from typing import Any

from aiosmtpd.controller import Controller


class Box:
    """What the server took; `answer` is what it says to each message."""

    def __init__(self) -> None:
        self.messages: list[Any] = []
        self.answer = "250 taken"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if self.answer.startswith("250"):
            self.messages.append(message_from_bytes(envelope.content, policy=policy.default))
        return self.answer


class Loopback(Controller):
    """A server on a port that the system chose and nobody else can take meanwhile."""

    def __init__(self, box: Box) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        super().__init__(box, hostname="127.0.0.1", port=self.socket.getsockname()[1])

    def _create_server(self) -> Any:
        return self.loop.create_server(self._factory_invoker, sock=self.socket)


@contextmanager
def mail_server(settings: Any) -> Iterator[Box]:
    """Run a mail server, and let the portal send e-mail through it."""
    box = Box()
    controller = Loopback(box)
    controller.start()
    try:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", controller.port
        settings.IS_EMAIL_ON = True
        settings.DEFAULT_FROM_EMAIL = "Aeterna <portal@example.com>"
        yield box
    finally:
        controller.stop()
