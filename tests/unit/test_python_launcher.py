"""The launcher ``python``: what it refuses, what it promises, and whom its rows never join."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from types import SimpleNamespace

import bundled
import pytest

import benchdl
from harness import catalog
from harness.bundle import choosing
from harness.bundle.redaction import Redaction
from harness.campaign import checked, matrix, records, resolved
from harness.campaign.plan import Options
from harness.checks import software
from harness.cli import command, resume
from harness.compare import comparing
from harness.compare.conditions import FOLLOWS, key
from harness.doctor import python_lines
from harness.doctor.line import State
from harness.errors import BenchdlError, UsageError
from harness.hosts import compiled
from harness.launchers import choice, interpreter, runner_needs
from harness.launchers.interpreter import Interpreter, Told
from harness.launchers.python_launcher import PythonLauncher
from harness.store import Store
from harness.tables import rows
from harness.tables.sections import grouped

PYTHON = Path("/opt/dl/bin/python")
MODULES = {"numpy": ["numpy"], "torch": ["torch"], "keras": ["keras"], "tensorflow": ["tensorflow"]}
HELD = {"numpy": "2.4.6", "torch": "2.5.1+cu121", "keras": "3.15.1", "tensorflow": "2.15.1"}


@pytest.fixture
def launcher(monkeypatch):
    """In a conda environment of another machine; ``holding`` changes what it holds."""
    facts = {
        "kind": "conda", "build": "3.12", "suffix": ".cpython-312-x86_64-linux-gnu.so",
        "threaded": False, "distributions": HELD, "conda": [], "modules": MODULES,
    }  # fmt: skip
    asked = []

    def look(python, modules):
        asked.append(list(modules))
        return Told.model_validate(facts)

    def ask(words, environment, **more):
        asked.append(environment)
        return []

    monkeypatch.setattr(Interpreter, "look", look)
    monkeypatch.setattr(interpreter, "ask", ask)
    monkeypatch.setattr(
        runner_needs, "bring", lambda needs, *more: tuple(f"/c/{need.name}" for need in needs)
    )
    made = PythonLauncher(Interpreter(PYTHON, "3.12.1"))
    made.asked = asked
    made.holding = lambda **changes: facts.update(changes)
    return made


def refused(call, *args, **more):
    with pytest.raises(BenchdlError) as caught:
        call(*args, **more)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def without(name):
    return {module: whose for module, whose in MODULES.items() if module != name}


def prepared(launcher, name="torch", flavour="cpu"):
    return launcher.prepare(catalog.load(name), flavour, lambda line: None)


def test_what_is_found_is_promised(launcher, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/site/modules::/more")
    ready = prepared(launcher)
    origin = ready.provenance
    assert (origin.kind, origin.reference) == ("interpreter", "torch (conda Python 3.12.1)")
    assert list(origin.locks_sha256) == ["installed"]
    assert origin.note == (
        "what a conda Python 3.12.1 holds, not the image's releases; brought along by benchdl: "
        "pydantic, typing-extensions, psutil, nvidia-ml-py3"
    )
    assert ready.pins.python == "3.12"
    assert ready.pins.packages == {"numpy": "2.4.6", "torch": "2.5.1"}
    assert (ready.pins.cuda, ready.pins.cudnn) == (None, None)
    assert ready.python == str(PYTHON)
    brought = [
        f"/c/{name}" for name in ("pydantic", "typing-extensions", "psutil", "nvidia-ml-py3")
    ]
    assert list(ready.search_path) == [*brought, "/site/modules", "/more"]
    searched = launcher.asked[-1]["PYTHONPATH"].split(":")
    assert searched[1:] == list(ready.search_path)
    assert launcher.asked[-1]["PYDANTIC_DISABLE_PLUGINS"] == "__all__"
    assert str(PYTHON) not in origin.model_dump_json()


def test_what_it_sets_is_named(launcher):
    launcher.holding(variables={"OMP_NUM_THREADS": "1"})
    note = prepared(launcher).provenance.note
    assert "not the image's releases; it sets OMP_NUM_THREADS; brought along" in note


def test_its_own_is_used_where_it_is_good_and_works(launcher, monkeypatch):
    own = {"pydantic": "2.11.1", "typing-extensions": "4.12.2"}
    launcher.holding(distributions={**HELD, **own})
    note = prepared(launcher).provenance.note
    assert note.endswith("brought along by benchdl: psutil, nvidia-ml-py3")
    tried = []

    def ask(words, environment, **more):
        tried.append(environment["PYTHONPATH"])
        if "/c/pydantic" not in tried[-1]:
            raise UsageError("ModuleNotFoundError: No module named 'pydantic_core'")

    monkeypatch.setattr(interpreter, "ask", ask)
    assert "benchdl: pydantic, " in prepared(launcher).provenance.note
    assert len(tried) == 2
    monkeypatch.setattr(interpreter, "ask", lambda *words, **more: refuse("numpy is broken"))
    assert refused(prepared, launcher) == "numpy is broken"


def test_what_is_broken_is_told_and_not_that_nothing_can_be_fetched(launcher, monkeypatch):
    launcher.holding(distributions={**HELD, "pydantic": "2.11.1"})
    monkeypatch.setattr(interpreter, "ask", lambda *words, **more: refuse("numpy is broken"))

    def bring(needs, *more):
        if needs == runner_needs.NEEDS:
            raise BenchdlError("pydantic for Python 3.12.1 cannot be had")
        return ()

    monkeypatch.setattr(runner_needs, "bring", bring)
    assert refused(prepared, launcher) == "numpy is broken"


@pytest.mark.parametrize("line", ["export PYTHONPATH=/site\nexec {} ", "exec {} -E "])
def test_a_script_that_keeps_the_runner_from_its_python(tmp_path, monkeypatch, line):
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.setattr(runner_needs, "bring", lambda *words: ())
    monkeypatch.setattr(runner_needs, "lacking", lambda told: ())
    script = tmp_path / "python"
    script.write_text("#!/bin/sh\n" + line.format(sys.executable) + '"$@"\n')
    script.chmod(0o755)
    launcher = PythonLauncher(interpreter.examine(script))
    said = refused(launcher._search_path, None, lambda line: None)
    assert "it starts without the PYTHONPATH that it is given" in said
    script.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    assert launcher._search_path(None, lambda line: None) == ((), ())


def refuse(words):
    raise UsageError(words)


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        ("torch", {"modules": without("torch")}, "torch is not in /opt/dl/bin/python: no module"),
        ("torch", {"modules": without("numpy")}, "numpy is not in /opt/dl/bin/python: no module"),
        ("jax", {}, "jax is not in /opt/dl/bin/python: no module jax"),
        (
            "keras3-torch",
            {"distributions": {**HELD, "keras": "2.15.0"}},
            "keras is 2.15.0 in /opt/dl/bin/python: backend 'keras3-torch' needs >=3",
        ),
        ("tf", {}, "keras is 3.15.1 in /opt/dl/bin/python: backend 'tf' needs <3"),
        (
            "tf",
            {"distributions": {**HELD, "tensorflow": "2.21.0"}},
            "tf_keras is not in /opt/dl/bin/python: no module tf_keras",
        ),
    ],
)
def test_what_is_not_there_is_one_line(launcher, name, changes, words):
    launcher.holding(**changes)
    line = refused(launcher.refuse, catalog.load(name))
    assert line.startswith(words)
    assert "install it there, or name another Python with --python" in line
    assert refused(prepared, launcher, name) == line


def test_modules_without_any_record_are_taken_and_not_promised(launcher):
    """A cluster module may be a folder of files alone; what is loaded is attested all the same."""
    launcher.holding(modules={**MODULES, "torch": []})
    assert prepared(launcher).pins.packages == {"numpy": "2.4.6"}


def test_a_version_of_ones_own_is_taken_as_it_is(launcher):
    launcher.holding(distributions={**HELD, "keras": "our fork"})
    assert prepared(launcher, "keras3-torch").pins.packages["keras"] == "our fork"


def test_keras_2_beside_a_current_tensorflow(launcher):
    modules = {**MODULES, "tf_keras": ["tf-keras"]}
    held = {**HELD, "tensorflow": "2.21.0", "tf-keras": "2.21.0"}
    launcher.holding(modules=modules, distributions=held)
    ready = prepared(launcher, "tf")
    assert ready.environment["TF_USE_LEGACY_KERAS"] == "1"
    assert ready.pins.packages == {"numpy": "2.4.6", "tensorflow": "2.21.0", "tf-keras": "2.21.0"}


def test_every_backend_says_what_it_needs():
    for name in catalog.names():
        spec = catalog.load(name).spec
        assert spec.found, name


def test_a_backend_that_does_not_say_it(launcher):
    torch = catalog.load("torch")
    silent = SimpleNamespace(name="small", spec=torch.spec.model_copy(update={"found": []}))
    assert "has no [[found]] stack in its image.toml" in refused(launcher.refuse, silent)


def test_each_backend_is_asked_for_once_until_it_is_prepared(launcher):
    torch = catalog.load("torch")
    launcher.refuse(torch)
    launcher.readiness(torch, "cpu")
    assert launcher.asked == [["numpy", "torch"]]
    prepared(launcher)
    assert launcher.asked[1] == ["numpy", "torch"]


def test_a_gpu_is_looked_for_first(launcher, monkeypatch):
    monkeypatch.setattr("harness.launchers.on_host.host_driver.gpus", lambda: (0, "no driver"))
    assert "no GPU here: no driver" in refused(prepared, launcher, flavour="gpu")
    assert "no GPU here" in refused(launcher.readiness, catalog.load("torch"), "gpu")


def test_readiness_names_what_the_first_run_brings(launcher, tmp_path, monkeypatch):
    monkeypatch.setenv("BENCHDL_CACHE", str(tmp_path))
    monkeypatch.setattr(runner_needs, "is_fetched", lambda need, *more: need.name == "pydantic")
    found = launcher.readiness(catalog.load("torch"), "cpu")
    assert found.name == ("torch in /opt/dl/bin/python (conda 3.12.1: numpy 2.4.6, torch 2.5.1)")
    assert found.lacks == "without pydantic, typing-extensions, psutil, nvidia-ml-py3"
    assert found.downloads == ("pydantic for Python 3.12",)
    monkeypatch.setattr(runner_needs, "missing", lambda *words: [])
    assert launcher.readiness(catalog.load("torch"), "cpu").lacks == ""


def asked(launcher, unsupported="refuse", backends=("torch", "jax")):
    options = Options(backends=list(backends), unsupported=unsupported)
    return resolved.asked(checked.combined(options), launcher, None)


def test_a_tool_that_is_not_there_is_refused_or_skipped_before_anything_starts(launcher):
    assert "jax is not in /opt/dl/bin/python" in refused(asked, launcher)
    plan = asked(launcher, "skip")
    assert [job.configuration.backend for job in plan.jobs] == ["torch"]
    (left_out,) = plan.question.skipped
    assert left_out.configuration.backend == "jax"
    assert any("skipped jax cpu: jax is not in" in note for note in plan.notes)
    assert refused(asked, launcher, "skip", ["jax"]).startswith("no combination can run: the first")


def test_words_of_the_launcher(monkeypatch, tmp_path):
    own = Path(sys.executable)
    assert choice.python("auto", None) is choice.python("docker", None) is None
    assert choice.python("auto", str(own)) == choice.python("python", str(own)) == own
    for word in ("docker", "local"):
        assert refused(choice.python, word, str(own)).startswith(f"--python with launcher {word}")
    made = choice.launcher("auto", python=own, say=pytest.fail)
    assert (made.name, type(made)) == ("python", PythonLauncher)
    monkeypatch.setenv("PATH", str(own.parent))
    assert choice.launcher("python", say=pytest.fail).name == "python"
    for more in ({"memory": 1.0, "injection": "auto"}, {"memory": None, "injection": "cdi"}):
        assert "with launcher python" in refused(choice.check_limits, made, **more)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--python", "/nonexistent"], "--python /nonexistent: there is no such file"),
        (["--launcher", "python", "--python", "/tmp"], "--python /tmp: it is a folder"),
        (["--launcher", "python", "--python", "/bin/true"], "/bin/true is no Python"),
        (["--launcher", "local", "--python", sys.executable], "--python with launcher local"),
        (["--launcher", "python", "--python", sys.executable], "torch is not in"),
    ],
)
def test_the_command_says_it_in_one_line(tmp_path, monkeypatch, capsys, words, said):
    monkeypatch.chdir(tmp_path)
    assert command.run(["run", "torch", "--device", "cpu", *words]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert said in err
    assert list(tmp_path.iterdir()) == []


def in_python(make_result, sha256=64 * "1", kind="interpreter", **more):
    origin = {"kind": kind, "image_id": None, "locks_sha256": {"installed": sha256}}
    job = {"launcher": "python", "provenance": origin, **more}
    return [make_result(job=job, launch={"launcher": "python"}) for _ in range(5)]


def test_programs_name_it_as_an_option():
    for more in ({}, {"launcher": "python"}):
        line = refused(benchdl.preview, "torch", devices=["cpu"], python="/tmp", **more)
        assert line.startswith("--python /tmp: it is a folder")


def test_its_rows_stand_by_themselves(make_result):
    """Same tool, same versions, same settings: not one median with images, nor of two Pythons."""
    pinned = [make_result() for _ in range(5)]
    local = [make_result(job={"launcher": "local"}) for _ in range(5)]
    here, there = in_python(make_result), in_python(make_result, 64 * "2")
    sections = grouped([rows.row(result) for result in [*pinned, *local, *here, *there]])
    captions = {section.caption.partition("launcher ")[2].partition(" ")[0]: section
                for section in sections}  # fmt: skip
    assert set(captions) == {"docker", "local", "python"}
    lines = captions["python"].lines
    assert [len(line.members) for line in lines] == [5, 5]
    assert len({line.name.label for line in lines}) == 2
    assert all("[lock files " in line.name.label for line in lines)


def test_comparing_names_what_differs(make_result):
    of = {"pinned": [rows.row(make_result()) for _ in range(5)],
          "here": [rows.row(result) for result in in_python(make_result)],
          "there": [rows.row(result) for result in in_python(make_result, 64 * "2")]}  # fmt: skip
    with pytest.raises(UsageError) as caught:
        comparing.between((of["pinned"], of["here"]), ("time",), names=("A", "B"))
    assert "launcher (docker / python)" in str(caught.value)
    (line,) = comparing.between((of["here"], of["there"]), ("time",), names=("A", "B")).lines
    assert set(line.differs) == {"lock files"}
    for question in FOLLOWS:
        same = key(of["pinned"][0], FOLLOWS[question]) == key(of["here"][0], FOLLOWS[question])
        assert not same or question == "launcher"


def test_compiled_code_is_of_one_python(make_result, tmp_path, monkeypatch):
    monkeypatch.setenv("BENCHDL_CACHE", str(tmp_path))
    jobs = [in_python(make_result, digit * 64)[0].job for digit in "112"]
    first, again, other = map(compiled.folder, jobs)
    assert first == again != other


def test_another_release_than_its_metadata_says(make_result):
    (result, *_) = in_python(make_result, pins={"packages": {"keras": "9.9"}})
    case = SimpleNamespace(job=result.job, measured=result.measurement)
    findings = {finding.code: finding for finding in software.pinned(case)}
    assert "keras 9.9 is pinned, 2.11.0 was loaded" in findings["pin-mismatch"].evidence
    assert "images build" not in findings["pin-mismatch"].advice
    assert "look at its path" in findings["pin-mismatch"].advice


@pytest.fixture
def record(tmp_path, monkeypatch):
    """The record of a campaign in a Python; keywords change its options."""
    bundled.as_root(bundled.checkout(tmp_path / "checkout"), monkeypatch)
    made = bundled.campaign()

    def make(**options):
        wanted = made.options.model_copy(update={"python": PYTHON, **options})
        return made.model_copy(update={"launcher": "python", "options": wanted})

    return make


def test_how_to_go_on_names_the_python(record):
    spaced = record(python=Path("/my envs/bin/python"))
    assert shlex.split(spaced.how_to_go_on) == [
        "benchdl", "resume", spaced.campaign_id, "--python", "/my envs/bin/python",
    ]  # fmt: skip


def test_a_program_that_only_a_record_names_is_never_started(record, tmp_path, monkeypatch, capsys):
    store = Store(tmp_path / "results")
    told = tmp_path / "started"
    evil = tmp_path / "evil"
    evil.write_text(f"#!/bin/sh\ntouch {told}\n")
    evil.chmod(0o755)
    made = record(python=evil)
    records.save(store, made)
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    assert command.run(["resume", "--results", str(store.directory)]) == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert f"ran in {evil}, and `python` starts" in line
    assert f"--python {evil}" in line
    assert not told.exists()
    assert resume._python(made, str(evil)) == evil
    docker = made.model_copy(update={"launcher": "docker"})
    assert "--python with launcher docker" in refused(resume._python, docker, str(evil))


def test_a_bundle_of_it_says_what_it_cannot_do(record):
    line = refused(choosing.launcher, record(), "local", trusted=True)
    assert line.startswith("the bundle's jobs ran in a Python of its maker's")
    assert "bundle replay shows its results" in line
    assert "benchdl run --launcher python" in line


@pytest.mark.parametrize(
    ("python", "published"),
    [
        ("/gpfs/projects/x17/envs/dl/bin/python", "$BENCHDL_PYTHON/lib/libcudart.so.12"),
        ("/usr/bin/python3", "/gpfs/projects/x17/envs/dl/lib/libcudart.so.12"),
    ],
)
def test_a_bundle_does_not_tell_where_it_is(record, tmp_path, python, published):
    made = record(python=Path(python), data_dir=None)
    text = json.dumps({"libcudart": "/gpfs/projects/x17/envs/dl/lib/libcudart.so.12"})
    hidden = Redaction(made, [], Store(tmp_path)).text(text.encode())
    assert json.loads(hidden) == {"libcudart": published}


def read(tmp_path, text):
    file = tmp_path / "campaign.toml"
    file.write_text(f'{text}\n[matrix]\nbackends = ["dummy"]\n')
    return matrix.read(file, lambda word: "cpu")


def test_a_campaign_file_may_name_it(tmp_path):
    found = read(tmp_path, 'launcher = "python"\npython = "/opt/dl/bin/python"')
    assert (found.launcher, found.python) == ("python", PYTHON)
    assert (read(tmp_path, "").launcher, read(tmp_path, "").python) == ("auto", None)
    assert "launcher" in refused(read, tmp_path, 'launcher = "conda"')


@pytest.mark.parametrize("words", [["--launcher", "docker"], ["--python", sys.executable]])
def test_a_file_and_the_command_line_do_not_both_say_it(tmp_path, monkeypatch, capsys, words):
    monkeypatch.chdir(tmp_path)
    read(tmp_path, 'launcher = "python"\npython = "/opt/dl/bin/python"')
    assert command.run(["run", "--campaign", "campaign.toml", *words]) == 2
    said = f"--campaign together with {words[0]}: the file says it already"
    assert said in capsys.readouterr().err


def test_doctor_says_what_a_python_could_run(launcher, monkeypatch, tmp_path):
    monkeypatch.setenv("BENCHDL_CACHE", str(tmp_path))
    monkeypatch.setattr(interpreter, "find", lambda word: PYTHON)
    monkeypatch.setattr(interpreter, "examine", lambda path: Interpreter(path, "3.12.1"))
    backends = [catalog.load("torch"), catalog.load("jax")]
    about, torch, jax = python_lines.examine("x", backends)
    assert (about.state, about.found) == (State.OK, "/opt/dl/bin/python is Python 3.12.1")
    assert torch.state == State.FIRST_USE
    assert "torch 2.5.1" in torch.found
    assert (jax.state, jax.found) == (State.OK, "not possible: jax is not in "
                                      "/opt/dl/bin/python: no module jax")  # fmt: skip
    monkeypatch.setattr(runner_needs, "missing", lambda *words: [])
    assert python_lines.examine("x", backends)[1].state == State.OK


def test_doctor_says_that_it_is_none(tmp_path):
    (line,) = python_lines.examine(str(tmp_path), [])
    assert (line.state, line.subject) == (State.BROKEN, "--python")
    assert "it is a folder" in line.found
