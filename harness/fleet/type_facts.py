"""What the hosts of one type have in common: the first host writes it, all others are compared.

A type's results share a line of a table, so a host with another processor, driver, image or lock
is none of the type.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from pydantic import ValidationError

from harness import files
from harness.campaign.records import Environment
from harness.errors import BenchdlError
from harness.files import FileError
from harness.launchers.exchange import unwritable
from harness.nvidia import host_driver
from harness.store import write_durably
from runner.contract.schema import Model, first_error

_MAX_BYTES = 2**20


class Facts(Model):
    """Of one host.

    Attributes:
        machine: what tables call it.
        gpus: names of its GPUs, in the driver's order.
        driver: the version of its NVIDIA driver.
        environments: what its jobs run in.
    """

    machine: str
    gpus: list[str]
    driver: str | None
    environments: list[Environment]

    def unlike(self, others: Facts) -> Iterator[str]:
        """Words for each difference."""
        if self.machine != others.machine:
            yield f"the machine is {self.machine}, that of its type {others.machine}"
        if self.gpus != others.gpus:
            yield f"its GPUs are {_list(self.gpus)}, those of its type {_list(others.gpus)}"
        if self.driver != others.driver:
            yield f"its NVIDIA driver is {self.driver}, that of its type {others.driver}"
        theirs = {environment.key: environment for environment in others.environments}
        for environment in self.environments:
            other = theirs.get(environment.key)
            if other is None or _pinned(other) != _pinned(environment):
                yield f"the {environment.device} environment of {environment.backend} is another"


def of_this_host(machine: str, environments: list[Environment]) -> Facts:
    """What can be told of the host that this runs on."""
    driver = host_driver.examine()
    return Facts(
        machine=machine,
        gpus=[gpu.name for gpu in driver.gpus],
        driver=driver.version,
        environments=environments,
    )


def differences(folder: Path, label: str, facts: Facts) -> list[str]:
    """How a host differs from the first of its type, whose facts are written here for good.

    Args:
        folder: of the fleet.
        label: of the type.
        facts: of this host.

    Raises:
        BenchdlError: the folder cannot be written, or the file there is damaged.
    """
    file = folder / "types" / f"{quote(label, safe='')}.json"
    partial = file.with_name(f".{secrets.token_hex(8)}.partial")
    try:
        file.parent.mkdir(exist_ok=True)
        write_durably(partial, facts.model_dump_json(indent=1))
        with contextlib.suppress(FileExistsError):
            os.link(partial, file)  # of several that come at once, one is the first
    except OSError as error:
        raise unwritable(folder, error) from None
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
    try:
        first = Facts.model_validate_json(files.read_plain(file, _MAX_BYTES))
    except FileError as error:
        raise BenchdlError(f"cannot read {file}: {error.message}") from None
    except ValidationError as error:
        raise BenchdlError(f"{file} does not fit the schema: {first_error(error)}") from None
    return list(facts.unlike(first))


def _pinned(environment: Environment) -> Environment:
    """Without the remark, which is no part of what was built."""
    plain = environment.provenance.model_copy(update={"note": None})
    return environment.model_copy(update={"provenance": plain})


def _list(words: list[str]) -> str:
    return ", ".join(words) or "none"
