"""README.md: short, with commands, links and a picture that are there; the commands themselves run
in tests/integration/test_readme_commands.py."""

from __future__ import annotations

import re
import shlex

import pytest
import readme

from harness.cli.command import benchdl
from harness.make import goals, variables


def test_it_is_short_and_names_the_first_command_on_the_first_screen():
    lines = readme.text().splitlines()
    assert len(lines) <= 130
    assert "make bench-tf EPOCHS=1" in "\n".join(lines[:20])


@pytest.mark.parametrize("command", [*readme.commands(), *readme.named()])
def test_a_command_names_what_there_is(command):
    program, *words = shlex.split(command)
    if program != "make":
        assert words[0] in benchdl.list_commands(None)
        return
    given = dict(word.split("=", 1) for word in words if "=" in word)
    (goal,) = [word for word in words if "=" not in word] or ["help"]
    variables.check([goal], goals.known(goal), given, {})
    assert goals.programs(goal, given, "/x/python") or goal in ("help", "setup")


def test_no_command_stands_outside_of_what_is_run():
    """An indented block would be passed over."""
    assert not re.search(r"^    \S", readme.text(), re.MULTILINE)
    assert set(re.findall(r"^```(\w*)$", readme.text(), re.MULTILINE)) == {"sh", ""}


def test_links_and_the_picture_are_there():
    targets = set(re.findall(r"\]\(([^)#]+)\)", readme.text()))
    assert [target for target in targets if not (readme.REPO / target).exists()] == []
    pictures = re.findall(r"!\[[^]]+\]\(([^)]+)\)", readme.text())
    assert [
        picture for picture in pictures if (readme.REPO / picture).stat().st_size > 150_000
    ] == []
    assert len(pictures) == 1


def test_every_page_of_the_documents_is_linked_from_a_page():
    texts = [readme.text(), *(page.read_text() for page in (readme.REPO / "docs").glob("*.md"))]
    linked = {name for page in texts for name in re.findall(r"([\w-]+\.md)", page)}
    assert {page.name for page in (readme.REPO / "docs").glob("*.md")} <= linked


def test_every_measurement_is_in_their_list():
    folder = readme.REPO / "docs" / "measurements"
    listed = re.findall(r"\]\(([\w-]+\.md)\)", (folder / "README.md").read_text())
    assert sorted(listed) == sorted({page.name for page in folder.glob("*.md")} - {"README.md"})


@pytest.mark.parametrize(
    "page", ["README.md", *sorted(f"docs/{p.name}" for p in (readme.REPO / "docs").glob("*.md"))]
)
def test_no_page_speaks_of_a_seed_repository(page):
    """A seed is a number here."""
    found = re.findall(
        r"[Tt]he seed's|the seed (?:repository|left|had)", (readme.REPO / page).read_text()
    )
    assert found == []
