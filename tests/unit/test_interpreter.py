"""Which Python ``--python`` means, and what is said of what is none, too old, or something else."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.launchers import asked, interpreter, interpreter_probe

OWN = Path(sys.executable)


def program(path, text, mode=0o755):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


def saying(path, *said):
    """A program that answers whatever it is asked."""
    return program(path, f"#!/bin/sh\necho '{json.dumps(list(said))}'\n")


def refused(call, *args):
    with pytest.raises(UsageError) as caught:
        call(*args)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_path_is_taken_as_it_is_and_a_name_is_looked_for(tmp_path, monkeypatch):
    link = tmp_path / "venv" / "bin" / "python"
    link.parent.mkdir(parents=True)
    link.symlink_to(OWN)
    assert interpreter.find(str(link)) == link  # resolved, it would be another environment
    monkeypatch.setenv("PATH", str(link.parent))
    monkeypatch.chdir(tmp_path)
    assert interpreter.find("python") == interpreter.find(None) == link
    link.rename(link.with_name("python3"))
    assert interpreter.find(None) == link.with_name("python3")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert interpreter.find("~/venv/bin/python3") == link.with_name("python3")
    monkeypatch.chdir(tmp_path / "venv" / "bin")
    assert interpreter.find("./python3") == link.with_name("python3")


def test_what_is_no_program_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "data").mkdir()
    program(tmp_path / "env" / "bin" / "python", "")
    program(tmp_path / "text", "", mode=0o644)
    if os.geteuid() == 0:  # may execute what anybody may
        assert not os.access(tmp_path / "text", os.X_OK)
    assert "there is no such file" in refused(interpreter.find, str(tmp_path / "none"))
    assert "it is a folder" in refused(interpreter.find, str(tmp_path / "data"))
    env = tmp_path / "env"
    assert f"name its Python: {env}/bin/python" in refused(interpreter.find, str(env))
    assert "it cannot be executed" in refused(interpreter.find, str(tmp_path / "text"))
    assert "no such program on the PATH" in refused(interpreter.find, "python3.99")
    assert "an empty name" in refused(interpreter.find, "")
    assert "no python on the PATH" in refused(interpreter.find, None)


def test_a_python_says_its_version():
    found = interpreter.examine(OWN)
    assert found.path == OWN
    assert found.version == "{}.{}.{}".format(*sys.version_info[:3])
    assert found.minor == "{}.{}".format(*sys.version_info[:2])


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (("CPython", [2, 7, 18], "/x"), "is Python 2.7.18: jobs need 3.9 or newer"),
        (("CPython", [3, 6, 15], "/x"), "is Python 3.6.15: jobs need 3.9 or newer"),
        (("PyPy", [3, 10, 1], "/x"), "is PyPy: jobs need CPython"),
        (("CPython", [3, 10], "/x"), "is no Python"),
        (("CPython", "3.10.1", "/x"), "is no Python"),
        ((), "is no Python"),
    ],
)
def test_another_python_than_the_runner_needs_is_one_line(tmp_path, said, words):
    python = saying(tmp_path / "python", *said)
    assert words in refused(interpreter.examine, python)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("#!/bin/sh\nexit 0\n", "is no Python"),
        ("#!/bin/sh\necho hello\n", "is no Python"),
        ("#!/bin/sh\necho loading >&2; echo no licence >&2; exit 3\n", ": no licence"),
        ("#!/bin/sh\nexit 3\n", ": it ended with 3"),
        ("#!/bin/sh\nkill -9 $$\n", ": it ended with -9"),
        ("#!/no/such/program\n", "does not start: No such file or directory"),
        ("\x7fELF, it says", "does not start: Exec format error"),
        ("#!/bin/sh\nexec sleep 600\n", "gave no answer within 1 s"),
        ("#!/bin/sh\nsleep 600 & exit 0\n", "gave no answer within 1 s"),
        ("#!/bin/sh\nexec >&- 2>&-; exec sleep 600\n", "gave no answer within 1 s"),
    ],
)
def test_a_program_that_is_none_is_one_line(tmp_path, monkeypatch, text, words):
    monkeypatch.setattr(interpreter, "PATIENCE_S", 1.0)
    assert words in refused(interpreter.examine, program(tmp_path / "python", text))


FATAL = """Python path configuration:
  PYTHONHOME = '/nonsense'
Fatal Python error: init_fs_encoding: failed to get the Python codec
ModuleNotFoundError: No module named 'encodings'

Current thread 0x1 (most recent call first):
  <no Python frame>"""
SHIM = """pyenv: python3.12: command not found

