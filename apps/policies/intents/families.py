"""Families of wordings that say what another wording says, brought to the one that is read."""

import re

from .packages import ECOSYSTEM_WORDS

ROLE = "(?:viewer|developer|techlead|architect|admin|tenantadmin)"
NAMED = r"(?:«[lq]\d+»|[a-z][a-z0-9]*)"
ECO = "(?:" + "|".join(re.escape(word) for word in ECOSYSTEM_WORDS) + ")"
LAYERED = r"«[lq]\d+»"

# They come last: what they are matched with is the wording that all others were brought to.
FAMILIES = tuple(
    (re.compile(pattern), instead)
    for pattern, instead in (
        (r" , since (?=(?:its?|they|their|we|our|this|that|these|those) )", " because "),
        (r" BANNED \( (?:\w+4shell|heartbleed|shellshock) \)$", " BANNED"),
        (r"^nobody is to (?=\w)", "nobody may "),
        (rf"\b(npm package) (?:under|in|of|from|within) scope (?={LAYERED})", r"\1 "),
        (
            r"^(.+?) (?:has|have) (?:\w+ )?(?:flaws?|bugs?|vulnerabilit(?:y|ies)|issues?) and may"
            r" not be used$",
            r"\1 may not be used",
        ),
        (rf"\b({ECO}) (?:services?|apps?|applications?)\b", r"\1 project"),
        (r"^(?:wherever|where|when|whenever) (\S+) is used ,? ?it must be ", r"\1 must be "),
        (rf"^in our ({ECO}) project ,? ?({NAMED}) must be "
            r"(?=at |no |not |version |exactly |>|«v)", r"\1 package \2 must be "),
        (rf"^\w+ file must be present in each project , path ({LAYERED})$",
         r"file \1 must be present in each project"),
        (r"^no (.+?) may be committed ,? ?in whichever folder$", r"block committing \1"),
        (rf"^folder ({LAYERED}) (?=may not )", r"\1 folder "),
        (r"^project may not (?:keep|hold|store) ", "project may not have "),
        (rf"^(?:\w+ )+\( ({LAYERED}) \) (?:does|do) not belong in (?:git|version control)$",
         r"block committing \1"),
        (rf"^({LAYERED}|\w+)(?: file)? (?:does|do) not belong in (?:git|version control)$",
         r"block committing \1"),
        (rf"^({NAMED}) may not exist in any project$", r"\1 may not exist"),
        (r"^((?:text |string |word )?«q\d+») may not (?:remain|stay|be left) in ",
         r"\1 may not appear in "),
        (r"^block (?:anything|everything|text|content) (?:that |which )?match(?:es|ing)? ",
         "block code matching "),
        (r"^(«q\d+» may not be (?:used|called)) (?:under|below) ", r"\1 in "),
        (r"\bmust (?:carry|bear) text ", "must contain text "),
        (rf"\bmay be (written|read|changed|edited|used) by ({ROLE}(?: (?:and|or) {ROLE})*) only$",
         r"may only be \1 by \2"),
        (rf"^nobody (?:below|under|lower than) ({ROLE}) (?:may|must|should) ",
         r"only \1 or higher may "),
        (rf"\b(agents may not \w+) ,? even (?:on behalf of|for) {ROLE}$", r"\1"),
        (rf"^deployments by (people|agents|{ROLE}) (?:require|requires|need|needs) mfa$",
         r"\1 must use mfa to deploy"),
        (r"^(agents (?:may|should) not \w+ ,?) ?except those (in|of|from) ",
         r"\1 except agents \2 "),
        (rf"^only following ({ECO}) package may be used : (.+)$", r"only allow \1 package \2"),
        (r"^(agents|people) may only (run|use) (?:these|following) tool :? ?",
         r"\1 may only \2 tool "),
        (r"\bonly within (?=(?:business|office|working) hours)", "only in "),
        (r"^(?!nobody|no |none|block|only|not )(.+?) (?:is|are) exempt(?:ed)?$", r"except for \1"),
    )
)  # fmt: skip
