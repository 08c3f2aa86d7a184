"""What image.toml says of backends without an image: stacks that are installed, or found."""

from __future__ import annotations

from typing import Annotated

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _specifier(text: str) -> str:
    try:
        SpecifierSet(text)
    except InvalidSpecifier as error:
        raise ValueError(str(error)) from None
    return text


Range = Annotated[str, AfterValidator(_specifier)]
"""Versions as in PEP 440, ``>=3.11,<3.14``; empty for all."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LocalStack(_Strict):
    """What the local launcher installs, for host Pythons within ``python``.

    ``leave_out`` names distributions that others ask for and that must not be installed.
    """

    python: Range
    lock: str
    note: str
    wheels: dict[str, str]
    leave_out: list[str] = []
    programs: list[str] = []
    environment: dict[str, str] = {}


class FoundStack(_Strict):
    """What the launcher ``python`` has to find: modules by name, each with its versions."""

    modules: dict[str, Range] = Field(min_length=1)
    environment: dict[str, str] = {}
