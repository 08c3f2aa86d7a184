"""Mapped libraries and the versions they report, on small libraries built for the purpose."""

from __future__ import annotations

import ctypes
import json
import shutil
import subprocess
import sys

import pytest

from runner import libraries

SOURCE = """
unsigned long cudnnGetVersion(void) { return 8907; }
int cudaRuntimeGetVersion(int *version) { *version = 12040; return FAIL; }
int nvrtcVersion(int *major, int *minor) { *major = 12; *minor = 4; return FAIL; }
int cublasGetProperty(int which, int *value) { *value = 10 + which; return FAIL; }
"""


@pytest.fixture
def build(tmp_path):
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        pytest.skip("needs a C compiler")

    def make(*names, fail=0, source=SOURCE):
        (tmp_path / "source.c").write_text(source)
        made = []
        for name in names:
            made.append(tmp_path / name)
            command = [compiler, "-shared", "-fPIC", f"-DFAIL={fail}", "-o", made[-1]]
            subprocess.run([*command, tmp_path / "source.c"], check=True)
        return [str(path) for path in made]

    return make


def asked(load, ask):
    """In a process of its own: which are mapped after ``load``, what do the files ``ask`` say?"""
    code = (
        "import ctypes, json, sys; from runner import libraries\n"
        "load, ask = json.loads(sys.argv[1])\n"
        "for path in load: ctypes.CDLL(path)\n"
        "files = {path.rsplit('/', 1)[1]: path for path in ask}\n"
        "print(json.dumps([libraries.mapped(), libraries.versions(files)]))"
    )
    words = [sys.executable, "-c", code, json.dumps([load, ask])]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_each_library_is_asked_in_its_own_way(build):
    names = ["libcudnn.so.8", "libcudart-d0da41ae.so.11.0", "libnvrtc.so.12", "libcublas.so.12"]
    paths = build(*names)
    mapped, versions = asked(paths, paths)
    assert {name: mapped[name] for name in names} == dict(zip(names, paths, strict=True))
    assert versions == dict(zip(names, ["8.9.7", "12.4", "12.4", "10.11.12"], strict=True))


def test_a_file_that_is_not_mapped_is_not_loaded_for_the_asking(build):
    paths = build("libcudnn.so.8")
    mapped, versions = asked([], paths)
    assert "libcudnn.so.8" not in mapped
    assert versions == {}


def test_a_library_that_fails_or_lacks_its_function_reports_nothing(build):
    paths = build("libcudart.so.12", "libnvrtc.so.12", "libcublas.so.12", fail=1)
    assert asked(paths, paths)[1] == {}
    paths = build("libcudnn.so.9", source="int other;")
    assert asked(paths, paths)[1] == {}


def test_parts_of_a_library_are_mapped_and_not_asked(build):
    paths = build("libcudnn_ops_infer.so.8", "libcublasLt.so.11", "libnvrtc-builtins.so.11.8")
    mapped, versions = asked(paths, paths)
    assert set(mapped) >= {path.rsplit("/", 1)[1] for path in paths}
    assert versions == {}


@pytest.mark.parametrize(
    ("number", "version"), [(8600, "8.6.0"), (8907, "8.9.7"), (7605, "7.6.5"), (91002, "9.10.2")]
)
def test_cudnns_number(number, version):
    assert libraries.cudnn_version(number) == version


def test_this_process_has_no_cuda():
    assert ctypes.CDLL(None) is not None
    assert libraries.versions({"libcudnn.so.8": "/nonexistent/libcudnn.so.8"}) == {}
