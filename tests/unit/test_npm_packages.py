"""An npm package that a dataset is prepared from, with a stand-in for the user's npm."""

from __future__ import annotations

import stat
import urllib.request
from urllib.parse import urlsplit

import pytest

from harness.provision import npm_packages
from harness.provision.packages import NoPackageError


@pytest.fixture
def npm(tmp_path, monkeypatch):
    """Puts a program in npm's place, and nothing else on the path but what a shell needs."""

    def put(script):
        program = tmp_path / "bin" / "npm"
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")

    return put


def test_what_npm_packs_is_there_until_it_was_read(npm, tmp_path):
    npm(f'echo "$@" >{tmp_path}/asked; printf contents >package-1.0.tgz')
    with npm_packages.packed("@some/package@1.0") as place:
        with urllib.request.urlopen(place.url) as stream:
            assert stream.read() == b"contents"
        folder = urlsplit(place.url).path.rpartition("/")[0]
    with pytest.raises(OSError, match="No such file"), urllib.request.urlopen(place.url):
        pass
    asked = (tmp_path / "asked").read_text().split()
    assert asked[0] == "pack"
    assert asked[-1] == "@some/package@1.0"
    assert "--ignore-scripts" in asked
    assert not folder.startswith(str(tmp_path))


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (
            'printf %s \'{"error": {"code": "ETARGET", "summary": "Not\\nthere"}}\'; exit 1',
            "Not there",
        ),
        ('echo \'{"error": {"summary": "at http://me:secret@host/"}}\'; exit 1', "at http://"),
        ("echo not JSON; exit 1", "npm brought nothing"),
        ("echo '{\"error\": 1}'; exit 1", "npm brought nothing"),
        ("exit 0", "npm brought nothing"),
    ],
)
def test_what_npm_says_is_one_line(npm, script, words):
    npm(script)
    with (
        pytest.raises(NoPackageError, match=words) as found,
        npm_packages.packed("@some/package@1.0"),
    ):
        pass
    assert "\n" not in str(found.value)
    assert "secret" not in str(found.value)


def test_without_npm_it_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with (
        pytest.raises(NoPackageError, match="install npm"),
        npm_packages.packed("@some/package@1.0"),
    ):
        pass


def test_npm_that_does_not_end_is_ended(npm, monkeypatch):
    monkeypatch.setattr(npm_packages, "_PATIENCE_S", 0.2)
    npm("exec sleep 20")
    with (
        pytest.raises(NoPackageError, match=r"longer than 0\.2 s"),
        npm_packages.packed("@some/package@1.0"),
    ):
        pass
