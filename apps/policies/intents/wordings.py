"""Wordings further from the forms, and the nearer ones that say the same; none drops content."""

import re

from .packages import ECOSYSTEM_WORDS, LANGUAGES

ECO = "(?:" + "|".join(re.escape(word) for word in ECOSYSTEM_WORDS) + ")"
LANGUAGE = "(?:" + "|".join(re.escape(word) for word in LANGUAGES) + ")"
V = r"(?:version )?«v\d+»"
NAMED = r"(?:«[lq]\d+»|[a-z][a-z0-9]*)"
OWN = (
    r"(?:(?:any|all|every|each|our|whole|entire) )*(?:of our )?"
    r"(?:project|service|app|application|stack|codebase|builds?)s?"
)
PROJECT = rf"(?:(?:in|from|across|within|throughout) {OWN}|across company)"
# Ways to say that something is not to be.
AWAY = (
    r"(?:ditch|kill|purge|nuke|veto|eradicate|scrap|retire|sunset|uninstall|kick out|rule out|cut"
    r"|weed out|do away with|put (?:an )?end to|steer clear of|keep away from|stay off|keep off"
    r"|say no to|put ban on|impose ban on|quit|refrain from|away with|zero tolerance for"
    r"|no place for|remove|drop|eliminate|exclude|shun|cease|halt|terminate|deprecate|reject"
    r"|refuse|disallow|forbid|ban|prohibit|deny|bar|outlaw|blacklist|get rid of|phase out|stop"
    r"|no more)"
)
GONE = (
    r"(?:blocked|banned|forbidden|prohibited|disallowed|denied|rejected|refused|barred|removed"
    r"|dropped|eliminated|avoided|excluded|retired|stopped|prevented|declined|phased out"
    r"|unacceptable|unsupported|not supported|not approved|off table|taboo|verboten|no go|a no go"
    r"|not an option|impermissible|blacklisted|denylisted|blocklisted|vetoed|turned down"
    r"|not to be (?:used|seen|found|installed|allowed)|not be (?:allowed|permitted|accepted"
    r"|tolerated|possible|used anywhere)|not (?:accepted|tolerated|wanted|possible))"
)
NEEDED = (
    r"(?:mandatory|required|compulsory|obligatory|necessary|needed"
    r"|a must|must have|non negotiable|essential)"
)
USING = (
    r"(?:use|using|uses|used|ship|ships|shipping|shipped|pull in|pulls in|pulling in|pull|pulling"
    r"|bring in|bringing in|add|adding|added|install|installing|installed|depend on|depends on"
    r"|depending on|rely on|relies on|relying on|introduce|introducing|include|including|consume"
    r"|consuming|build on|building on|adopt|adopting|run on|running on|be on|have|having)"
)
VERBS = {
    "using": "use", "pulling in": "use", "pulling": "use", "installing": "use", "adding": "use",
    "shipping": "use", "adopting": "use", "introducing": "use", "depending on": "use",
    "relying on": "use", "bringing in": "use", "consuming": "use",
    "committing": "commit", "checking in": "commit", "pushing": "commit",
    "writing": "write", "writing to": "write to", "reading": "read", "changing": "change",
    "editing": "edit", "modifying": "modify", "touching": "touch", "deploying": "deploy",
    "running": "run", "executing": "execute", "calling": "call", "importing": "import",
    "proposing": "propose", "accessing": "access", "opening": "open", "deleting": "delete",
    "releasing": "deploy", "shipping to production": "deploy",
}  # fmt: skip
ING = "(?:" + "|".join(sorted(VERBS, key=len, reverse=True)) + ")"
ORDER = (
    rf"(?:block|forbid|ban|require|allow|ENSURE|restrict|limit|reserve|keep|pin|cap|bump|upgrade"
    rf"|raise|enforce|{AWAY}|prevent|hold|get|mandate|lock|warn|avoid|do not|only|set|put|make"
    rf"|have it so)"
)
HEDGES = (
    r"(?:just|really|actually|basically|literally|simply|obviously|clearly|honestly|definitely"
    r"|certainly|immediately|asap|please|pls|plz|again|straight away|right away"
    r"|as soon as possible|with immediate effect|effective immediately|going forward"
    r"|moving forward|in (?:the )?future|once and for all|for good|for us|on our side|around here"
    r"|these days|at any point|at any time|in any way|in any case|under any circumstances"
    r"|of course|full stop|period|no matter what|no excuses|mind you|regardless|now|as such"
    r"|whatsoever"
    r"|currently|anymore|any more|any longer|strictly speaking"
    r"|also|additionally|furthermore|moreover|henceforth|hereafter|therefore|hence|thus|already"
    r"|yet|still|ever|explicitly|from today|as of today|as from now|starting now"
    r"|starting today|from here on|from here on out|from this point(?: on)?|ourselves|themselves)"
)
ANY_VERSION = (
    r"(?:(?:any|all|every|whatever|whichever) version|regardless of version|in any version"
    r"|no matter (?:which|what) version|(?:it )?do(?:es)? not matter (?:which|what) version"
    r"|irrespective of version|version do(?:es)? not matter|across all version)"
)
# A request in the form of a question: nothing is asked.
ASKED_FOR = re.compile(
    rf"(?:(?:may|could) (?:we|someone)|(?:may|could|would|will) you)(?: all| please)?"
    rf" (?P<what>{ORDER} .+?) \?"
)
OPENING = (
    r"(?:hi|hello|hey|hiya|morning|good morning|afternoon|dear \w+|greetings|so|ok|okay|right|well"
    r"|folks|team|all|people|everyone|guys|fyi|psa|heads up(?: team| all| everyone| folks)?"
    r"|quick one|quick question|reminder"
    r"|note|nb|attention|important|urgent|rule|policy|decision|proposal|request|ask|todo|action"
    r"|first|second|third|fourth|fifth|one|two|three|four|finally|lastly|last|next|also|and|plus"
    r"|additionally|furthermore|moreover|otherwise|besides|one more(?: thing)?|another thing"
    r"|new (?:rule|policy|baseline|standard|control)|our (?:baseline|standard)|a (?:few|couple)"
    r" things|few things|same here|\w+ here|from (?:now|today) on|as discussed|as agreed"
    r"|as mentioned|as requested|per our (?:discussion|chat|call)|hard rule|house rule|ground rule"
    r"|new rule for everyone|there|i mean|look|listen|today|yes|no exceptions)"
)
SPEECH = (
    r"(?:i|we|security|management|audit|compliance|legal|team) (?:(?:would|d|will|must|do|should"
    r"|have|also|all|really|strongly|hereby|kindly|therefore) )*(?:like|want|wants|need|needs|ask"
    r"|asks|request|requests|propose|suggest|recommend|think|believe|feel|expect|expects|insist"
    r"|insists|prefer|hope|urge|advise|decided|agreed|concluded|require|requires|demand|demands"
    r"|wish|had decision|appreciate it if|be (?:grateful|happy|glad) if|mandate|state|declare)"
    r"(?: on)?(?: it)?(?: (?:if|that|for))?"
)
ABIDING = (
    r"(?:per|following|according to|in line with|based on|pursuant to|in accordance with|for|under"
    r"|as part of|due to|because of|in light of|after|given|to comply with|to satisfy|to meet"
    r"|in order to \w+|in view of|with regard to|regarding|as result of|in response to"
    r"|as outcome of|on advice of|owing to|on account of|on grounds of|thanks to)"
)

