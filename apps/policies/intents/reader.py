"""What the forms of the grammar share: the words, the places, the answers, and what was set"
" aside."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from apps.orgs.types import ROLE_ORDER, Role

from .asking import Asker, Unread
from .text import Canonical
from .types import Choice, Place, Setting

NAME = r"(?:«[a-z]\d+»|[a-z][a-z0-9]*)"
# Whatever a company calls what it builds.
SOMEWHERE = r"(?:every|each|all|any|our|new)? ?(?:project|service|app|application|microservice)s?"
KIND_WORDS = ("project", "team", "organization", "company")
ROLE_WORDS = {
    "viewer": Role.VIEWER,
    "developer": Role.DEVELOPER,
    "techlead": Role.TECH_LEAD,
    "architect": Role.ARCHITECT,
    "admin": Role.ADMIN,
    "tenantadmin": Role.TENANT_ADMIN,
}
ROLE = "(?:" + "|".join(ROLE_WORDS) + ")"
ROLES = rf"{ROLE}(?:(?: ,| , and| , or| and| or) {ROLE})*"
EVERYWHERE = (
    r"(?:everywhere|company wide|(?:in |across |for )?(?:all|every|each|whole|entire) "
    r"(?:project|team|company)|across (?:all )?(?:company|project))"
)


@dataclass(slots=True)
class Reader:
    """One intent being read."""

    canon: Canonical
    setting: Setting
    asker: Asker
    notes: list[str] = field(default_factory=list)

    def place_words(self) -> frozenset[str]:
        """Return each word that a place is named with."""
        named = (spelling for place in self.setting.places for spelling in _spellings(place))
        return frozenset(word for spelling in named for word in spelling.split(" "))

    def place(self, words: str) -> Place | None:
        """Return the place that words name; None if none does. Asks where several do."""
        kind, name = self._kind_and_name(words)
        found = [
            place
            for place in self.setting.places
            if name in _spellings(place) and kind in ("", place.kind)
        ]
        if not found and kind == "company" and not name:
            found = [self.setting.places[0]]
        if not found and kind and name:
            found = self._of_another_kind(name, kind)
        if len(found) > 1:
            return self._chosen(name, found)
        return found[0] if found else None

    def _kind_and_name(self, words: str) -> tuple[str, str]:
        parts = words.split(" ")
        kind = ""
        if len(parts) > 1 and parts[-1] in KIND_WORDS:
            kind = parts.pop()
        elif parts and parts[0] in KIND_WORDS:
            kind = parts.pop(0)
        return kind, self.canon.shown(" ".join(parts)).lower()

    def _of_another_kind(self, name: str, kind: str) -> list[Place]:
        found = [place for place in self.setting.places if name in _spellings(place)]
        if not found:
            raise Unread(name, f"There is no {kind} “{name}” here.", is_beyond=False)
        choices = [
            Choice(place.path, f"{place.name}, the {place.kind} {place.path}") for place in found
        ]
        question = f"There is no {kind} “{name}”. Is this meant?"
        given = self.asker.ask(f"place:{kind}:{name}", question, choices)
        return [place for place in found if place.path == given]

    def _chosen(self, name: str, found: Sequence[Place]) -> Place:
        choices = [
            Choice(place.path, f"{place.name}, the {place.kind} {place.path}") for place in found
        ]
        given = self.asker.ask(f"place:{name}", f"Which “{name}” is meant?", choices)
        return next(place for place in found if place.path == given)


def _spellings(place: Place) -> set[str]:
    slug = place.path.rpartition("/")[2]
    name = re.sub(r"^the ", "", place.name.lower())
    return {name, slug, slug.replace("-", " "), place.path, place.name.lower()}


def read_roles(words: str) -> tuple[str, ...] | None:
    """Return the roles that words name, highest last; None if they name none."""
    words = re.sub(r"^(?:people with |those with |holders of )?(?:role )?(?:of )?", "", words)
    words = re.sub(r"(?: (?:people|role|only))+$", "", words)
    upward = re.fullmatch(rf"({ROLE}) (?:or|and) (?:higher|above|up|more)(?: role)?", words)
    if upward:
        return tuple(ROLE_ORDER[ROLE_ORDER.index(ROLE_WORDS[upward[1]]) :])
    if not re.fullmatch(ROLES, words):
        return None
    named = {ROLE_WORDS[word] for word in re.findall(ROLE, words)}
    return tuple(role for role in ROLE_ORDER if role in named)
