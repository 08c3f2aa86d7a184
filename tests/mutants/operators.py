"""What is changed in a module, one change a mutant: cosmic-ray's operators, and ours beside them.

Left alone is what changes no behaviour, or only prose: annotations, docstrings, decorators, blocks
for the type checker, and strings with a blank in them.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import parso
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Example, Operator
from cosmic_ray.plugins import get_operator

Node = Any
"""A node of parso, which is not typed."""

_CHOSEN = (
    *("Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul", "FloorDiv_Mul", "Mod_Mul", "Pow_Mul"),
    *("BitAnd_BitOr", "BitOr_BitAnd", "BitXor_BitAnd", "RShift_LShift", "LShift_RShift"),
)
_COMPARISONS = (
    *("Eq_NotEq", "NotEq_Eq", "Is_IsNot", "IsNot_Is", "Lt_LtE", "Lt_GtE", "LtE_Lt", "LtE_Gt"),
    *("Gt_GtE", "Gt_LtE", "GtE_Gt", "GtE_Lt"),
)
_OTHERS = (
    *("AddNot", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue", "ReplaceAndWithOr"),
    *("ReplaceOrWithAnd", "ReplaceBreakWithContinue", "ReplaceContinueWithBreak"),
    *("ZeroIterationForLoop", "ReplaceUnaryOperator_Delete_Not", "ReplaceUnaryOperator_USub_UAdd"),
)
_CALLS = ("atom_expr", "power")
_MARKS = ("parameters", "param", "argument")
_ALIASES = ("Literal[", "Callable[")
_LARGE = 100


@dataclass(frozen=True)
class Mutant:
    """A module with one change: its ``source``, and the lines that differ, ``was`` and ``now``.

    ``line`` is the first of them in the module, from 1.
    """

    line: int
    was: str
    now: str
    source: str


class _Ours(Operator):
    """One text for each place and each way to change it."""

    def mutation_positions(self, node: Node) -> Iterator[tuple[Any, Any]]:
        for _ in self.changes(node):
            yield node.start_pos, node.end_pos

    def mutate(self, node: Node, index: int) -> Node:
        return parso.parse(node.get_first_leaf().prefix + list(self.changes(node))[index])

    def changes(self, node: Node) -> Iterable[str]:
        """The texts that may stand for a node."""
        raise NotImplementedError

    @classmethod
    def examples(cls) -> Iterable[Example]:
        return ()


class Numbers(_Ours):
    """Small whole numbers one more and one less; others a fifth less and a quarter more."""

    def changes(self, node: Node) -> Iterable[str]:
        if node.type != "number":
            return []
        value = ast.literal_eval(node.value)
        if isinstance(value, int) and value < _LARGE:
            return [str(value + 1), str(value - 1)]
        kind = type(value)
        return [repr(kind(value * 0.8)), repr(kind(value * 1.25))]


class Words(_Ours):
    """Another word: keys, codes, names. Prose is not changed."""

    def changes(self, node: Node) -> Iterable[str]:
        if node.type != "string" or node.parent.type == "simple_stmt":  # a docstring
            return []
        quote = len(node.string_prefix) + 1
        text = node.value[quote:-1]
        if not text or text[0] in "\"'" or " " in text:
            return []
        return [f"{node.value[:quote]}XX{node.value[quote:]}"]


class Statements(_Ours):
    """A statement that works by its effect is not carried out."""

    def changes(self, node: Node) -> Iterable[str]:
        if node.type != "simple_stmt":
            return []
        does = node.children[0]
        if does.type == "expr_stmt":
            target, sign = does.children[:2]
            done = target.type in _CALLS or sign.get_code().strip() not in ("=", ":")
            return ["pass\n"] if done and sign.type != "annassign" else []
        return ["pass\n"] if does.type in (*_CALLS, "raise_stmt", "del_stmt") else []


class Arguments(_Ours):
    """A keyword argument is not given, or an entry of a dictionary is not there."""

    def changes(self, node: Node) -> Iterable[str]:
        parts = getattr(node, "children", [])
        if node.type == "arglist":
            for index, part in enumerate(parts):
                if _is_keyword(part):
                    yield self._without(parts, index, index + 1)
        elif node.type == "trailer" and _is_keyword(parts[1]):
            yield "()"
        elif node.type == "dictorsetmaker":
            for index, part in enumerate(parts):
                if getattr(part, "value", "") == ":":
                    yield self._without(parts, index - 1, index + 2)

    @staticmethod
    def _without(parts: list[Node], begin: int, end: int) -> str:
        """Without some of the parts, and a comma with them."""
        code = [part.get_code() for part in parts]
        if end < len(code):
            end += 1
        elif begin:
            begin -= 1
        return "".join(code[:begin] + code[end:]).strip()


class Conditions(_Ours):
    """The opposite condition, where cosmic-ray's own operators do not look."""

    def changes(self, node: Node) -> Iterable[str]:
        if node.type not in ("comp_if", "comparison"):
            return
        code = [part.get_code() for part in node.children]
        if node.type == "comp_if":
            yield "".join([code[0], f" not ({code[1].strip()})", *code[2:]]).strip()
        elif len(code) == 3:
            opposite = {"in": " not in", "not in": " in"}.get(" ".join(code[1].split()))
            if opposite:
                yield "".join([code[0], opposite, code[2]]).strip()