OCCASION = (
    r"(?:audit\w*|reviews?|findings?|incidents?|outages?|breach(?:es)?|attacks?|postmortem|policy"
    r"|policies|standards?|guidelines?|regulations?|compliance|security|reasons?|purposes?|hygiene"
    r"|consistency|requests?|decisions?|meeting|agreement|law|gdpr|board|management|ciso|legal"
    r"|risks?|vulnerabilit(?:y|ies)|pentests?|advisor(?:y|ies)|safety|stability|discussion|call"
    r"|chat|tickets?|supply chain|insurance|report|assessment|recommendations?|feedback|complaints?"
    r"|history|postmortems)"
)


def _rules(*pairs: tuple[str, str]) -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(pattern), instead) for pattern, instead in pairs)


LOOSER = _rules(
    (r"^block (?:late )?night deploy(?:s|ments?)$", "nobody may deploy at night"),
    (r" , (?:it|they|that|these|those) (?:must|should) (?:go|be done|happen|run) (?:through|via"
     r"|over)"
     r" [a-z ]+$", ""),
    (r"\bmust to\b", "must"),
    (r"\b(lower|older|newer|higher|smaller|less|more) as (?=«v|version)", r"\1 than "),
    (r"\b(acting|act|acts) on behalf of\b", r"\1 for"),
    (r"\bfile of type («l\d+»)", r"\1 file"),
    (r"\b(must|should) be (?:signed|logged) in (?:with|using|through) mfa\b", r"\1 have mfa"),
    (r"\b(must|should) be (?:accompanied|backed|supported|justified|preceded|protected|secured"
     r"|guarded|gated) (?:by|with|behind) (?=mfa|stated reason|reason|justification)", r"\1 have "),
    (r"^(?:it is )?(?:my|our) (?:decision|wish|policy|intention|request|expectation) (?:is )?that ",
     ""),
    (r"\b(?:do|does) not get to\b", "may not"),
    (r"\b(?:must|should) stop (\w+ing)\b", r"may not be \1"),
    (rf"^({NAMED}) : (?:nothing|none|not|no) (?=(?:older|below|lower|newer|before|above|under))",
     r"\1 may not be "),
    (rf"(«v\d+»(?: or (?:newer|later|higher|above|older|lower))?) {PROJECT}$", r"\1"),
    (r"^make (.+?) (?:\w+ )?(?:requirement|standard)$", r"require \1"),
    (r"^(.+?) is something only (.+?) (?:should|must|may|can|get to) do$", r"only \2 may \1"),
    (rf"^(?:need|needs|want) (?={NAMED} (?:>=|at least|«v))", ""),
    (r"^(mfa|reason|justification) (?:on|for|with|at|before) (?:all |every |each |any )?(\w+)$",
     r"\1 REQUIRED for \2"),
    (r"^only (.+?) (?:have|has|hold|holds) (?:right|permission|authority|privilege) to ",
     r"only \1 may "),
    (r"\bin night (?=from|between)", ""),
    (rf"^(?:is|may|would) it be? ?possible (?:that you|for you to"
     rf"|to) (?={ORDER} )(.+?) \?$", r"\1"),
    (r"^(?:take care|see|watch|pay attention|look)(?: out)?(?: to it)? that ", "ENSURE "),
    (r"^(?:ENSURE )?nobody (?:commits|pushes|checks in|adds) (?=.*\bfile\b"
     r"|«)", "block committing "),
    (r"^(.+?) (?:constitutes?|is|are|counts? as) (?:violation|breach|offen[cs]e|non compliance|"
     r"non compliant|policy violation)$", r"\1 BANNED"),
    (r"^package BANNED : ", "block "),
    (r"^as (?:your |acting )?\w+(?: \w+)? ?,? (?=i |we )", ""),
    (rf"^(?:{ABIDING}) (?:[a-z]+ ){{0,3}}{OCCASION} (?=(?:i|we) (?:have )?(?:decided|agreed|require"
     r"|want|demand) )", ""),
    (r"^(?:effective|starting|beginning|as of) (?:today|now|immediately) ?, ", ""),
    (r"^(?:control|requirement|finding|rule|policy|section|clause|item|objective|standard|measure"
     r"|recommendation|article|principle|action|standardi[sz]e|point)(?: (?:«[lv]\d+»|\w))? ?: ",
     ""),
    (r"\b(no|every|each|any|all) (?:of our )?(?:products?|systems?|components?|workloads?"
     r"|deliverables?|applications?|apps?|services?) (?=may|must|should|to |needs?|has|have)",
     r"\1 project "),
    (r"^(?:under no circumstances|at no time|in no case|never|by no means) (?:may|must|should|shall"
     r"|is|are) (.+?) (?=(?:be )?(?:read|write|access|use|run|change|edit|modify|open|deploy|call"
     r"|import|propose|store|delete|touch)\b)", r"\1 may not "),
    (r"^(?:\w+ ){1,3}\( («l\d+») \) (?=may not|must|should|REQUIRED|BANNED)", r"\1 file "),
    (r"\b(project (?:must|should|to)) (?:publish|maintain|keep|hold|feature|possess|document"
     r"|supply|bring|offer|own)s? (?=«|\w+ file|readme|license|changelog)", r"\1 have "),
    (r"^ENSURE (every|each|all|any) project to (?:publish|have|maintain|keep|include|contain|ship"
     r"|carry|provide) ", r"\1 project must have "),
    (r"^(.+?) (?:is|are|must be|should be|remains?) (?:sole |exclusive |only )*(?:privilege|right"
     r"|prerogative|job|responsibility|task|domain|duty|business|preserve) of (.+?)(?: only"
     r"| alone)?$", r"only \2 may \1"),
    (r"^(?:we|i|organization|company|security|management|policy) (?:accept|tolerate|allow|permit"
     r"|support|want)s? no ", "block "),
    (r"^(?:organization|company|security|management|policy) (?:do|does|will) not (?:accept"
     r"|tolerate|allow|permit|support|want) ", "block "),
    (r"^block (?:presence|existence|storage|inclusion|appearance|commits?|checking in) of ",
     "block committing "),
    (r"^block (?:occurrence|appearance) of ", "block code containing "),
    (r"^block (?:use|usage|employment|adoption|introduction|consumption|installation) of ",
     "block using "),
    (r"\b(?:lose|loses|lost) (?:right|ability|permission|privilege) to ", "may not "),
    (r"\b(?:may not have|should have not|must have not|have not|has not|have no|has no"
     r"|must not have"
     r"|should not have|may have no|should have no)(?: got)? (?:any )?(?:right|ability|permission"
     r"|possibility|business|way|option|privilege|authority|access|need|power|say) (?:to |of )?",
     "may not "),
    (r"\b(?:must|should) be (\w+) by (.+?) (?:only|alone|exclusively)$", r"may only be \1 by \2"),
    (r"\b(?:must|should) be (\w+) (?:only|exclusively|solely) by ", r"may only be \1 by "),
    (r"\b(?:must|should) (?:only|exclusively|solely) be (\w+) by ", r"may only be \1 by "),
    (r" (?:to|in|from|for|into) (?:new|existing|new (?:or|and) existing|existing (?:or|and) new|old"
     r" (?:or|and) new) project$", ""),
    (rf"^({NAMED}) (must|should) have ({NAMED}) (enabled|disabled|true|false|«[qv]\d+»)$",
     r"\3 \2 be \4 in \1"),
    (r"^nothing (?:in|under|inside|below|within) (\S+) (?:may|must|should) ",
     r"code in \1 may not "),
    (r"^only (.+?) (?:should|must)(?: be allowed to| be able to| be permitted to)? (?!not)",
     r"only \1 may "),
    (r"^(.+?) may not have place(?: (?:in|inside) (?:any |our )?(?:\w+ )?(?:code|project|stack))?$",
     r"\1 BANNED"),
    (rf"^({NAMED}) project (?:must|should) (?:use|run|be on|run on) \1 (?=(?:at least )?{V})",
     r"\1 must be "),
    (r"^(agents|people|everyone)(?: must| should)?(?: keep| get)?(?: their)? hands off ",
     r"\1 may not access "),
    (r"^(?:pin|lock|fix|freeze|hold) (\S+) (?=(?:version )?«v\d+»$)", r"pin \1 to "),
    (rf"^({NAMED}) ((?:>=|at least|minimum|min) {V}|{V} or (?:newer|later|above|higher|up))"
     r"(?: only| everywhere)?$", r"\1 must be \2"),
    (r"^to (?=block|require|allow|forbid|ban)", ""),
    (r" what (?:is|are) (?=smaller|older|lower|below|newer|under)", " "),
    (r"^it must be (?:ensured|guaranteed|verified|made sure|assured) that ", "ENSURE "),
    (r"^(?:in (?:every|each|all|any) project ,? ?)?(?:it|there) (?:must|should) (?:exist|be) (.+)$",
     r"require \1"),
    (r"\b(?:make|perform|carry out|do|conduct|trigger|initiate|start|launch|kick off|execute|run)"
     r" (?:any |all |new )?(?:deployments?|releases?|deploys?|rollouts?)\b", "deploy"),
    (r" BANNED (?:to|from) (?=\w)", " may not "),
    (r"^it (?:BANNED|is forbidden|is banned) (?:for|to) (.+?) (?:that they|to) ", r"\1 may not "),
    (r"^(?:who|whoever|everyone|people|those|he|anybody)(?: that| who)?(?: (?:wants?|wish\w*|is|are"
     r"|likes?|intends?|tries))?(?: to)? (\w+(?:(?: \w+)* (?:under|in|below) \S+)?) (?:must|should"
     r"|needs?|need) (?:have|use|show|pass|provide|give|state)? ?(mfa|reason|justification)"
     r" and (?:have |use |give |state |provide |a )?(reason|mfa|justification)$",
     r"\2 REQUIRED for \1 and \3 REQUIRED for \1"),
    (r"^(?:who|whoever|everyone|people|those|he|anybody)(?: that| who)?(?: (?:wants?|wish\w*|is|are"
     r"|likes?|intends?|tries))?(?: to)? (\w+(?:(?: \w+)* (?:under|in|below) \S+)?) (?:must|should"
     r"|needs?|need) (?:have|use|show|pass|provide|give|state)? ?(mfa|reason|justification)$",
     r"\2 REQUIRED for \1"),
    (r"^(?:package )?(\S+)(?: package)? (?:needs|must have|requires?|has) (?:minimum|min|at least)"
     r" (?:version )?(?:of )?(?=«v)", r"\1 must be at least "),
    (r"^(.+?) (?:must|should) be (?:maintained|held|run|used|kept|operated|installed)(?: at| in"
     r"| on| with)? (?=(?:at least |version |minimum )*«v)", r"\1 must be "),
    (r"\b(may not|must|should not) (?:have|include|contain|hold) (?:inside|within|in them|in it)"
     r" ?(?=text|pattern|«)", r"\1 contain "),
    (r"^ENSURE (.+?) (?:is|are) not (used|present|found|imported|installed|committed|contained)\b",
     r"\1 may not be \2"),
    (r"^(mfa|reason|justification) must be (?:recorded|documented|logged|entered|written down"
     r"|captured|submitted|attached|filed|specified)\b", r"\1 must be given"),
    (rf" ?,? {HEDGES}(?= [.,;!]|$)", ""),
    (rf"(?<!\w){HEDGES} (?=[a-z«A-Z])(?!,)", ""),
    (r"\b(import.*) directly\b", r"\1"),
    (r"\b(?:folks?|guys|peeps|coworkers?|teammates?|workers?|members of staff|ppl|personnel"
     r"|anyone of us|any of us)\b", "people"),
    (r"\b(?:needs?|has|have|ought) to\b", "must"),
    (rf" ?[,.]? {ANY_VERSION}\b(?= ?[.,]|$)", ""),
    (r" (?:anything|everything|whatever|all) (?=(?:below|before|under|older than|lower than|earlier"
     r" than|prior to|up to|above|newer than|after|less than|from|<|>|<="
     r"|>=) (?:version )?«v)", " "),
    (r"\b(?:whatever|which ?ever) is (?=(?:older|newer|below|lower|higher))", ""),
    (rf"^(?:{OPENING} ?[,:]|(?:hi|hello|hey)(?: \w+)?(?= (?:{ORDER}|may|could|no) )) ?", ""),
    (rf"^(?:for|on|in) ({ECO}) ?[,:] (.+?) (?=BANNED|must|should|may not|REQUIRED)",
     r"\1 package \2 "),
    (rf"^{SPEECH} (?:(?:you|us|everyone|people|all of us|all) to )?(?=\S)", ""),
    (r"^require (?:us|you|everyone|people|all of us|it so|to see)(?: all)? (?:to |that )"
     r"(?!use mfa|have mfa|give|state|provide)", ""),
    (rf"^(?:may|could|should|shall|would|will|might|must) (?:we|you|i|someone|everyone|people)"
     rf"(?: all)? (?=(?:be |have )?{ORDER}\b)", ""),
    (rf"^(?:we|you|i|everyone|one|let us)(?: all)? (?:must|should|will|shall|would)?(?: like"
     rf" to)? ?(?={ORDER} )", ""),
    (r"^(?:it is|it must be|it should be) (?:important|essential|vital|crucial|critical|imperative"
     r"|necessary|expected|decided|agreed|requested|mandated|understood)(?: that| for)? ",
     "ENSURE "),
    (r"^(?:our |new )?(?:rule|requirement|expectation|control|standard|policy|ask|request|goal"
     r"|intent|decision|idea|guideline)s?(?: here| now)? (?:is|are|says?|states?|reads?|requires?)"
     r"(?: that| to)? ?:? ", "ENSURE "),
    (r"^(?:make|have) it so(?: that)? ", "ENSURE "),
    (r"^(?:ensure|verify|confirm|check|see|mind|take care|see to it)(?: that)? (?=\S+ .*\b(?:may"
     r"|must|is|are|has|do)\b)", "ENSURE "),
    (r"^ENSURE (?:that )?(?:to )?(?=block|no |nobody|only)", ""),
    (r"^ENSURE (.+?) (?:has|have|contains?|includes?) (?!no )", r"\1 must have "),
    (r"^warn ,? ?(?:and |but )?(?:may not|do not) block ,? ?", "warn "),
    (rf"^warn (?:when|if|where|about) (?:everyone|people|project|somebody|team)(?: is| are)?"
     rf" {USING} ", "warn about using "),
    (rf"^require (.+?) (?:off|out of|away from) {OWN}$", r"block \1"),
    (r"^(?:(?:we|everyone) may not have|block having|block(?! committing)"
     r"|nobody may have) (.+?) (?:checked in|committed|in"
     r" version control|in git|pushed)$", r"block committing \1"),
    (r"^block committing (?:anything|everything|all|file)(?: that is)? (?:under|below|inside|in)"
     r" (?=«)", "block committing file in "),
    (rf"\b({LANGUAGE}) (and|or) ({LANGUAGE}) (file|code)\b", r"\1 file \2 \3 file"),
    (rf"^({NAMED}) (may not|must|should|should not) have ({NAMED}) (?:set to|as|=|equal to) (\S+)$",
     r"\3 \2 be \4 in \1"),
    (r"^block file ((?:in|under|inside|below) \S+) (?:may|must|should) (contain|import|call) ",
     r"file \1 may not \2 "),
    (r" (?:which|that) (?:is|are) (?:ok|okay|fine|allowed|good|patched|safe)$", ""),
    (rf"\b(?:these|following|this) (({ECO} )?package|tool) :? ?", r"\1 "),
    (rf"^block (?:{USING}) (?=«|[a-z]+ (?:package|«v|older|below|before|version))",
     "block using "),
    (rf"^block (?:anything|everything|all)(?: package)? (?:in|from|of|under) ({NAMED}) (?:(?:npm"
     r" )?scope(?: (?:on|in|from) npm)?|(?:on|in|from) npm)$", r"block npm package \1"),
    (r" in (?:anything|everything|file|all|code) (?:in|under|below|inside) (?=«)", " in file in "),
    (r"\bafter («t\d+») (?:or|and) before («t\d+»)", r"before \2 or after \1"),
    # What is done, however it is told.
    (rf"^(?P<who>.+?) (?P<m>may|must|should)(?P<n> not)? be (?P<v>{ING})\b",
     lambda m: f"{m['who']} {m['m']}{m['n'] or ''} {VERBS[m['v']]}"),  # type: ignore[arg-type]
    (r"^(?:nobody|no project|no team|no service|we may not|you may not|i may not|we should not"
     rf"|project may not|(?:people|everyone) (?:may|should) not(?= .*«v))(?: (?:may|must|should))?"
     rf" (?:be )?{USING} ", "block using "),
    (rf"^block (?:people|everyone|us)(?: from| to)? {USING} (?=.*«v)", "block using "),
    (r"^(?:nobody(?: may| must| should)?|(?:we|people|you|everyone) (?:may|should) not) (?:commit"
     r"|check in|push) ", "block committing "),
    (rf"^{AWAY} ", "block "),
    (r"^block of ", "block "),
    (rf"^get (.+?) (?:off|out of|out|away from|removed from) {OWN}$", r"block \1"),
    (rf"^keep (.+?) (?:out of|off|away from|out) {OWN}$", r"block \1"),
    (r"^(keep|stop|prevent|block|hold) (agents|people|everyone|\w+ agents) (?:from|to|away from"
     r"|doing) ", r"block \2 from "),
    (r"\b(.+?) (?:must|should) (?:keep|stay) (?:their )?(?:hands off|clear of|out of) ",
     r"\1 may not access "),
    (rf"^(.+?) (?:is|are|must be|should be|gets?|will be|must get|must"
     rf"|should)(?: to be)? (?:{GONE})(?= |$)", r"\1 BANNED"),
    (r"^(.+?) (?:must go|must be gone|has no place(?: here)?|have no place(?: here)?|is history"
     r"|are history)$", r"\1 BANNED"),
    (rf"^(.+?) (?:has|have) no place (?={PROJECT})", r"\1 BANNED "),
    (rf"^(.+?) (?:is|are) {NEEDED}$", r"\1 REQUIRED"),
    (rf"^(.+?) must be (?:in|part of|found in|included in|contained in) {PROJECT}$",
     r"require \1"),
    (rf"^require (.+?) {PROJECT}$", r"require \1"),
    (rf"\b(BANNED|block .+?) {PROJECT}$", r"\1"),
    (r"^block (?!committing)(.+?) (?:checked in|committed|in version control|in git)$",
     r"block committing \1"),
    (r"^block (?:seeing|finding|having) (.+)$", r"block \1"),
    (r"^(?:we|you) may not (?:have|accept|tolerate|allow|support|afford|permit) ", "block "),
    (r"^(?:we|i) (?:do|will) not (?:have|accept|tolerate|allow|support|permit) ", "block "),
    (r"^block (?:anything|everything|all|file)(?: that is)? (?=(?:under|below|inside|in) «)",
     "block file in "),
    (r"\bfile in (?:under|below|inside|in) (?=«)", "file in "),
    (rf"^(.+? file) (?:may|should) not be (?:found|present|seen|stored|kept|committed|there)"
     rf" {PROJECT}$", r"block committing \1"),
    (r"\b(write|read|change|edit|access|modify) (?:in|under|inside|below)(?: folder)? (?=«)",
     r"\1 file in "),
    # Versions to keep to.
    (rf"^(?:everything|anything|anyone|everyone|project|service|team|whoever|if project|if team"
     rf"|whichever project|people|every project|each project|all project|any project)"
     rf"(?: that| which| who)? {USING} (.+?)(?: ,)?(?: then)?(?: it)? (?:(?:must|should"
     rf"|needs?)(?: be| stay| run| use"
     rf"| have| go| move| upgrade)?|is|are)(?: it)?(?: is| to)?(?: on| at| to| with)?"
     rf" (?=(?:at least|exactly|at most|no older|not older|below|>|{V}))", r"\1 must be "),
    (rf"^(?:if|when|where|wherever) (?:we use |you use |using )?({NAMED}) ?(?:is used)? ?,? "
     rf"(?:it |then )*must be (?:on |at )?", r"\1 must be "),
    (r"^(?:cap|limit|hold|restrict) (.+?) (?:at|to|below|under) (?:below |under )?(«v\d+»)$",
     r"\1 must be below \2"),
    (rf"\b(must be (?:on |at )?(?:at least |exactly |below |at most )?{V}(?: or (?:newer|later"
     rf"|above|higher))?) (?:everywhere(?: we use it)?|wherever (?:it is|we) used?(?: it)?"
     rf"|where (?:it is )?used|{PROJECT})$", r"\1"),
    (rf"^(?:go|raise|bump|move|update|upgrade|bring|lift|take) (.+?) (?:up )?to ({V})"
     rf"(?: or (?:newer|later|above|higher|better))$", r"\1 must be at least \2"),
    (rf"^(.+?) (?:must|should) be (?:pinned|locked|fixed|frozen|kept|held)(?: to| at"
     rf"| on)? (?:exactly )?({V})$",
     r"\1 must be exactly \2"),
    (r"\b(?:must|should) (?:run|stay|sit|remain|move|go|come|upgrade|get|use)(?: up)?(?: to| at"
     r"| on| with)? "
     r"(?=(?:at least |exactly |at most |no older |not older |below )?(?:version )?«v)",
     "must be "),
    # Who may.
    (r"^only (.+?) (?:get|gets|is|are)(?: allowed| entitled| trusted| authori[sz]ed| eligible"
     r"| cleared| supposed| permitted)? to ",
     r"only \1 may "),
    (r"^(.+?) (?:get|gets|is entitled|are entitled|is welcome|are welcome|is trusted|are trusted)"
     r" to ", r"\1 may "),
    (r"^only tool (.+?) (?:may|is allowed to|are allowed to) (?:run|use) (?:is|are) ",
     r"\1 may only run tool "),
    (r"^leave (.+?) to (.+)$", r"only \2 may \1"),
    (r"^(.+?) is (?:job of|up to|reserved for|for) (.+?)(?: only| alone)$", r"only \2 may \1"),
    (r"^(?:you|we|people|everyone|one) (?:need|must have|must use|must|requires?) mfa to ",
     "require mfa to "),
    (r"^(agents|people) may only run tool (between|from|after|before|during) ",
     r"agents may run tool only \2 "),
    (r"^(.+?) (?:without|lacking|missing|with no) (reason|justification|mfa) BANNED$",
     r"\2 REQUIRED for \1"),
    (r"\b(?:the )?ones? (?=(?:in|under|below|inside|at) «)", "file "),
    (r"\bmemory that is tagged\b", "memory tagged"),
    (r"^no agents (?:may|must|should) ", "agents may not "),
    (r"^no people (?:may|must|should) ", "people may not "),
    (r"^(?:from (?:now|today) on|then) ", ""),
)  # fmt: skip
WHY = (
    r"(?:because|since(?! «v| version)|as(?= (?:it|they|we|this|that|there|these|those|its|our) )"
    r"|given that|given(?= (?:it|they|we|this|that|there|how))|seeing(?: that| as)|cause|cuz|coz|bc"
    r"|considering(?: that)?|otherwise|or else|so(?= (?:we|that|nobody|it|they|people|everyone))"
    r"|for (?=\w+(?: \w+)? (?:reasons?|purposes?)$)|owing to|on account of"
    r"|on grounds of|thanks to|in view of|in light of)"
)
