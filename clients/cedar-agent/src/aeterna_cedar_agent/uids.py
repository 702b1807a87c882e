"""Entities as Cedar writes them in text."""

_ESCAPES = {"\0": "\\0", "\t": "\\t", "\r": "\\r", "\n": "\\n"}
_ESCAPES |= {mark: f"\\{mark}" for mark in "'\"\\"}


def entity(kind: str, id_: str) -> str:
    """Return `Kind::"id"` with the id escaped as Cedar escapes it."""
    return f'{kind}::"{"".join(map(_escaped, id_))}"'


def _escaped(mark: str) -> str:
    if mark in _ESCAPES:
        return _ESCAPES[mark]
    return mark if mark.isprintable() else f"\\u{{{ord(mark):x}}}"
