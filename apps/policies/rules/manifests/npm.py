"""Dependencies in package.json and package-lock.json."""

from collections.abc import Iterator, Mapping
from typing import Any

from ..types import Ecosystem
from .structured import mapping_at, read_json
from .types import Dependency, asking, resolved

GROUPS = ("dependencies", "devDependencies", "peerDependencies", "optionalDependencies")
ALIAS = "npm:"


def package_json(file: str, text: str) -> Iterator[Dependency]:
    """Yield what a package.json asks for, aliases by what they stand for."""
    data = read_json(file, text)
    for group in GROUPS:
        for name, asked in mapping_at(data, group, file).items():
            told = str(asked)
            real, version = _unaliased(name, told)
            yield asking(
                ecosystem=Ecosystem.NPM,
                name=real,
                asked=version,
                file=file,
                needle=f'"{name}"',
            )


def package_lock(file: str, text: str) -> Iterator[Dependency]:
    """Yield every package that a package-lock.json installs, of any lock version."""
    data = read_json(file, text)
    packages = mapping_at(data, "packages", file)
    for place, entry in packages.items():
        if isinstance(entry, Mapping) and "node_modules/" in place and "version" in entry:
            name = str(entry.get("name") or place.rpartition("node_modules/")[2])
            yield _installed(name, entry, file, f'"{place}"')
    if not packages:
        yield from _nested(mapping_at(data, "dependencies", file), file)


def _nested(entries: Mapping[str, Any], file: str) -> Iterator[Dependency]:
    waiting = [entries]
    while waiting:
        for name, entry in waiting.pop().items():
            if not isinstance(entry, Mapping):
                continue
            if "version" in entry:
                yield _installed(name, entry, file, f'"{name}"')
            inner = entry.get("dependencies")
            if isinstance(inner, Mapping):
                waiting.append(inner)


def _installed(name: str, entry: Mapping[str, Any], file: str, needle: str) -> Dependency:
    return resolved(
        ecosystem=Ecosystem.NPM,
        name=name,
        version=str(entry["version"]),
        file=file,
        needle=needle,
    )


def _unaliased(name: str, asked: str) -> tuple[str, str]:
    if not asked.startswith(ALIAS):
        return name, asked
    real, at, version = asked.removeprefix(ALIAS).rpartition("@")
    return (real, version) if at and real else (asked.removeprefix(ALIAS), "*")
