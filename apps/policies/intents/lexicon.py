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
    "let's": "let us", "we've": "we have", "i've": "i have", "they've": "they have",
    "hasn't": "has not", "it'd": "it would",
    "i'd": "i would", "we'd": "we would", "it's": "it is", "nobody's": "nobody is",
    "dont": "do not", "cant": "can not", "mustnt": "must not", "shouldnt": "should not",
    "there's": "there is", "who's": "who is", "that's": "that is",
    "somebody's": "somebody is", "someone's": "someone is", "anyone's": "anyone is",
    "anybody's": "anybody is", "everybody's": "everyone is", "he's": "he is",
    "reading's": "reading is", "writing's": "writing is", "wouldn't": "would not",
    "couldn't": "could not", "wasn't": "was not", "weren't": "were not",
    "haven't": "have not", "didn't": "did not", "you're": "you are", "where's": "where is",
    "everyone's": "everyone", "what's": "what is", "i'm": "i am",
    "we're": "we are", "they're": "they are",
}  # fmt: skip

HYPHENATED = {
    "two-factor": "mfa", "multi-factor": "mfa", "second-factor": "mfa", "2-factor": "mfa",
    "third-party": "third party", "tech-lead": "techlead", "tech-leads": "techlead",
    "tenant-admin": "tenantadmin", "tenant-admins": "tenantadmin",
    "non-architects": "non architect",
    "off-limits": "off limits", "company-wide": "company wide", "org-wide": "org wide",
    "code-pattern": "code pattern", "opt-out": "opt out", "read-only": "read only",
    "no-go": "no go", "late-night": "night", "no-no": "no go", "no-brainer": "no brainer",
    "one-liners": "one liners", "one-liner": "one liner", "e.g.": "eg", "i.e.": "ie",
    "non-admins": "non admin", "non-agents": "non agents",
}  # fmt: skip

BLOCK = _any("forbid", "ban", "prohibit", "disallow", "deny", "prevent", "reject", "refuse",
             "outlaw", "blacklist", "denylist", "blocklist", "bar", "blocking", "banning",
             "forbidding", "prohibiting", "disallowing")  # fmt: skip
BANNED = _any("forbidden", "banned", "prohibited", "disallowed", "blocked", "denied", "barred",
              "off limits", "outlawed", "a no go")  # fmt: skip
FINE = _any("allowed", "permitted", "ok", "okay", "acceptable", "fine")
SOFTLY = _any("strictly", "absolutely", "hereby", "now", "completely", "always",
              "simply", "explicitly", "still", "ever", "also", "then", "really")  # fmt: skip

