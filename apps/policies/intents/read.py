"""Reading an intent: sentences into clauses, clauses into parts, parts into one draft."""

import re
from collections.abc import Mapping
from functools import partial

from .access import read_access
from .actions import VERB
from .asides import EXCEPT, Aside
from .asking import Ask, Asker, Contradiction, Unread
from .drafting import make_draft
from .loosely import looser, with_antecedent
from .opposites import require_consistent
from .packages import known_packages
from .peeling import peel
from .pieces import Piece
from .projects import read_project
from .reader import ROLES, Reader
from .subjects import ECO, NAMES
from .telling import is_heading, is_telling
from .text import canonical, rewrite
from .types import (
    MAX_INTENT_CHARACTERS,
    Ambiguous,
    Choice,
    Contradictory,
    NotUnderstood,
    Outcome,
    Setting,
    Understood,
)
from .wordings import ANY_VERSION, ASKED_FOR

SOFT = re.compile(r"^(?:avoid|warn|prefer)\b|\bshould\b")
QUESTION = re.compile(
    r"^(?:what|why|who|when|where|which|how|is|are|do|does|did|should|shall|may|can|could|would"
    r"|will|has|have|must)\b"
)
VERBS = (
    r"(?:block|require|allow|avoid|warn|only|nobody|never|do not|no|use|prefer|replace|limit"
    r"|restrict|upgrade|pin|keep|ENSURE)"
)
MODAL = r"(?:may not|must|may|should not|should|only may|BANNED|REQUIRED)"
# A sentence that only adds to the one before it.
ADDED = re.compile(r"(?:(?:use|prefer|try) .+ instead$|because |reason :|except |unless |this is )")
# A line above a list: what each item of the list is.
HEADING = re.compile(
    r"(?:banned|BANNED|forbidden|prohibited|blocked|disallowed) (?P<what>(?:\w+ )?package) ?:"
    rf"|block (?:these |following )?package from (?P<eco>{ECO}) :"
    r"|(?P<kind>(?:\w+ )?package) (?:we do not (?:accept|allow|use|want)|that (?:is|are) BANNED"
    r"|BANNED) ?:"
)
JOINTS = re.compile(r" ,? ?(?:and also|and then|and|but also|but|while|whereas|then|,)(?: also)? ")
Reading = tuple[list[Piece], list[Aside]]


def read_intent(text: str, setting: Setting, answers: Mapping[str, str]) -> Outcome:
    """Return what an intent means with the answers given so far; the same for the same input."""
    asker = Asker(answers)
    if len(text) > MAX_INTENT_CHARACTERS:
        said = f"At most {MAX_INTENT_CHARACTERS} characters; these are {len(text)}."
        return NotUnderstood(text[:60], said)
    try:
        return _read(text, setting, asker)
    except Ask as ask:
        return Ambiguous(ask.key, ask.question, ask.choices, dict(asker.used))
    except Contradiction as contradiction:
        return Contradictory(str(contradiction))
    except Unread as unread:
        return NotUnderstood(unread.part, unread.reason, is_beyond=unread.is_beyond)


def _read(text: str, setting: Setting, asker: Asker) -> Outcome:
    canon = canonical(text)
    reader = Reader(canon, setting, asker)
    reader.notes += [f"Taken as a reference: {canon.raw(one)}" for one in canon.references]
    if not canon.words.strip(" .;,"):
        return NotUnderstood("", "Say what is to be allowed, forbidden or required.")
    pieces: list[Piece] = []
    asides: list[Aside] = []
    for sentence in _sentences(canon.words, reader):
        found = _read_sentence(sentence, reader)
        pieces += found[0]
        asides += found[1]
    if not pieces:
        return NotUnderstood(canon.shown(canon.words), "Say what is to be allowed, forbidden or "
                             "required.", is_beyond=False)  # fmt: skip
    require_consistent(pieces)
    draft = make_draft(text, pieces, asides, reader)
    return Understood(draft, dict(asker.used), tuple(reader.notes))


def _sentences(words: str, reader: Reader) -> list[str]:
    names = reader.place_words()
    words = with_antecedent(re.sub(r" \? (?=\S)", " ? . ", words), names)
    parts = re.split(r" ?[.;!] ?(?=\S|$)|(?<=\s); ", words)
    found: list[str] = []
    prefix = ""
    for part in (one.strip(" ,") for one in parts):
        heading = HEADING.fullmatch(part.strip()) if not found else None
        is_bare = part.endswith(":") and not RULES.search(part)
        if heading or (not found and (is_bare or is_heading(part, names))):
            prefix = f"block {_headed(heading)} " if heading else ""
            continue
        said = rewrite(prefix + part.strip(" ,:;.!"))
        if (found and _is_remark(said)) or is_telling(part, names):
            reader.notes.append(f"Taken as a remark: {reader.canon.shown(said)}")
            continue
        said = _completed(said, found[-1]) if found else said
        if found and ADDED.match(said):
            found[-1] = f"{found[-1]} , {said}"
        elif said:
            found.append(said)
    return found


