"""Many targets in few words: whole branches of the organization by their top."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

NOUNS = {
    "Dependency": "dependency",
    "File": "file",
    "Tool": "tool",
    "Memory": "memory",
    "Knowledge": "knowledge",
}
SHOWN = 6


class Places:
    """The scopes of a company by their slug paths."""

    def __init__(self, known: Iterable[str], *, seen: Iterable[str]) -> None:
        """Take every scope there is, and those whose names the reader may see."""
        self.known, self.seen = sorted(known), frozenset(seen)

    def tell(self, targets: Sequence[Sequence[str]]) -> str:
        """Return where targets, as (type, id, place), lie; each branch that is whole as one."""
        by_thing: dict[tuple[str, str], list[str]] = defaultdict(list)
        for type, id, place in targets:
            by_thing[(type, "" if type == "Scope" else id)].append(id if type == "Scope" else place)
        return "; ".join(
            self._thing(type, name, places) for (type, name), places in sorted(by_thing.items())
        )

    def _thing(self, type: str, name: str, places: Sequence[str]) -> str:
        where = self._where(places, is_open=type != "Scope")
        return f"the {NOUNS.get(type, type)} “{name}” {where}" if name else where

    def _where(self, places: Sequence[str], *, is_open: bool) -> str:
        held = set(places)
        if held.issuperset(self.known) and (not is_open or "" in held):
            return "everywhere"
        parts = self._branches(held & self.seen)
        hidden = len(held - self.seen - {""})
        if "" in held:
            parts = ["outside every scope", *parts]
        more = len(parts) - SHOWN
        shown = parts[: SHOWN if more > 1 else None]
        parts = [*shown, f"and {more} more places"] if more > 1 else list(shown)
        if hidden:
            parts.append(f"in {hidden} {'place' if hidden == 1 else 'places'} you may not see")
        return ", ".join(parts)

    def _branches(self, held: set[str]) -> list[str]:
        parts: list[str] = []
        covered: tuple[str, ...] = ()
        for place in sorted(held):
            if place.startswith(covered) and covered:
                continue
            below = [one for one in self.known if one.startswith(f"{place}/")]
            if below and held.issuperset(below):
                covered = (*covered, f"{place}/")
                parts.append(f"in {place} and everything below")
            else:
                parts.append(f"in {place}")
        return parts
