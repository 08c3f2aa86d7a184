"""The verbs that train, thin over the harness; each imports what it needs when it is called."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any, Literal

from benchdl import given
from benchdl.given import Folder
from benchdl.shown import Preview, Runs
from harness import named_paths

if TYPE_CHECKING:
    from harness.campaign.resolved import Plan
    from harness.launchers.gpu_options import InjectionWord
    from harness.launchers.launcher import LauncherWord
    from harness.store import Store


def run(
    backends: str | Sequence[str],
    *,
    devices: Sequence[Literal["auto", "cpu", "gpu"]] = ("auto",),
    launcher: LauncherWord = "auto",
    injection: InjectionWord = "auto",
    make_base: bool = False,
    results: Folder = None,
    progress: bool = False,
    **options: Any,
) -> Runs:
    """Train with each backend, store every result, and return one row a run.

    Args:
        backends: as ``["tf", "theano"]``; ``all`` is all of them.
        devices: what to train on; ``auto`` is a GPU if there is one.
        launcher: in containers or on this host; ``auto`` is Docker where an engine answers,
            ``python`` the Python of the option ``python``.
        injection: how a container gets its GPUs.
        make_base: make the Debian base of images if it cannot be pulled.
        results: the folder of the results; ``$BENCHDL_RESULTS`` or ``results`` here.
        progress: show how it goes on: in the output of a notebook's cell, elsewhere on standard
            error as the command does.
        **options: as the fields of :class:`harness.campaign.plan.Options`: ``epochs``,
            ``train_samples``, ``repeat``, ``modes``, ``variants``, ``threads``, ``overrides``, ...

    Raises:
        Error: the request makes no sense, something that is needed cannot be had, or results
            cannot be written. A job that fails is a row, and not an exception.
        KeyboardInterrupt: after the running job was stored as interrupted.
    """
    from rich.console import Console

    from harness.campaign import cell_display, conduct, display
    from harness.tables import rows

    watcher = display.quiet()
    if progress:
        watcher = cell_display.here() or display.Display(Console(stderr=True))
    with given.told(), closing(watcher):
        asked = {**options, "backends": backends, "devices": devices}
        way = {"launcher": launcher, "injection": injection, "make_base": make_base}
        plan, store = _plan(asked, way, results, watcher.say)
        return Runs(rows.row(result) for result in conduct.run(plan, store, watcher))


def preview(
    backends: str | Sequence[str],
    *,
    devices: Sequence[Literal["auto", "cpu", "gpu"]] = ("auto",),
    launcher: LauncherWord = "auto",
    injection: InjectionWord = "auto",
    results: Folder = None,
    **options: Any,
) -> Preview:
    """What :func:`run` would do, with the same arguments; nothing is built, downloaded or stored.

    Args:
        backends: as with :func:`run`.
        devices: as with :func:`run`.
        launcher: as with :func:`run`.
        injection: as with :func:`run`.
        results: the folder whose results tell how long jobs take.
        **options: as with :func:`run`.

    Raises:
        Error: the request makes no sense, or something that is needed cannot be had.
    """
    from harness.campaign import preview as previews
    from harness.newest import nothing

    with given.told():
        asked = {**options, "backends": backends, "devices": devices}
        way = {"launcher": launcher, "injection": injection, "make_base": False}
        return Preview(previews.of(*_plan(asked, way, results, nothing)))


def _plan(
    asked: dict[str, Any], way: dict[str, Any], results: Folder, say: Callable[[str], None]
) -> tuple[Plan, Store]:
    """The plan of what was asked for and the store that it is for.

    ``way`` has how jobs start: the words of :func:`harness.launchers.choice.launcher`.
    """
    from harness import toml_models
    from harness.campaign import checked, plan, resolved
    from harness.hosts import this_machine
    from harness.launchers import choice

    backends = asked["backends"]
    words = {
        **asked,
        "backends": [backends] if isinstance(backends, str) else list(backends),
        "devices": [choice.device(word, say) for word in asked["devices"]],
        "machine": this_machine.name(asked.get("machine")),
    }
    if asked.get("data_dir") is not None:
        words["data_dir"] = named_paths.named(asked["data_dir"], "data_dir").absolute()
    python = asked.get("python")
    words["launcher"] = way["launcher"]
    words["python"] = choice.python(way["launcher"], None if python is None else str(python))
    wanted = toml_models.validate(words, plan.Options, "benchdl.run")
    question = checked.combined(wanted)
    launcher = choice.launcher(
        way["launcher"],
        python=wanted.python,
        make_base=way["make_base"],
        injection=way["injection"],
        say=say,
    )
    memory = wanted.memory_limit_bytes
    choice.check_limits(launcher, memory=memory, injection=way["injection"])
    store = given.store(results)
    return resolved.asked(question, launcher, store), store
