"""From one campaign to shards: whole blocks, each on one host of its type.

Hosts of one type differ a little, and a host is a block's own condition: every configuration of a
block runs on it, so that no tool is measured on the faster host alone.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from harness.campaign.plan import Options
from harness.fleet.fleet_file import Hosts


@dataclass(frozen=True)
class Part:
    """Blocks that run on one host.

    Attributes:
        name: of the shard: a number that is unique in its fleet, and the label of its type.
        label: of the type.
        options: the campaign's, with the repeats, the seeds and the order of this part.
    """

    name: str
    label: str
    options: Options


def parts(options: Options, hosts: Mapping[str, Hosts], order_seed: int) -> list[Part]:
    """The shards of a campaign: each type of host gets all of its blocks.

    Args:
        options: of the whole campaign; ``repeat`` is its blocks on each type of host.
        hosts: the types, by label.
        order_seed: draws a seed for the order of each part.
    """
    draw = random.Random(order_seed)  # noqa: S311 - an order, not a secret
    found: list[Part] = []
    for label, section in hosts.items():
        for first, blocks in _spread(options.repeat, section):
            own = {
                "machine": label,
                "repeat": blocks,
                "seed": (options.seed + first) % 2**31,
                "order_seed": draw.randrange(2**31),
            }
            plain = re.sub(r"[^A-Za-z0-9._-]+", "-", label)
            name = f"{len(found) + 1}-{plain}"
            found.append(Part(name, label, options.model_copy(update=own)))
    return found


def _spread(repeats: int, section: Hosts) -> Iterator[tuple[int, int]]:
    """The first block (from 0) and the number of blocks of each shard of one type."""
    wanted = -(-repeats // section.blocks) if section.blocks else section.count
    count = min(wanted, repeats)
    least, more = divmod(repeats, count)
    first = 0
    for number in range(count):
        blocks = least + (number < more)
        yield first, blocks
        first += blocks
