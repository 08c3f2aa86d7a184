"""An option that takes one value and is given twice is refused: the first would go unheard."""

from __future__ import annotations

from collections import Counter

import click


def refuse(command: click.Command, ctx: click.Context, arguments: list[str]) -> None:
    """Look at the arguments of a verb, and of a verb of a group, before they are used.

    Raises:
        click.UsageError: an option is given more often than it is heard.
    """
    try:
        _, rest, order = command.make_parser(ctx).parse_args(list(arguments))
    except click.UsageError:
        return  # the verb itself says what is wrong
    for parameter, count in Counter(order).items():
        single = isinstance(parameter, click.Option) and not (
            parameter.multiple or parameter.is_flag or parameter.count
        )
        if single and count > 1:
            raise click.UsageError(f"{parameter.opts[0]} is given {count} times; give it once", ctx)
    if isinstance(command, click.Group) and rest:
        inner = command.get_command(ctx, rest[0])
        if inner is not None:
            with click.Context(inner, info_name=rest[0], parent=ctx) as within:
                refuse(inner, within, rest[1:])
