"""What is printed when the portal serves: where it is, who can sign in, what to try."""

import asyncio
import json
import urllib.error
import urllib.request
from pathlib import Path

from .programs import Addresses
from .state import PEOPLE_FILE

PATIENCE_SECONDS = 5
POLL_SECONDS = 0.1

QUESTION = {
    "principal": 'User::"sam"',
    "action": 'Action::"use_dependency"',
    "resource": 'Dependency::"lodash"',
    "additional_entities": [
        {
            "uid": {"type": "Dependency", "id": "lodash"},
            "attrs": {"name": "lodash", "version": "4.17.20"},
            "parents": [],
        }
    ],
}
NEXT = """\
What to try next
  1. Sign in as {author}, open Policies, write one from a sample and propose it.
  2. Sign in as {approver} in a private window and approve the proposal.
  3. Watch both agents follow on the Fleet page, and find every step under Audit.
  4. Ask an agent about an old lodash; it answers by itself, with or without the portal:
     curl {agent}/v1/is_authorized -d '{question}'

Logs: {logs}    Stop: Ctrl-C    Begin anew: make reset
"""


async def wait_until_served(address: str) -> None:
    """Return when the server at `address` answers /healthz with 200."""
    url = f"{address}/healthz"
    # Another process opens the door: there is nothing here that could be awaited instead.
    while not await asyncio.to_thread(is_served, url):  # noqa: ASYNC110
        await asyncio.sleep(POLL_SECONDS)


def is_served(url: str) -> bool:
    """Tell whether `url` answers 200; it is on this machine, so no proxy is asked."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=PATIENCE_SECONDS) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.HTTPError):
        return False


def welcome(*, folder: Path, addresses: Addresses) -> str:
    """Return the text for the person at the terminal."""
    people = _people(folder / PEOPLE_FILE)
    lines = ["", f"Aeterna Portal is at {addresses.public_url}", ""]
    if people:
        widths = [max(len(row[column]) for row in people) for column in range(4)]
        lines.append("Who can sign in")
        for row in people:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            lines.append("  " + "   ".join(cells).rstrip())
        lines.append("")
    lines.append("Cedar agents")
    lines += [f"  {url}" for url in addresses.agent_urls]
    author = _find(people, "architect")
    approver = _find(people, "admin")
    text = NEXT.format(
        author=author,
        approver=approver,
        agent=addresses.agent_urls[0],
        question=json.dumps(QUESTION),
        logs=folder / "logs",
    )
    return "\n".join([*lines, "", text])


def _people(path: Path) -> list[tuple[str, str, str, str]]:
    try:
        content = json.loads(path.read_text())
        return [
            (str(one["name"]), str(one["role"]), str(one["email"]), str(one["password"]))
            for one in content
        ]
    except (OSError, ValueError, TypeError, KeyError):
        return []


def _find(people: list[tuple[str, str, str, str]], role: str) -> str:
    for name, title, *_ in people:
        if role in title.lower():
            return name.split()[0]
    return "somebody"
