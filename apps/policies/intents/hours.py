"""Times of day in intents, as hours; what is finer than an hour has no policy."""

import re

from .asking import Contradiction, Unread
from .reader import Reader
from .types import Choice

TIME = (
    r"(?:«[tv]\d+»|noon|midday|midnight|one|two|three|four|five|six|seven|eight|nine|ten"
    r"|eleven|twelve)(?: (?:am|pm|utc|oclock|hours?))?"
)
WORDS = {"midnight": 0, "noon": 12, "midday": 12, "one": 1, "two": 2, "three": 3, "four": 4,
         "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11,
         "twelve": 12}  # fmt: skip
BETWEEN = re.compile(
    rf"(?:hours? |time )?(?:between|from)? ?(?P<start>{TIME}) (?:and|to|until|till) (?P<end>{TIME})"
)
LOOSE = re.compile(
    r"(?:normal |regular |our |core )?(?P<which>working|work|office|business|night|nights|night"
    r" time|daytime)(?: hours?| time)?"
)
DAYS = re.compile(
    r"\b(?:weekends?|weekdays?|(?:mon|tues|wednes|thurs|fri|satur|sun)days?|holidays?|"
    r"january|february|april|june|july|august|september|october|november|december|easter|christmas|"
    r"quarters?|months?|weeks?|days?|friday|code freeze|freeze|minutes?|seconds?)\b"
)

Window = tuple[int, int]


def read_window(words: str, reader: Reader) -> tuple[Window, bool] | None:
    """Return a window of hours, and whether what is meant is outside it; None if none is said."""
    if DAYS.search(words):
        raise Unread(
            words, "Agents are told the hour, not the day: a policy cannot tell days apart."
        )
    around = re.fullmatch(rf"before ({TIME}) (?:or|and) after ({TIME})", words)
    if around:
        start, end = _hour(around[1], reader), _hour(around[2], reader)
        return _checked(start, end, words), True
    match = re.fullmatch(
        r"(?:only )?(?:(?P<out>outside(?: of)?|not(?: in| during)?|except) )?(?:during |in |at )?"
        r"(?P<rest>.+)",
        words,
    )
    if not match:
        return None
    window = _window(match["rest"], reader)
    return (window, bool(match["out"])) if window else None


def _window(words: str, reader: Reader) -> Window | None:
    between = BETWEEN.fullmatch(words)
    if between:
        return _checked(
            _hour(between["start"], reader), _hour(between["end"], reader, is_end=True), words
        )
    after = re.fullmatch(rf"(?:after|from|since) ({TIME})(?: on| onwards?)?", words)
    if after:
        return _checked(_hour(after[1], reader), 24, words)
    before = re.fullmatch(rf"(?:before|until|till) ({TIME})", words)
    if before:
        return _checked(0, _hour(before[1], reader, is_end=True), words)
    loose = LOOSE.fullmatch(words)
    return _loose(loose["which"], reader) if loose else None


def _checked(start: int, end: int, words: str) -> Window:
    if start == end:
        raise Contradiction(f"“{words}” is no time at all: it starts when it ends.")
    return start, end


def _hour(words: str, reader: Reader, *, is_end: bool = False) -> int:
    said = " ".join(reader.canon.raw(word) for word in words.split(" ")).lower().replace(".", "")
    match = re.fullmatch(
        r"(?P<word>[a-z]+)?(?P<hour>\d{1,2})?(?::(?P<minute>\d\d))?\s*(?P<half>am|pm)?(?:\s*"
        r"(?:utc|oclock|o'clock|h|hours?))?",
        said,
    )
    if not match or not (match["word"] or match["hour"]):
        raise Unread(said, f"{said} is no time of day.", is_beyond=False)
    hour = WORDS[match["word"]] if match["word"] else int(match["hour"])
    if match["minute"] not in (None, "00"):
        raise Unread(said, "Agents are told the hour, not the minute: name a full hour.")
    if match["half"]:
        hour = hour % 12 + (12 if match["half"] == "pm" else 0)
    if hour > 24 or (hour == 24 and not is_end):
        raise Unread(said, f"{said} is no hour of the day.", is_beyond=False)
    return 24 if is_end and hour == 0 else hour


NIGHT = ((22, 6), (0, 6), (20, 8))
WORK = ((9, 17), (8, 18), (9, 18), (7, 19))


def _loose(which: str, reader: Reader) -> Window:
    windows = NIGHT if which.startswith("night") else WORK
    said = "the night" if windows is NIGHT else "working hours"
    choices = [Choice(f"{a}-{b}", f"From {a}:00 to {b}:00") for a, b in windows]
    given = reader.asker.ask(f"hours:{said}", f"When is “{said}”?", choices)
    start, end = given.split("-")
    return int(start), int(end)
