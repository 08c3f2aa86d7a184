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

# A tenth above the worst of sound runs: after one epoch, 278 updates, of 32 starts with PyTorch,
# JAX and Keras 3 on both, in float32, TF32 and bfloat16; from 1,112 on of 8 with PyTorch in
# bfloat16, of which 4 went to the end (two H200s, benchmarks/bands.py, 2026-11-27). Their worst
# losses on the held-out text were 1.994, 1.492, 1.372, 1.329 and 1.312, on the training windows
# 2.018, 1.317, 1.161, 1.084 and 1.025.
_WORST = ((278, 2.2), (1112, 1.65), (2224, 1.51), (3336, 1.46), (5004, 1.45))
_LOSSES = ((278, 2.25), (1112, 1.45), (2224, 1.28), (3336, 1.2), (5004, 1.13))

# Of the stand-in a guess.
_SYNTHETIC_WORST = ((1000, 1.9), (5000, 1.7))

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
    title="GPT of 10.8 million parameters on Shakespeare's works",
    decoder=Decoder(CHARACTERS, block=256, layers=6, heads=6, units=384, dropout=0.2),
    recipe=Recipe(batch_size=64, epochs=18, optimizer=OPTIMIZER),
    train_windows=None,
    judged=proof.Few(200, 50, 8),
    learned={
        "shakespeare": Learned(1.0, _WORST, {"train_loss": _LOSSES}),
        "synthetic-shakespeare": Learned(0.7, _SYNTHETIC_WORST, {"train_loss": _SYNTHETIC_WORST}),
    },
    small=_SMALL,
)
