"""What a plain scalar means to Kubernetes.

kubectl and the API server read YAML with sigs.k8s.io/yaml: go-yaml v2 resolves the scalar
(go.yaml.in/yaml/v2, resolve.go), the result is written as JSON and read again
(k8s.io/apimachinery, pkg/util/json). Both steps matter: `1e3` is a float to go-yaml, `1000` in the
JSON and thus the integer 1000 to the API server.
"""

from __future__ import annotations

import math
import re
import struct

_INT64 = range(-(1 << 63), 1 << 63)
_UINT64 = range(1 << 64)

_WORDS: dict[str, bool | float | None] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "on", "On", "ON"), True),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "off", "Off", "OFF"), False),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_EXACT = 1e16  # below, an integral float prints all its digits
_NUMERIC_START = frozenset("+-.0123456789")

# Go's strconv.ParseInt with base 0, after go-yaml took out every underscore.
_INT = re.compile(
    r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))", re.ASCII
)
_BASES = (16, 2, 8, 10)
_LONGEST = 64  # digits of uint64, in binary; leading zeros beyond that make it no less a float
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)
# Where a point comes first go-yaml leaves underscores to Go, which has them between digits only.
_DOT_FLOAT = re.compile(r"\.[0-9](?:_?[0-9])*(?:[eE][-+]?[0-9](?:_?[0-9])*)?", re.ASCII)


class ScalarError(ValueError):
    """A scalar that has no JSON form; the message is complete but for the position."""


def resolve(text: str) -> str | int | float | bool | None:
    """Return what go-yaml v2 makes of a plain scalar: an int beyond uint64 never stands."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMERIC_START:
        return text
    if text[0] == ".":
        return _finite(text) if _DOT_FLOAT.fullmatch(text) else text
    plain = text.replace("_", "")
    if (match := _INT.fullmatch(plain)) is not None:
        sign, digits = match[1], match.lastindex or 0
        # A text of thousands of digits is no int64: Python refuses to convert it, and need not.
        if len(match[digits]) <= _LONGEST:
            number = int(match[digits], _BASES[digits - 2])
            number = -number if sign == "-" else number
            # Go takes a sign only in the signed form.
            if number in _INT64 or (number in _UINT64 and not sign):
                return number
    if _FLOAT.fullmatch(plain):
        return _finite(plain, text)
    return text


def _finite(number: str, text: str | None = None) -> float | str:
    """Return the float, or the text where Go reports a range error."""
    value = float(number)
    return value if math.isfinite(value) else (text or number)


def to_json(value: str | float | bool | None, text: str) -> str | int | float | bool | None:
    """Return the value after its way through JSON.

    Args:
        value: what the scalar means to YAML.
        text: what the user wrote, for the error.

    Raises:
        ScalarError: for infinities and not-a-number.
    """
    if isinstance(value, float):
        return number_to_json(value, text)
    if isinstance(value, int) and value not in _INT64:
        return float(value)
    return value


def number_to_json(value: float, text: str) -> int | float:
    """Return a float as Go writes and reads it back: without a fraction it becomes an integer.

    Raises:
        ScalarError: for infinities and not-a-number.
    """
    if not math.isfinite(value):
        raise ScalarError(f"`{text}` has no JSON form")
    # Go writes an exponent from 1e21 on, which does not parse as int64 either way.
    if value.is_integer() and (number := _shortest_integer(value)) in _INT64:
        return number
    return value


def _shortest_integer(value: float) -> int:
    """Return the integer that Go prints: the shortest digits that give the float, then zeros."""
    if abs(value) < _EXACT:
        return int(value)
    digits, _, exponent = repr(value).partition("e")
    whole, _, fraction = digits.partition(".")
    return int(whole + fraction + "0" * (int(exponent) - len(fraction)))


def key_text(value: str | float | bool | None, text: str) -> str:
    """Return the key that sigs.k8s.io/yaml makes of a scalar in a key's place.

    Raises:
        ScalarError: for null and for integers beyond int64, as there.
    """
    if isinstance(value, str):
        return value
    if value is True:
        return "true"
    if value is False:
        return "false"
    if value is None:
        raise ScalarError(f"null `{text}` as a key" if text else "empty key")
    if isinstance(value, float):
        return _short_float(value)
    if value not in _INT64:
        raise ScalarError(f"`{text}` as a key: beyond 64 bits with a sign")
    return str(value)


def _single(value: float) -> float:
    try:
        found: float = struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        return math.copysign(math.inf, value)
    return found


def _short_float(value: float) -> str:
    """Return strconv.FormatFloat(value, 'g', -1, 32): the shortest digits that give the float32."""
    if math.isnan(value):
        return ".nan"
    single = _single(value)
    if math.isinf(single):
        return ".inf" if single > 0 else "-.inf"
    shortest = next(
        text
        for precision in range(10)
        if _single(float(text := f"{single:.{precision}e}")) == single
    )
    mantissa, _, exponent = shortest.partition("e")
    power = int(exponent)
    # %g with the shortest digits turns to exponents below 1e-4 and from 1e6 on.
    if not -4 <= power < 6:  # noqa: PLR2004 # as the comment says
        return f"{mantissa}e{'-' if power < 0 else '+'}{abs(power):02d}"
    digits = len(mantissa.lstrip("-").replace(".", "")) - 1
    return f"{single:.{max(digits - power, 0)}f}"
