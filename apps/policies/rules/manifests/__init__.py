"""Dependencies of a project, read from the manifests and lock files it has."""

from collections.abc import Callable, Iterator

from ..types import Ecosystem
from . import cargo, golang, maven, npm, pypi
from .types import Dependency, UnreadableManifest, canonical_name

__all__ = ["Dependency", "UnreadableManifest", "canonical_name", "ecosystem_of", "read_manifest"]

Reader = Callable[[str, str], Iterator[Dependency]]
READERS: dict[str, tuple[Ecosystem, Reader]] = {
    "package.json": (Ecosystem.NPM, npm.package_json),
    "package-lock.json": (Ecosystem.NPM, npm.package_lock),
    "npm-shrinkwrap.json": (Ecosystem.NPM, npm.package_lock),
    "requirements.txt": (Ecosystem.PYPI, pypi.requirements_txt),
    "pyproject.toml": (Ecosystem.PYPI, pypi.pyproject),
    "poetry.lock": (Ecosystem.PYPI, pypi.toml_lock),
    "uv.lock": (Ecosystem.PYPI, pypi.toml_lock),
    "Cargo.toml": (Ecosystem.CARGO, cargo.cargo_toml),
    "Cargo.lock": (Ecosystem.CARGO, cargo.cargo_lock),
    "go.mod": (Ecosystem.GO, golang.go_mod),
    "pom.xml": (Ecosystem.MAVEN, maven.pom_xml),
}


def ecosystem_of(path: str) -> Ecosystem | None:
    """Return the ecosystem whose manifest a file is by its name, or None."""
    found = READERS.get(_name(path))
    return found[0] if found else None


def read_manifest(path: str, text: str) -> list[Dependency]:
    """Return the dependencies in a manifest; UnreadableManifest says what is wrong with it."""
    return list(READERS[_name(path)][1](path, text))


def _name(path: str) -> str:
    name = path.rpartition("/")[2]
    is_requirements = name.startswith("requirements") and name.endswith(".txt")
    return "requirements.txt" if is_requirements else name
