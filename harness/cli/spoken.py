"""Options of the command line from the fields of a model: name, type, bounds, default and help."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import click
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from harness.campaign.question import Spoken
from harness.cli import common

Command = TypeVar("Command", bound=Callable[..., Any])


def options(model: type[BaseModel], *names: str) -> Callable[[Command], Command]:
    """The options of the fields of ``names``, in their order; a parameter is named as its field.

    Raises:
        KeyError: a field that the command line has no words for.
    """

    def decorate(command: Command) -> Command:
        for name in reversed(names):
            command = _option(name, model.model_fields[name])(command)
        return command

    return decorate


def names(model: type[BaseModel]) -> list[str]:
    """The fields that the command line can ask for."""
    return [name for name, field in model.model_fields.items() if _spoken(field.metadata)]


def _option(name: str, field: FieldInfo) -> Callable[[Command], Command]:
    spoken = _spoken(field.metadata)
    if spoken is None:
        raise KeyError(name)
    return click.option(
        spoken.option,
        name,
        type=_type(field.annotation, field.metadata),
        default=field.default,
        show_default=field.default is not None,
        metavar=spoken.metavar,
        help=spoken.help,
    )


def _spoken(metadata: Iterable[Any]) -> Spoken | None:
    return next((about for about in metadata if isinstance(about, Spoken)), None)


def _type(annotation: Any, metadata: Iterable[Any]) -> click.ParamType[Any]:
    """What click parses: a choice, or a number within the bounds that pydantic knows."""
    bounds = _bounds(metadata)
    if typing.get_origin(annotation) in (types.UnionType, typing.Union):
        (annotation,) = (kind for kind in typing.get_args(annotation) if kind is not type(None))
    if typing.get_origin(annotation) is typing.Annotated:
        annotation, *inner = typing.get_args(annotation)
        for about in inner:
            bounds |= _bounds([about, *getattr(about, "metadata", [])])
    if typing.get_origin(annotation) is typing.Literal:
        return click.Choice(typing.get_args(annotation))
    if annotation is int:
        return click.IntRange(**bounds)
    if annotation is float:
        return common.Finite(**bounds)
    return click.STRING


def _bounds(metadata: Iterable[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for about in metadata:
        for bound, words in _WORDS.items():
            if hasattr(about, bound):
                found |= words(getattr(about, bound))
    return found


_WORDS: Mapping[str, Callable[[Any], dict[str, Any]]] = {
    "ge": lambda least: {"min": least},
    "gt": lambda least: {"min": least, "min_open": True},
    "le": lambda most: {"max": most},
    "lt": lambda most: {"max": most, "max_open": True},
}
