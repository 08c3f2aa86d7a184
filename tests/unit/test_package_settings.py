"""What is taken over of the user's settings of pip and uv: how packages are reached, no more."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from harness import package_settings, uv_command

REACH = """[global]
index-url = https://index.example/simple
extra-index-url =
    https://more.example/a
    https://more.example/b
trusted-host = index.example
cert = /etc/ssl/mine.pem
user = true
target = /somewhere
[install]
find-links = /wheels
prefix = /somewhere
timeout = 7
[download]
index-url = https://other.example/simple
"""


@pytest.fixture
def conf(tmp_path, monkeypatch):
    """An environment whose pip has REACH and nothing of this machine."""
    file = tmp_path / "pip.conf"
    file.write_text(REACH)
    for module in (package_settings, uv_command):
        monkeypatch.setattr(module, "_MACHINES", tmp_path / "none")
    plain = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "UV_", "SSL_"))}
    nothing = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "none")}
    return {**plain, **nothing, "XDG_CONFIG_DIRS": str(tmp_path), "PIP_CONFIG_FILE": str(file)}


def test_of_files_only_how_packages_are_reached(conf):
    found = package_settings.pip_settings(conf)
    assert found == {
        "index-url": "https://index.example/simple",
        "extra-index-url": "https://more.example/a https://more.example/b",
        "trusted-host": "index.example",
        "cert": "/etc/ssl/mine.pem",
        "find-links": "/wheels",
        "timeout": "7",
    }


def test_variables_go_before_files_and_nonsense_is_left_out(conf):
    more = {"PIP_INDEX_URL": "https://mine.example/", "PIP_TIMEOUT": "soon", "PIP_USER": "maybe"}
    found = package_settings.pip_settings({**conf, **more})
    assert found["index-url"] == "https://mine.example/"
    assert "timeout" not in found
    assert "user" not in found


def test_a_broken_file_is_in_nobodys_way(conf):
    Path(conf["PIP_CONFIG_FILE"]).write_text("[global\nindex-url")
    assert package_settings.pip_settings(conf) == {}
    conf["PIP_CERT"] = "/a.pem"
    assert package_settings.pip_settings(conf) == {"cert": "/a.pem"}


@pytest.mark.parametrize(
    "variable",
    [
        "PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_REQUIRE_VIRTUALENV",
        "PIP_NO_INDEX",
        "PIP_CONSTRAINT", "PIP_NO_BINARY", "PIP_ONLY_BINARY", "PIP_PRE", "PIP_PLATFORM",
        "PIP_SOMETHING_NEW", "UV_TARGET", "UV_PYTHON", "UV_SOMETHING_NEW", "VIRTUAL_ENV",
        "PYTHONPATH", "PYTHONHOME", "PYTHONUSERBASE", "PYTHONSTARTUP", "PYTHONOPTIMIZE",
        "PYTHONSOMETHINGNEW", "SETUPTOOLS_USE_DISTUTILS", "DIST_EXTRA_CONFIG",
        "DISTUTILS_USE_SDK",
    ],
)  # fmt: skip
def test_what_steers_an_installation_is_shut_out(conf, tmp_path, variable):
    more = {**conf, variable: "steering"}
    assert "steering" not in package_settings.for_pip(more, tmp_path).values()
    assert "steering" not in package_settings.without_steering(more).values()


@pytest.mark.parametrize(
    "variable", ["PATH", "HTTPS_PROXY", "no_proxy", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "TMPDIR"]
)
def test_how_the_network_is_reached_is_kept(conf, tmp_path, variable):
    found = package_settings.for_pip({**conf, variable: "kept"}, tmp_path)
    assert found[variable] == "kept"


def test_a_build_has_an_empty_home_and_the_users_caches(conf, tmp_path):
    home = tmp_path / "empty"
    found = package_settings.for_pip({**conf, "HOME": "/home/anna"}, home)
    assert found["HOME"] == found["XDG_CONFIG_HOME"] == str(home)
    assert found["PIP_CONFIG_FILE"] == os.devnull
    assert found["PIP_INDEX_URL"] == "https://index.example/simple"
    assert found["NETRC"] == "/home/anna/.netrc"
    assert found.get("XDG_CACHE_HOME") == os.environ.get("XDG_CACHE_HOME", "/home/anna/.cache")


@pytest.fixture
def reach(conf, monkeypatch):
    """What uv is told, with the environment of ``conf`` and more."""

    def told(*, locked=True, **more):
        for name in list(os.environ):
            monkeypatch.delenv(name)
        for name, value in {**conf, **more}.items():
            monkeypatch.setenv(name, value)
        uv_command.reach.cache_clear()
        return uv_command.reach(locked)

    yield told
    uv_command.reach.cache_clear()


def test_uv_is_told_of_pips_settings_in_its_own_words(reach):
    assert reach() == {
        "UV_DEFAULT_INDEX": "https://index.example/simple",
        "UV_INDEX": "https://more.example/a https://more.example/b",
        "UV_FIND_LINKS": "/wheels",
        "UV_INSECURE_HOST": "index.example",
        "SSL_CERT_FILE": "/etc/ssl/mine.pem",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
    }


def test_a_resolution_looks_into_the_index_alone(reach):
    found = reach(locked=False, UV_FIND_LINKS="/mine", UV_INDEX="https://mine.example/")
    assert found == {
        "UV_DEFAULT_INDEX": "https://index.example/simple",
        "UV_INSECURE_HOST": "index.example",
        "SSL_CERT_FILE": "/etc/ssl/mine.pem",
    }


def test_uvs_own_files_and_variables_go_first(reach, tmp_path):
    (tmp_path / "none" / "uv").mkdir(parents=True)
    (tmp_path / "none" / "uv" / "uv.toml").write_text(
        'offline = true\nnative-tls = true\n[[index]]\nurl = "https://file.example/"\n'
        'default = true\n[[index]]\nurl = "https://second.example/"\n'
        '[pip]\ntarget = "/somewhere"\nfind-links = ["/a", "/b"]\n'
    )
    found = reach()
    assert found["UV_DEFAULT_INDEX"] == "https://file.example/"
    assert found["UV_INDEX"] == "https://second.example/"
    assert found["UV_FIND_LINKS"] == "/a,/b"
    assert found["UV_SYSTEM_CERTS"] == "true"
    assert found["UV_OFFLINE"] == "true"  # decided, and how nothing at all is reached
    assert "UV_TARGET" not in found
    assert reach(UV_DEFAULT_INDEX="https://variable.example/")["UV_DEFAULT_INDEX"] == (
        "https://variable.example/"
    )
    assert reach(UV_INDEX_OURS_PASSWORD="x")["UV_INDEX_OURS_PASSWORD"] == "x"


@pytest.mark.parametrize("text", ["[", "index = 3\nfind-links = 'x'\npip = 4", "index = ['x']"])
def test_a_broken_uv_toml_is_in_nobodys_way(reach, tmp_path, text):
    (tmp_path / "none" / "uv").mkdir(parents=True)
    (tmp_path / "none" / "uv" / "uv.toml").write_text(text)
    assert reach()["UV_DEFAULT_INDEX"] == "https://index.example/simple"


def test_files_of_the_current_folder_are_another_projects(tmp_path, monkeypatch):
    (tmp_path / "uv.toml").write_text("[")
    (tmp_path / "pyproject.toml").write_text("[tool.uv]\nrequired-version = '==0.0.1'\n")
    (tmp_path / ".python-version").write_text("2.6\n")
    monkeypatch.chdir(tmp_path)
    for name, value in {"UV_PYTHON": "2.6", "UV_SYSTEM_PYTHON": "maybe"}.items():
        monkeypatch.setenv(name, value)
    done = uv_command.uv(["python", "find", "--no-project", sys.executable])
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_the_users_home_is_meant_where_an_installation_has_another(conf, reach, tmp_path):
    (tmp_path / "pip.conf").write_text(
        "[global]\ncert = ~/ca.pem\nfind-links = ~/wheels https://w.example/~x\ncache-dir = ~/c\n"
    )
    found = package_settings.for_pip(conf, tmp_path / "empty")
    assert found["PIP_CERT"] == f"{tmp_path}/ca.pem"
    assert found["PIP_FIND_LINKS"] == f"{tmp_path}/wheels https://w.example/~x"
    assert found["PIP_CACHE_DIR"] == f"{tmp_path}/c"
    assert reach()["SSL_CERT_FILE"] == f"{tmp_path}/ca.pem"


def test_who_looks_into_no_index_is_not_overruled(conf, tmp_path):
    assert package_settings.pip_settings({**conf, "PIP_NO_INDEX": "on"})["no-index"] == "on"
    assert "no-index" not in package_settings.pip_settings({**conf, "PIP_NO_INDEX": "perhaps"})
    (tmp_path / "pip.conf").write_text("[install]\nno_index = true\n")
    assert package_settings.for_pip(conf, tmp_path)["PIP_NO_INDEX"] == "true"


@pytest.mark.parametrize(
    ("variable", "file", "locked", "expected"),
    [
        ("", "", True, False), ("1", "", True, True), ("1", "", False, False),
        ("0", "no-index = true", True, True), ("1", "no-index = false", True, False),
        ("", "[pip]\nno-index = true", True, True),
    ],
)  # fmt: skip
def test_uv_looks_into_no_index_either(reach, tmp_path, variable, file, locked, expected):
    (tmp_path / "none" / "uv").mkdir(parents=True)
    (tmp_path / "none" / "uv" / "uv.toml").write_text(file)
    reach(PIP_NO_INDEX=variable)
    more = ["--no-index"] if expected else []
    assert uv_command._no_index(["pip", "sync", "x.lock"], locked) == more
    assert uv_command._no_index(["venv", "x"], locked) == []


def test_ones_own_cache_and_offline_are_kept(reach, tmp_path):
    (tmp_path / "none" / "uv").mkdir(parents=True)
    (tmp_path / "none" / "uv" / "uv.toml").write_text('cache-dir = "/big/uv"')
    assert reach()["UV_CACHE_DIR"] == "/big/uv"
    assert reach(UV_CACHE_DIR="/other", UV_OFFLINE="1")["UV_CACHE_DIR"] == "/other"
    assert reach(UV_OFFLINE="1")["UV_OFFLINE"] == "1"
