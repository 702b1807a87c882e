"""Forms about who may do what: allowed, forbidden, limited, or only with a second factor."""

import re
from collections.abc import Sequence

from .actions import VERB, Deed, read_deeds
from .asides import EXCEPT, Aside
from .asking import Unread
from .hours import DAYS
from .people import read_who
from .pieces import Piece, statements
from .reader import ROLES, Reader, read_roles
from .statements import MFA, REASON, Who, scope
from .types import Choice

ONLY = tuple(
    re.compile(pattern)
    for pattern in (
        r"only (?P<who>.+?) (?:may|must be allowed to|may be allowed to) (?P<deed>.+)",
        rf"everyone {EXCEPT} (?P<who>.+?) (?:may not|should not) (?P<deed>.+)",
        rf"nobody (?:{EXCEPT}|but) (?P<who>.+?) (?:may|must|is allowed to) (?P<deed>.+)",
        rf"nobody (?:may|must|is allowed to) (?P<deed>.+?) {EXCEPT} (?P<who>.+)",
        r"(?:only allow|allow only|only let|let only) (?P<who>.+?) to (?P<deed>.+)",
        r"(?:limit|restrict|reserve|confine) (?P<deed>.+?) (?:to|for) (?:only )?(?P<who>.+?)(?:"
        r" only)?",
        r"(?P<deed>.+?) (?:is|are|must be|should be) (?:limited|restricted|reserved|confined) "
        r"(?:to|for) (?P<who>.+?)(?: only)?",
        r"(?P<deed>.+?) (?:is|are|must be|should be) (?:only )?(?:for|allowed for|possible for) "
        r"(?P<who>.+?) only",
        r"(?P<deed>.+?) (?:is|are) only (?:for|allowed for|possible for|allowed to be done by) "
        r"(?P<who>.+)",
        r"(?:only allow|allow only|allow) (?P<deed>.+?) (?:only )?(?:for|by) (?:only )?"
        r"(?P<who>.+?) only",
        r"(?:only allow|allow) (?P<deed>.+?) only (?:for|by|to) (?P<who>.+)",
        r"only allow (?P<deed>.+?) (?:for|by) (?P<who>.+)",
        r"(?P<who>.+?) only may (?P<deed>.+)",
        rf"(?P<deed>.+?) (?:requires?|needs?|must have) (?:role )?(?P<who>{ROLES})(?: role)?",
        rf"(?P<object>.+?) (?:may|must|should) only be (?P<verb>{VERB})(?: to)? by (?P<who>.+)",
        rf"only (?P<who>.+?) (?P<deed>{VERB}\b.*)",
    )
)
MAY_NOT = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?:no )(?P<who>agents|people|[a-z]+) (?:may|must|should) (?P<deed>.+)",
        r"(?P<nobody>nobody) (?:may|must|should|is allowed to|ever)? ?(?P<deed>.+)",
        r"(?P<who>.+?) (?:may not|should not|never|are never to|will not|do not|does not) "
        r"(?P<deed>.+)",
        r"(?:block|avoid) (?P<who>.+?) (?:from|to) (?P<deed>.+)",
        rf"(?:block|avoid) (?P<who>.+?) (?P<deed>{VERB}\b.*)",
        r"(?:block|avoid) (?P<deed>.+?) (?:by|for) (?P<who>.+)",
        rf"(?P<object>.+?) (?:may not|should not) be (?P<verb>{VERB})(?: by (?P<who>.+))?",
        rf"(?P<deed>{VERB}\b.*?) (?:by|for) (?P<who>.+?) BANNED",
        r"(?P<deed>tool \S+|\S+ tool) BANNED(?: (?:for|to) (?P<who>.+))?",
        rf"(?P<deed>{VERB}\b.*?) BANNED(?: (?:for|to) (?P<who>.+))?",
        r"(?:block|avoid) (?P<deed>.+)",
    )
)
MAY = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?:allow) (?P<who>.+?) to (?P<deed>.+)",
        r"(?P<who>.+?) (?:may|must be allowed to|must be able to) (?P<deed>.+)",
        rf"allow (?P<who>.+?) (?P<deed>{VERB}\b.*)",
        r"allow (?P<deed>.+?) (?:for|by) (?P<who>.+)",
        r"allow (?P<deed>.+)",
    )
)
MAY_ONLY = re.compile(
    r"(?P<who>.+?) (?:may only|must only|should only|only may|may exclusively) (?P<deed>.+)"
)
ONLY_DO = re.compile(
    r"(?:only allow|allow only|only) (?P<deed>.+)|allow (?P<other>.+) only"
    r"|(?P<passive>.+?) (?:is|are) only (?:allowed|permitted|possible|ok)"
)
GUARD = r"(?P<guard>mfa|(?:stated |written |good )?(?:reason|justification))"
GUARDED = tuple(
    re.compile(pattern)
    for pattern in (
        rf"require {GUARD} (?:for|to|on|when|before|from (?P<who>.+?) (?:to|for|before|when)|of "
        rf"(?P<from>.+?) (?:to|for|before)) (?P<deed>.+)",
        rf"require (?P<who>.+?) to (?:use|have|pass|give|state|provide|complete) {GUARD} (?:to"
        rf"|for|when|before) (?P<deed>.+)",
        rf"{GUARD} REQUIRED (?:for|to|on|when|before) (?P<deed>.+)",
        rf"{GUARD} REQUIRED (?:when|whenever|if|before) (?P<who>.+?) (?P<deed>{VERB}\b.*)",
        rf"{GUARD} must be (?:given|stated|provided|used|present) (?:when|whenever|if|before) "
        rf"(?P<who>.+?) (?P<deed>{VERB}\b.*)",
        rf"{GUARD} must be (?:given|stated|provided|used|passed|supplied|present) "
        rf"(?:for|to|on|when|before) (?P<deed>.+)",
        rf"(?P<deed>.+?) (?:requires?|needs?|demands?|must (?:have|use|require|need)) {GUARD}",
        rf"(?P<who>.+?) (?:must|need|needs) (?:use|have|pass|give|state|provide|complete|show)"
        rf" {GUARD} (?:to|for|before|when|whenever)(?: they)? (?P<deed>.+)",
        rf"(?P<who>.+?) (?:require|requires|needs?) {GUARD} (?:to|for|before|when) (?P<deed>.+)",
        rf"(?:ENSURE )?(?P<deed>.+?) (?:only|is only possible|are only possible|may only be done"
        rf"|must only be done) with {GUARD}",
        rf"require (?P<deed>.+?) to (?:have|use|require) {GUARD}",
    )
)


