"""A GPT by hand in PyTorch, after nanoGPT: the data on the device, one loop.

In bfloat16 products are made by autocast, weights and AdamW stay in float32.
"""

import time
from contextlib import nullcontext

from gpt_by_hand import (
    BETAS,
    CHARACTERS,
    CLIP,
    DECAY,
    EPSILON,
    SETTINGS,
    batches,
    options,
    rate,
    report,
    windows,
)

args = options()
import numpy as np
import torch
from torch import nn
from torch.nn import functional

setting = SETTINGS[args.setting]
updates = args.updates or setting.updates
device = "cuda" if args.device == "gpu" else "cpu"
torch.manual_seed(args.seed)
torch.backends.cuda.matmul.allow_tf32 = args.precision != "float32"


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        units = setting.units
        self.before_attention = nn.LayerNorm(units, bias=False)
        self.mixing = nn.Linear(units, 3 * units, bias=False)
        self.projection = nn.Linear(units, units, bias=False)
        self.before_dense = nn.LayerNorm(units, bias=False)
        self.wide = nn.Linear(units, 4 * units, bias=False)
        self.narrow = nn.Linear(4 * units, units, bias=False)
        for matrix in (self.projection, self.narrow):
            nn.init.normal_(matrix.weight, std=0.02 / (2 * setting.layers) ** 0.5)
        for matrix in (self.mixing, self.wide):
            nn.init.normal_(matrix.weight, std=0.02)

    def attention(self, x):
        count, time_, units = x.shape
        parts = self.mixing(x).view(count, time_, 3, setting.heads, units // setting.heads)
        queries, keys, values = parts.permute(2, 0, 3, 1, 4)
        dropped = setting.dropout if self.training else 0.0
        out = functional.scaled_dot_product_attention(
            queries, keys, values, is_causal=True, dropout_p=dropped
        )
        return self.projection(out.transpose(1, 2).reshape(count, time_, units))

    def forward(self, x):
        drop = functional.dropout
        x = x + drop(self.attention(self.before_attention(x)), setting.dropout, self.training)
        wide = functional.gelu(self.wide(self.before_dense(x)), approximate="tanh")
        return x + drop(self.narrow(wide), setting.dropout, self.training)


class GPT(nn.Module):
    def __init__(self):
        super().__init__()
        self.characters = nn.Embedding(CHARACTERS, setting.units)
        self.positions = nn.Embedding(setting.block, setting.units)
        self.blocks = nn.ModuleList(Block() for _ in range(setting.layers))
        self.last = nn.LayerNorm(setting.units, bias=False)
        self.head = nn.Linear(setting.units, CHARACTERS, bias=False)
        for table in (self.characters, self.positions, self.head):
            nn.init.normal_(table.weight, std=0.02)

    def forward(self, x, labels):
        places = torch.arange(setting.block, device=x.device)
        x = self.characters(x) + self.positions(places)
        x = functional.dropout(x, setting.dropout, self.training)
        for block in self.blocks:
            x = block(x)
        logits = self.head(self.last(x))
        return functional.cross_entropy(logits.flatten(0, 1), labels.flatten())


(train, test) = [
    [torch.from_numpy(part).to(device) for part in pair] for pair in windows(args, setting)
]
model = GPT().to(device)
matrices = [value for value in model.parameters() if value.ndim > 1]
vectors = [value for value in model.parameters() if value.ndim < 2]
adam = torch.optim.AdamW(
    [{"params": matrices, "weight_decay": DECAY}, {"params": vectors, "weight_decay": 0.0}],
    betas=BETAS,
    eps=EPSILON,
    fused=device == "cuda",
)
coarse = torch.autocast(device, torch.bfloat16) if args.precision == "bfloat16" else nullcontext()
loss_of = torch.compile(model) if args.compile else model


def wait():
    if device == "cuda":
        torch.cuda.synchronize()


model.train()
random, laps, first_s = np.random.RandomState(args.seed), [], None
wait()
start = lap = time.monotonic()
for update, rows in enumerate(batches(random, len(train[0]), setting, updates)):
    chosen = torch.from_numpy(rows).to(device)
    for group in adam.param_groups:
        group["lr"] = rate(update, setting)
    with coarse:
        loss = loss_of(train[0][chosen], train[1][chosen])
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), CLIP)
    adam.step()
    adam.zero_grad(set_to_none=True)
    if update == 0:
        wait()
        lap = time.monotonic()
        first_s = lap - start
    elif update % 10 == 0:
        wait()
        now = time.monotonic()
        laps.append(now - lap)
        lap = now
wait()
fit_s = time.monotonic() - start
model.eval()
total = 0.0
with torch.no_grad():
    for first in range(0, len(test[0]), 50):
        some = [part[first : first + 50] for part in test]
        total += model(*some).item() * len(some[0])
report(fit_s, first_s, laps, total / len(test[0]))
