"""What a product of matrices reaches on a device: the yardstick of a job's own operations."""

from __future__ import annotations

from typing import Optional

from pydantic import Field
from typing_extensions import Annotated

from runner.contract.precision import Precision
from runner.contract.schema import Duration, Model, Ordinal


class Peak(Model):
    """Measured by the judge once training was over, in the job's own surroundings.

    ``device`` is ``cpu`` or a GPU's UUID. Two matrices of ``size`` × ``size`` were multiplied
    over and over for ``seconds`` by ``library``, in the precision ``multiplied_in``; of bfloat16
    and float16 the sums are in float32, as tools have it. ``flop_per_s`` (floating-point operations
    a second, a multiplication and an addition being two) is the median of many short windows.
    ``threads``: of the CPU, as many as the job was given.
    """

    device: str
    multiplied_in: Precision
    flop_per_s: Annotated[float, Field(gt=0, le=1e21)]
    size: Ordinal
    seconds: Duration
    library: str
    threads: Optional[Ordinal] = None
