"""What every model of the contract shares: strictness, the schema version, one-line errors."""

from __future__ import annotations

import json
from typing import Any, Dict

from pydantic import BaseModel, ConfigDict, ValidationError

SCHEMA_VERSION = 1
"""Version of both job.json and result.json; raised with every incompatible change."""


class ContractError(ValueError):
    """A job or result text that this version cannot accept; the message says why, in one line."""


class Model(BaseModel):
    """Base of every part of the contract: frozen, and an unknown key is an error."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, protected_namespaces=()
    )


def versioned(text: str, what: str, newest: int = SCHEMA_VERSION) -> Dict[str, Any]:
    """Parse JSON and check ``schema_version`` before anything else is looked at.

    Raises:
        ContractError: not a JSON object, no version, or one above ``newest``.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ContractError(f"{what} is not valid JSON: {error}") from None
    if not isinstance(data, dict):
        raise ContractError(f"{what} is not a JSON object")
    version = data.get("schema_version")
    if not isinstance(version, int) or version < 1:
        raise ContractError(f"{what} has no usable schema_version (found {version!r})")
    if version > newest:
        raise ContractError(
            f"{what} has schema version {version}, this benchdl reads up to {newest}: "
            "upgrade benchdl to read it"
        )
    return data


def first_error(error: ValidationError) -> str:
    """The first problem of a pydantic error, with its path, on one line."""
    problem = error.errors()[0]
    where = ".".join(str(part) for part in problem["loc"]) or "top level"
    return f"{where}: {problem['msg']}"
