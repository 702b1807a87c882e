"""What is excepted from a clause: places, people, versions, paths, sign-in and hours."""

import re

from .asides import EXCEPT, MFA, REASON, Aside
from .asking import Unread
from .hours import TIME, Window, read_window
from .people import read_who
from .reader import Reader, read_roles

WITHIN = ("in", "within", "inside", "at", "on")
EXCEPTED = re.compile(rf"(?P<rest>.+?)(?: ,| \()? {EXCEPT} (?P<what>.+?)(?: \))?")
EXCEPTED_FIRST = re.compile(rf"(?:{EXCEPT}) (?P<what>[^,;:]+?) ?[,:] (?P<rest>.+)")


def take_exception(words: str, aside: Aside, reader: Reader) -> str:
    """Return the words without an exception, which is set aside."""
    if re.match(rf"nobody {EXCEPT} ", words):
        return words
    for pattern in (EXCEPTED_FIRST, EXCEPTED):
        match = pattern.fullmatch(words)
        if match and not re.search(rf"\b{EXCEPT}\b", match["what"]):
            _except(match["what"], aside, reader)
            return match["rest"]
    return words


def _except(what: str, aside: Aside, reader: Reader) -> None:
    if _is_condition(what, aside):
        return
    window = _excepted_window(what, reader)
    if window:
        aside.window = (window[0], not window[1])
        return
    parts = [what] if read_roles(what) else re.split(r" , and | , or | , | and | or ", what)
    word = ""
    for part in parts:
        match = re.fullmatch(
            r"(?:(?P<word>in|within|inside|for|by|at|from|on|if|when) )?(?P<name>.+)", part
        )
        if match is None:
            raise Unread(
                part, f"The exception “{reader.canon.shown(part)}” is not read.", is_beyond=False
            )
        word = match["word"] or word
        _one_exception(match["name"], word, aside, reader)


def _is_condition(what: str, aside: Aside) -> bool:
    bare = re.sub(
        r"^(?:they|it|people|agents|you|everyone|he|she|principal|caller|when|if|there is) ",
        "",
        what,
    )
    bare = re.sub(r"^(?:have|has) (?=logged|signed|passed|used)", "", bare)
    bare = re.sub(r"^(?:they|people|agents|there is|there was) ", "", bare)
    if re.fullmatch(MFA, bare):
        aside.mfa = "unless"
        return True
    if re.fullmatch(REASON, bare):
        aside.reason = "unless"
        return True
    return False


def _excepted_window(what: str, reader: Reader) -> tuple[Window, bool] | None:
    if re.match(
        rf"(?:outside |during |between {TIME} and|from {TIME} to|after {TIME}|before {TIME}|at"
        rf" night|in (?:working|office|business))",
        what,
    ):
        return read_window(what, reader)
    return None


def _one_exception(name: str, word: str, aside: Aside, reader: Reader) -> None:
    name = re.sub(
        r"^(?:they |it |he |she )?(?:work|act|working|acting)s?(?: for| on behalf of) ",
        "agents of ",
        name,
    )
    bare = re.sub(
        r"^(?:you are|they are|principal is|person is|(?:it|that) is|done by|by|caller is|"
        r"who are) ",
        "",
        name,
    )
    if (
        bare in ("emergency", "emergencies", "approved", "incident", "incidents")
        or "approv" in bare
    ):
        raise Unread(name, f"“{reader.canon.shown(name)}”: a policy cannot know that.")
    if re.search(r"\b(?:weekends?|\w+days?|holidays?)\b", bare):
        raise Unread(name, "Agents are told the hour, not the day.")
    who = read_who(bare, reader)
    if who and who.place and not who.kind and word in WITHIN:
        who = None
    if who is not None:
        aside.except_who.append(who)
        return
    place = reader.place(bare)
    if place:
        aside.except_places.append((place, word in ("for", "by", "")))
        return
    aside.except_words.append(bare)
