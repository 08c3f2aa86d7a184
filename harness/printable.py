"""Text from elsewhere made safe for each output: a line, a document, Markdown, CSV, JSON, HTML.

An exception's message, a job's log, somebody's result, a file's name: any of them may hold escape
sequences, characters that turn the direction of what follows, newlines that forge a line, pipes
that break a table, formulas that a spreadsheet runs, and bytes that are no Unicode. Characters that
cannot be seen are shown as Python would write them: ``\\x1b``, ``\\u202e``. Nothing else changes.
"""

from __future__ import annotations

import re

LONGEST_LINE = 2000
"""Characters of one notice; what is longer is cut, and says so."""

LONGEST_CELL = 300
"""Characters of one cell of a Markdown table."""

LONGEST_CSV = 32_000
"""Characters of one cell of CSV: spreadsheets take up to 32,767 (Excel specifications)."""

# Control (Cc), format (Cf) and surrogate (Cs) characters, separators of lines and paragraphs
# (Zl, Zp), and what Unicode calls Default_Ignorable: all that a terminal obeys or does not show.
_UNSEEN = (
    "\x00-\x1f\x7f-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890-\u0891\u08e2\u115f-\u1160"
    "\u17b4-\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_HIDDEN = re.compile(f"[{_UNSEEN}]")
_HIDDEN_IN_TEXT = re.compile(f"(?!\n)[{_UNSEEN}]")
_BREAKS = re.compile("[\t\n\v\f\r\x85\u2028\u2029]+")

_PLAIN_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_FORMULA = tuple("=+-@＝＋－＠")  # noqa: RUF001 - full-width ones count as well
"""What makes a cell a formula. Source: OWASP, "CSV Injection"."""

_MARKUP = re.compile(
    r"[|`*<]"  # cells, code, emphasis, HTML
    r"|\\(?=[!-/:-@\[-`{-~]|$)"  # a backslash that would take the next character's meaning
    r"|(?<=\])[(\[]|(?<=!)\["  # links and pictures
    r"|~(?=~)|(?<=~)~"
    r"|(?<![^\W_])_|_(?![^\W_])"  # within a word it is only itself: OMP_NUM_THREADS
    r"|&(?=#?\w+;)"  # entities
    r"|^#(?=#{0,5}(?:\s|$))|^>|^[+=-](?=\s)"  # a heading, quotation or list at the beginning
    r"|^[=-](?=[=-]+\s*$)"  # a rule, or what makes a heading of the line before
    r"|(?<=^\d)[.)](?=\s)|(?<=^\d\d)[.)](?=\s)|(?<=^\d{3})[.)](?=\s)"  # a numbered list
)


def line(text: object, longest: int = LONGEST_LINE) -> str:
    """``text`` as one line for a terminal or a log: breaks are blanks, what is unseen is shown."""
    joined = _BREAKS.sub(" ", str(text))
    return bounded(_HIDDEN.sub(_shown, joined), longest)


def document(text: str) -> str:
    """``text`` of several lines, which stay; all else that is unseen is shown."""
    return _HIDDEN_IN_TEXT.sub(_shown, text)


def markdown(text: object, longest: int = LONGEST_CELL) -> str:
    """``text`` for a cell or a sentence of Markdown: one line that shows as it is.

    Characters with a meaning get a backslash, so that no text ends its cell, is a link, or HTML.
    """
    return _MARKUP.sub(r"\\\g<0>", line(text, longest))


def csv_cell(value: object) -> object:
    """``value`` for a cell of CSV: numbers as they are, texts on one line and never a formula.

    A text that a spreadsheet would take for a formula gets an apostrophe in front.
    """
    if not isinstance(value, str):
        return value
    shown = line(value, LONGEST_CSV)  # breaks are blanks now, which some spreadsheets pass over
    if shown.lstrip().startswith(_FORMULA) and not _PLAIN_NUMBER.fullmatch(shown):
        return f"'{shown}"
    return shown


def json(text: str) -> str:
    """A JSON text in ASCII: the same values, with escapes for all that a terminal could obey.

    Only strings can hold such characters, and there an escape means the character itself.
    """
    return re.sub(r"[^\n -~]", _escaped, text)


def in_json(text: str) -> str:
    """A JSON text whose strings show as they are: what is unseen became its escape, as text."""
    return _HIDDEN_IN_TEXT.sub(lambda found: _shown(found).replace("\\", "\\\\"), text)


def bounded(text: str, longest: int) -> str:
    """``text``, cut after ``longest`` characters and saying so."""
    if len(text) <= longest:
        return text
    return f"{text[:longest]}... ({len(text) - longest:,} more characters)"


def _shown(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape", "surrogatepass").decode("ascii")


def _escaped(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[i : i + 4]}" for i in range(0, len(units), 4))
