"""What a machine's NCCL must not use, as its owner says: passed on to jobs that GPUs share.

Each is part of what a job attests (``nccl_variables``), and of the tool only where it uses NCCL.
"""

from __future__ import annotations

import os

from runner.contract.job import Job

PASSED_ON = (
    "NCCL_NVLS_ENABLE", "NCCL_P2P_DISABLE", "NCCL_SHM_DISABLE", "NCCL_CUMEM_ENABLE",
    "NCCL_CUMEM_HOST_ENABLE", "NCCL_IB_DISABLE",
)  # fmt: skip
"""Of NCCL's page "Environment Variables", those that switch off a way between GPUs; multicast over
NVLink (NVLS) is what hosts in virtual machines lack most often."""


def variables(job: Job) -> dict[str, str]:
    """The variables of this process that a data-parallel job on GPUs gets; of others none."""
    if job.device != "gpu" or job.settings.strategy != "data-parallel":
        return {}
    return {name: os.environ[name] for name in PASSED_ON if name in os.environ}
