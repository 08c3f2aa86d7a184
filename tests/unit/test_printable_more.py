"""Text from elsewhere once more: what else begins a formula, a block of Markdown."""

from __future__ import annotations

import pytest
from markdown_it import MarkdownIt

from harness import printable


@pytest.mark.parametrize(
    "blank", ["\x0b", "\x0c", "\x85", "\u2028", "\t", " \x0b ", "\xa0", "\u3000"]
)
@pytest.mark.parametrize("begin", ["=1+1", "@SUM(1)", "-cmd", "+cmd"])
def test_a_formula_behind_blanks_is_a_text(blank, begin):
    cell = printable.csv_cell(blank + begin)
    assert cell.startswith("'")
    assert "\n" not in cell


@pytest.mark.parametrize("cell", ["-1", "+1.5e3", "-", "1.0", "tf 1.15"])
def test_figures_stay_figures(cell):
    expected = "'-" if cell == "-" else cell
    assert printable.csv_cell(cell) == expected


@pytest.mark.parametrize(
    "text",
    ["## x", "###### x", "#", "> x", ">x", ">", "1. x", "12) x", "123. x", "---", "===", "--",
     "- x", "+ x", "* x", "***", "___", "~~~", "```", "-1.5", "1.5", "#1", "a\\", "= x"],
)  # fmt: skip
def test_no_text_is_a_block_of_markdown(text):
    shown = MarkdownIt().render(f"before\n{printable.markdown(text)}\n")
    plain = text.replace(">", "&gt;")
    assert shown == f"<p>before\n{plain}</p>\n"
