"""What every model of the contract shares: strictness, bounds, the version, one-line errors.

Every figure has bounds that no machine reaches and that sums, squares and ratios bear: what is
read is finite, and so is all that is computed from it.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Dict, Union

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from typing_extensions import Annotated

from runner.contract import strict_json

SCHEMA_VERSION = 2
"""Version of both job.json and result.json; raised with every incompatible change, each of which
is a step of runner/contract/upgrade.py."""

SHORTEST_S = 1e-9
"""The resolution of the monotonic clock: nothing that was measured took less, and not nothing."""

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}")
_LARGEST = strict_json.MAX_INTEGER
_LONGEST_S = 1e12

Number = Annotated[float, Field(ge=-strict_json.MAX_FLOAT, le=strict_json.MAX_FLOAT)]
"""Any figure."""
Seconds = Annotated[float, Field(ge=0, le=_LONGEST_S)]
"""A time that may have been none."""
Duration = Annotated[float, Field(ge=SHORTEST_S, le=_LONGEST_S)]
"""A time that something took, or is to take."""
Whole = Annotated[int, Field(ge=-_LARGEST, le=_LARGEST)]
"""Any integer."""
Count = Annotated[int, Field(ge=0, le=_LARGEST)]
"""How many, perhaps none."""
Ordinal = Annotated[int, Field(ge=1, le=_LARGEST)]
"""How many, at least one; or a number from 1."""


def _plain(value: Any) -> Any:
    strict_json.check(value)
    return value


Plain = Annotated[Any, AfterValidator(_plain)]
"""Facts of no fixed shape: whatever JSON can say, within the bounds of what comes from outside."""


def _moment(text: str) -> str:
    if not text:
        return text
    if not _DATE.match(text):
        raise ValueError("no date and time, as in 2026-11-23T12:00:00+00:00")
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None or not 1970 <= moment.year < 9000:
        raise ValueError("a date and time without a zone, or of no time that can be reckoned with")
    return text


Moment = Annotated[str, AfterValidator(_moment)]
"""A date and time with its zone, as text in the form of ISO 8601; empty where it is not known."""

SettingValue = Union[bool, Whole, Number, str]
"""What ``--set`` may give a setting."""


class ContractError(ValueError):
    """A job or result text that this version cannot accept; the message says why, in one line."""


class Model(BaseModel):
    """Base of every part of the contract: frozen, and an unknown key is an error."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        str_max_length=100_000,
        protected_namespaces=(),
    )


def versioned(text: Union[bytes, str], what: str, newest: int = SCHEMA_VERSION) -> Dict[str, Any]:
    """Parse JSON and check ``schema_version`` before anything else is looked at.

    Raises:
        ContractError: not a JSON object, no version, or one above ``newest``.
    """
    try:
        data = strict_json.parse(text)
    except strict_json.JsonError as error:
        raise ContractError(f"{what} is not valid JSON: {error}") from None
    if not isinstance(data, dict):
        raise ContractError(f"{what} is not a JSON object")
    version = data.get("schema_version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise ContractError(f"{what} has no usable schema_version (found {str(version)[:40]!a})")
    if version > newest:
        raise ContractError(
            f"{what} has schema version {version}, this benchdl reads up to {newest}: "
            "upgrade benchdl to read it"
        )
    return data


def first_error(error: ValidationError) -> str:
    """The first problem of a pydantic error, with its path, on one line."""
    problem = error.errors()[0]
    where = ".".join(str(part)[:40] for part in problem["loc"]) or "top level"
    return f"{where[:200]}: {problem['msg'][:300]}"
