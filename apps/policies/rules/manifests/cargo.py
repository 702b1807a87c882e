"""Dependencies in Cargo.toml and Cargo.lock."""

from collections.abc import Iterator, Mapping
from typing import Any

from ..types import Ecosystem
from .structured import list_at, mapping_at, read_toml
from .types import Dependency, asking, resolved

GROUPS = ("dependencies", "dev-dependencies", "build-dependencies")


def cargo_toml(file: str, text: str) -> Iterator[Dependency]:
    """Yield what a Cargo.toml asks for, also per target and for the workspace."""
    data = read_toml(file, text)
    targets = mapping_at(data, "target", file).values()
    tables = (data, mapping_at(data, "workspace", file), *targets)
    for table in tables:
        if isinstance(table, Mapping):
            for group in GROUPS:
                yield from _group(mapping_at(table, group, file), file)


def cargo_lock(file: str, text: str) -> Iterator[Dependency]:
    """Yield every package in a Cargo.lock."""
    for package in list_at(read_toml(file, text), "package"):
        if isinstance(package, Mapping) and "name" in package and "version" in package:
            yield resolved(
                ecosystem=Ecosystem.CARGO,
                name=str(package["name"]),
                version=str(package["version"]),
                file=file,
                needle=f'name = "{package["name"]}"',
            )


def _group(table: Mapping[str, Any], file: str) -> Iterator[Dependency]:
    for name, value in table.items():
        is_table = isinstance(value, Mapping)
        yield asking(
            ecosystem=Ecosystem.CARGO,
            name=str(value.get("package", name)) if is_table else name,
            asked=str(value.get("version", "*")) if is_table else str(value),
            file=file,
            needle=name,
        )
