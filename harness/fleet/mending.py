"""What was lost or damaged in a fleet's folder since it was planned: put there again.

Nothing of it is needed where the hosts have images and data: what cannot be had is only said.
"""

from __future__ import annotations

from harness import engine
from harness.errors import BenchdlError
from harness.fleet import shipped_data, shipping
from harness.fleet.fleet_record import Fleet
from harness.fleet.shard_files import Shard
from harness.notices import Say
from harness.provision import obtain


def put_again(fleet: Fleet, say: Say) -> None:
    """See that images and data of a fleet are in its folder, whole.

    Args:
        fleet: its record.
        say: is told what is put there, and what cannot be.
    """
    shard = _any_shard(fleet)
    if shard is None:
        return
    try:
        _data(fleet, shard, say)
        if shard.environments and shard.launcher == "docker":
            shipping.save_images(engine.connect(), shard.environments, fleet.file.folder, say)
    except BenchdlError as problem:
        say(f"not looked at whether the hosts find all they need: {problem}")


def _data(fleet: Fleet, shard: Shard, say: Say) -> None:
    data = obtain.resolve(shard.dataset, shard.options.workload, fleet.options.data_dir, say)
    if data.sha256 != shard.dataset_sha256:
        raise BenchdlError(f"{data.name} is other data here than the fleet began with")
    shipped_data.save_data(data, fleet.file.folder, say)


def _any_shard(fleet: Fleet) -> Shard | None:
    """What the shards are to run in and on: the same for all of them."""
    for planned in fleet.shards:
        try:
            return fleet.shard_folder(planned).shard()
        except BenchdlError:
            continue
    return None
