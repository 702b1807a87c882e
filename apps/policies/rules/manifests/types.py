"""What a manifest or lock file says of one dependency."""

from dataclasses import dataclass

from ..types import Ecosystem
from ..versions import ANY, Range, exactly, range_of, version_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """A dependency a project names: `asked` as written, `versions` what that may resolve to.

    Where it stands is `line`, or, when that is 0, the first line that holds `needle`.
    """

    ecosystem: Ecosystem
    name: str
    asked: str
    versions: Range
    is_resolved: bool
    file: str
    needle: str = ""
    line: int = 0

    def line_in(self, text: str) -> int:
        """Return the line of its file's text that names it, from 1."""
        place = text.find(self.needle)
        return self.line or (text.count("\n", 0, place) + 1 if place >= 0 else 1)


class UnreadableManifest(ValueError):
    """The text of a manifest is not what its name promises; the message says where."""


def asking(
    *, ecosystem: Ecosystem, name: str, asked: str, file: str, needle: str = "", line: int = 0
) -> Dependency:
    """Return a dependency asked for by a range; what cannot be read may be any version."""
    try:
        versions = range_of(ecosystem, asked)
    except ValueError:
        versions = ANY
    return Dependency(
        ecosystem=ecosystem,
        name=canonical_name(ecosystem, name),
        asked=asked,
        versions=versions,
        is_resolved=False,
        file=file,
        needle=needle or name,
        line=line,
    )


def resolved(
    *, ecosystem: Ecosystem, name: str, version: str, file: str, needle: str = "", line: int = 0
) -> Dependency:
    """Return a dependency at one version, as a lock file says."""
    try:
        versions = exactly(version_of(ecosystem, version))
    except ValueError:
        versions = ANY
    return Dependency(
        ecosystem=ecosystem,
        name=canonical_name(ecosystem, name),
        asked=version,
        versions=versions,
        is_resolved=True,
        file=file,
        needle=needle or name,
        line=line,
    )


def canonical_name(ecosystem: Ecosystem, name: str) -> str:
    """Return the one spelling of a name that its registry treats as the same package."""
    if ecosystem == Ecosystem.PYPI:
        return "-".join(filter(None, name.lower().replace("_", "-").replace(".", "-").split("-")))
    if ecosystem == Ecosystem.CARGO:
        return name.lower().replace("_", "-")
    return name.lower() if ecosystem == Ecosystem.NPM else name
