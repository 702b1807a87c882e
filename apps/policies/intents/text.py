"""An intent as canonical words: lower case, one name for each synonym, literals set apart."""

import re
import unicodedata
from dataclasses import dataclass, field

from .families import FAMILIES
from .lexicon import CONTRACTIONS, HYPHENATED, REWRITES, SYNONYMS
from .references import REFERENCE, without_references

LITERAL = r"«[a-zR]\d+»"
TOKEN = re.compile(
    r"""
    (?P<quote>`[^`\n]+`|"[^"\n]+"|(?<![\w])'[^'\n]+'(?![\w]))
  | (?P<reference>"""
    + REFERENCE
    + r""")
  | (?P<regex>(?<!\S)/(?=[^\s/]*[\\(\[^$+|])(?:\\.|[^/\n])+/(?=[\s,;.]|$))
  | (?P<mail>[\w.+-]+@[A-Za-z][\w-]*(?:\.[\w-]+)*\.[A-Za-z]{2,})
  | (?P<clock>\b\d{1,2}(?::\d\d)?\s?(?i:am|pm|a\.m\.|p\.m\.|h|o'clock)(?!\w)|\b\d{1,2}:\d\d\b)
  | (?P<operator><=|>=|==|!=|=<|=>|~>|[<>=^~])
  | (?P<version>\b[vV]?\d+(?:\.(?:\d+|[xX*]))*
        (?:[-+](?=[\w.]*\w)[0-9A-Za-z][\w.+-]*)?(?![\w/@*])\+?)
  | (?P<mark>[,;:()!?]|\.(?=\s|$)|\n)
  | (?P<name>[^\s,;()<>=!?`"]+(?:\(\))?)
    """,
    re.VERBOSE,
)
LEVEL = re.compile(
    r"(?:company|org|organi[sz]ation|team|project|user|session|agent)-(?:level"
    r"|layer)"
)
WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:'[a-z]+)?")
DASH_RANGE = re.compile(
    r"(?<![\w.-])(\d{1,2}(?::\d\d)?(?:\s?[ap]m)?)\s*-\s*(\d{1,2}(?::\d\d)?(?:\s?[ap]m)?)"
    r"(?![\w.-])"
)
SIGNS = {"=<": "<=", "=>": ">=", "\n": ";"}
KINDS = {"reference": "R", "quote": "q", "regex": "x", "mail": "m", "clock": "t",
         "version": "v"}  # fmt: skip
# Signs that keyboards and word processors put in, by their code points.
PLAIN_SIGNS = {0x2264: "<=", 0x2265: ">=", 0x2260: "!=", 0x2018: "'", 0x2019: "'", 0x201C: '"',
               0x201D: '"', 0x00A0: " ", 0x0009: " ", 0x2026: " ", 0x2013: "-",
               0x2014: " , "}  # fmt: skip


@dataclass(slots=True)
class Canonical:
    """Canonical words of one intent, and what each literal in them stands for."""

    words: str = ""
    source: str = ""
    literals: list[str] = field(default_factory=list)
    spelled: dict[str, str] = field(default_factory=dict)
    references: list[str] = field(default_factory=list)

    def raw(self, word: str) -> str:
        """Return what a word or literal was in the text that was given."""
        if re.fullmatch(LITERAL, word):
            return self.literals[int(word[2:-1])]
        return self.spelled.get(word, word)

    def shown(self, words: str) -> str:
        """Return words with the literals in them as they were given."""
        return re.sub(LITERAL, lambda match: self.raw(match[0]), words).strip(" ,;:")


def canonical(text: str) -> Canonical:
    """Return the canonical words of a text; the same text gives the same words."""
    found = Canonical(source=text)
    source = unicodedata.normalize("NFC", text).translate(PLAIN_SIGNS)
    source = DASH_RANGE.sub(r"\1 to \2", source)
    source = re.sub(r"(?<=\S )-(?= )", ",", source)
    source = re.sub(r"\bw/(o?) ", lambda match: "without " if match[1] else "with ", source)
    source = re.sub(r"(?<=[\w`] )[+&](?= [\w`])", "and", source)
    source = re.sub(r"(?m)^\s*(?:[-*•]|\d+[.)])\s+", "", source)
    words = [_word(match, found) for match in TOKEN.finditer(source.strip())]
    said, found.references = without_references(" ".join(filter(None, words)))
    found.words = rewrite(said)
    return found


def rewrite(words: str) -> str:
    """Return words with synonyms and politeness taken out, until nothing changes."""
    for pattern, instead in (*SYNONYMS, *REWRITES, *FAMILIES):
        words = pattern.sub(instead, words)
    return re.sub(r"\s+", " ", words).strip()


def _word(match: re.Match[str], found: Canonical) -> str:
    kind, text = str(match.lastgroup), match[0]
    if kind in ("mark", "operator"):
        return SIGNS.get(text, text)
    if kind in ("quote", "regex"):
        return _literal(KINDS[kind], text[1:-1].strip(), found)
    if kind == "version" and text.endswith("+"):
        return _literal("v", text[:-1], found) + " or newer"
    return _literal(KINDS[kind], text, found) if kind in KINDS else _name(text, found)


def _name(text: str, found: Canonical) -> str:
    stripped = text.rstrip(".:")
    tail = {":": " :", ".": " ."}.get(text[-1], "")
    lowered = stripped.lower()
    if lowered in CONTRACTIONS:
        return CONTRACTIONS[lowered] + tail
    if LEVEL.fullmatch(lowered):
        return lowered.replace("-", " ") + tail
    if lowered in HYPHENATED:
        return HYPHENATED[lowered] + tail
    if WORD.fullmatch(stripped):
        word = re.sub(r"'s$|'$", "", lowered)
        found.spelled.setdefault(word, stripped.removesuffix("'s"))
        return word + tail
    at = re.fullmatch(r"(@?[\w./:%-]+)@([~^]?v?\d[\w.*-]*)", stripped)
    if at:
        return f"{_literal('l', at[1], found)} {_literal('v', at[2], found)}{tail}"
    return _literal("l", stripped, found) + tail if stripped else ""


def _literal(kind: str, text: str, found: Canonical) -> str:
    found.literals.append(text)
    return f"«{kind}{len(found.literals) - 1}»"