def _headed(heading: re.Match[str]) -> str:
    return heading["what"] or heading["kind"] or f"{heading['eco']} package"


# A sentence that says, after a ban, what to use; after a duty, who is free of it.
ALTERNATIVE = re.compile(
    rf"(?:(?:use|prefer|migrate to|switch to|move to|replacement is) (?!mfa|reason)"
    rf"(?P<names>{NAMES})"
    rf"|they should be on (?P<moved>{NAMES})(?: by now)?"
    rf"|(?P<bare>{NAMES}) instead)"
)
STILL_FREE = re.compile(
    r"(?:reading|writing|running|people|everyone else)(?: (?:is|are|may|still|fine|ok|allowed))+"
    r"|that is (?:for|up to|job of) (?:people|us)"
)
FREE = re.compile(rf"(?P<roles>{ROLES}) do not")
BAN = re.compile(r"^(?:block|avoid|warn about) |\b(?:BANNED|may not be used)\b")
OF_PEOPLE = re.compile(r"\b(?:agents|people|everyone|nobody|deploy\w*|read|write|tool)\b")


def _completed(said: str, before: str) -> str:
    alternative, free = ALTERNATIVE.fullmatch(said), FREE.fullmatch(said)
    if (
        re.match(r"(?:block )?agents (?:may not|from|write) ", before)
        and STILL_FREE.fullmatch(said)
        and said[:4] not in before
    ):
        return ""
    if re.fullmatch(rf"always|ever|period|{ANY_VERSION}", said) or (
        said == "nothing else" and " only " in before
    ):
        return ""
    if alternative and BAN.search(before) and not OF_PEOPLE.search(before):
        return f"use {alternative['names'] or alternative['moved'] or alternative['bare']} instead"
    if free and re.search(r" (?:must|need|needs) (?:use |have )?mfa to ", before):
        return f"except for {free['roles']}"
    return said


def _is_remark(words: str) -> bool:
    praised = PRAISED.fullmatch(words)
    if praised:
        return all("«" in one or one in known_packages() for one in praised["what"].split(" ")[::2])
    told = FOR_THAT.sub("", words)
    return (
        bool(TELLS.match(words))
        and not RULES.search(told)
        and (told.startswith("see ") or not re.search(r"«[lq]", told))
    )


def _read_sentence(words: str, reader: Reader) -> Reading:
    asked_for = ASKED_FOR.fullmatch(words)
    words = asked_for["what"] if asked_for else words
    if words.endswith("?") and QUESTION.match(words):
        raise Unread(reader.canon.shown(words), "This is a question. Say what is to be so.",
                     is_beyond=False)  # fmt: skip
    words = words.rstrip("? ")
    if "NOTALL" in words:
        raise Unread(reader.canon.shown(words).replace("NOTALL", "not all"),
                     "“Not all” leaves open which ones: name them.", is_beyond=False)  # fmt: skip
    attempts = [partial(_read_clause, words, reader)]
    attempts += [
        partial(_read_joined, words[: joint.start()], words[joint.end() :], reader)
        for joint in JOINTS.finditer(words)
    ]
    refusal: Unread | None = None
    for attempt in attempts:
        try:
            found = attempt()
        except Unread as unread:
            refusal = refusal or unread
            continue
        if found is not None:
            return found
    for found in (_without_remark(words, reader), _read_loosely(words, reader)):
        if found is not None:
            return found
    raise refusal or Unread(
        reader.canon.shown(words).replace("BANNED", "is banned").replace("REQUIRED", "is required"),
        "This is not a form that is read without a model.", is_beyond=False,
    )  # fmt: skip


def _read_loosely(words: str, reader: Reader) -> Reading | None:
    said = rewrite(looser(words, reader.place_words()))
    if said == words:
        return None
    found = _try_sentence(said, reader)
    if found and SOFT.search(words):
        for piece in found[0]:
            if isinstance(piece, dict) and piece["effect"] != "allow":
                piece.setdefault("severity", "warn")
    return found


