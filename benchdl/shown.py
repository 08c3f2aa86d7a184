"""What the verbs return: rows and verdicts that a notebook shows as the command prints them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # a program that only loads results needs no statistics
    from harness.campaign import preview
    from harness.compare.comparing import Outcome
    from harness.history.courses import Over
    from harness.tables.rows import Row


class Runs(list["Row"]):
    """Rows, one a run; docs/definitions.md defines their columns. A notebook shows their table."""

    def frame(self) -> Any:
        """The same as a ``pandas.DataFrame``, one line a run; needs pandas."""
        import pandas

        from harness.tables.columns import BY_KEY

        return pandas.DataFrame([row.values for row in self], columns=list(BY_KEY))

    def __str__(self) -> str:
        from harness.tables.markdown import to_markdown

        return to_markdown(list(self))

    def _repr_html_(self) -> str:
        from harness.tables import html_tables

        return html_tables.to_html(self)

    def _repr_markdown_(self) -> str:
        return str(self)


class History(list[dict[str, Any]]):
    """Points as dictionaries, one a campaign of each configuration: docs/history.md.

    A notebook shows what ``benchdl history`` prints.

    Attributes:
        over: all of it: the configurations with their points, and the changes of their levels.
    """

    def __init__(self, over: Over) -> None:
        from harness.history import written

        super().__init__(written.lines(over))
        self.over = over

    def frame(self) -> Any:
        """The same as a ``pandas.DataFrame``, its times in UTC; needs pandas."""
        import pandas

        from harness.history import written

        found = pandas.DataFrame(list(self), columns=list(written.COLUMNS))
        found["begun_at"] = pandas.to_datetime(found["begun_at"], utc=True)
        return found

    def __str__(self) -> str:
        from harness.history import written

        return written.to_markdown(self.over)

    def _repr_html_(self) -> str:
        from harness.history import sentences
        from harness.tables import html_tables

        made = [
            html_tables.paragraph(part.caption)
            + html_tables.table(sentences.header(self.over), part.cells)
            + html_tables.notes(part.notes)
            for part in sentences.parts(self.over)
        ]
        return "".join([*made, *map(html_tables.paragraph, sentences.answers(self.over))])

    def _repr_markdown_(self) -> str:
        return str(self)


class Preview:
    """What a run would do; a notebook shows it as ``benchdl run --dry-run`` prints it.

    Attributes:
        found: all of it: jobs in their order, builds, downloads, and the time that is known.
    """

    def __init__(self, found: preview.Preview) -> None:
        self.found = found

    def __str__(self) -> str:
        return "\n".join(self.found.lines())

    def _repr_markdown_(self) -> str:
        return f"```text\n{self}\n```"


class Comparison:
    """The outcome of a comparison; a notebook shows it as ``benchdl compare`` prints it.

    Attributes:
        outcome: all of it: a line for each configuration that both sides have.
    """

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome

    @property
    def verdicts(self) -> list[str]:
        """Of each line, in words on B: faster, slower, same, ambiguous, or withheld."""
        return [line.verdict for line in self.outcome.lines]

    @property
    def ratios(self) -> list[float]:
        """Of each line B's figure over A's: below 1, B is faster."""
        return [line.comparison.ratio for line in self.outcome.lines]

    def __str__(self) -> str:
        from harness.compare import text

        return text.to_text(self.outcome)

    def _repr_html_(self) -> str:
        from harness.compare.told import told
        from harness.tables import html_tables

        words = told(self.outcome)
        made = html_tables.table(words.header, words.cells) + html_tables.notes(words.notes)
        about = "".join(map(html_tables.paragraph, words.about))
        return about + made + "".join(map(html_tables.paragraph, words.answers))

    def _repr_markdown_(self) -> str:
        return str(self)
