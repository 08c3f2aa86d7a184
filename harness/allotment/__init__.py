"""What the surroundings let this process use, and so its jobs: cores, memory, GPUs.

A batch system, a container, ``taskset`` and ``ulimit`` have decided that already. It holds for jobs
in containers as well, which the engine starts outside of all of these.
"""
