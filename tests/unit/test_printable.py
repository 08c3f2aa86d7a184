"""Text from elsewhere made safe: what reaches a terminal, Markdown, CSV, JSON and a page."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
import unicodedata

import pytest

from harness import printable
from harness.report import page, texts
from harness.report.document import Source
from harness.tables import rows
from harness.tables.data_formats import to_csv
from harness.tables.markdown import to_markdown

HOSTILE = [
    "\x1b[2J\x1b]0;title\x07",  # clears the screen, sets the title
    "\x1b]8;;http://example.org\x1b\\link",
    "\x9b31m",  # C1's own CSI
    "\u202egnp.exe",
    "\u2066a\u2069",
    "to\u200bken",
    "\ufeff",
    "\U000e0041",
    "\udc80\udfff",
    "a\rb",
    "\x00\x08\x7f",
]


def unseen():
    """What Unicode of this Python calls control, format, surrogate, or a separator of lines."""
    kinds = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    return [c for c in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(c) in kinds]


def test_nothing_unseen_passes_into_a_line():
    for character in unseen():
        shown = printable.line(f"a{character}b")
        assert shown.isprintable(), hex(ord(character))
        assert shown.isascii()


def test_a_document_keeps_its_lines_and_nothing_else():
    for character in unseen():
        shown = printable.document(f"a{character}b\n")
        if character != "\n":
            assert shown.rstrip("\n").isprintable(), hex(ord(character))
    assert printable.document("a\n\nb\n") == "a\n\nb\n"


def test_ordinary_text_stays_as_it_is():
    text = "Keras 3 (jax), 2.31 × · ±3 %: 12 µs, Ångström, 深層学習, 😀 ▶ ●"
    assert printable.line(text) == printable.document(text) == printable.markdown(text) == text


def test_what_is_unseen_is_shown():
    assert printable.line("\x1b[31mred\u202e\udc80") == "\\x1b[31mred\\u202e\\udc80"


def test_a_line_stays_one_and_is_bounded():
    assert (
        printable.line("one\nbenchdl: all is well\r\n\u2028two") == "one benchdl: all is well two"
    )
    long = printable.line("x" * 5_000_000)
    assert len(long) < printable.LONGEST_LINE + 50
    assert long.endswith("... (4,998,000 more characters)")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a|b", "a\\|b"),
        ("a\\|b", "a\\\\\\|b"),
        ("a\nb", "a b"),
        ("<script>alert(1)</script>", "\\<script>alert(1)\\</script>"),
        ("[here](http://example.org)", "[here]\\(http://example.org)"),
        ("![pixel](http://example.org)", "!\\[pixel]\\(http://example.org)"),
        ("`x` **bold** ~~gone~~", "\\`x\\` \\*\\*bold\\*\\* \\~\\~gone\\~\\~"),
        ("_so_ OMP_NUM_THREADS=2", "\\_so\\_ OMP_NUM_THREADS=2"),
        ("&lt;b&gt;", "\\&lt;b\\&gt;"),
        ("# heading", "\\# heading"),
        ("end\\", "end\\\\"),
    ],
)
def test_markdown(text, shown):
    assert printable.markdown(text) == shown


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "=", "-", "\uff1d1"]
)
def test_no_cell_of_csv_is_a_formula(cell):
    assert str(printable.csv_cell(cell)).startswith("'")


@pytest.mark.parametrize(
    "cell", [-1.5, -3, 0, None, "-1.5", "+2", "-1e-05", "1", ".5", "tf", "a=b"]
)
def test_numbers_and_words_of_csv_stay(cell):
    assert printable.csv_cell(cell) == cell


def test_json_is_ascii_and_says_the_same():
    values = {text: [text, "×😀", 1.5] for text in HOSTILE}
    text = json.dumps(values, ensure_ascii=False, indent=1)
    shown = printable.json(text)
    assert re.fullmatch(r"[\n -~]*", shown)
    assert json.loads(shown) == values


def test_json_within_a_page_shows_what_is_unseen():
    text = json.dumps(["a\u202eb", "\udc80", "back\\slash"], ensure_ascii=False)
    assert json.loads(printable.in_json(text)) == ["a\\u202eb", "\\udc80", "back\\slash"]


EVIL = "Ke|ras\n| a | b |\x1b[31m\u202e<b>"


@pytest.fixture
def evil(make_result):
    """A result whose texts are an attacker's, as far as the contract lets them through."""
    finding = {"code": EVIL, "severity": "suspect", "evidence": EVIL, "advice": EVIL}
    job = {"title": EVIL, "overrides": {"environment.X": "=cmd|' /C calc'!A0"}}
    return make_result(job=job, findings=[finding], launch={"machine": "@" + EVIL})


def clean(text):
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    return text


def test_a_table_holds_only_its_own_cells(evil):
    text = clean(to_markdown([rows.row(evil)]))
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines[:3]} == {10}
    assert "<b>" not in text.replace("\\<b>", "")


def test_a_table_of_csv_has_no_formula(evil):
    text = clean(to_csv([rows.row(evil)]))
    for line in csv.reader(io.StringIO(text)):
        for cell in line:
            assert not cell.startswith(tuple("=+-@\t\r")) or re.fullmatch(r"[-+]?[\d.e+-]+", cell)


def test_the_report_as_markdown_csv_and_a_page(evil, tmp_path, monkeypatch):
    monkeypatch.setattr(page.library, "script", lambda: "")
    clean(texts.markdown([evil]))
    text = clean(texts.csv_lines([evil]))
    assert all(
        cell[:1] not in "=+@" for line in csv.reader(io.StringIO(text)) for cell in line if cell
    )
    clean(page.render(Source([evil], {}, damaged=["\udc80\u202e.json: \x1b[31m"])))
