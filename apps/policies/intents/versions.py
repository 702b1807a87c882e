"""Versions as people say them: bounds read from words, and written as each ecosystem does."""

import re
from dataclasses import dataclass

from .asking import Asker, Unread
from .text import Canonical
from .types import Choice

V = r"(?:version )?«v\d+»"
LEAD = (
    r"(?:(?:in|with|at|of|on|any|all|every|its|to|from)? ?(?:version )?(?:that |which )?(?:is "
    r"|are )?)"
)
BELOW = (
    r"(?:below|before|under|(?:older|lower|earlier|less|smaller) than|prior to|<|preceding|up"
    r" to but not including)"
)
AT_MOST = (r"(?:<=|at most|(?:no|not) (?:newer|later|higher|more recent) than|up to and including|"
           r"through|not above|max|maximum|up to at most)")  # fmt: skip
AT_LEAST = (r"(?:>=|at least|starting (?:from|with|at)|(?:no|not) (?:older|lower|earlier|less)"
            r" than|"
            r"not below|min|minimum)")  # fmt: skip
ABOVE = r"(?:above|after|over|(?:newer|later|higher|greater|more recent) than|beyond|>)"
OLDER = r"(?:older|earlier|lower|below|before|less|under|prior)"
NEWER = r"(?:newer|later|higher|above|up|greater|more recent|upwards|onwards|beyond|over|better)"

Bound = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Span:
    """Versions that meet every bound; none for any version."""

    bounds: tuple[Bound, ...] = ()


ANY = Span()
PHRASES: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = tuple(
    (re.compile(pattern), operators)
    for pattern, operators in (
        (rf"{LEAD}{BELOW} ({V})", ("<",)),
        (rf"{LEAD}{AT_MOST} ({V})", ("<=",)),
        (rf"{LEAD}({V}) (?:or|and) {OLDER}(?: version)?", ("<=",)),
        (rf"{LEAD}{AT_LEAST} ({V})", (">=",)),
        (rf"{LEAD}({V}) (?:or|and) {NEWER}(?: version)?", (">=",)),
        (rf"{LEAD}(?:from|since) ({V}) (?:on|onwards?|upwards?|and up)", (">=",)),
        (rf"{LEAD}{ABOVE} ({V})", (">",)),
        (rf"{LEAD}(?:between|from) ({V}) (?:and|to|through|until|up to(?: and including)?) "
            rf"({V})(?: inclusive)?",
         (">=", "<=")),
        (rf"{LEAD}({V}) (?:to|through|up to(?: and including)?) ({V})(?: inclusive)?",
         (">=", "<=")),
        (rf"{LEAD}(?:=|==|exactly|precisely) ({V})", ("==",)),
        (rf"{LEAD}({V})", ("",)),
        (rf"{LEAD}\^ ({V})", ("^",)),
        (rf"{LEAD}(?:~|~>) ({V})", ("~",)),
    )
)  # fmt: skip
SIDE_BY_SIDE = re.compile(rf"((?:<|<=|>|>=) {V}) (?=(?:<|<=|>|>=) )")
UP_TO = re.compile(rf"{LEAD}up to ({V})")
NATIVE = {"npm": " ", "pypi": ",", "cargo": ", ", "go": ", "}
NEGATED = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}


def read_spans(words: str, canon: Canonical, asker: Asker) -> tuple[Span, ...] | None:
    """Return the versions that words say, in any of the spans; None if they say none. May ask."""
    if re.fullmatch(r"(?:in )?(?:any|all|every|whatever)(?: of its)?(?: version)?", words):
        return (ANY,)
    words = SIDE_BY_SIDE.sub(r"\1 and ", words)
    whole = _one(words, canon, asker)
    if whole is not None:
        return (whole,)
    for joint in re.finditer(r"(?: ,)? (?P<word>and|but|yet|or) | , ", words):
        first = _one(words[: joint.start()], canon, asker)
        rest = read_spans(words[joint.end() :], canon, asker) if first else None
        if first and rest:
            return _together(first, rest, is_either=joint["word"] == "or")
    return None


def _together(first: Span, rest: tuple[Span, ...], *, is_either: bool) -> tuple[Span, ...]:
    # Two versions are either of them; a lower and an upper bound are both.
    if is_either or _is_narrow(first) or len(rest) > 1 or _is_narrow(rest[0]):
        return (first, *rest)
    return (Span((*first.bounds, *rest[0].bounds)),)


