"""The ``[precision]`` of an image.toml."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

from runner.contract.precision import Precision


class Precisions(BaseModel):
    """In which precisions the backend trains on each kind of device; all have float32.

    ``not_for`` names the workloads that it does not train in one of them, where a tool's own kernel
    lacks it: there it is refused.

    A file of before the key (in a bundle) says ``dtype`` and ``tf32``, of which only the usual
    values were ever in use.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    cpu: list[Precision] = ["float32"]
    gpu: list[Precision] = ["float32"]
    not_for: dict[Precision, list[str]] = {}

    @model_validator(mode="before")
    @classmethod
    def _of_before(cls, data: Any) -> Any:
        usual = {"dtype": "float32", "tf32": False}
        return {"gpu": ["float32", "tf32"]} if data == usual else data
