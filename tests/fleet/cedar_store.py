"""A store such as cedar-agent 0.2.0 that OPAL clients write to; it keeps what they wrote."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

import cedarpy


class CedarStore(ThreadingHTTPServer):
    """Listens on a free port of this machine; `policies` and `entities` are what it holds."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Routes)
        self.policies: dict[str, str] = {}
        self.entities: list[Any] = []
        self.refuses_data = False
        self.writes: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def cedar_store() -> Iterator[CedarStore]:
    """Serve a store until the block ends."""
    store = CedarStore()
    thread = threading.Thread(target=store.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield store
    finally:
        store.shutdown()
        thread.join()
        store.server_close()


class _Routes(BaseHTTPRequestHandler):
    server: CedarStore

    def do_GET(self) -> None:
        rows = [{"id": key, "content": text} for key, text in self.server.policies.items()]
        known = {"/v1/": "ok", "/v1/policies": rows, "/v1/data": self.server.entities}
        self._answer(200 if self.path in known else 404, known.get(self.path))

    def do_PUT(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.writes.append(f"PUT {unquote(self.path)}")
        if self.path == "/v1/data":
            if self.server.refuses_data:
                self._answer(400, {"reason": "Bad Request", "code": 400, "description": "no"})
                return
            self.server.entities = body
            self._answer(200, body)
            return
        name = unquote(self.path.removeprefix("/v1/policies/"))
        try:
            statements = len(cedarpy.PolicySet.from_str(body["content"]))
        except ValueError:
            statements = 0
        if statements != 1:
            self._answer(400, {"reason": "Bad Request", "code": 400, "description": "no"})
            return
        self.server.policies[name] = body["content"]
        self._answer(200, {"id": name, **body})

    def do_DELETE(self) -> None:
        name = unquote(self.path.removeprefix("/v1/policies/"))
        self.server.writes.append(f"DELETE {unquote(self.path)}")
        self._answer(204 if self.server.policies.pop(name, None) else 404, None)

    def _answer(self, status: int, body: Any) -> None:
        content = b"" if status == 204 else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_arguments: Any) -> None:
        pass
