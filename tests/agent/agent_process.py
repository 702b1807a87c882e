"""An agent as a real process: its log read line by line, its HTTP interface asked over a socket."""

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .portal_double import Portal
from .samples import question, snapshot

WAIT_SECONDS = 30.0


class AgentProcess:
    """Starts at once; `address` is known when it listens."""

    def __init__(
        self,
        *,
        portal_url: str | None,
        state_dir: Path,
        token_file: Path,
        extra: tuple[str, ...],
        sources: Path,
    ) -> None:
        command = [sys.executable, "-m", "aeterna_cedar_agent", "run"]
        if portal_url is not None:
            command += ["--portal", portal_url, "--token-file", str(token_file)]
        command += ["--state-dir", str(state_dir)]
        command += ["--listen", "127.0.0.1:0", "--backoff-cap-seconds", "0.5", *extra]
        inherited = {key: value for key, value in os.environ.items() if "AETERNA" not in key}
        self.lines: list[str] = []
        self._changed = threading.Condition()
        self._process = subprocess.Popen(
            command,
            env={**inherited, "PYTHONPATH": str(sources)},
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def wait_log(self, event: str, **members: Any) -> dict[str, Any]:
        """Return the first log line of this event with these members."""
        found: list[dict[str, Any]] = []

        def is_there() -> bool:
            wanted = {"event": event, **members}
            found[:] = [row for row in self.log if wanted.items() <= row.items()]
            return bool(found) or not self._reader.is_alive()

        with self._changed:
            self._changed.wait_for(is_there, timeout=WAIT_SECONDS)
        if not found:
            raise AssertionError(f"never logged: {event} {members}; log: {''.join(self.lines)}")
        return found[0]

    @property
    def log(self) -> list[dict[str, Any]]:
        """Every log line so far, decoded."""
        return [json.loads(line) for line in list(self.lines)]

    @property
    def address(self) -> str:
        """The host:port it listens on."""
        return str(self.wait_log("listening")["address"])

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, Any]:
        """Make one request and return the status and the decoded body."""
        content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        connection = http.client.HTTPConnection(self.address, timeout=WAIT_SECONDS)
        try:
            connection.request(method, path, body=content, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, decode(answer.read())
        finally:
            connection.close()

    def kill(self) -> None:
        """End it as a power cut would."""
        self._process.kill()
        self._collect()

    def stop(self, by: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end by a signal and return its exit status."""
        self._process.send_signal(by)
        return self._collect()

    def wait_exit(self) -> int:
        """Wait for it to end by itself and return its exit status."""
        return self._collect()

    def end(self) -> None:
        """Make sure that it is gone."""
        if self._process.poll() is None:
            self._process.kill()
        self._collect()

    def _collect(self) -> int:
        status = self._process.wait(timeout=WAIT_SECONDS)
        self._reader.join(timeout=WAIT_SECONDS)
        if self._process.stderr is not None:
            self._process.stderr.close()
        return status

    def _read(self) -> None:
        stream = self._process.stderr
        for line in stream or ():
            with self._changed:
                self.lines.append(line)
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()


def decode(content: bytes) -> Any:
    """Return decoded JSON, or the text where it is none."""
    try:
        return json.loads(content)
    except ValueError:
        return content.decode()


MakeAgent = Callable[..., AgentProcess]


def synced(portal: Portal, make_agent: MakeAgent, *extra: str) -> AgentProcess:
    """Start an agent and wait until it acknowledged revision 1."""
    portal.head = snapshot(1)
    agent = make_agent(*extra, portal_url=portal.url)
    portal.wait_for_frame("ack", revision=1)
    agent.wait_log("lease granted")
    return agent


def decision(agent: AgentProcess) -> tuple[str, int | None]:
    """Ask the sample question and return the decision and the revision it came from."""
    status, answer = agent.ask("POST", "/v1/is_authorized", question())
    assert status == 200
    return answer["decision"], answer["revision"]