The `python3.12' command exists in these Python versions:
  3.12.1
Note: See 'pyenv help global' for tips on allowing multiple
      Python versions to be found at the same time."""
BROKEN = """Traceback (most recent call last):
  File "<string>", line 1, in <module>
    raise Odd("no such error")
lib.Odd: it is of another machine"""


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (FATAL, "ModuleNotFoundError: No module named 'encodings'"),
        (SHIM, "pyenv: python3.12: command not found"),
        (BROKEN, "lib.Odd: it is of another machine"),
        ("cat: invalid option -- 'c'\nTry 'cat --help'", "cat: invalid option -- 'c'"),
    ],
)
def test_the_line_that_tells_what_is_wrong_is_shown_with_a_way_out(
    tmp_path, monkeypatch, said, words
):
    for name in ("PYTHONHOME", "PYTHONPATH", "LD_LIBRARY_PATH"):
        monkeypatch.delenv(name, raising=False)
    python = program(tmp_path / "python", f"#!/bin/sh\ncat << 'END'\n{said}\nEND\nexit 1\n")
    line = refused(interpreter.examine, python)
    assert line == f"{python}: {words}: name another Python with --python"
    monkeypatch.setenv("PYTHONHOME", "/nonsense")
    assert "unset PYTHONHOME if not meant for it, or" in refused(interpreter.examine, python)


def test_one_that_never_ends_to_speak_is_ended(monkeypatch, tmp_path):
    monkeypatch.setattr(asked, "_MOST_BYTES", 2**20)
    script = program(tmp_path / "python", "#!/bin/sh\nexec yes\n")
    assert "gave no answer" in refused(interpreter.examine, script)


def test_what_is_started_with_a_question_ends_with_it(tmp_path, monkeypatch):
    monkeypatch.setattr(interpreter, "PATIENCE_S", 1.0)
    told = tmp_path / "pid"
    text = f"#!/bin/sh\nsleep 600 &\necho $! > {told}\nwait\n"
    refused(interpreter.examine, program(tmp_path / "python", text))
    left = Path("/proc") / told.read_text().strip()
    deadline = time.monotonic() + 30
    while (left / "exe").exists():  # it is killed; what nobody has reaped has no program either
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_shim_that_chooses_by_its_folder_is_looked_behind(tmp_path, monkeypatch):
    """As pyenv's do: a job starts in a folder of its own, where it would choose another Python."""
    text = f'#!/bin/sh\n[ "$PWD" = / ] && exec /bin/false\nexec {OWN} "$@"\n'
    shim = program(tmp_path / "shim", text)
    monkeypatch.chdir(tmp_path)
    assert "it ended with 1" in refused(interpreter.examine, shim)
    other = saying(tmp_path / "other", "CPython", [3, 6, 15], "/usr/bin/python3.6")
    shim.write_text(f'#!/bin/sh\n[ "$PWD" = / ] && exec {other}\nexec {OWN} "$@"\n')
    assert interpreter.examine(shim) == interpreter.examine(OWN)
    wrapper = program(tmp_path / "wrapper", f'#!/bin/sh\nexec {OWN} "$@"\n')
    assert interpreter.examine(wrapper).path == wrapper  # it may set what its Python needs


def test_what_lies_in_the_current_folder_is_none_of_its_modules(tmp_path, monkeypatch):
    program(tmp_path / "json.py", "raise SystemExit('not this one')\n")
    monkeypatch.chdir(tmp_path)
    wrapper = program(tmp_path / "wrapper", f'#!/bin/sh\nexec {OWN} "$@"\n')
    assert interpreter.examine(wrapper).minor == "{}.{}".format(*sys.version_info[:2])
    assert "tmp" not in json.dumps(interpreter.Interpreter(OWN, "3").look(["json"]).modules)


def test_only_what_leads_a_python_to_what_it_holds_reaches_it(monkeypatch):
    monkeypatch.setenv("CONDA_PREFIX", "/opt/conda")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("LD_PRELOAD", "")
    monkeypatch.setenv("PYTHONPATH", "/site:mine::/more")
    monkeypatch.chdir("/opt")
    found = interpreter.variables()
    assert found["CONDA_PREFIX"] == "/opt/conda"
    assert found["PYTHONPATH"] == "/site:/opt/mine:/more"  # a job starts in another folder
    assert not {"OMP_NUM_THREADS", "LD_PRELOAD", "BENCHDL_CACHE"} & set(found)


def distribution(folder, name, version, *files, top_level=None):
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (info / "RECORD").write_text("".join(f"{file},,\n" for file in files))
    if top_level is not None:
        (info / "top_level.txt").write_text(top_level)


def look(folder, monkeypatch, *modules):
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return interpreter.examine(OWN).look(modules)


def test_modules_are_of_the_distributions_that_have_them(tmp_path, monkeypatch):
    for name in ("alpha", "beta", "gamma", "delta"):
        (tmp_path / f"{name}_of_tests.py").write_text("raise SystemExit('it was imported')\n")
    distribution(tmp_path, "alpha-of-tests", "1.0", top_level="")  # a namesake without it
    distribution(tmp_path, "Alpha.Real", "2.0+cu121", "alpha_of_tests.py")
    distribution(tmp_path, "beta_of_tests", "3.0", top_level="beta_of_tests\n")
    distribution(tmp_path, "gamma-of-tests", "4.0")  # an editable one lists nothing
    modules = [f"{name}_of_tests" for name in ("alpha", "beta", "gamma", "delta", "epsilon")]
    (tmp_path / "broken-1.0.dist-info").mkdir()  # half of an installation that was stopped
    told = look(tmp_path, monkeypatch, *modules)
    assert "broken" not in told.distributions
    assert told.modules == {
        "alpha_of_tests": ["alpha-real"],
        "beta_of_tests": ["beta-of-tests"],
        "gamma_of_tests": ["gamma-of-tests"],
        "delta_of_tests": [],
    }
    assert told.distributions["alpha-real"] == "2.0+cu121"


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("METADATA", b"Name: other\nVersion: 1.0\nAuthor: J\xf6rg\n"),  # no UTF-8
        ("RECORD", b"J\xf6rg.py,,\n"),
        ("RECORD", b"a.py,sha256=x,many\n"),
        ("RECORD", b"a.py,,,,,\n"),
        ("RECORD", b"a.py\0,,\n"),
        ("top_level.txt", b"J\xf6rg\n"),
        ("METADATA", None),  # a link to itself
        ("RECORD", None),
    ],
)
def test_one_record_that_cannot_be_read_is_not_the_end(tmp_path, monkeypatch, file, content):
    """It is of a package that nobody asked for."""
    (tmp_path / "alpha_of_tests.py").write_text("")
    distribution(tmp_path, "alpha-real", "2.0", "alpha_of_tests.py")
    distribution(tmp_path, "other", "1.0")
    broken = tmp_path / "other-1.0.dist-info" / file
    if content is None:
        broken.unlink()
        broken.symlink_to(broken)
    else:
        broken.write_bytes(content)
    told = look(tmp_path, monkeypatch, "alpha_of_tests")
    assert told.modules == {"alpha_of_tests": ["alpha-real"]}


def test_a_folder_that_a_removal_left_is_no_module(tmp_path, monkeypatch):
    """Python imports it, as an empty namespace."""
    (tmp_path / "alpha_of_tests" / "__pycache__").mkdir(parents=True)
    assert look(tmp_path, monkeypatch, "alpha_of_tests", "json").modules == {"json": []}


def test_the_sum_is_of_all_that_is_installed(tmp_path, monkeypatch):
    before = look(tmp_path, monkeypatch).installed_sha256
    assert look(tmp_path, monkeypatch).installed_sha256 == before
    distribution(tmp_path, "alpha-of-tests", "1.0")
    after = look(tmp_path, monkeypatch)
    assert after.installed_sha256 != before
    built = after.model_copy(update={"conda": ["mkl-2023.1.0-h213fc3f_46344"]})
    assert built.installed_sha256 != after.installed_sha256
    other = after.model_copy(update={"build": "3.11.7 | packaged by conda-forge"})
    assert other.installed_sha256 != after.installed_sha256


def test_what_a_script_sets_is_part_of_what_was_found(tmp_path, monkeypatch):
    """It changes how fast jobs are: rows with and without it are not alike."""
    monkeypatch.setenv("LD_LIBRARY_PATH", "/opt/lib")
    plain = look(tmp_path, monkeypatch)
    assert plain.variables == {}
    settings = "export OMP_NUM_THREADS=1 SESSION=$$ LD_LIBRARY_PATH=/opt/lib"
    script = program(tmp_path / "python", f'#!/bin/sh\n{settings}\nexec {OWN} "$@"\n')
    found = interpreter.examine(script).look(())
    assert found.variables == {"OMP_NUM_THREADS": "1"}
    assert found.installed_sha256 != plain.installed_sha256


def test_kinds_of_environments(tmp_path, monkeypatch):
    assert look(tmp_path, monkeypatch).kind == "venv"  # the one of these tests
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(sys, "base_prefix", str(tmp_path))
    assert interpreter_probe.conda_packages() is None
    program(tmp_path / "conda-meta" / "python-3.11.7-h955ad1f_0.json", "{}")
    program(tmp_path / "conda-meta" / "history", "")
    assert interpreter_probe.conda_packages() == ["python-3.11.7-h955ad1f_0"]


def test_one_that_does_not_say_what_it_holds(tmp_path):
    python = saying(tmp_path / "python", "CPython", [3, 11, 1], "/x")
    found = interpreter.Interpreter(python, "3.11.1")
    assert "does not say what it holds" in refused(found.look, ["numpy"])
