"""Who an intent is about: everybody, agents, people, holders of roles, members of a place."""

import re

from .reader import ROLES, Reader, read_roles
from .statements import AGENT, USER, Who
from .types import Choice

EVERYBODY = r"(?:everyone|nobody|(?:people (?:and|or|nor) agents)|(?:agents (?:and|or|nor) people))"
QUANTITY = r"(?:any|all|every|each|no|our|your|other) "
GROUP = re.compile(rf"(?:{QUANTITY})?(?P<kind>agents|people|members|everyone)")
HELD = re.compile(
    r"(?P<kind>agents|people) (?:of|owned by|acting for|working for|who are|that are|with|"
    r"(?:that|who) (?:act|acts|work|works) for) (?P<roles>.+)"
)
PLACED = re.compile(
    rf"(?:{QUANTITY})?(?P<kind>agents|people|members|everyone|anything)? ?"
    r"(?:in|of|from|on|at|within|inside|who work in|working (?:in|for|on)|belonging to) "
    r"(?P<place>.+)"
)


SENIOR = r"(?:seniors?|senior (?:people|developer)|leads?|managers?)"


def read_who(words: str, reader: Reader) -> Who | None:
    """Return whom words name; None if they name nobody that a policy knows."""
    words = words.strip()
    if re.search(r"[;(:]|\b(?:except|unless|but)\b", words):
        return None
    if re.fullmatch(EVERYBODY, words):
        return Who()
    group = GROUP.fullmatch(words)
    if group:
        return Who(kind=_kind(group["kind"]))
    if re.fullmatch(r"«m\d+»", words):
        return Who(mail=reader.canon.raw(words))
    if re.fullmatch(SENIOR, words):
        return _senior(words, reader)
    return _by_role(words) or _by_place(words, reader)


def _senior(words: str, reader: Reader) -> Who:
    given = reader.asker.ask(
        f"role:{words}",
        f"“{words}” is no role here. Which role is meant?",
        (Choice("techlead", "Tech leads"), Choice("architect", "Architects"),
         Choice("admin", "Administrators")),
    )  # fmt: skip
    return Who(roles=read_roles(given) or ())


def _by_role(words: str) -> Who | None:
    bare = re.sub(rf"^{QUANTITY}", "", words)
    lacking = re.fullmatch(
        rf"(?:non|everyone (?:who|that) is not|people (?:who|that) (?:is|are) not) ({ROLES})", bare
    )
    if lacking:
        roles = read_roles(lacking[1])
        return Who(roles=roles, is_without_roles=True) if roles else None
    held = HELD.fullmatch(bare)
    if held:
        roles = read_roles(held["roles"])
        return Who(kind=_kind(held["kind"]), roles=roles) if roles else None
    human = re.fullmatch(r"(?:human|people) (.+)|(.+) themselves", bare)
    if human:
        roles = read_roles(human[1] or human[2])
        return Who(kind=USER, roles=roles) if roles else None
    agents = re.fullmatch(r"(.+?) (agents)", bare)
    if agents and (roles := read_roles(agents[1])):
        return Who(kind=AGENT, roles=roles)
    roles = read_roles(bare)
    return Who(roles=roles) if roles else None


def _by_place(words: str, reader: Reader) -> Who | None:
    placed = PLACED.fullmatch(words)
    if placed:
        place = reader.place(placed["place"])
        return Who(kind=_kind(placed["kind"] or ""), place=place.path) if place else None
    owned = re.fullmatch(r"(.+?) (agents|people|members)", words)
    if owned:
        place = reader.place(owned[1])
        return Who(kind=_kind(owned[2]), place=place.path) if place else None
    place = reader.place(words) if re.search(r"\b(?:team|organization)\b", words) else None
    return Who(place=place.path) if place else None


def _kind(word: str) -> str:
    return {"agents": AGENT, "people": USER}.get(word, "")
