"""Version specifiers of Python packages (PEP 440)."""

from typing import Any

from packaging.specifiers import InvalidSpecifier, Specifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from ..types import Ecosystem
from .intervals import ANY, Interval, Range, everything_but, exactly, intersect_all
from .order import version_of

LAST_POST = 2**62


def pypi_range(text: str) -> Range:
    """Return the versions that a specifier set such as `>=1.2,!=1.5` holds."""
    if text in ("", "*"):
        return ANY
    try:
        return intersect_all(_of(specifier) for specifier in SpecifierSet(text))
    except (InvalidSpecifier, InvalidVersion) as error:
        raise ValueError(f"{text} is no version specifier, such as >=1.2,<2") from error


def _of(specifier: Specifier) -> Range:
    op, text = specifier.operator, specifier.version
    if op == "===":
        raise ValueError(f"=== compares text, not versions: write == instead in {specifier}")
    if text.endswith(".*"):
        inside = _series(Version(text.removesuffix(".*")))
        return (inside,) if op == "==" else (Interval(high=inside.low), _from(inside.high))
    version = Version(text)
    if op == "~=":
        return (Interval(_made(text), has_low=True, high=_series(_shorter(version)).high),)
    return _compared(op, version)


def _compared(op: str, version: Version) -> Range:
    made = _made(str(version))
    if op == "==":
        return exactly(made)
    if op == "!=":
        return everything_but(made)
    if op == ">=":
        return (_from(made),)
    if op == "<=":
        return (Interval(high=made, has_high=True),)
    if op == "<":
        # Pre-releases of the version itself are not below it, says PEP 440.
        own = version if version.is_prerelease else Version(f"{version.public}.dev0")
        return (Interval(high=_made(str(own))),)
    # Nor are its post-releases above it.
    last = made if version.is_postrelease else _made(f"{version.public}.post{LAST_POST}")
    return (Interval(low=last),)


def _from(version: Any) -> Interval:
    return Interval(version, has_low=True)


def _series(version: Version) -> Interval:
    release = list(version.release)
    above = [*release[:-1], release[-1] + 1]
    return Interval(
        _made(f"{version.epoch}!{_joined(release)}.dev0"),
        has_low=True,
        high=_made(f"{version.epoch}!{_joined(above)}.dev0"),
    )


def _shorter(version: Version) -> Version:
    return Version(f"{version.epoch}!{_joined(list(version.release[:-1]))}")


def _joined(release: list[int]) -> str:
    return ".".join(map(str, release))


def _made(text: str) -> Any:
    return version_of(Ecosystem.PYPI, text)
