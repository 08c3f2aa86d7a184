"""How texts are numbered: what the ids in their files stand for (as in Keras' IMDB)."""

from __future__ import annotations

PADDING, START, UNKNOWN, FIRST_WORD = 0, 1, 2, 3
"""Nothing, before a text that is shorter; the start of a text; a word that has no id; the commonest
word of the training texts, and the others after it."""

IDS = 20_000
"""How many there are."""

LENGTH = 400
"""Ids of a text in its file: of a longer one the last, before a shorter one padding."""
