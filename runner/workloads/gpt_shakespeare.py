"""A small GPT on Shakespeare's works, character by character: nanoGPT's own setting for a GPU.

``config/train_shakespeare_char.py`` of A. Karpathy's nanoGPT (2022). It draws windows at random,
each anew; here they are cut once, and each is taken once an epoch.
"""

from __future__ import annotations

from runner.networks import proof
from runner.networks.decoder import Decoder
from runner.networks.optimizers import AdamW
from runner.networks.recipe import Recipe
from runner.workloads.language_workload import next_character
from runner.workloads.learned import Learned

CHARACTERS = 84
"""That occur in the works."""

OPTIMIZER = AdamW(
    learning_rate=1e-3,
    least_rate=1e-4,
    warm_up=100,
    updates=5000,
    beta_1=0.9,
    beta_2=0.99,
    epsilon=1e-8,
    weight_decay=0.1,
    clip_norm=1.0,
)

# A first guess: nanoGPT's own script was at 1.49 after 1,000 updates on these works (one H100,
# 2026-11-25). To be narrowed by runs of several seeds (benchmarks/bands.py).
_WORST = ((1000, 1.9), (5000, 1.7))

_SMALL = next_character(
    name="gpt-shakespeare",
    title="the same layers",
    decoder=Decoder(CHARACTERS, block=16, layers=2, heads=2, units=32, dropout=0.2),
    recipe=Recipe(batch_size=8, epochs=1, optimizer=OPTIMIZER),
    train_windows=None,
    judged=proof.Few(8, 8, 8),
    learned={},
)

WORKLOAD = next_character(
    name="gpt-shakespeare",
    title="GPT of 10.7 million parameters on Shakespeare's works",
    decoder=Decoder(CHARACTERS, block=256, layers=6, heads=6, units=384, dropout=0.2),
    recipe=Recipe(batch_size=64, epochs=18, optimizer=OPTIMIZER),
    train_windows=None,
    judged=proof.Few(200, 50, 8),
    learned={
        "shakespeare": Learned(1.0, _WORST, {"train_loss": _WORST}),
        "synthetic-shakespeare": Learned(0.7, _WORST, {"train_loss": _WORST}),
    },
    small=_SMALL,
)
