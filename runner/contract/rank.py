"""What one rank of a job that was split over several says of itself.

A rank is a process with its own GPU, or one device of a process that has several: as the tool has
it.
"""

from __future__ import annotations

from typing import Dict, Optional

from pydantic import Field
from typing_extensions import Annotated, Literal

from runner.contract.schema import Count, Model, Ordinal

MOST_RANKS = 1024
"""Of one job, which runs on one host."""

RankCount = Annotated[int, Field(ge=1, le=MOST_RANKS)]
"""Ranks of one job."""

Short = Annotated[str, Field(max_length=200)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Rank(Model):
    """One rank, numbered from 0, after training.

    ``name`` is the device as the tool calls it, ``uuid`` that of a GPU where the tool tells it.
    ``pid`` is of its process, which ranks may share. ``updates`` are those that it took part in.
    ``weights_sha256``: of its own copy of all trained weights, in the order and form in which they
    are handed over: float32, little-endian, one behind the other. ``products_in``: those of its
    training step by the type of their factors; empty where older runners did not tell.
    """

    number: Count
    device: Literal["cpu", "gpu"]
    name: Short
    uuid: Optional[Short] = None
    pid: Optional[Ordinal] = None
    versions: Dict[Short, Short] = Field(default={}, max_length=100)
    updates: Count
    weights_sha256: Sha256
    products_in: Dict[Short, Count] = Field(default={}, max_length=100)
