"""What was proven of an image once: that its few updates are those that the workload states.

Every check has a number that was expected, the one that was seen, and how far apart they may be;
whether it holds follows from these alone.
"""

from __future__ import annotations

from typing import Dict, List, Optional

from pydantic import Field
from typing_extensions import Annotated, Literal

from runner.contract.schema import Model, Moment, Number, Seconds

Short = Annotated[str, Field(max_length=200)]


class Check(Model):
    """One thing that was looked at; ``seen`` is ``None`` where that came to nothing.

    ``skipped``: it was not looked at, and ``detail`` says why.
    """

    name: str = Field(max_length=40)
    expected: Number
    seen: Optional[Number] = None
    tolerance: Number = 0.0
    detail: str = Field(default="", max_length=500)
    skipped: bool = False

    @property
    def ok(self) -> Optional[bool]:
        """Whether it holds; ``None`` is not known."""
        if self.seen is None:
            return None
        return abs(self.seen - self.expected) <= self.tolerance


class Conformance(Model):
    """The checks of one image (or local environment), mode and device, and with what they ran.

    ``versions`` are of the live process, as it attested them.
    """

    image_id: Optional[str] = None
    locks_sha256: Dict[str, str] = {}
    backend: Short
    mode: Literal["as-written", "tuned"]
    device: Literal["cpu", "gpu"]
    at: Moment
    took_s: Seconds
    versions: Dict[Short, Short] = Field(default={}, max_length=100)
    checks: List[Check] = Field(min_length=1, max_length=100)

    def wrong(self) -> List[Check]:
        """What was proven not to be as the workload states it."""
        return [check for check in self.checks if check.ok is False]

    def unsettled(self) -> List[Check]:
        """What was tried and came to nothing."""
        return [check for check in self.checks if check.ok is None and not check.skipped]

    def skipped(self) -> List[Check]:
        """What was not tried."""
        return [check for check in self.checks if check.skipped]
