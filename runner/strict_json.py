"""JSON that others wrote, taken only where it is plain: one reader for whatever comes from outside.

The standard parser takes more than JSON is (NaN, numbers beyond a float, halves of characters, a
name twice), and what it takes ends a program later, where text is encoded or figures are summed.
"""

from __future__ import annotations

import json
import math
from typing import Any, Dict, List, Set, Tuple, Union

MAX_DEPTH = 64
"""Objects and arrays within each other; the contract needs 8."""

MAX_INTEGER = 2**63 - 1
MAX_FLOAT = 1e50
"""Above any loss in float32 (3.4e38); squares and sums of such figures stay finite."""

_SHOWN = 40


class JsonError(ValueError):
    """A text that is not JSON as it is taken here; the message says why, in one line."""


def parse(text: Union[bytes, str]) -> Any:
    """The value of a JSON text in UTF-8.

    Raises:
        JsonError: it is not JSON, not UTF-8, nested more than :data:`MAX_DEPTH` deep, has a
            number that is not finite or out of bounds, half of a surrogate pair, or a name twice.
    """
    try:
        plain = text.decode("utf-8") if isinstance(text, bytes) else text
        value = json.loads(
            plain,
            parse_int=_integer,
            parse_float=_float,
            parse_constant=_constant,
            object_pairs_hook=_object,
        )
        if plain.count("[") + plain.count("{") > MAX_DEPTH:
            _check_depth(value)
        # Without an escape no half of a pair can have come through the decoder.
        if isinstance(text, str) or "\\u" in plain:
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeDecodeError as error:
        raise JsonError(f"byte {error.start} is not UTF-8") from None
    except UnicodeEncodeError:
        raise JsonError("it holds half of a surrogate pair, which is no character") from None
    except RecursionError:
        raise JsonError(f"it is nested more than {MAX_DEPTH} deep") from None
    except JsonError:
        raise
    except ValueError as error:
        raise JsonError(" ".join(str(error).split())) from None
    return value


def _integer(digits: str) -> int:
    if len(digits) > 20 or abs(int(digits)) > MAX_INTEGER:
        raise JsonError(f"the integer {_short(digits)} is out of bounds")
    return int(digits)


def _float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number) or abs(number) > MAX_FLOAT:
        raise JsonError(f"the number {_short(digits)} is out of bounds")
    return number


def _constant(word: str) -> float:
    raise JsonError(f"{word} is no number")


def _object(pairs: List[Tuple[str, Any]]) -> Dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: Set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise JsonError(f"the name {_short(name)!a} stands twice in one object")
            seen.add(name)
    return found


def _check_depth(value: Any) -> None:
    """Level by level, without recursion."""
    level, depth = [value], 0
    while level := [one for one in level if isinstance(one, (dict, list))]:
        depth += 1
        if depth > MAX_DEPTH:
            raise RecursionError
        level = [
            inner for one in level for inner in (one.values() if isinstance(one, dict) else one)
        ]


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}... of {len(text)} characters"
