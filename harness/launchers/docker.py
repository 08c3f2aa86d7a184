"""The docker launcher: one hardened container a job; nothing that is not ours is touched.

Source of the options: docker-py's ``containers.create`` and "Docker security" in Docker's manual.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import docker
from docker.models.containers import Container
from docker.models.images import Image
from docker.types import Mount

from harness import cache, engine, marks
from harness.catalog import Backend, Flavour
from harness.engine import EngineLostError
from harness.errors import BenchdlError
from harness.images import build, built, old_images, pending
from harness.launchers import (
    applied,
    collectives,
    containers,
    data_access,
    gpu_options,
    hardening,
    recovery,
    room,
    share,
)
from harness.launchers.launcher import CACHE_VARIABLE, Exit, OnEvent, Order, Prepared
from harness.launchers.neighbours import Neighbours
from harness.launchers.stream import Follower, Stop
from harness.notices import Say
from harness.readiness import Readiness
from runner.contract.job import Pins, Provenance

RUN_LABEL = "benchdl.run_id"

Given = Callable[[Backend, Flavour, Say], Image]
"""The image to run a backend's flavour in."""

_PLACES = {"job": "/job", "data": "/data"}
_CACHE = "/cache"
_GONE_S = 30
_ENDED_BY_THE_ENGINE = (128 + 9, 128 + 15)
"""How a container ends that its engine ends: an engine that is stopped ends all."""
# Code that the driver compiles from PTX where a framework has none for the GPU; its own default, a
# folder in HOME, would be lost with the container. Source: "CUDA environment variables" in NVIDIA's
# CUDA programming guide; 4 GiB is the most that it allows.
_JIT_CACHE = {"CUDA_CACHE_PATH": f"{_CACHE}/cuda-jit", "CUDA_CACHE_MAXSIZE": str(4 * 2**30)}


