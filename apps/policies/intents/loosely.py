"""Wordings further from the forms, brought nearer: tried only where no form reads what was said.

Nothing is left out here but words known to carry no content; what is not consumed by a form
afterwards still means that it is asked about or refused.
"""

import re
from collections.abc import Collection

from .packages import known_packages
from .telling import EVERYDAY, is_telling
from .wordings import ABIDING, AWAY, LOOSER, OCCASION, USING, WHY


def looser(words: str, names: Collection[str]) -> str:
    """Return words with what carries no content taken out and predicates as forms have them."""
    words = without_telling(words, names)
    for pattern, instead in LOOSER:
        words = pattern.sub(instead, words)
    return re.sub(r"\s+", " ", words).strip(" ,")


ABIDES = re.compile(
    rf"^(?:(?:{ABIDING}) (?P<occasion>[^,:;«]*{OCCASION})|{WHY} (?P<told>[^,:;«]+?)) ?[,:]"
    rf" (?P<rest>.+)"
)


def without_telling(words: str, names: Collection[str]) -> str:
    """Return a sentence without the clauses that only tell: before it, and after it."""
    before = ABIDES.match(words)
    if before and is_telling(f"it is {before['told'] or before['occasion']}", names):
        words = before["rest"]
    after = re.fullmatch(rf"(?P<rest>.+?)(?: ,)? {WHY} (?P<told>.+)", words)
    told = re.sub(r"«[lqx]\d+»", "it", after["told"]) if after else ""
    if after and is_telling(f"it is {told}", names):
        words = after["rest"]
    for joint in reversed(list(re.finditer(r" [,:;] ", words))):
        if is_telling(words[joint.end() :], names):
            words = words[: joint.start()]
    return words


BLOCKED_IT = re.compile(
    rf"(?P<told>(?:i|we|people|somebody|everyone|they|there|someone|«[lq]\d+»|[a-z]\w+ (?:is|are"
    rf"|has|have)) .+?)(?: ,| [.;:]| and)+(?: so"
    rf"| then)? (?P<verb>(?:block|{AWAY}|do not {USING}|nobody may {USING}"
    rf"|may not {USING})) (?:it|them|those|these|that)(?P<rest> .+| [.]|)"
)
NAME = re.compile(
    r"(?:«[lq]\d+»(?: file)?(?: (?:,|and|or) «[lq]\d+»(?: file)?)*)|\b[a-z][a-z0-9]*\b"
)


def with_antecedent(words: str, names: Collection[str]) -> str:
    """Return words where “block it” names the one thing that was told of before."""
    match = BLOCKED_IT.fullmatch(words)
    if not match:
        return words
    told = match["told"]
    spoken_of = [
        one
        for one in NAME.finditer(told)
        if "«" in one[0] or (one[0] in known_packages() and one[0] not in EVERYDAY)
    ]
    if len(spoken_of) != 1:
        return words
    name = spoken_of[0]
    if not is_telling(f"{told[: name.start()]}things{told[name.end() :]}", names):
        return words
    verb = "block committing" if re.search(r" in (?:our |all |any )*project\b", told) else "block"
    return f"{verb} {name[0]}{match['rest']}"