def read_access(words: str, aside: Aside, reader: Reader) -> list[Piece] | None:
    """Return what a clause says about who may do what; None if it says nothing of that."""
    words = re.sub(r"^(?:ENSURE|require that) ", "", words)
    for form in (_narrowed, _guarded, _only, _may_only, _may_not, _may):
        pieces = form(words, aside, reader)
        if pieces is not None:
            return pieces
    return None


NARROWED = re.compile(r"(?:limit|restrict|control) who may (?P<deed>.+)")


def _narrowed(words: str, aside: Aside, reader: Reader) -> list[Piece] | None:
    match = NARROWED.fullmatch(words)
    deeds = _deeds(match["deed"], reader) if match else None
    if not deeds:
        return None
    given = reader.asker.ask(
        "limited-to",
        "To whom is it limited?",
        (Choice("architect", "Architects"), Choice("techlead", "Tech leads"),
         Choice("admin", "Administrators")),
    )  # fmt: skip
    return _limited(Who(roles=read_roles(given) or ()), deeds, aside, reader)


def _guarded(words: str, aside: Aside, reader: Reader) -> list[Piece] | None:
    for pattern in GUARDED:
        match = pattern.fullmatch(words)
        if not match or aside.mfa or aside.reason:
            continue
        found = match.groupdict()
        named = found.get("who") or found.get("from") or ""
        who = _who(named, aside, reader)
        deeds = _deeds(found["deed"], reader)
        if who is not None and deeds:
            test = MFA if found["guard"] == "mfa" else REASON
            return statements("forbid", who, deeds, aside, reader, unless=[test])
    return None


def _only(words: str, aside: Aside, reader: Reader) -> list[Piece] | None:
    for pattern in ONLY:
        match = pattern.fullmatch(words)
        if not match:
            continue
        who = read_who(re.sub(r"^(?:only )", "", match["who"]), reader)
        deeds = _deeds(_deed_words(match.groupdict()), reader)
        if who is None or who == Who() or not deeds:
            continue
        return _limited(who, deeds, aside, reader)
    return None


def _limited(who: Who, deeds: Sequence[Deed], aside: Aside, reader: Reader) -> list[Piece]:
    exempt = [who.as_condition()]
    if aside.mfa in ("with", "only", "if"):
        exempt = [f"({exempt[0]}) && {MFA}" if " || " in exempt[0] else f"{exempt[0]} && {MFA}"]
        aside.mfa = ""
    if aside.window and not aside.is_only:
        given = reader.asker.ask(
            "limited-hours",
            "Are the hours when nobody else may, or when they themselves may?",
            (Choice("others", "In those hours nobody else may; otherwise it is as it was"),
             Choice("they", "They may only in those hours; others as before")),
        )  # fmt: skip
        if given == "they":
            aside.is_only = True
            return statements("forbid", who, deeds, aside, reader)
    if aside.who is not None:
        raise Unread("who", "It says twice who may.", is_beyond=False)
    return statements("forbid", Who(), deeds, aside, reader, unless=exempt)


