"""What is said of where a clause holds, and for whom."""

import re

from .asides import Aside
from .asking import Unread
from .globs import read_globs
from .people import read_who
from .reader import EVERYWHERE, Reader
from .text import rewrite

WHERE_AFTER = re.compile(
    r"(?P<rest>.+?)(?: ,)? (?P<word>in|for|within|across|inside|at|on|of|from|throughout) "
    r"(?P<place>[^,;]+?)(?: project| as well| only)?"
)
WHERE_WITHIN = re.compile(
    r"(?P<rest>.+?) (?P<word>in|within|inside|for|of|on) (?P<place>[^,;]+?) (?P<after>"
    r"(?:requires?|needs?|must|should|may|BANNED|REQUIRED)\b.*)"
)
WHERE_BEFORE = re.compile(
    r"(?P<word>in|for|within|across|inside|at|on|throughout) (?P<place>[^,:;]+?)(?: only)? ?[,:]?"
    r" (?P<rest>(?:block|require|allow|avoid|warn|only|nobody|agents|people|project|everyone"
    r"|ENSURE|no|«|[a-z]+ (?:may|must|should|BANNED|REQUIRED)).*)"
)
ALL_OVER = (
    re.compile(rf"(?P<rest>.+?)(?: ,)? {EVERYWHERE}"),
    re.compile(rf"{EVERYWHERE} ?[,:]? (?P<rest>.+)"),
)


def take_place(words: str, aside: Aside, reader: Reader) -> str:
    """Return the words without the place, which is set aside."""
    for pattern in ALL_OVER:
        match = pattern.fullmatch(words)
        if match:
            if reader.setting.here != reader.setting.places[0]:
                raise Unread("everywhere", f"This is written for {reader.setting.here.name}: a"
                                           f" policy "
                             "for all is written at the company.", is_beyond=False)  # fmt: skip
            return match["rest"]
    for pattern in (WHERE_BEFORE, WHERE_WITHIN, WHERE_AFTER):
        match = pattern.fullmatch(words)
        if match and aside.place is None:
            text = match["place"]
            place = reader.place(
                re.sub(r"^(?:all|any|every|each) (?:project )?(?:of |in )?", "", text)
            )
            if place:
                aside.place = place
                return match["rest"] + (f" {match['after']}" if pattern is WHERE_WITHIN else "")
    return words


BY = re.compile(r"(?P<rest>.+?)(?: ,)? (?:by|for) (?P<who>[^,;]+)")
FOR_FIRST = re.compile(r"(?:for|as for|regarding) (?P<who>[^,:;]+?) ?[,:] (?P<rest>.+)")


IN_FILES_FIRST = re.compile(r"(?:in|inside|within|under) (?P<files>[^,:;]+?) ?[,:] (?P<rest>.+)")


def move_files(words: str, aside: Aside, reader: Reader) -> str:
    """Return the words with files that are named first moved to the end."""
    match = IN_FILES_FIRST.fullmatch(words)
    if match and read_globs(match["files"], reader):
        return f"{rewrite(match['rest'])} in {match['files']}"
    return words


def take_person(words: str, aside: Aside, reader: Reader) -> str:
    """Return the words without whom it is about, which is set aside."""
    for pattern in (FOR_FIRST, BY):
        match = pattern.fullmatch(words)
        if match and aside.who is None and not re.match(r"(?:only|nobody) ", words):
            who = read_who(match["who"], reader)
            if who is not None:
                aside.who = who
                return match["rest"]
    return words
