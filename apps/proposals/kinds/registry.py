"""The kinds of change by name."""

from apps.kernel.errors import Invalid, ProgrammingError

from .base import Kind

_KINDS: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Make a kind of change known; ProgrammingError if its name is taken."""
    if kind.name in _KINDS:
        raise ProgrammingError(f"kind {kind.name} is registered twice")
    _KINDS[kind.name] = kind


def list_kinds() -> list[Kind]:
    """Return every kind of change, in the order they were registered."""
    return list(_KINDS.values())


def list_ruled_kinds() -> list[Kind]:
    """Return the kinds of change that rules can be made for."""
    return [kind for kind in list_kinds() if not kind.ruled_as]


def find_kind(name: str) -> Kind | None:
    """Return the kind called `name`, or None."""
    return _KINDS.get(name)


def get_kind(name: str) -> Kind:
    """Return the kind called `name`; Invalid naming them all if there is none."""
    kind = find_kind(name)
    if kind is None:
        raise Invalid(fields={"kind": [f"Choose one of {', '.join(_KINDS)}."]})
    return kind
