"""What code and documents name is there: modules, functions and files."""

from __future__ import annotations

import builtins
import importlib
import re
import subprocess

import pytest
from conftest import REPO

ROLE = re.compile(r":(?:mod|func|class|meth|attr|data|exc):`[~!]?([\w.]+)`")
# A path of this repository; not a part of an address, a longer path, or a pattern.
PATH = re.compile(
    r"(?<![\w./<*{$-])((?:harness|runner|tests|docs|docker|benchmarks|examples)/"
    r"[\w./-]*\w/?)(?![\w<*{(/])"
)
PLACEHOLDER = re.compile(r"\b[A-Z]{4,}\b")  # docker/NAME/image.toml
MADE_BY_A_BUILD = ("harness/_root",)


def tracked(*patterns):
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=REPO, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return [REPO / name for name in listed.splitlines() if (REPO / name).is_file()]


def modules():
    return tracked("harness/*.py", "runner/*.py", "benchdl/*.py")


def own_name(file):
    return ".".join(file.relative_to(REPO).with_suffix("").parts).removesuffix(".__init__")


def is_there(name, module):
    """Whether ``name`` leads to something: a module, what is in one, or in one of its classes."""
    for start in (name, f"{module}.{name}"):
        parts = start.split(".")
        for length in range(len(parts), 0, -1):
            try:
                found = importlib.import_module(".".join(parts[:length]))
            except ImportError:
                continue
            if follow(found, parts[length:]):
                return True
            break
    if hasattr(builtins, name):
        return True
    here = importlib.import_module(module)
    classes = [kind for kind in vars(here).values() if isinstance(kind, type)]
    return any(follow(kind, name.split(".")) for kind in classes)


def follow(found, parts):
    for part in parts:
        named = [vars(kind).get("__annotations__", {}) for kind in getattr(found, "__mro__", ())]
        if any(part in names for names in named):
            return True  # a field without a default
        if not hasattr(found, part):
            return False
        found = getattr(found, part)
    return True


@pytest.mark.parametrize("file", modules(), ids=own_name)
def test_a_reference_in_a_docstring_leads_somewhere(file):
    module = own_name(file)
    names = set(ROLE.findall(file.read_text()))
    assert [name for name in sorted(names) if not is_there(name, module)] == []


def test_a_path_in_code_comments_and_documents_is_there():
    wrong = []
    for file in tracked("*.py", "*.md", "*Dockerfile", "*.toml", "*.sh", "Makefile"):
        inside = file.relative_to(REPO)
        # A document of a day says what was there that day, and stays as it is.
        if inside.parts[:2] == ("docs", "measurements") or inside.name == "CHANGELOG.md":
            continue
        if inside.parts[0] == "tests":  # they make files of their own
            continue
        text = re.sub(r"https?://\S+", "", file.read_text())
        for found in set(PATH.findall(text)):
            if PLACEHOLDER.search(found) or found.startswith(MADE_BY_A_BUILD):
                continue
            places = (REPO / found, REPO / "tests" / "dummy" / found, REPO / f"{found}.py")
            if not any(place.exists() for place in places):
                wrong.append(f"{inside}: {found}")
    assert sorted(wrong) == []


def test_a_reference_to_nothing_is_noticed():
    assert is_there("harness.files.whole", "harness.files")
    assert is_there("whole", "harness.files")
    assert not is_there("harness.files.gone", "harness.files")
    assert not is_there("harness.gone", "harness.files")
    assert PATH.findall("see harness/gone.py, x/harness/y and harness/<name>.py") == [
        "harness/gone.py"
    ]


def test_no_registry_is_named():
    """Packages come from the user's own index: of Python, of npm, of Debian."""
    hosts = ("pypi" + ".org", "files.python" + "hosted", "registry.npm" + "js", "npm" + "js.com")
    named = [
        f"{file.relative_to(REPO)}: {host}"
        for file in tracked("*.py", "*.md", "*.toml", "*.lock", "*.yml", "*Dockerfile", "Makefile")
        for host in hosts
        if host in file.read_text(encoding="utf-8")
    ]
    assert named == []
