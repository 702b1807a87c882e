"""Words that mean the same, and words that mean nothing, in intents about policies."""

import re

Rewrite = tuple[re.Pattern[str], str]


def _any(*words: str) -> str:
    return "(?:" + "|".join(words) + ")"


def _rewrites(*pairs: tuple[str, str]) -> tuple[Rewrite, ...]:
    return tuple((re.compile(pattern), instead) for pattern, instead in pairs)


CONTRACTIONS = {
    "don't": "do not", "doesn't": "does not", "can't": "can not", "cannot": "can not",
    "mustn't": "must not", "shouldn't": "should not", "shan't": "shall not", "won't": "will not",
    "isn't": "is not", "aren't": "are not", "mayn't": "may not", "needn't": "need not",
    "let's": "let us", "i'd": "i would", "we'd": "we would", "it's": "it is", "nobody's": "nobody",
    "dont": "do not", "cant": "can not", "mustnt": "must not", "shouldnt": "should not",
    "there's": "there is", "everyone's": "everyone", "what's": "what is", "i'm": "i am",
    "we're": "we are", "they're": "they are",
}  # fmt: skip

HYPHENATED = {
    "two-factor": "mfa", "multi-factor": "mfa", "second-factor": "mfa", "2-factor": "mfa",
    "third-party": "third party", "tech-lead": "techlead", "tech-leads": "techlead",
    "tenant-admin": "tenantadmin", "tenant-admins": "tenantadmin",
    "non-architects": "non architect",
    "off-limits": "off limits", "company-wide": "company wide", "org-wide": "org wide",
    "code-pattern": "code pattern", "opt-out": "opt out", "read-only": "read only",
    "e.g.": "eg", "i.e.": "ie", "non-admins": "non admin", "non-agents": "non agents",
}  # fmt: skip

BLOCK = _any("forbid", "ban", "prohibit", "disallow", "deny", "prevent", "reject", "refuse",
             "outlaw", "blacklist", "denylist", "blocklist", "bar", "blocking", "banning",
             "forbidding", "prohibiting", "disallowing")  # fmt: skip
BANNED = _any("forbidden", "banned", "prohibited", "disallowed", "blocked", "denied", "barred",
              "off limits", "outlawed", "a no go")  # fmt: skip
FINE = _any("allowed", "permitted", "ok", "okay", "acceptable", "fine")
SOFTLY = _any("strictly", "absolutely", "hereby", "now", "completely", "always",
              "simply", "explicitly", "ever", "also", "then", "really")  # fmt: skip

# Each word or phrase for one thing becomes the one that the forms know.
SYNONYMS = _rewrites(
    (r"\b(?:not (?:all|every|each|everyone|everybody|any) )", "NOTALL "),
    (rf"(?<!\w){SOFTLY} (?=\w)", ""),
    (r"\b(?:the|a|an) (?=\S)", ""),
    (r"\b(?:please|kindly)\b ?,?", ""),
    (r"\b(?:2fa|mfa|second factor|two factor|multi factor)(?: auth\w*| login| check| sign in)?\b",
     "mfa"),
    (r"\bmfa auth\w*\b", "mfa"),
    (r"\b(?:nobody|no ?one|none)\b", "nobody"),
    (r"\b(?:everyone|everybody|anyone|anybody|all people and agents)\b", "everyone"),
    (r"\b(?:(?:ai|coding|llm|software|autonomous) )*(?:agents?|bots?|assistants?|copilots?)\b",
     "agents"),
    (r"\btech(?:nical)? ?leads?\b", "techlead"),
    (r"\btenant ?admin(?:istrator)?s?\b", "tenantadmin"),
    (r"\badmin(?:istrator)?s?\b", "admin"),
    (r"\barchitects?\b", "architect"),
    (r"\bdevelopers\b|\bdevs?\b", "developer"),
    (r"\bviewers?\b", "viewer"),
    (r"\b(?:humans?|persons?|users?|engineers?|employees|colleagues|staff|human beings)\b",
     "people"),
    (r"\bpeople people\b", "people"),
    (r"\b(?:repos?|repositor(?:y|ies)|codebases?|projects?)\b", "project"),
    (r"\b(?:organi[sz]ations?|orgs?)\b", "organization"),
    (r"\bteams\b", "team"),
    (r"\b(?:librar(?:y|ies)|packages?|dependenc(?:y|ies)|deps?|"
     r"third party (?:code|components?))\b", "package"),
    (r"\b(?:cargo |rust )?crates?\b", "cargo package"),
    (r"\bmodules?\b", "module"),
    (r"\bfiles\b|\bscripts?\b", "file"),
    (r"\b(?:folders?|director(?:y|ies)|dirs?)\b", "folder"),
    (r"\btools\b", "tool"),
    (r"\bmemories\b", "memory"),
    (r"\bversions\b", "version"),
    (r"\breleases of\b", "version of"),
    (r"\b(?:usage|uses?) of\b", "using"),
    (r"\b(?:(?:have|has|get|gain|having) )?(read|write|reading|writing) access to\b", r"\1"),
    (r"\b(?:have|has|get|gain|having) access to\b", "access"),
    (r"\baccess to\b", "access"),
    (r"\b(dockerfile|makefile|readme|changelog)s\b", r"\1"),
    (r"\b(?:settings?|options?|keys?|config(?:uration)? (?:values?|keys?|settings?|options?))\b",
     "setting"),
    (r"\b(?:lines of code|source code|source file|code base)\b", "code"),
    (r"\b(?:regular expressions?|regexp?|regexes)\b", "pattern"),
)  # fmt: skip