def _is_narrow(span: Span) -> bool:
    return len(span.bounds) != 1 or span.bounds[0][0] == "=="


def _one(words: str, canon: Canonical, asker: Asker) -> Span | None:
    words = words.strip()
    up_to = UP_TO.fullmatch(words)
    if up_to:
        return _up_to(_version(up_to[1], canon), asker)
    for pattern, operators in PHRASES:
        match = pattern.fullmatch(words)
        if match:
            versions = [_version(group, canon) for group in match.groups()]
            return _span(operators, versions, asker)
    return None


def _version(words: str, canon: Canonical) -> str:
    return canon.raw(words.removeprefix("version ")).lstrip("vV")


def _up_to(version: str, asker: Asker) -> Span:
    given = asker.ask(
        f"up-to:{version}",
        f"“Up to {version}”: does that include {version} itself?",
        (Choice("including", f"Yes, {version} too"), Choice("below", f"No, only below {version}")),
    )
    return Span((("<=" if given == "including" else "<", version),))


def _span(operators: tuple[str, ...], versions: list[str], asker: Asker) -> Span:
    if operators == ("",):
        return _plain(versions[0], asker)
    if operators in (("^",), ("~",)):
        return _series(versions[0], operators[0])
    for version in versions:
        if re.search(r"[xX*]", version):
            raise Unread(version, f"{version} is many versions: name one as the bound.")
    return Span(tuple(zip(operators, versions, strict=True)))


def _plain(version: str, asker: Asker) -> Span:
    parts = version.split(".")
    if re.search(r"\.[xX*]", version):
        return _within(re.split(r"\.[xX*]", version)[0])
    if len(parts) >= 3 or not version.replace(".", "").isdigit():
        return Span((("==", version),))
    given = asker.ask(
        f"series:{version}",
        f"“{version}”: every {version}.x, or {version} exactly?",
        (Choice("series", f"Every {version}.x"), Choice("exact", f"Exactly {version}")),
    )
    return _within(version) if given == "series" else Span((("==", version),))


def _within(prefix: str) -> Span:
    parts = [int(part) for part in prefix.split(".")]
    after = [*parts[:-1], parts[-1] + 1]
    return Span(((">=", _padded(parts)), ("<", _padded(after))))


def _series(version: str, operator: str) -> Span:
    parts = [int(part) for part in version.split(".") if part.isdigit()]
    fixed = 0 if operator == "^" else min(1, len(parts) - 1)
    if operator == "^":
        fixed = next((i for i, part in enumerate(parts) if part), len(parts) - 1)
    after = [*parts[:fixed], parts[fixed] + 1]
    return Span(((">=", _padded(parts)), ("<", _padded(after))))


def _padded(parts: list[int]) -> str:
    return ".".join(str(part) for part in [*parts, 0, 0][: max(3, len(parts))])


def outside(span: Span) -> tuple[Span, ...]:
    """Return spans that together hold every version that `span` does not."""
    found: list[Span] = []
    for operator, version in span.bounds:
        found += [Span(((sign, version),)) for sign in _negations(operator)]
    return tuple(found)


def _negations(operator: str) -> tuple[str, ...]:
    return ("<", ">") if operator == "==" else (NEGATED[operator],)


def written(span: Span, ecosystem: str) -> str:
    """Return a span in the ecosystem's own notation; empty for any version."""
    if not span.bounds:
        return ""
    if ecosystem == "maven":
        return _maven(span)
    bounds = [(operator, _exact(version, ecosystem)) for operator, version in span.bounds]
    return NATIVE[ecosystem].join(_sign(sign, ecosystem) + version for sign, version in bounds)


def _exact(version: str, ecosystem: str) -> str:
    # A version cut short is a range in npm and Cargo, and none at all in Go.
    padded = version
    if ecosystem != "pypi" and version.replace(".", "").isdigit():
        padded = _padded([int(part) for part in version.split(".")])
    return f"v{padded}" if ecosystem == "go" else padded


def _sign(sign: str, ecosystem: str) -> str:
    return "=" if sign == "==" and ecosystem != "pypi" else sign


def _maven(span: Span) -> str:
    low, high = "(", ")"
    low_version = high_version = ""
    for operator, version in span.bounds:
        if operator == "==":
            return f"[{version}]"
        if operator.startswith(">"):
            low, low_version = "[" if "=" in operator else "(", version
        else:
            high, high_version = "]" if "=" in operator else ")", version
    return f"{low}{low_version},{high_version}{high}"
