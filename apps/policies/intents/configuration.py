"""Forms about settings in configuration files."""

import re

from .asides import Aside
from .asking import Unread
from .pieces import (
    Piece,
    rule,
)
from .reader import Reader

KEY = r"(?:setting )?(?P<key>«[lq]\d+»|[a-z]\w*)(?: setting)?"
FILE = r"(?P<file>«[lq]\d+»)"
VALUE = r"(?P<value>«[qlv]\d+»|enabled|disabled|(?!\w*(?:ed|able)\b)[a-z]\w*)"
CONFIG = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?:ENSURE |require )?(?:in )?{FILE} ?[,:]? {KEY} (?P<modal>must|should|may not|should"
        rf" not|to|is)(?: be| equal| be set to| be equal to)? {VALUE}",
        rf"(?:ENSURE |require )?{KEY} in {FILE} (?P<modal>must|should|may not|should not|to|is)"
        rf"(?: be| equal| be set to| be equal to)? {VALUE}",
        rf"(?:ENSURE |require )?{KEY} (?P<modal>must|should|may not|should not|to|is)(?: be|"
        rf" equal| be set to| be equal to)? {VALUE} in {FILE}",
        rf"(?:ENSURE |require )?{FILE} (?P<modal>must|should|may not|should not|to) (?:set|have"
        rf"|has|define|configure) {KEY} (?:set to|to|as|equal to|=|:) {VALUE}",
        rf"(?P<modal>require|block) {KEY} (?:=|set to|to be|:|being) {VALUE} in {FILE}",
        rf"(?P<modal>require|block) setting {KEY} (?:=|to|:) {VALUE} in {FILE}",
        rf"(?:ENSURE )?{FILE} (?P<modal>must|should|may not|should not) (?:set|have|define"
        rf"|declare|specify|configure)(?: setting)? {KEY}",
        rf"(?P<modal>enable|turn on|switch on|disable|turn off|switch off) {KEY} in {FILE}",
        rf"set {KEY} (?P<modal>to|=) {VALUE} in {FILE}",
        rf"(?P<modal>require) value (?:for|of) {KEY} in {FILE}",
        rf"ENSURE value (?:for|of) {KEY} in (?P<modal>){FILE}",
        rf"(?P<modal>require|block) setting {KEY} in {FILE}",
        rf"{KEY} (?P<modal>must|should|may not|should not) be (?:set|defined|present|declared"
        rf"|specified|configured) in {FILE}",
    )
)
SWITCHED = {"enable": "true", "turn on": "true", "switch on": "true", "disable": "false",
            "turn off": "false", "switch off": "false"}  # fmt: skip
# Words that name no setting.
VAGUE = frozenset(
    ("file", "it", "this", "that", "code", "everything", "value", "setting", "version", "folder",
     "project", "not", "be", "package")
)  # fmt: skip
STRUCTURED = (".json", ".toml", ".yaml", ".yml", ".ini", ".cfg", ".conf", ".env", ".properties")


def read_configuration(words: str, aside: Aside, reader: Reader) -> list[Piece] | None:
    """Return what a clause says of a setting in a file; None if nothing."""
    for pattern in CONFIG:
        match = pattern.fullmatch(words)
        if not match:
            continue
        file, key = reader.canon.raw(match["file"]), reader.canon.raw(match["key"])
        if (
            match["key"] in VAGUE
            or not file.endswith(STRUCTURED)
            or not re.fullmatch(r"[^\s.]+(\.[^\s.]+)*", key)
        ):
            continue
        effect = "forbid" if "not" in match["modal"] or match["modal"] == "block" else "require"
        value = match.groupdict().get("value") or SWITCHED.get(match["modal"])
        if value in ("set", "present", "defined", "on", "off", "strict"):
            raise Unread(value, f"Say which value {key} has to have: true, false, a number or a"
                                f" text.",
                         is_beyond=False)  # fmt: skip
        fields = {"equals": _value(value, reader)} if value else {}
        return [rule("config", effect, aside, file=file.lstrip("/"), key=key, **fields)]
    return None


def _value(word: str, reader: Reader) -> str | int | float | bool:
    raw = reader.canon.raw(word)
    if word.startswith("«q"):
        return raw
    if raw.lower() in ("true", "false", "enabled", "disabled"):
        return raw.lower() in ("true", "enabled")
    if re.fullmatch(r"\d+", raw):
        return int(raw)
    return float(raw) if re.fullmatch(r"\d+\.\d+", raw) else raw
