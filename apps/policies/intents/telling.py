"""What only tells something: why a rule is, what happened, what comes of it; never a rule."""

import re
from collections.abc import Collection

from .packages import known_packages

# What would change a rule, or be one: a sentence with such a word is never left out.
LIMITS = re.compile(
    r"\b(?:except|unless|excluding|excluded|exclud\w+|exempt\w*|waive\w*|apart|other than|only"
    r"|until|till|starting|starts?|begin\w*|between|outside|after «|before «|since «|mfa|reason"
    r"|justification|block|require|allow|permitted|forbid\w*|ban|bans|prohibit\w*|disallow\w*"
    r"|deny|reject\w*|refuse\w*"
    r"|remove|drop|ditch|kill|stop|prevent\w*|pin|cap|upgrade|bump|enforce|ensure|mandate"
    r"|restrict\w*"
    r"|reserve\w*|warn|warning|info|mandatory|optional|severity"
    r"|BANNED|REQUIRED|ENSURE|WANT|NOTALL|if|limit\w*|inclu\w+|means?|appl(?:y|ies)|concern\w*"
    r"|counts?|instead|use|prefer|replace\w*|migrate|override\w*|stays?|remains?|grandfather\w*"
    r"|legacy|not affected|unaffected|fine|ok|okay|welcome|free to|same (?:for|goes)|likewise"
    r"|ditto|too|either|neither|both|hours?|night|deploy\w*|architect|techlead|admin|developer"
    r"|viewer|tenantadmin|agents|memory|knowledge|contractors?|interns?|vendors?|must|should"
    r"|shall|needs?|never|wants?"
    r"|expect\w*|insist\w*|demand\w*|hold|holds|tolerate|accept|like to|wish)\b"
    r"|\b(?:do|may|can|will|does) not (?:have|support|ship|run|commit|store|keep|write|read|import"
    r"|install|call|add|do|contain|include)\b"
    r"|\b(?:is|are|was) (?:version )?(?:«v|below|older|at|under|lower|before|from|less|up|any)"
    r"|\bkeeps?\b(?! \w+ing\b| us\b| people\b)|\bbut not\b"
)
# What makes a rule where it stands with anything but ourselves or what was spoken of.
BINDING = re.compile(
    r"\b(?:may|must|not|no|never|should|need|needs|always|when|where|in|for|every|each|all|any"
    r"|project|people|everyone|nobody|team|organization|company|everywhere|version|file|code"
    r"|package|tool)\b"
)
OURSELVES = re.compile(
    r"(?:(?:and|so|but|as|plus|honestly|frankly|yes) )?(?:i|we|there|security|legal|compliance"
    r"|audit\w*|management|customers?|(?:people|everyone|somebody|someone) keeps?"
    r"|our (?:\w+ )?(?:audit\w*|pentest\w*|customers?|wheels?"
    r"|builds?|security team|legal team|lawyers?|scanners?|ciso|insurer|regulator))\b"
)
MODAL_OF_IT = re.compile(
    r"\b(?:it|they|those|these|that|this|there|people|everyone|nobody|somebody|project|team) "
    r"(?:may|must|should|needs?|is to|are to)\b"
)
OF_IT = re.compile(
    r"(?:and |so |but |then )?(?:it|that|this|they|those|these|(?:older|newer|other) ones)\b"
)
ABOUT_VERSIONS = re.compile(r"(?:there|it|they|that) (?:is|are|was|were|has|have|had)\b")
# Packages that are words of every day as well.
EVERYDAY = frozenset(("got", "next", "six", "black", "failure", "async", "moment", "express"))
POINTING = re.compile(
    r"\b(?:it|them|this|that|those|these|one|ones) (?:in|for|on|at|by|from|with|to|within|under) \w"
)
NUMBERED = re.compile(
    r"(?:for )?(?<!version )(?<!than )(?<!below )(?<!at )(?<!least )«v\d+»"
    r" (?=(?:people|times|days|weeks"
    r"|months|years|hours|incidents|outages|customers|teams|services|alerts|tickets|project)\b)"
)


DISLIKED = re.compile(
    r"do not want to (?:have|do|hear|repeat|see|go through) (?:this|that|another) "
)
ELSEWHERE = re.compile(
    r"(?:(?:file|code|project|people|team) elsewhere|everything else|everyone else|all else) "
    r"(?:may|is|are) [^«]*(?<!not)"
)
SPOKEN_OF = re.compile(r"\b(?:it|they|them|their|its|we|us|our|there)\b")


def is_telling(words: str, names: Collection[str]) -> bool:
    """Tell whether a part of an intent says nothing of what is to be so; `names` are of places."""
    words = NUMBERED.sub("", words).strip(" ,.;:!")
    words = DISLIKED.sub("dislike ", words)
    if ELSEWHERE.fullmatch(words):
        return True
    if ABOUT_VERSIONS.match(words):
        words = re.sub(r"(?<=in )«v\d+»", "it", words)
    if "«" in words or LIMITS.search(words) or MODAL_OF_IT.search(words):
        return False
    if any(word in names or word in known_packages() for word in set(words.split(" ")) - EVERYDAY):
        return False
    if not BINDING.search(words):
        return bool(OURSELVES.match(words) or OF_IT.match(words) or SPOKEN_OF.search(words))
    return bool(OURSELVES.match(words)) and not POINTING.search(words)


COUNTED = re.compile(
    r"(?:(?:here (?:is|are)|these are|this is|we have|i have) )?(?:(?:one|two|three|four|five|some"
    r"|few|couple of|following|new|our|my|these|more|quick|security|last|several|house|hard|basic"
    r"|minimum|general) )*(?:rules?|things?|policies|policy|requests?|points?|requirements?|items?"
    r"|baseline|asks?|controls?|standards?|decisions?|guardrails?|changes?)(?: (?:for|from|of)"
    r" (?:everyone|all(?: of us| project)?|us|you|today|now|me|security|my side|our side|company"
    r"|this (?:quarter|week|sprint|year)))?(?: :)?"
)
ORDERS = re.compile(r"\b(?:may|must|no|not|never|nobody|should|only|needs?|block|all|except)\b|«")


def is_heading(words: str, names: Collection[str]) -> bool:
    """Tell whether a part only says that rules follow."""
    if ORDERS.search(words) or any(word in names for word in words.split(" ")):
        return False
    return bool(COUNTED.fullmatch(words))
