"""The verbs, thin over the harness; each imports what it needs when it is called."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from benchdl.shown import Comparison, Preview, Runs
from harness import files, named_paths, paths
from harness.campaign import notebook
from harness.errors import BenchdlError, UsageError
from harness.store import Store
from harness.store import report as report_damaged

if TYPE_CHECKING:
    from harness.campaign.resolved import Plan
    from harness.launchers.gpu_options import InjectionWord
    from harness.launchers.launcher import LauncherWord
    from harness.report.writing import Format

Folder = str | Path | None
Folders = Folder | Sequence[str | Path]


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
    with _told(), closing(watcher):
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

    with _told():
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
    store = _store(results)
    return resolved.asked(question, launcher, store), store


def load(results: Folders = None) -> Any:
    """All stored results: a ``pandas.DataFrame`` where pandas is installed, else :class:`Runs`.

    Args:
        results: the folder of the results, or several; ``$BENCHDL_RESULTS`` or ``results`` here.

    Raises:
        Error: the folder cannot be read. A result that cannot be is left out with a warning.
    """
    from harness import together
    from harness.tables.told_beside import Beside

    with _told():
        held = together.load(_stores(results))
        report_damaged(held.damaged, notebook.warn)
        runs = Runs(Beside(held.origins).rows(held.results))
    try:
        return runs.frame()
    except ImportError:
        return runs


def compare(
    a: str,
    b: str,
    *,
    figure: str = "time",
    margin: float | None = None,
    force: bool = False,
    campaign: str | None = None,
    results: Folders = None,
) -> Comparison:
    """Is B faster than A, by how much, and how sure is that?

    Args:
        a: as in ``benchdl compare``: a backend (``tf:tuned:gpu``), a campaign, or a folder.
        b: likewise.
        figure: ``time``, ``first-epoch``, ``steady-epoch`` or ``total``.
        margin: a difference that does not matter, as a share; the command's own without.
        force: compare what differs in more than was asked.
        campaign: of two backends only the runs of this campaign.
        results: the folder of the results, or several; ``$BENCHDL_RESULTS`` or ``results`` here.

    Raises:
        Error: a word is nothing known, or the two may not be compared.
    """
    from harness import catalog
    from harness.compare import comparing, sides
    from harness.stats.verdicts import MARGIN
    from harness.tables.columns import COMPARED
    from harness.tables.selection import Selection

    with _told():
        if figure not in COMPARED:
            advice = catalog.suggestion(figure, list(COMPARED), "figures")
            raise UsageError(f"unknown figure '{figure}'", advice)
        selection = Selection(campaign=campaign)
        found = sides.resolve((a, b), _stores(results), notebook.warn, selection)
        outcome = comparing.between(
            found.rows,
            found.questions,
            names=found.names,
            figure=COMPARED[figure].key,
            margin=MARGIN if margin is None else margin,
            force=force,
            others=found.others,
        )
    return Comparison(outcome)


def report(
    output: str | Path = "report.html",
    *,
    form: Format = "html",
    timelines: int | None = 200,
    results: Folders = None,
) -> Path:
    """Write a report of all stored results: one file that needs no network; returns where it is.

    Args:
        output: the file to write; one that is there stays until the new one is whole.
        form: the page (``html``), or its tables as ``md`` or ``csv``.
        timelines: how many of the newest runs get one in the page; None for all.
        results: the folder of the results, or several; ``$BENCHDL_RESULTS`` or ``results`` here.

    Raises:
        Error: the results cannot be read, or the file cannot be written.
    """
    from harness.report import writing

    with _told():
        file = named_paths.named(output, "output")
        writing.check(file)
        text, _ = writing.made(_stores(results), form, timelines, notebook.warn)
        writing.write(file, text)
    return file


def _stores(results: Folders) -> list[Store]:
    if results is None or isinstance(results, str | Path):
        return [_store(results)]
    return [_store(folder) for folder in results]


def _store(results: Folder) -> Store:
    named = None if results is None else named_paths.named(results, "results")
    return Store(paths.results_dir(named))


@contextmanager
def _told() -> Iterator[None]:
    """What is wrong with a place that nothing asked about before is an error of ours as well."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            raise
        raise BenchdlError(f"{files.shown(error.filename)}: {files.reason(error)}") from error
