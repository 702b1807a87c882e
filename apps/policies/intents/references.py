"""What an intent refers to: advisories, tickets and links, which are reasons and never subjects."""

import re

# Not a ticket's key, though written like one: standards, licences, ciphers, encodings.
NO_TICKET = (
    r"(?!(?:UTF|SHA|AES|RSA|ISO|IEC|GPL|LGPL|AGPL|BSD|MIT|APACHE|MPL|RFC|PEP|ES|TLS|MD|WARN|INFO"
    r"|NPM|GPT|ECMA|HTTP|US|EU|IPV|UTC|GMT|ADR|NODE)-)"
)
REFERENCE = (
    r"(?:\[(?=[A-Z][A-Z\d]*-\d))?(?:"
    r"(?:(?:CVE|GHSA|RUSTSEC|PYSEC|OSV|SNYK|MAL|GO)-[A-Za-z\d]+-[\w-]*\w|CWE-\d+)"
    rf"|{NO_TICKET}[A-Z][A-Z\d]{{1,9}}-\d+(?![\w-]|\.\w)"
    r"|https?://[^\s)\],;]*[\w/]|(?<!\S)\#\d+(?![\w-]|\.\w)"
    r")\]?"
)
MARKED = r"«R\d+»"
SEVERAL = rf"{MARKED}(?:(?: , and| ,| and| or|/)? {MARKED})*"
THING = (
    r"(?:(?:our|security|open|audit|linked|following) )*"
    r"(?:advisory|ticket|tickets|issue|finding|control|story|incident|vulnerability|link|request"
    r"|bug|flaw|jira|postmortem|review|details|background|context|more|cve|cves)"
)
LED_BY = (
    r"(?:as )?(?:see(?: also)?|per|pursuant to|in accordance with|based on|cf|ref|refs|reference"
    r"|re|following|according to|in line with"
    r"|as (?:required|requested|described|tracked|agreed|decided|noted|documented|discussed)"
    r"(?: in| by| under| at)?|(?:tracked|filed|documented|described|details|requested|agreed) "
    r"(?:in|as|under|at|by)"
    r"|vulnerable to|affected by|hit by|(?:to )?(?:fix|fixes|address|mitigate|close|closes|resolve"
    r"|resolves|remediate|comply with)|which (?:is|has)|has|that is|this is|it is"
    r"|(?:because of|due to|owing to|thanks to|after|from|for)(?= (?:our |security )*"
    r"(?:advisory|ticket|issue|finding|incident|vulnerability))"
    rf"|{THING}) ?:?"
)
LIMITING = (
    r"(?:except|unless|excluding|apart|only|not|no|in|for|by|until|till|from|but|if|when|where"
    r"|may|must|should|also|plus|or|warn|info|block)"
)
# Standards and their parts, in parentheses.
STANDARD = re.compile(
    r" \( (?:control|requirement|section|clause|policy|finding|article|iso|soc|nist|pci|annex|rule"
    r"|see|cf|ref)(?: (?:«[lv]\d+»|[a-z]\w*|:|,)){0,5} \)"
)
LIMITED = re.compile(rf"\b{LIMITING}\b")
ADJUNCTS = tuple(
    re.compile(pattern)
    for pattern in (
        # In parentheses, alone, or after what else stands there.
        rf" \( (?:{LED_BY} )*(?:{THING} )?{SEVERAL}(?: ,? ?\w+)? \)",
        rf" \( (?![^()]*\b{LIMITING}\b)(?:[a-z]\w* |[,:;] )*{SEVERAL}(?: [a-z]\w*| [,:;])* \)",
        rf" , (?:{LED_BY} )*(?:{THING} )?{SEVERAL} ,(?= (?:may|must|should|is|are|has|can)\b)",
        rf" ?[,;] (?:{LED_BY} )*(?:{THING} )?{SEVERAL}(?= \)| [,.;:!]|$)",
        rf"(?<=\( ){SEVERAL} [,;:] ",
        # Before or after all else.
        rf"^(?:{THING} )*{SEVERAL} (?:requires?|demands?|states?|says|asks|mandates?|stipulates?)"
        r"(?: that(?= )| us to(?= ))? ",
        rf"(?:^|(?<=[.;!] ))(?:{LED_BY} )*(?:{THING} )?{SEVERAL} ?[,:] ",
        rf"(?:^|(?<=[.;!] ))(?:because of |due to |owing to |following |after |per )"
        rf"(?:{THING} )?{SEVERAL} ?,? (?=\w|«)",
        rf"(?:^|(?<=[.;!] ))(?:{LED_BY} |because of |due to )*(?:{THING} )?{SEVERAL}"
        r"(?= ?[.;!]|$)",
        rf"^{SEVERAL} (?=\w|«)",
        # Somewhere within.
        rf" (?:{LED_BY} )+(?:{THING} )?{SEVERAL}(?= [,.;:!)]|$| (?:may|must|should|is|are)\b)",
    )
)


def without_references(words: str) -> tuple[str, list[str]]:
    """Return canonical words without references beside the matter, and what was taken out.

    One that stays, because it stands where a subject would, is a word that no form reads.
    """
    words = STANDARD.sub(lambda match: match[0] if LIMITED.search(match[0]) else "", words)
    if "«R" not in words:
        return words, []
    found: list[str] = []
    for pattern in ADJUNCTS:
        for match in pattern.finditer(words):
            found += re.findall(MARKED, match[0])
        words = pattern.sub(" ", words)
    return re.sub(r"\s+", " ", words).strip(), found
