"""What a value must look like: types, nulls and exact member names. A want is a dict (an object with exactly these
members), a list of one want (a list of such elements), a set (one of these values) or one of the kinds below."""

import re

ID = "24 hex digits, lower case"
DATE = "date-time with Z and milliseconds"
DAY = "day at midnight UTC"
TEXT = "text"
FILLED = "non-empty text"
INT = "integer"
COUNT = "integer, not negative"
NUMBER = "number"
BOOL = "boolean"
TRUE = "true"
OBJECT = "object of any members"
ANY = "any value"
OFFSET = "UTC offset in hours with a digit after the point"
PHONE = "+ and digits"
URL = "absolute URL"

_PATTERNS = {
    ID: r"[0-9a-f]{24}", DATE: r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", DAY: r"\d{4}-\d\d-\d\dT00:00:00Z",
    TEXT: r"(?s:.*)", FILLED: r"(?s:.+)", OFFSET: r"-?\d{1,2}\.\d{1,2}", PHONE: r"\+[1-9]\d{6,14}", URL: r"https?://\S+",
}


class Or:
    """One of several wants; None stands for null."""

    def __init__(self, *wants):
        self.wants = wants


def nullable(want):
    return Or(None, want)


def faults(want, value, at="$"):
    """Yields a text for every place where value is not as wanted."""
    if isinstance(want, Or):
        tries = [list(faults(one, value, at)) for one in want.wants]
        if all(tries):
            yield from tries[-1]
    elif want is None:
        if value is not None:
            yield f"{at}: want null, got {value!r}"
    elif isinstance(want, dict):
        if not isinstance(value, dict):
            yield f"{at}: want an object, got {value!r}"
            return
        for name in want.keys() - value.keys():
            yield f"{at}.{name}: missing"
        for name in value.keys() - want.keys():
            yield f"{at}.{name}: not documented (value {value[name]!r})"
        for name in want.keys() & value.keys():
            yield from faults(want[name], value[name], f"{at}.{name}")
    elif isinstance(want, list):
        if not isinstance(value, list):
            yield f"{at}: want a list, got {value!r}"
            return
        for n, element in enumerate(value):
            yield from faults(want[0], element, f"{at}[{n}]")
    elif isinstance(want, (set, frozenset)):
        if isinstance(value, bool) or not any(value == one for one in want):
            yield f"{at}: want one of {sorted(want, key=str)}, got {value!r}"
    elif not _is(want, value):
        yield f"{at}: want {want}, got {value!r}"


def _is(kind, value):
    if kind in _PATTERNS:
        return isinstance(value, str) and re.fullmatch(_PATTERNS[kind], value) is not None
    if kind is ANY:
        return True
    if kind is OBJECT:
        return isinstance(value, dict)
    if kind is TRUE:
        return value is True
    if kind is BOOL:
        return isinstance(value, bool)
    if isinstance(value, bool):
        return False
    if kind is NUMBER:
        return isinstance(value, (int, float))
    return isinstance(value, int) and (kind is INT or value >= 0)