def _may_only(words: str, aside: Aside, reader: Reader) -> list[Piece] | None:
    match = MAY_ONLY.fullmatch(words)
    if not match:
        return _only_do(words, aside, reader)
    who, deeds = _who(match["who"], aside, reader), _deeds(match["deed"], reader)
    if who is None or not deeds:
        return None
    if not aside.conditions():
        return _kept_to(who, deeds, aside, reader)
    _limit(aside)
    return statements("forbid", who, deeds, aside, reader)


def _only_do(words: str, aside: Aside, reader: Reader) -> list[Piece] | None:
    match = ONLY_DO.fullmatch(words)
    deeds = _deeds(match["deed"] or match["other"] or match["passive"], reader) if match else None
    if not deeds or not aside.conditions():
        return None
    if aside.who is not None and not (aside.window or aside.mfa or aside.reason):
        who, aside.who = aside.who, None
        return _limited(who, deeds, aside, reader)
    _limit(aside)
    return statements("forbid", _who("", aside, reader) or Who(), deeds, aside, reader)


def _limit(aside: Aside) -> None:
    # “Only then”: what is said beside the matter is what everything else is forbidden by.
    aside.is_only = True
    aside.mfa = "only" if aside.mfa else ""
    aside.reason = "only" if aside.reason else ""


def _kept_to(who: Who, deeds: Sequence[Deed], aside: Aside, reader: Reader) -> list[Piece] | None:
    # “May only” keeps the same doing to that; what else they may stays as it is.
    place, aside.place = aside.place, None
    if place is None and not all(deed.test for deed in deeds):
        return None
    found: list[Piece] = []
    for deed in deeds:
        tests = [deed.test] if deed.test else []
        tests += [f"resource in {scope(place.path)}"] if place else []
        kept = " && ".join(f"({test})" if " || " in test else test for test in tests)
        found += statements(
            "forbid", who, [Deed(deed.actions, deed.resource)], aside, reader, unless=[kept]
        )
    return found


def _may_not(words: str, aside: Aside, reader: Reader) -> list[Piece] | None:
    for pattern in MAY_NOT:
        match = pattern.fullmatch(words)
        if not match:
            continue
        found = match.groupdict()
        named = found.get("who") or ""
        if re.match(r"only ", named):
            continue
        who = _who("" if found.get("nobody") else named, aside, reader)
        deeds = _deeds(_deed_words(found), reader) if who is not None else None
        if who is not None and deeds:
            return statements("forbid", who, deeds, aside, reader)
    return None


def _may(words: str, aside: Aside, reader: Reader) -> list[Piece] | None:
    for pattern in MAY:
        match = pattern.fullmatch(words)
        if not match or match["deed"].startswith(("not ", "only ")):
            continue
        if re.match(r"(?:only|nobody|not?|NOTALL) ?", match.groupdict().get("who") or ""):
            continue
        who = _who(match.groupdict().get("who") or "", aside, reader)
        deeds = _deeds(match["deed"], reader) if who is not None else None
        if who is not None and deeds:
            if aside.is_only or aside.mfa == "only":
                _limit(aside)
                return statements("forbid", who, deeds, aside, reader)
            return statements("permit", who, deeds, aside, reader)
    return None


def _deed_words(found: dict[str, str | None]) -> str:
    if found.get("object"):
        return f"{found['verb']} {found['object']}"
    return found.get("deed") or ""


def _deeds(words: str, reader: Reader) -> list[Deed] | None:
    words = re.sub(
        r"^(?:be able to|be allowed to|be used to|to|ever|all|any|every|each) ",
        "",
        words.strip(" ,"),
    )
    if DAYS.search(words) and not re.search("«", words):
        raise Unread(
            words, "Agents are told the hour, not the day: a policy cannot tell days apart."
        )
    if re.fullmatch(r"tool \S.*|\S+ (?:tool|commands?)", words):
        words = f"run {words}"
    return read_deeds(words, reader)


def _who(words: str, aside: Aside, reader: Reader) -> Who | None:
    if not words:
        who, aside.who = aside.who, None
        return who or Who()
    if aside.who is not None:
        return None
    all_but = re.fullmatch(rf"everyone {EXCEPT} (.+)", words)
    excepted = read_who(all_but[1], reader) if all_but else None
    if excepted is not None:
        aside.except_who.append(excepted)
        return Who()
    return read_who(words, reader)