# What is said of the matter without changing it: why it is so, what happened.
TELLS = re.compile(
    r"(?:(?:because )?(?:it|they|those|these|that|this|we|there) |see |otherwise |"
    r"both (?:releases|of them) (?:are|were) |"
    r"older (?:lines|releases|ones) do not |"
    r"\S+(?: (?:and|or) \S+)? (?:is|are|will do|do|does|will) (?:do|do job"
    r"|do same job|replacement|same job|job"
    r"|what we use)\b)"
)
PRAISED = re.compile(
    r"(?P<what>\S+(?: (?:and|or) \S+)?) (?:is|are) (?:better|enough|fine|good)\b.*"
)
RULES = re.compile(
    r"\b(?:may|must|not|no|never|only|block|require|allow|except|unless|should|can|need|needs|want|"
    r"always|warn|avoid|without|BANNED|REQUIRED|if|when|until|before|after|between|outside|mfa"
    r"|nobody|"
    r"in|for|every|each|all|any|project|agents|people|everyone|team|organization|appl\w*"
    r"|concern\w*|"
    r"holds?|reach\w*|counts?|limit\w*|exclu\w*|inclu\w*|means?)\b|«v"
)
FOR_THAT = re.compile(
    r"\b(?:for|in) (?:that|this|it|them)\b|\bsince «v\d+»|"
    r"do not (?:get|receive) (?:patches|updates|fixes)$"
)


def _without_remark(words: str, reader: Reader) -> Reading | None:
    # A last part that only tells something becomes the reason, where the rest reads by itself.
    for joint in reversed(list(re.finditer(r" [,:;] ", words))):
        rest, remark = words[: joint.start()], words[joint.end() :]
        if not _is_remark(remark):
            return None
        found = _try_sentence(rest, reader)
        if found is not None:
            _remember(found[1], remark, reader)
            return found
    return None


def _remember(asides: list[Aside], remark: str, reader: Reader) -> None:
    said = reader.canon.shown(remark)
    reader.notes.append(f"Taken as a remark: {said}")


def _read_clause(words: str, reader: Reader) -> Reading | None:
    aside = Aside()
    is_soft = bool(SOFT.search(words))
    refusal: Unread | None = None
    while True:
        try:
            pieces = _read_matter(words, aside, reader, is_soft=is_soft)
            left = words if pieces is not None else rewrite(peel(words, aside, reader))
        except Unread as unread:
            # What stands beside the matter may be what could not be read as part of it.
            refusal = refusal or unread
            pieces, left = None, rewrite(peel(words, aside, reader))
        if pieces is not None:
            return pieces, [aside]
        if left == words:
            break
        words = left
    if refusal:
        raise refusal
    return None


def _read_matter(words: str, aside: Aside, reader: Reader, *, is_soft: bool) -> list[Piece] | None:
    project = read_project(words, aside, reader, is_soft=is_soft)
    if project is not None:
        return project
    if is_soft and aside.severity == "warn" and not re.match(r"warn\b", words):
        aside.severity = ""
    return read_access(words, aside, reader)


def _read_joined(left: str, right: str, reader: Reader) -> Reading | None:
    first = _read_clause(left, reader)
    if first is None:
        return None
    for words in _completions(left, right):
        second = _try_sentence(words, reader)
        if second is not None:
            _require_own_asides(right, second[1], reader)
            return first[0] + second[0], first[1] + second[1]
    return None


def _try_sentence(words: str, reader: Reader) -> Reading | None:
    try:
        return _read_sentence(rewrite(words), reader)
    except Unread:
        return None


def _completions(left: str, right: str) -> list[str]:
    # What the second half leaves out is taken from the first: its subject, or its verb.
    right = rewrite(right)
    subject = re.match(rf"(.+?) ({MODAL}) ", left)
    if subject and re.match(rf"(?:it|they|these|those) {MODAL} ", right):
        return [f"{subject[1]} {right.partition(' ')[2]}"]
    has_subject = re.search(rf"\b{MODAL}\b", right) and not re.match(MODAL, right)
    if re.match(rf"{VERBS}\b", right) or has_subject:
        return [right]
    denied = re.match(r"not (.+)", right)
    done = re.match(rf"(.+?) may ({VERB}) ", left)
    if denied and done:
        return [f"{done[1]} may not {done[2]} {denied[1]}"]
    verb = re.match(rf"({VERBS}) (?:(using|importing) )?", left)
    if re.match(MODAL, right):
        return [f"{subject[1]} {right}"] if subject else []
    if verb:
        return [f"{verb[0]}{right}", f"{verb[1]} {right}"]
    return [f"{subject[1]} {subject[2]} {right}"] if subject else []


def _require_own_asides(right: str, asides: list[Aside], reader: Reader) -> None:
    last = asides[-1]
    narrowed = last.except_places or last.except_who or last.except_words or last.place
    if not (narrowed or last.conditions()) or not re.search(
        rf"\b{EXCEPT}\b|\b(?:in|for|by)\b", right
    ):
        return
    reader.asker.ask(
        f"reach:{reader.canon.shown(right).lower()[:60]}",
        "Does what is said last, about where, when or for whom, hold for that last part only?",
        (Choice("last", "Yes, for the last part only"),),
    )