class Handlers(_Ours):
    """A class of errors is not caught. Cosmic-ray's own puts a name there that does not exist, so
    that the classes beside it are not caught either, and fails at a name with a dot."""

    def changes(self, node: Node) -> Iterable[str]:
        above = node.parent
        if above is None or above.type != "except_clause" or node is not above.children[1]:
            return
        inner = node.children[1] if node.type == "atom" else None
        if getattr(inner, "type", "") != "testlist_comp":
            yield "()"
            return
        names = [name.get_code().strip() for name in inner.children[::2]]
        for number in range(len(names)):
            yield f"({', '.join(names[:number] + names[number + 1 :])},)"


def _is_keyword(node: Node) -> bool:
    return node.type == "argument" and getattr(node.children[1], "value", "") == "="


def mutants(source: str) -> Iterator[Mutant]:
    """Every mutant of a module, each once, in no order."""
    seen = {source}
    for operator in _operators():
        within = _Within(operator)
        occurrence = 0
        while (changed := mutate_code(source, within, occurrence)) is not None:
            occurrence += 1
            if changed not in seen and _compiles(changed):
                seen.add(changed)
                yield _mutant(source, changed)


def _operators() -> Iterator[Operator]:
    names = [
        *(f"ReplaceBinaryOperator_{name}" for name in _CHOSEN),
        *(f"ReplaceComparisonOperator_{name}" for name in _COMPARISONS),
        *_OTHERS,
    ]
    for name in names:
        yield get_operator(f"core/{name}")()
    ours: tuple[Callable[[], Operator], ...]
    ours = (Numbers, Words, Statements, Arguments, Conditions, Handlers)
    for make in ours:
        yield make()


class _Within(Operator):
    """Another operator, where a change is one of behaviour."""

    def __init__(self, inner: Operator) -> None:
        self._inner = inner

    def mutation_positions(self, node: Node) -> Iterable[Any]:
        positions = list(self._inner.mutation_positions(node))
        return () if positions and _is_left_alone(node) else positions

    def mutate(self, node: Node, index: int) -> Node:
        return self._inner.mutate(node, index)

    @classmethod
    def examples(cls) -> Iterable[Example]:
        return ()


def _is_left_alone(node: Node) -> bool:
    while (above := node.parent) is not None:
        if node.type == "operator" and above.type in _MARKS:
            return True
        if node.type == "decorator" or node is _type_in(above) or _says_types(node):
            return True
        node = above
    return False


def _says_types(node: Node) -> bool:
    """A block for the type checker, a type alias, or the list of a module's names."""
    if node.type in ("atom_expr", "power") and node.get_code().strip().startswith(_ALIASES):
        return True
    if node.type == "if_stmt":
        return bool(node.children[1].get_code().strip() == "TYPE_CHECKING")
    return bool(node.type == "expr_stmt" and node.children[0].get_code().strip() == "__all__")


def _type_in(above: Node) -> Node:
    """The part of a node that is an annotation."""
    if above.type == "annassign":
        return above.children[1]
    if above.type == "tfpdef":
        return above.children[-1]
    return above.annotation if above.type == "funcdef" else None


def _compiles(source: str) -> bool:
    try:
        compile(source, "mutant", "exec")
    except SyntaxError:
        return False
    return True


def _mutant(source: str, changed: str) -> Mutant:
    old, new = source.splitlines(), changed.splitlines()
    blocks = [
        (tag, *span)
        for tag, *span in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        if tag != "equal"
    ]
    first, last = blocks[0][1], max(blocks[-1][2], blocks[0][1] + 1)
    first_new, last_new = blocks[0][3], blocks[-1][4]
    was = "\n".join(line.strip() for line in old[first:last])
    now = "\n".join(line.strip() for line in new[first_new:last_new])
    return Mutant(first + 1, was, now, changed)
