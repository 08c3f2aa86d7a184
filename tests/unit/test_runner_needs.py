"""What is brought along for a Python that lacks what the runner imports."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from harness import uv_command
from harness.errors import BenchdlError
from harness.launchers import interpreter, runner_needs
from harness.launchers.interpreter import Interpreter, Told
from harness.launchers.runner_needs import NEEDS

OWN = interpreter.examine(Path(sys.executable))
GOOD = {
    "pydantic": "2.11.10", "typing-extensions": "4.16.0", "psutil": "7.1.3",
    "nvidia-ml-py3": "7.352.0",
}  # fmt: skip
PYDANTIC = next(need for need in NEEDS if need.name == "pydantic")
PSUTIL = next(need for need in NEEDS if need.name == "psutil")


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("BENCHDL_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "carried"


@pytest.fixture
def uv(monkeypatch):
    """Stands in for uv: what it was asked, what it was given, and what it says when it fails."""

    class Uv:
        asked, locked, says = [], "", ""

        def __call__(self, arguments, *, locked):
            assert locked
            self.asked.append(arguments)
            self.locked = Path(arguments[arguments.index("--requirement") + 1]).read_text()
            target = Path(arguments[arguments.index("--target") + 1])
            (target / "pydantic.py").write_text("")
            (target / ".lock").write_text("")
            return subprocess.CompletedProcess(arguments, int(bool(self.says)), "", self.says)

    fake = Uv()
    fake.asked = []
    monkeypatch.setattr(uv_command, "uv", fake)
    return fake


def told(**changes):
    facts = {
        "kind": "venv", "build": "3", "suffix": ".cpython-311-x86_64-linux-gnu.so",
        "threaded": False, "distributions": GOOD, "conda": [], "modules": {},
    }  # fmt: skip
    return Told.model_validate({**facts, **changes})


def names(needs):
    return [need.name for need in needs]


def test_what_is_there_and_new_enough_is_used():
    assert runner_needs.lacking(told()) == ()
    assert names(runner_needs.lacking(told(distributions={}))) == list(GOOD)


@pytest.mark.parametrize(
    ("name", "version", "good"),
    [
        ("pydantic", "1.10.13", False),
        ("pydantic", "2.10.6", False),
        ("pydantic", "2.12.0b1", True),
        ("pydantic", "3.0", False),
        ("typing-extensions", "4.7.1", False),
        ("psutil", "5.9.8", False),
        ("psutil", "of our own", False),
        ("nvidia-ml-py3", "7.352.1", False),
    ],
)
def test_what_is_too_old_is_brought_along(name, version, good):
    found = names(runner_needs.lacking(told(distributions={**GOOD, name: version})))
    assert found == ([] if good else [name])


def test_copies_of_our_own_are_what_the_runner_imports(cache):
    """In a Python of the same kind, without its own packages: -S -I hides them all."""
    lacking = told(distributions={}, suffix=OWN.look([]).suffix)
    assert names(runner_needs.missing(NEEDS, OWN, lacking)) == list(GOOD)
    folders = runner_needs.bring(NEEDS, OWN, lacking, pytest.fail)
    assert runner_needs.missing(NEEDS, OWN, lacking) == []
    assert {Path(folder).parent for folder in folders} == {cache}
    code = (
        f"import sys; sys.path += {list(folders)}; import psutil, pynvml, pydantic; "
        "from importlib import metadata; "
        "print(pydantic.__file__, pydantic.TypeAdapter(int).validate_python('3'), "
        "metadata.version('psutil'))"
    )
    alone = [sys.executable, "-S", "-I", "-B", "-c", code]
    said = subprocess.check_output(alone, text=True).split()
    assert said == [f"{folders[0]}/pydantic/__init__.py", "3", metadata.version("psutil")]
    assert not list(cache.rglob("__pycache__"))
    before = {path: path.stat().st_mtime_ns for path in cache.rglob("*")}
    assert runner_needs.bring(NEEDS, OWN, lacking, pytest.fail) == folders
    assert {path: path.stat().st_mtime_ns for path in cache.rglob("*")} == before


def test_another_version_of_python_gets_wheels_of_the_lock(uv, cache, repo):
    other = Interpreter(Path("/opt/python3.9"), "3.9.18")
    lacking = told(suffix=".cpython-39-x86_64-linux-gnu.so")
    said = []
    (folder,) = runner_needs.bring([PYDANTIC], other, lacking, said.append)
    assert [path.name for path in Path(folder).iterdir()] == ["pydantic.py"]
    assert said == ["fetching pydantic for Python 3.9: the runner needs it there"]
    (asked,) = uv.asked
    assert {"--require-hashes", "--no-deps", "--only-binary"} <= set(asked)
    assert asked[asked.index("--python") + 1] == "/opt/python3.9"
    lines = [line for line in uv.locked.splitlines() if not line.startswith(" ")]
    pinned = {line.partition("==")[0] for line in lines}
    assert pinned == set(PYDANTIC.distributions)
    assert all("--hash=sha256:" in line for line in uv.locked.splitlines() if line[:1] == " ")
    runner_needs.bring([PYDANTIC], other, lacking, pytest.fail)
    assert len(uv.asked) == 1
    assert len(list(cache.iterdir())) == 2  # the folder and its lock: nothing half made


def test_what_cannot_be_had_is_one_line_and_nothing_is_left(uv, cache):
    uv.says = "error: Failed to fetch\n  Caused by: dns error\n"
    other = Interpreter(Path("/opt/python3.9"), "3.9.18")
    with pytest.raises(BenchdlError) as caught:
        runner_needs.bring([PYDANTIC], other, told(suffix=".cpython-39.so"), lambda line: None)
    line = str(caught.value)
    assert "\n" not in line
    assert line.startswith(
        "pydantic for Python 3.9.18 cannot be had: error: Failed to fetch Caused"
    )
    assert "install pydantic>=2.11,<3 into that Python yourself" in line
    assert [path.name for path in cache.iterdir() if path.is_dir()] == []


def test_the_stable_interface_serves_all_versions_but_those_without_the_lock(uv, tmp_path):
    """psutil's wheel is cp36-abi3: one copy for all; a free-threaded Python has no such thing."""
    other = Interpreter(Path("/opt/python3.13"), "3.13.0")
    suffix = ".cpython-313-x86_64-linux-gnu.so"
    assert not runner_needs.is_fetched(PSUTIL, other, told(suffix=suffix))
    assert runner_needs.is_fetched(PSUTIL, other, told(suffix=suffix, threaded=True))
    assert runner_needs.is_fetched(PYDANTIC, other, told(suffix=suffix))


def test_what_python_a_copy_is_for_counts_too(monkeypatch):
    class Own:
        metadata = {"Requires-Python": ">=3.10"}
        files = []

    monkeypatch.setattr(runner_needs.metadata, "distribution", lambda name: Own)
    for version, fetched in (("3.9.18", True), ("3.10.1", False)):
        python = Interpreter(Path("/opt/python"), version)
        assert runner_needs.is_fetched(PSUTIL, python, told()) == fetched
    Own.files = None  # installed without a record of its files
    assert runner_needs.is_fetched(PSUTIL, Interpreter(Path("/x"), "3.12.1"), told())


def test_the_lock_holds_what_images_have(repo):
    lock = (repo / "docker" / "base" / "carried.lock").read_text()
    for line in (repo / "runner" / "requirements.txt").read_text().splitlines():
        if "==" in line and not line.startswith("nvidia"):
            assert f"{line} \\" in lock
    for need in NEEDS[:3]:
        for name in need.distributions:
            assert f"\n{name}==" in f"\n{lock}"
