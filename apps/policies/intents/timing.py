"""What is said of when a clause holds: hours, a second factor, a reason."""

import re

from .asides import MFA, REASON, Aside
from .hours import TIME, read_window
from .reader import Reader

WHEN_AT = re.compile(
    r" (?:, )?(?=(?:only )?(?:outside|between|from|after|before|until|during|at|in|not (?:in"
    r"|during|between|after|before|outside)) )"
)
AFTER = (
    r"(?P<after>(?:requires?|needs?|must|should|may|BANNED|REQUIRED|(?:is|are) (?:only"
    r"|limited|reserved|restricted))\b.*)"
)
WHEN_WITHIN = re.compile(
    rf"(?P<rest>.+?) (?P<when>(?:outside|between|from|after|before|during|at|in) .+?) {AFTER}"
)
WHEN_LEAD = re.compile(
    rf"(?P<when>(?:between|from) {TIME} (?:and|to|until) {TIME}|(?:after|before|until) {TIME}"
    rf"(?: (?:and|or) (?:after|before) {TIME})?|(?:at|during) night|outside (?:of )?\w+ hours)"
    rf" ?,? ?"
    r"(?P<rest>(?:nobody|no|only|agents|people|block|require|deploy\w*|everyone)\b.*|\w+ (?:may"
    r"|must)\b.*)"
)
WHEN_FIRST = re.compile(
    r"(?P<when>(?:outside|between|from|after|before|until|during|at|in) [^,:;]+?) ?[,:] "
    r"(?P<rest>.+)"
)
WITHOUT_FIRST = re.compile(rf"without (?:any )?(?P<what>{MFA}|{REASON}) ?,? (?P<rest>.+)")
WITHOUT = re.compile(
    rf"(?P<rest>.+?)(?: ,)? (?:without|when (?:there is )?no|if (?:there is )?no|lacking|when"
    rf" not) (?:any )?(?P<what>{MFA}|{REASON}|using mfa|having mfa)"
)
WITH = re.compile(
    rf"(?P<rest>.+?)(?: ,)? (?P<only>only |provided |as long as |if |when )?(?:if |when |they "
    rf"|there is )*(?:with|using|have|has|having|after) (?P<what>{MFA}|{REASON})"
)


def take_condition(words: str, aside: Aside, reader: Reader) -> str:
    """Return the words without hours, sign-in or a reason, which is set aside."""
    without = WITHOUT.fullmatch(words)
    if without:
        _set_condition(without["what"], "without", aside)
        return without["rest"]
    bare = WITHOUT_FIRST.fullmatch(words)
    if bare:
        _set_condition(bare["what"], "without", aside)
        return bare["rest"]
    with_ = WITH.fullmatch(words)
    if with_ and not re.match(r"require ", words):
        _set_condition(with_["what"], "only" if with_["only"] else "with", aside)
        return with_["rest"]
    if aside.window is not None:
        return words
    for rest, when in _timed_splits(words):
        window = read_window(when, reader) if _says_time(when, reader) else None
        if window:
            aside.window, aside.is_only = window, when.startswith("only ")
            return rest
    return words


def _timed_splits(words: str) -> list[tuple[str, str]]:
    leading = (WHEN_FIRST.fullmatch(words), WHEN_LEAD.fullmatch(words))
    found = [(match["rest"], match["when"]) for match in leading if match]
    within = WHEN_WITHIN.fullmatch(words)
    if within:
        found.append((f"{within['rest']} {within['after']}", within["when"]))
    ends = WHEN_AT.finditer(words)
    return found + [(words[: at.start()], words[at.end() :]) for at in ends]


def _says_time(words: str, reader: Reader) -> bool:
    numbers = re.findall(r"«v\d+»", words)
    if any(not re.fullmatch(r"\d{1,2}", reader.canon.raw(number)) for number in numbers):
        return False
    return bool(
        re.search(
            r"\b(?:hours?|night|nights|midnight|noon|daytime|weekends?|weekdays?|\w+days?"
            r"|holidays?|utc)\b|«t\d+»",
            words,
        )
        or re.fullmatch(
            rf"(?:only )?(?:outside(?: of)?|between|from|after|before|until|not) (?:between |from"
            rf" )?{TIME}(?: (?:and|to|until|till) {TIME})?",
            words,
        )
    )


def _set_condition(what: str, how: str, aside: Aside) -> None:
    if "mfa" in what:
        aside.mfa = how
    else:
        aside.reason = how