class DockerLauncher:
    """Builds images as needed and runs each job in a container of its own.

    ``given`` has images that are used as they are instead of being built.
    """

    name: Literal["docker"] = "docker"

    def __init__(
        self,
        client: docker.DockerClient,
        *,
        make_base: bool = False,
        injection: gpu_options.InjectionWord = "auto",
        given: Given | None = None,
        engine_wait_s: float = recovery.DEFAULT_WAIT_S,
    ) -> None:
        self._client = client
        self._given = given
        self._make_base = make_base
        self._injection = injection
        self._info: dict[str, Any] = engine.info(client)
        self._version = engine.version(client)
        self._recovery = recovery.Recovery(client, engine_wait_s)
        self._seen = False
        self._gives_gpus = False

    def refuse(self, backend: Backend) -> None:
        """Nothing: images bring all that they need."""

    def prepare(self, backend: Backend, flavour: Flavour, say: Say) -> Prepared:
        """Build the image unless it is up to date."""
        if self._given is not None:
            image = self._given(backend, flavour, say)
            self._can_start(flavour, str(image.id), say)
            pins = self.pins(backend, flavour)
            return Prepared(built.provenance(image, flavour), pins, python="python")
        image_id = self._at_hand(backend, flavour, say)
        self._can_start(flavour, image_id, say)  # before gigabytes are built
        return self.for_others(backend, flavour, say)

    def for_others(self, backend: Backend, flavour: Flavour, say: Say) -> Prepared:
        """Build the image unless it is up to date; other hosts will start it, nothing does here."""
        image = build.build(
            self._client, backend, flavour, make_base=self._make_base, mirror=_mirror(), say=say
        )
        pins = self.pins(backend, flavour)
        return Prepared(built.provenance(image, flavour), pins, python="python")

    def readiness(self, backend: Backend, flavour: Flavour) -> Readiness:
        """Whether the image is there, built of what lies here now, on the base that is here."""
        return pending.readiness(self._client, backend, flavour, _mirror())

    def check_gpu(self, backend: Backend, say: Say) -> None:
        """Start a container of the base image, or of the one that is given, with every GPU."""
        if self._given is not None:
            image_id = str(self._given(backend, "gpu", say).id)
        else:
            image_id = self._at_hand(backend, "gpu", say)
        self._can_start("gpu", image_id, say)

    def _at_hand(self, backend: Backend, flavour: Flavour, say: Say) -> str:
        return build.at_hand(self._client, backend, flavour, make_base=self._make_base, say=say)

    def pins(self, backend: Backend, flavour: Flavour) -> Pins:
        """As image.toml has them."""
        spec = backend.spec
        return Pins(
            python=spec.base.python,
            packages=spec.framework.attested(flavour),
            cuda=spec.cuda.version if spec.cuda and flavour == "gpu" else None,
            cudnn=spec.cudnn.version if spec.cudnn and flavour == "gpu" else None,
        )

    def known(self, image: str, whose: str) -> Provenance:
        """Where it came from, by its labels."""
        return old_images.find(self._client, image, whose).provenance

    def earlier(self, image: str, whose: str, say: Say) -> Provenance:
        """Keep it under a name that no build takes away."""
        return old_images.kept(self._client, image, whose, say)

    def _can_start(self, flavour: Flavour, image_id: str, say: Say) -> None:
        """Can this engine give our files, and a GPU, to a container of the image at all?"""
        if not self._seen:
            folder = cache.cache_dir()
            with cache.storing(folder):
                folder.mkdir(parents=True, exist_ok=True)
                containers.see_our_files(self._client, image_id, folder)
            self._seen = True
        if flavour == "gpu" and not self._gives_gpus:
            way, reason = gpu_options.choose(self._info, self._injection)
            say(f"injection: {way}, {reason}")
            gpu_options.probe(self._client, image_id, way)
            self._gives_gpus = True

    def inside(self, host_dir: Path, role: Literal["job", "data"]) -> str:  # noqa: ARG002
        """Containers see fixed places."""
        return _PLACES[role]

    def keeps_to(self, cores: Sequence[int]) -> bool:
        """If the engine can."""
        return share.can_choose(cores, self._info)

    def check_data(self, files: list[Path], prepared: Prepared | None) -> None:
        """See that a container's user can read the data."""
        image = prepared.provenance.image_id if prepared else None
        data_access.check(self._client, self._info, image, files)

    def start(self, order: Order, on_event: OnEvent) -> Exit:
        """Create, start, follow, inspect and remove one container."""
        job, gpu = order.job, order.job.device == "gpu"
        way = gpu_options.choose(self._info, self._injection, job.gpus)[0] if gpu else None
        options = self._options(order, way)
        name, image = str(options["name"]), str(options["image"])
        common: dict[str, Any] = {"engine": self._version, "injection": way}
        lost: EngineLostError | None = None
        try:
            with engine.calls(self._client, f"starting {job.backend}"):
                container = self._client.containers.create(**options)
                container.start()
                container.reload()
            common["hardening"] = containers.facts(container)
            missing = applied.differences(options, container.attrs)
            if missing:
                common["hardening"][hardening.NOT_APPLIED] = missing
            if way is None:
                return self._follow(container, order, on_event, common)
            wrong = gpu_options.ignored(container.attrs["HostConfig"], way, job.gpus)
            if wrong:
                return Exit(
                    "not-started", detail=wrong, advice=gpu_options.IGNORED_ADVICE, **common
                )
            return self._follow_gpu(container, order, on_event, common)
        except EngineLostError as error:
            lost = error
            return Exit("engine-lost", detail=error.message, advice=error.advice, **common)
        except BenchdlError as error:
            return Exit("not-started", detail=error.message, advice=error.advice, **common)
        finally:
            # By name: Ctrl-C may come after the engine made it and before we hear of it.
            if not containers.remove(self._client, name) or lost is not None:
                self._recovery.note(name, image, lost)

    def settle(self, say: Say, stop: threading.Event | None) -> None:
        """Wait for an engine that went away, and see that no container of ours is left there."""
        self._recovery.settle(say, stop)

    def clear(self, campaign_id: str | None, say: Say) -> None:
        """Remove containers whose harness of this machine is dead."""
        containers.clear(self._client, campaign_id, say)

    def _follow_gpu(
        self, container: Container, order: Order, on_event: OnEvent, common: dict[str, Any]
    ) -> Exit:
        """As :meth:`_follow`, with an eye on who else is on the GPUs."""

        def both(event: dict[str, Any]) -> None:
            others.event(event)
            on_event(event)

        pid = int(container.attrs["State"].get("Pid") or 0)
        with Neighbours(str(container.id), pid, order.job.gpus) as others:
            ended = self._follow(container, order, both, common)
        return replace(ended, gpu_neighbours=others.most)

    def _follow(
        self, container: Container, order: Order, on_event: OnEvent, common: dict[str, Any]
    ) -> Exit:
        doing = f"following {order.job.backend}"
        with engine.calls(self._client, doing):
            output = container.logs(stream=True, follow=True, stdout=True, stderr=True)
        follower = Follower(output, on_event)
        limits = {order.job_dir: room.MAX_JOB_BYTES, order.compile_cache: room.MAX_CACHE_BYTES}
        with room.Room(limits, lambda: self._kill(container)) as watched:
            stop = Stop(order.stop, order.result)
            in_time = follower.until(time.monotonic() + order.timeout_s, stop)
        if not in_time:
            self._kill(container)
            return Exit("timeout", tail=follower.tail, **common)
        if watched.problem:
            detail = f"the job was ended: it wrote {watched.problem}"
            return Exit("too-big", detail=detail, tail=follower.tail, **common)
        if follower.broken is not None:  # what ended the job, nobody saw
            raise engine.lost(self._client, doing, follower.broken)
        with engine.calls(self._client, doing):
            container.wait(timeout=_GONE_S)
            container.reload()
        state = container.attrs["State"]
        code = int(state["ExitCode"])
        if state.get("OOMKilled"):
            return Exit("out-of-memory", code, tail=follower.tail, **common)
        if code in _ENDED_BY_THE_ENGINE and not engine.answers(self._client):
            raise engine.lost(self._client, doing, OSError("it ends, and ended the container"))
        detail = " ".join(str(state.get("Error") or "").split())
        return Exit("exited", code, detail=detail, tail=follower.tail, **common)

    def _kill(self, container: Container) -> None:
        with contextlib.suppress(*engine.BROKEN):  # it has just ended; it is removed in any case
            container.kill()

    def _options(self, order: Order, way: gpu_options.Injection | None) -> dict[str, Any]:
        job = order.job
        mounts = [
            Mount(_PLACES["job"], str(order.job_dir), type="bind"),
            *data_access.mounts(order.data_files, _PLACES["data"]),
            Mount(_CACHE, str(order.compile_cache), type="bind"),
        ]
        environment = {
            **collectives.variables(job),
            **job.settings.environment,
            "HOME": "/tmp",  # noqa: S108 - the container's own tmpfs
            CACHE_VARIABLE: _CACHE,
        }
        if way:
            environment = {**_JIT_CACHE, **environment}
        options: dict[str, Any] = {
            "image": job.provenance.image_id,
            "command": [_PLACES["job"]],
            "labels": {
                RUN_LABEL: job.run_id,
                marks.CAMPAIGN_LABEL: job.campaign_id,
                marks.HARNESS_LABEL: marks.own(),
            },
            "name": f"benchdl-{job.run_id}",
            "environment": environment,
            "mounts": mounts,
            "user": data_access.user(),
            **hardening.options(),
            **share.options(order, self._info),
        }
        devices = gpu_options.request(way, job.gpus) if way else gpu_options.none(self._info)
        environment.update(devices.pop("environment"))
        return {**options, **devices}


def _mirror() -> str | None:
    """The Debian mirror that images are built from, if it is not the base's own."""
    return os.environ.get("BENCHDL_DEBIAN_MIRROR")