# Phrases around the matter, taken out or brought to the one form that is read.
REWRITES = _rewrites(
    (r"^(?:hi|hello|hey|dear \w+)(?: there| all| team)? ?,? ", ""),
    (r"^(?:can|could|would|will) you (.*?) ?\?$", r"\1"),
    (r"^(?:can|could|may) we (?:have|get) (.*?) ?\?$", r"require \1"),
    (r" ?,? (?:thanks|thank you|thx)(?: .{0,12})?$", ""),
    (
        r"^(?:i|we) do not (?:want|like|allow|permit|wish)(?: to have| to see)? (.+?) to (.+)",
        r"\1 may not \2",
    ),
    (
        r"^(?:i|we) do not (?:want|like|allow|permit|use|accept|tolerate)(?: to use| to have| to"
        r" see)?"
        r"(?: everyone| any)? ",
        "block ",
    ),
    (r"^(?:i|we) (?:(?:would|d) like|want|need|wish|have|decided)(?: you| us)? to (?=\w)", ""),
    (r"^(?:i|we) (?:(?:would|d) like|want|need|insist)(?: on| that)? (?=\S)", "WANT "),
    (r"^(?:let us|lets) ", ""),
    (r"^(?:make sure|ensure|see to it|be sure)(?: that| it that)? ", "ENSURE "),
    (
        r"^(?:guarantee|verify|enforce|insist)(?: that| on)? (?=.* (?:must|may|can|is|are|do|does|"
        r"has|have|use|uses|contain|contains|include|includes)\b)",
        "ENSURE ",
    ),
    (r"^(?:our |new )?(?:policy|rule)(?: is)? ?:? (?:that )?", ""),
    (r"^(?:i|we) (?:require|expect|demand)(?: that)? ", "ENSURE "),
    (
        rf"^(?P<it>.+?) (?P<why>(?:has|have|is|are) .+?) ,? ?so (?:(?:we )?(?:{BLOCK}|block|drop)"
        rf"|do not use|"
        r"stop using) (?:it|them)$",
        r"block \g<it> because it \g<why>",
    ),
    (
        r"^(.+?) (?:is|are) only (?:ones?|people|agents|role) (?:who |that |which )?(?:may |can )?",
        r"only \1 may ",
    ),
    (r"^(.+?) (?:must |should )?(contain|have|include|use|import)s? no (?=\S)", r"\1 may not \2 "),
    (r"^(?:get rid of|phase out|eliminate|remove|drop|move away from|stay away from) ", "block "),
    (
        r"^(?:ENSURE )?(?:nobody|no project|no service|no team) (?:may |must |should |can |ever )?"
        r"(?:uses?|depends? on|installs?|adds?|includes?) (?=\S)",
        "block using ",
    ),
    (
        r"^(?:ENSURE )?(?:nobody|no project|no code) (?:may |must |should |can |ever )?"
        r"imports? (?=\S)",
        "block importing ",
    ),
    (r"^(?:it )?(?:must|should) not be possible (?:for (.+?) )?to ", r"block \1 from "),
    (r"^block from ", "block "),
    (r"^it is (?:not \w+|forbidden|prohibited|banned) (?:for (.+?) )?to ", r"block \1 from "),
    (r"^block from ", "block "),
    (
        r"^(?:ENSURE )?there (?:must|should|has to|needs to|may) be (?:at least (?:one )?)?",
        "require ",
    ),
    (r"^(?:ENSURE )?there (?:is|are) (?:always )?(?:at least (?:one )?)?", "require "),
    (r"^(?:ENSURE )?there (?:must|should|may|can|shall) not be (?:any )?", "block "),
    (r"^require no ", "block "),
    (r"^WANT (?:no|zero) ", "block "),
    (r"^WANT (.+?) to be (?:blocked|banned|forbidden|prohibited|disallowed)$", r"block \1"),
    (r"^WANT (.+?) to (?=\w)", r"ENSURE \1 to "),
    (r"^WANT ", "require "),
    (r"^(?:do not|never)(?: let| allow| permit| accept) ", "block "),
    (r"^(?:do not|never)(?: ever)? (?:use|using|install|add|depend on|rely on) ", "block using "),
    (r"^(?:do not|never)(?: ever)? import ", "block importing "),
    (r"^(?:do not|never)(?: ever)? call ", "block calling "),
    (r"^(?:do not|never)(?: ever)? (?:commit|check in) ", "block committing "),
    (r"^(?:do not|never)(?: ever)? (?=\w)", "nobody may "),
    (
        r"^no (?!agents may|people may|\w+ may |more |less |newer |older |later |exception)",
        "block ",
    ),
    (rf"^{BLOCK} ", "block "),
    (r"^block (?:any |all |every )?(?:use|usage|uses|using) (?:of )?", "block using "),
    (r"^(?:stop) (?=.* from )", "block "),
    (
        r"^block (?:any |every |all )?project (?:that |which )?(?:use|uses|using|depend on|depends"
        r" on) ",
        "block using ",
    ),
    (r"^block (?:commit|check in) ", "block committing "),
    (r"^block (?:use|install|depend on) ", "block using "),
    (r"^block import ", "block importing "),
    (r"^stop (?=\w+ing\b)", "block "),
    (r"^stop (?:using|use of) ", "block using "),
    (r"^(?:whitelist|allowlist|permit|let|enable) ", "allow "),
    (r"^(?:mandate|demand|enforce|insist on) ", "require "),
    (r"^(?:discourage|warn against|advise against) ", "avoid "),
    (r"^(?:warn|complain|alert|flag)(?: me| us| people)? ", "warn "),
    (r"\b(?:has|have|needs?|ought) to\b", "must"),
    (r"\bshall\b", "must"),
    (r"\bmust never\b|\bcan never\b|\bmay never\b", "may not"),
    (r"\bshould never\b", "should not"),
    (r"\b(?:must|can|may) (?:not|under no circumstances)\b", "may not"),
    (r"\b(?:is|are) not (?:to|supposed to|able to)\b", "may not"),
    (rf"\b(?:is|are) (?:not {FINE}|{BANNED})(?: from| to)(?= \w)", "may not"),
    (rf"\b(?:is|are) (?:{FINE}|free|able) to\b", "may"),
    (rf"\b(?:is|are) (?:not {FINE}|{BANNED})\b", "BANNED"),
    (rf"\bmay not be {FINE}\b", "BANNED"),
    (r"\b(?:does|do|will) not have (?:permission|access|right) to\b", "may not"),
    (r"\b(?:is|are) (?:mandatory|obligatory|compulsory|needed|required|a must)\b", "REQUIRED"),
    (r"\bcan\b", "may"),
    (r"\bmay only\b", "may only"),
)
