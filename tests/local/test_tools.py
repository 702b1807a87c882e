"""Node and a browser are found where they are, and asked for where they are not."""

import os
import sys
from pathlib import Path

import pytest

from aeterna_portal.local import assets, browser
from aeterna_portal.local.errors import ServiceError


def tool(folder: Path, name: str, script: str) -> Path:
    """An executable shell script."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the whole PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("AETERNA_BROWSER", raising=False)
    return folder


def test_node_on_the_path_is_used_when_it_is_new_enough(only: Path) -> None:
    node, npm = tool(only, "node", "echo v20.1.0"), tool(only, "npm", "exit 0")
    assert assets.find_node() == assets.Node(node=node, npm=(str(npm),), version="v20.1.0")


@pytest.mark.parametrize("says", ["echo v18.19.0", "echo nonsense", "exit 1"])
def test_old_node_gives_way_to_the_packaged_one(only: Path, says: str) -> None:
    tool(only, "node", says)
    tool(only, "npm", "exit 0")
    found = assets.find_node()
    assert found.node.is_relative_to(Path(sys.prefix))
    assert found.version.startswith("v24.")


def test_node_without_npm_gives_way_to_the_packaged_one(only: Path) -> None:
    tool(only, "node", "echo v22.0.0")
    assert assets.find_node().node.is_relative_to(Path(sys.prefix))


def test_machine_without_any_node_is_told_what_to_install(
    only: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assets, "_packaged_node", lambda: None)
    with pytest.raises(ServiceError, match="Node 20 or newer is needed"):
        assets.find_node()


@pytest.fixture
def sources(tmp_path: Path, only: Path) -> Path:
    """A checkout whose build counts its runs."""
    checkout = tmp_path / "checkout"
    for folder in ("assets/node_modules", "templates", "apps"):
        (checkout / folder).mkdir(parents=True)
    (checkout / "assets" / "package-lock.json").write_text("{}")
    (checkout / "templates" / "page.html").write_text("old")
    tool(only, "node", "echo v20.1.0")
    tool(only, "npm", 'echo "$@" >> calls')
    return checkout


def calls(checkout: Path) -> list[str]:
    """How npm was called."""
    file = checkout / "assets" / "calls"
    made = file.read_text().splitlines() if file.exists() else []
    file.unlink(missing_ok=True)
    return made


def test_assets_are_built_once_for_the_same_sources(sources: Path) -> None:
    assert assets.build(sources)
    assert calls(sources) == ["ci --no-audit --no-fund", "run build"]
    assert not assets.build(sources)
    assert calls(sources) == []


def test_changed_template_is_built_without_installing_again(sources: Path) -> None:
    assets.build(sources)
    calls(sources)
    (sources / "templates" / "page.html").write_text("new")
    assert assets.build(sources)
    assert calls(sources) == ["run build"]


def test_changed_lock_file_is_installed_again(sources: Path) -> None:
    assets.build(sources)
    calls(sources)
    (sources / "assets" / "package-lock.json").write_text('{"a": 1}')
    assert assets.build(sources)
    assert calls(sources) == ["ci --no-audit --no-fund", "run build"]


def test_removed_result_is_built_again(sources: Path) -> None:
    assets.build(sources)
    (sources / "static" / "dist" / ".stamp").unlink()
    assert assets.build(sources)


def test_failed_build_says_why_and_is_tried_again(sources: Path, only: Path) -> None:
    tool(only, "npm", '[ "$1" = ci ] || { echo "icon is missing"; exit 1; }')
    for _ in range(2):
        with pytest.raises(ServiceError, match=r"npm run build failed:\n  icon is missing"):
            assets.build(sources)


def test_named_browser_goes_first(
    only: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool(only, "chromium", "exit 0")
    named = tool(tmp_path / "other", "mine", "exit 0")
    monkeypatch.setenv("AETERNA_BROWSER", str(named))
    assert browser.find_browser(tmp_path) == named


@pytest.mark.parametrize("name", ["chromium", "chromium-browser", "google-chrome"])
def test_browser_on_the_path_is_found_and_remembered(only: Path, tmp_path: Path, name: str) -> None:
    path = tool(only, name, "exit 0")
    assert browser.find_browser(tmp_path) == path
    path.rename(only / "moved away")
    moved = tool(only, name, "exit 0")
    assert browser.find_browser(tmp_path) == moved == path
    assert (tmp_path / "browser").read_text() == f"{path}\n"


def test_browser_that_does_not_start_gives_way_to_the_next(only: Path, tmp_path: Path) -> None:
    (tmp_path / "browser").write_text(f"{tmp_path}/gone\n")
    path = tool(only, "chromium", "exit 0")
    assert browser.find_browser(tmp_path) == path


def test_machine_without_a_browser_gets_one_from_playwright(
    only: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = tool(tmp_path / "playwright", "chrome", "exit 0")
    monkeypatch.setattr(browser, "_of_playwright", lambda: None)
    monkeypatch.setattr(browser, "_installed_by_playwright", lambda: installed)
    assert browser.find_browser(tmp_path) == installed


def test_machine_that_can_get_no_browser_is_told_what_to_do(
    only: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for source in ("_of_playwright", "_installed_by_playwright", "_installed_by_apt"):
        monkeypatch.setattr(browser, source, lambda: None)
    with pytest.raises(ServiceError, match="set AETERNA_BROWSER"):
        browser.find_browser(tmp_path)
    assert not (tmp_path / "browser").exists()


def test_debians_package_is_asked_for_by_root_only(
    only: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = only / "asked"
    tool(only, "apt-get", f'echo "$@" >> {record}; [ "$1" = update ] || exit 0')
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert browser._installed_by_apt() is None
    assert not record.exists()
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    chromium = tool(only, "chromium", "exit 0")
    assert browser._installed_by_apt() == chromium
    assert record.read_text().splitlines() == [
        "update -q",
        "install -qy --no-install-recommends chromium",
    ]
