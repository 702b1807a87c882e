"""What is said of how a clause is meant: why, what instead, how severe, how binding."""

import re

from .asides import EXCEPT, Aside
from .reader import Reader
from .subjects import NAMES

WHY = re.compile(
    r"(?P<rest>.+?)(?: ,| \(| :)? (?:because(?: of)?|due to|reason :|so that|in order to|to "
    r"(?:avoid|reduce|mitigate|protect|comply|stay|keep)) (?P<why>.+?)(?: \))?"
)


def take_reason(words: str, aside: Aside, reader: Reader) -> str:
    """Return the words without the reason, which is set aside."""
    match = WHY.fullmatch(words)
    if not match or aside.message:
        return words
    parted = THEN_EXCEPT.fullmatch(match["why"])
    why, after = (parted["why"], f" {parted['after']}") if parted else (match["why"], "")
    if THEN_A_RULE.search(why):
        return words
    said = reader.canon.shown(why) if after else _as_given(why, reader)
    aside.message = said[0].upper() + said[1:]
    return match["rest"] + after


# What follows a reason and is no part of it.
THEN_EXCEPT = re.compile(rf"(?P<why>.+?)(?: ,)? (?P<after>{EXCEPT} .+)")
THEN_A_RULE = re.compile(
    r" (?:,|;|and|but|so) (?:.*\b)?(?:may|must|only|nobody|block|require|allow|warn|warning|info"
    r"|optional|mandatory|BANNED|REQUIRED)\b"
)


GIVEN = re.compile(
    r"\b(?:because(?: of)?|due to|reason:|so that|in order to|to (?=avoid|reduce|mitigate|protect"
    r"|comply|stay|keep))\s*"
    r"(.+?)(?=,? (?:use|prefer|try|choose) \S+ instead|[;\n]|\.(?:\s|$)|$)",
    re.IGNORECASE,
)


def _as_given(words: str, reader: Reader) -> str:
    # The reason is kept as it was written, where it can be found again.
    found = GIVEN.findall(reader.canon.source)
    return found[0].strip(" ,()") if len(found) == 1 else reader.canon.shown(words)


INSTEAD = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?P<rest>.+?)(?: ,| ;)?(?: and)?(?: they| people| agents| everyone)?(?: must| should)?"
        rf" (?:instead )?(?:use|prefer|try|choose) (?P<names>{NAMES})(?: instead)?",
        rf"(?P<rest>.+?)(?: ,)? (?:in favou?r of|in place of it use|replaced by|replace it "
        rf"(?:with|by)|replace them (?:with|by)) (?P<names>{NAMES})",
    )
)
REPLACED = (
    (
        re.compile(
            rf"use (?P<names>{NAMES}) (?:instead of|rather than|in place of|and not|not) "
            rf"(?P<rest>.+)"
        ),
        "block using ",
    ),
    (
        re.compile(
            rf"(?:prefer|avoid using|favou?r) (?P<names>{NAMES}) (?:over|to|instead of|rather"
            rf" than) (?P<rest>.+)"
        ),
        "avoid using ",
    ),
    (re.compile(rf"replace (?P<rest>.+) (?:with|by) (?P<names>{NAMES})"), "block using "),
)


def take_alternative(words: str, aside: Aside, reader: Reader) -> str:
    """Return the words without what to use instead, which is set aside."""
    for pattern, verb in REPLACED:
        match = pattern.fullmatch(words)
        if match and not aside.alternatives:
            aside.alternatives = _raw_names(match["names"], reader)
            return verb + match["rest"]
    if not re.match(r"(?:block|avoid|warn|.+ (?:BANNED|may not|should not))", words):
        return words
    for pattern in INSTEAD:
        match = pattern.fullmatch(words)
        if (
            match
            and not aside.alternatives
            and not re.search(r"\bmay not|block$|should not$", match["rest"][-8:])
        ):
            aside.alternatives = _raw_names(match["names"], reader)
            return match["rest"]
    return words


def _raw_names(words: str, reader: Reader) -> tuple[str, ...]:
    names = [one for one in re.split(r" , and | , or | , | and | or ", words) if one]
    return tuple(reader.canon.raw(name) for name in names)


LEVELS = {"info": "info", "information": "info", "informational": "info", "notice": "info",
          "warn": "warn", "warning": "warn", "advisory": "warn", "advice": "warn",
          "block": "block", "blocking": "block", "blocker": "block", "error": "block",
          "critical": "block", "hard": "block", "soft": "warn"}  # fmt: skip
LEVEL = "(?:" + "|".join(LEVELS) + ")"
SEVERE = (
    re.compile(
        rf"(?P<rest>.+?)(?: ,)?(?: but)? (?:\( )?(?:(?:only |just )?(?:as|at|with|is|severity"
        rf"|level) )+(?:only |just )?(?:severity |level )?(?P<level>{LEVEL})(?: level|"
        rf" severity| rule| only)?(?: \))?"
    ),
    re.compile(rf"(?P<rest>.+?) \( (?P<level>{LEVEL})(?: only| level| severity)? \)"),
    re.compile(r"(?P<rest>.+?) ,? ?(?:but )?(?P<level>warn|warning) only"),
    re.compile(r"(?P<rest>.+?) ,? ?(?:but )?(?:only|just) (?P<level>warn|warning)"),
    re.compile(rf"(?:as )?(?P<level>{LEVEL}) (?:only )?: (?P<rest>.+)"),
)
MODES = (
    (
        re.compile(
            r"(?P<rest>.+?)(?: ,| \(| and| ;)*(?: this)?(?: is| as)? mandatory(?: rule| policy|"
            r" for everyone)?(?: \))?"
        ),
        "mandatory",
    ),
    (
        re.compile(
            r"(?P<rest>.+?)(?: ,| \(| and)*(?: without| with no| no) (?:any )?exceptions?(?: \))?"
        ),
        "mandatory",
    ),
    (
        re.compile(
            r"(?P<rest>.+?)(?: ,| \(| and| ;)* (?:nobody|no team|no project) may (?:override"
            r"|overrule|remove|change) (?:it|this|that)(?: rule| policy)?(?: \))?"
        ),
        "mandatory",
    ),
    (re.compile(r"mandatory :? ?(?P<rest>.+)"), "mandatory"),
    (
        re.compile(r"(?P<rest>.+?)(?: ,| \(| and| ;)*(?: this)?(?: is| as)? optional(?: \))?"),
        "optional",
    ),
    (
        re.compile(
            r"(?P<rest>.+?)(?: ,| \(| and| ;)* (?:may|team may) be overridden(?: below| by team)?"
            r"(?: \))?"
        ),
        "optional",
    ),
)


def take_severity(words: str, aside: Aside, reader: Reader) -> str:
    """Return the words without the severity and mode, which is set aside."""
    for pattern in SEVERE:
        match = pattern.fullmatch(words)
        if match and not aside.severity:
            aside.severity = LEVELS[match["level"]]
            return match["rest"]
    for pattern, mode in MODES:
        match = pattern.fullmatch(words)
        if match and not aside.mode:
            aside.mode = mode
            return match["rest"]
    return words
