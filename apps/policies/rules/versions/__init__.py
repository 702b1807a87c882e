"""Version ranges in the notation of each ecosystem, as sets that can be intersected."""

from collections.abc import Callable, Mapping
from functools import lru_cache

from ..types import Ecosystem
from . import golang, maven, pypi, semver
from .intervals import ANY, Range, contains, exactly, intersect, is_within
from .order import version_of

__all__ = [
    "ANY",
    "Range",
    "contains",
    "exactly",
    "intersect",
    "is_within",
    "range_of",
    "version_of",
]

MAX_LENGTH = 500
READERS: Mapping[Ecosystem, Callable[[str], Range]] = {
    Ecosystem.NPM: semver.npm_range,
    Ecosystem.CARGO: semver.cargo_range,
    Ecosystem.PYPI: pypi.pypi_range,
    Ecosystem.GO: golang.go_range,
    Ecosystem.MAVEN: maven.maven_range,
}


@lru_cache(maxsize=4096)
def range_of(ecosystem: Ecosystem, text: str) -> Range:
    """Return the versions that a range in the ecosystem's own notation holds; ValueError says why.

    A pre-release counts where it sorts: 2.0.0-rc.1 is below 2.0.0, and outside ^1.0.
    """
    if len(text) > MAX_LENGTH:
        raise ValueError(f"a range has at most {MAX_LENGTH} characters")
    found = READERS[ecosystem](text.strip())
    if not found:
        raise ValueError(f"no version is in {text.strip()}")
    return found
