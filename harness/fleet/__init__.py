"""Fleets: shards of a campaign, each on a host of its own, started by a batch system.

fleet_file ──► scheduler (a seam of four methods) ──► slurm ──► `benchdl shard` on a host

The batch system is only asked to start and to end; what happened is read from the shared folder.
"""
