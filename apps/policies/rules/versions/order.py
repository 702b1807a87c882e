"""The order of versions in each ecosystem, as univers knows it."""

import re
from functools import lru_cache
from typing import Any

from packaging.version import InvalidVersion as NotPep440
from packaging.version import Version as Pep440
from univers.versions import (
    GolangVersion,
    InvalidVersion,
    MavenVersion,
    PypiVersion,
    SemverVersion,
)

from ..types import Ecosystem

CLASSES = {
    Ecosystem.NPM: SemverVersion,
    Ecosystem.CARGO: SemverVersion,
    Ecosystem.PYPI: PypiVersion,
    Ecosystem.GO: GolangVersion,
    Ecosystem.MAVEN: MavenVersion,
}
MAX_LENGTH = 200


@lru_cache(maxsize=8192)
def version_of(ecosystem: Ecosystem, text: str) -> Any:
    """Return a version that compares with others of its ecosystem; ValueError if it is none."""
    refusal = f"{text[:80]} is no version of {ecosystem}"
    if not text or len(text) > MAX_LENGTH:
        raise ValueError(refusal)
    try:
        return CLASSES[ecosystem](_plain(ecosystem, text))
    except (InvalidVersion, NotPep440, ValueError, TypeError, AttributeError) as error:
        raise ValueError(refusal) from error


def _plain(ecosystem: Ecosystem, text: str) -> str:
    if ecosystem == Ecosystem.PYPI:
        # A local build of a version counts as that version.
        return Pep440(text).public
    if ecosystem == Ecosystem.MAVEN:
        # A qualifier is the same in any case, after a dot as after a dash; univers minds both.
        return re.sub(r"\.(?=[a-z])", "-", text.lower())
    # What comes after + names a build, which has no place in the order.
    version = text.partition("+")[0]
    return "v" + version.removeprefix("v") if ecosystem == Ecosystem.GO else version