# Each word or phrase for one thing becomes the one that the forms know.
SYNONYMS = _rewrites(
    (r" ,? ?until further notice\b", ""),
    (r" nor ", " or "),
    (r" , (?:please )?(?:block|forbid|ban|prohibit) (?:it|them)(?: please)?(?= [.;]|$)", ""),
    (r" (?:too|as well)(?= [.;,]|$)", ""),
    (r"\bno project (?:may|must|should) (contain|have|include) ", r"project may not \1 "),
    (r" ,? ?both (?:ends )?included\b", ""),
    (r"\b(?:the )?value of (?=«)", ""),
    (r"\b(should|may|must|can) no longer\b", r"\1 not"),
    (r"\b(?:is|are) required to\b", "must"),
    (r"\b(?:is|are) to be\b", "must be"),
    (r"\b(?:somebody|someone)\b", "everyone"),
    (r"\b(?:gets?|must be|should be) (?:blocked|banned|forbidden|prohibited)\b", "is banned"),
    (r" (?:any ?more|any longer|no longer|for (?:the )?time being|for now|from now on|at all"
     r"|whatsoever|"
     r"altogether|completely|entirely)(?= [,;.:!]| may\b| must\b|$)", ""),
    (r" \( ?inclusive ?\)", " inclusive"),
    (r"(\w+ (?:file|files|scripts)) \( («l\d+») \)", r"\2 file"),
    (r"\b(?:at night|during night|at nighttime|outside (?:of )?\w+ hours) ,? ?(?:\( )?(?:that is"
     r"|ie|meaning) ,? ?"
     r"(?=from|between)", ""),
    (r"\b(?:not (?:all|every|each|everyone|everybody|any) )", "NOTALL "),
    (rf"(?<!\w){SOFTLY} (?=\w)", ""),
    (r"\b(?:the|a|an) (?=\S)", ""),
    (r" please ,(?= \S)", " ,"),
    (r"\b(?:please|kindly)\b ?,?", ""),
    (r"\b(?:(?:is|has|have) )?(?:gotta|got to)\b", "must"),
    (r"\blayers\b", "layer"),
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
    (r"(?<= )?(\S+) \( (cargo package|npm package|pypi package|package) \)", r"\2 \1"),
    (r"\b(?:shell|bash|python|javascript|typescript|yaml|sql) (?=(?:file|scripts?|files) "
     r"(?:ending|named|called)\b)", ""),
    (r"\bmodules?\b", "module"),
    (r"\broles\b", "role"),
    (r"\bfiles\b|\bscripts?\b|\bclasses\b", "file"),
    (r"\b(?:at|in) (?:its|their|project|top) (?:root|top level)(?: folder)?\b", ""),
    (r" (?:at|in) (?:the )?root(?: folder| directory| level)?(?= [,.;:]|$)", ""),
    (r"\bbe able to\b", ""),
    (r"\bcould\b(?! you)", "may"),
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
    (
        r"^(?:from (?:now )?on|as of now|effective immediately|going forward|(?:one|two|three)"
        r" things?|"
        r"note|reminder|important) ?[,:]? (?:that )?",
        "",
    ),
    (r"^(.+?) ?[:,] nothing (.+?) (?:is|are) (?:acceptable|allowed|ok|permitted)$", r"block \1 \2"),
    (r"^([^,]+?) must go$", r"block \1"),
    (r"^(.+?) : block (?=[<>=]|versions? |below |before |older |everything )", r"block \1 "),
    (
        r"^(?:everyone|project|service) (?:using|that uses?|with|depending on) (\S+) "
        r"(?:needs?|must (?:have|use|stay at|be at|be on|run)) "
        r"(?=(?:at |least |exactly |version )*«v)",
        r"\1 must be ",
    ),
    (r"\b(?:is|are) not (?:wanted|welcome|desired)\b", "BANNED"),
    (
        r"^(?:for (?:rust|npm|python|pypi|node|javascript|cargo) ,? ?)?only (\w+ package|package) "
        r"(?:that (?:is|are) )?(?:allowed|permitted) (?:is|are) (.+)$",
        r"only \1 \2 is allowed",
    ),
    (r"^agents may (use|run) only (?:these )?tool ?:? ", r"agents may only \1 tool "),
    (r"\b(may|must|should) neither ", "may not "),
    (
        r"^(.+?) may (\w+) (?:but|yet) (?:may|must|should) not (\w+) (.+)$",
        r"\1 may \2 \4 , but \1 may not \3 \4",
    ),
    (r"^neither (.+?) (?:may|must|should|is|are)(?: to)? be used$", r"block using \1"),
    (
        r"^(.+?) (?:may|must|should|can) not be used (?:in|at|with) (?=version )",
        r"block using \1 ",
    ),
    (r"^(.+?) : («v\d+») is minimum(?: we accept| version)?$", r"\1 must be at least \2"),
    (r"\b(?:may|must|should) not go (?=above|beyond|below|under|over)", "may not be "),
    (
        r"^make (.+?) (?:obligatory|mandatory|compulsory)(?: (?:for|in) (?:all |every |any"
        r" )?project)?$",
        r"require \1",
    ),
    (
        r"^(.+?) (?:do|does) not belong (?:in|into) (?:any |our |every )?project\b",
        r"block committing \1",
    ),
    (
        r"^(?:ENSURE )?there (?:must|should|may|can) (?:not|never) be (?:any )?(?=file )",
        "block committing ",
    ),
    (
        r"^lines? (?:that )?(?:matching|match) (.+?) (?:may|must|should|can) not (?:occur|appear"
        r"|exist)$",
        r"code may not match \1",
    ),
    (
        r"^block importing (.+?) by (?:anything |code |file |module )?(?=in )",
        r"block importing \1 ",
    ),
    (r"^block (\w+ (?:code|file)) (import|contain|use) ", r"\1 may not \2 "),
    (r"^right to ", ""),
    (r"^(.+?) is something only (.+?) may do$", r"only \2 may \1"),
    (r"\b(?:may|should|must) be (?:kept|stopped|prevented|barred|blocked) from\b", "may not"),
    (r"^nobody (from|in|of|on) (.+?) (?:may|must|should) ", r"everyone \1 \2 may not "),
    (r"\b(?:may|must|should) neither (\w+) nor (\w+)\b", r"may not \1 or \2"),
    (r"^(?:you|we|one) (?=may |must |should )", "everyone "),
    (r"(?:,? )for everyone (?:but|except) ", " except for "),
    (
        r"\b(?:may|must|should|can) not (\w+) (?:anything|any tool|any other tool) "
        r"(?:but|except|other than) ",
        r"may only \1 ",
    ),
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
        rf"^(?P<it>.+?) (?P<why>(?:is|are) .+?) ,? ?(?:so )?(?:could|can|would) you (?:please )?"
        rf"(?:{BLOCK}|block) (?:it|them)(?: please)? ?\??$",
        r"block \g<it> because it \g<why>",
    ),
    (r"^it (?:would|d) be (?:great|nice|good|best|better) if ", "ENSURE "),
    (r"^if (.+?) is used ,? ?(?:then )?it must be ", r"\1 must be "),
    (r"^nothing (?:from|of) (.+?) (?:is|are) (?:allowed|permitted|ok)$", r"block \1"),
    (
        r"^nothing (?:may|must|should) be (?:stored|committed|kept|placed|put|saved) "
        r"(?:in|below|under|inside) ",
        "block committing file in ",
    ),
    (
        r"^nothing (?:in|under|inside|below) (.+?) (?:may|is allowed to|should|must) "
        r"(import|contain|use) ",
        r"code in \1 may not \2 ",
    ),
    (r"^(?:ENSURE )?no line (?:may|must|should) (?:match|contain) ", "code may not match "),
    (
        r"^(?:ENSURE )?no (.+?) (?:may|must|should) be (?:committed|checked in|stored|present)"
        r"(?: in .+)?$",
        r"block committing \1",
    ),
    (r"^(?:ENSURE )?no (.+?) (?:may|must|should) be (?:used|installed)$", r"block using \1"),
    (r"^only people ,? (?:never|not|no) agents ,? ", "only people "),
    (r"\bmust (?:keep|stay) (?:out of|away from|off) ", "may not access "),
    (
        r"^(?:ENSURE )?(.+?) (?:may|should|must|can) (?:not|never) be imported\b",
        r"block importing \1",
    ),
    (
        r"^(.+?) (?:is|are) only (?:ones?|people|agents|role) (?:who |that |which )?(?:may |can )?",
        r"only \1 may ",
    ),
    (r"^(.+?) (?:must |should )?(contain|have|include|use|import)s? no (?=\S)", r"\1 may not \2 "),
    (r"^(?:get rid of|phase out|eliminate|remove|drop|move away from|stay away from) ", "block "),
    (
        r"^(?:ENSURE )?(?:nobody|no project|no service|no team) (?:may |must |should |can |ever"
        r" )?(?:be )?"
        r"(?:uses?|using|depends? on|installs?|adds?|includes?) (?=\S)",
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
        r"^no (?!.+ (?:may|must|should) be |(?:agents|people|\w+) (?:in .+? )?(?:may|should|must)"
        r" |more |less |newer |older "
        r"|later |exception)",
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
    (r"^(.+?) BANNED (?=(?:in|under|inside|within|below|anywhere) )(?:anywhere )?", r"block \1 "),
    (r"^(block .*)(?<= )(and|or|,|, and|, or) no (?=\S+(?: |$))", r"\1\2 "),
    (r"^block (.+?) ,? ?(?:to be used|anywhere)$", r"block \1"),
    (rf"\bmay not be {FINE}\b", "BANNED"),
    (r"\b(?:does|do|will) not have (?:permission|access|right) to\b", "may not"),
    (r"\b(?:is|are) (?:mandatory|obligatory|compulsory|needed|required|a must)\b", "REQUIRED"),
    (r"\bcan\b", "may"),
    (r"\bmay only\b", "may only"),
)
