"""JSON that others wrote, taken only where it is plain: one reader for whatever comes from outside.

The standard parser takes more than JSON is (NaN, numbers beyond a float, halves of characters, a
name twice), and what it takes ends a program later, where text is encoded or figures are summed.
"""

from __future__ import annotations

import json
from typing import Any, Dict, List, Set, Tuple, Union

MAX_DEPTH = 64
"""Objects and arrays within each other; the contract needs 8."""

MAX_INTEGER = 2**63 - 1
MAX_FLOAT = 1e50
"""Above any loss in float32 (3.4e38); squares and sums of such figures stay finite."""

_SHOWN = 40
_REFUSED = object()


class JsonError(ValueError):
    """A text that is not JSON as it is taken here; the message says why, in one line."""


def parse(text: Union[bytes, str]) -> Any:
    """The value of a JSON text in UTF-8.

    Raises:
        JsonError: it is not JSON, not UTF-8, nested more than :data:`MAX_DEPTH` deep, has a
            number that is not finite or out of bounds, half of a surrogate pair, or a name twice.
    """
    reader = _Reader()
    try:
        plain = text.decode("utf-8") if isinstance(text, bytes) else text
        value = json.loads(
            plain,
            parse_int=reader.integer,
            parse_float=reader.number,
            parse_constant=reader.refuse,
            object_pairs_hook=reader.object,
        )
    except UnicodeDecodeError as error:
        raise JsonError(f"byte {error.start} cannot be decoded, it is not UTF-8") from None
    except RecursionError:
        raise JsonError(f"it is nested more than {MAX_DEPTH} deep") from None
    except JsonError:
        raise
    except ValueError as error:
        raise JsonError(" ".join(str(error).split())) from None
    if reader.problem:
        raise JsonError(reader.problem)
    # Without an escape no half of a pair can have come through the decoder.
    halves = isinstance(text, str) or "\\u" in plain
    if halves or plain.count("[") + plain.count("{") > MAX_DEPTH:
        check(value)
    return value


class _Reader:
    """The parser's hooks; ``problem`` is the first number that is none."""

    def __init__(self) -> None:
        self.problem = ""

    def integer(self, digits: str) -> Any:
        if len(digits) > 20 or abs(int(digits)) > MAX_INTEGER:
            return self.refuse(digits)
        return int(digits)

    def number(self, digits: str) -> Any:
        number = float(digits)
        return number if abs(number) <= MAX_FLOAT else self.refuse(digits)

    def refuse(self, word: str) -> Any:
        why = "is out of bounds" if word[-1].isdigit() else "is no number"
        self.problem = self.problem or f"{_short(word)} {why}"
        return _REFUSED

    def object(self, pairs: List[Tuple[str, Any]]) -> Dict[str, Any]:
        if self.problem:
            where = [name for name, value in pairs if value is _REFUSED]
            raise JsonError(f"{_short(where[0])!a}: {self.problem}" if where else self.problem)
        found = dict(pairs)
        if len(found) < len(pairs):
            seen: Set[str] = set()
            for name, _ in pairs:
                if name in seen:
                    raise JsonError(f"the name {_short(name)!a} stands twice in one object")
                seen.add(name)
        return found


def check(value: Any) -> None:
    """Apply the same bounds to what another parser, or a program, has put together.

    Raises:
        JsonError: as with :func:`parse`; or it is nothing that JSON can say.
    """
    level, depth = [value], 0
    while level:
        inside: List[Any] = []
        deeper = False
        for item in level:
            if isinstance(item, dict):
                inside += [*item.keys(), *item.values()]
                deeper = True
            elif isinstance(item, (list, tuple)):
                inside += item
                deeper = True
            else:
                _check_scalar(item)
        depth += deeper
        if depth > MAX_DEPTH:
            raise JsonError(f"it is nested more than {MAX_DEPTH} deep")
        level = inside


def _check_scalar(value: Any) -> None:
    if isinstance(value, str):
        if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
            raise JsonError("it holds half of a surrogate pair, which is no character")
    elif isinstance(value, float):
        if not abs(value) <= MAX_FLOAT:
            raise JsonError(f"the number {value} is out of bounds")
    elif isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            raise JsonError("an integer is out of bounds")
    elif value is not None:
        raise JsonError(f"{type(value).__name__} is nothing that JSON can say")


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}... of {len(text)} characters"
