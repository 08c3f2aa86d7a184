"""The keyword spotter of MLPerf Tiny by hand in PyTorch: the data on the device, one loop."""

import time

from dscnn_by_hand import (
    BATCH,
    BLOCKS,
    CLASSES,
    DROPS,
    EPSILON,
    FILTERS,
    NORM_EPSILON,
    NORM_MOMENTUM,
    RATE,
    clips,
    options,
    report,
)

args = options()
import torch
from torch import nn

torch.manual_seed(args.seed)
torch.backends.cudnn.allow_tf32 = False
device = "cuda" if args.device == "gpu" else "cpu"


def normalised():
    return nn.BatchNorm2d(FILTERS, eps=NORM_EPSILON, momentum=1 - NORM_MOMENTUM), nn.ReLU()


def separable():
    return (
        nn.Conv2d(FILTERS, FILTERS, 3, padding=1, groups=FILTERS),
        *normalised(),
        nn.Conv2d(FILTERS, FILTERS, 1),
        *normalised(),
    )


model = nn.Sequential(
    nn.ZeroPad2d((1, 1, 4, 5)),
    nn.Conv2d(1, FILTERS, (10, 4), stride=2),
    *normalised(),
    nn.Dropout(DROPS[0]),
    *(module for _ in range(BLOCKS) for module in separable()),
    nn.Dropout(DROPS[1]),
    nn.AdaptiveAvgPool2d(1),
    nn.Flatten(),
    nn.Linear(FILTERS, CLASSES),
).to(device)
for parameter in model.parameters():
    if parameter.ndim > 1:
        nn.init.xavier_uniform_(parameter)
for module in model.modules():
    if isinstance(module, (nn.Conv2d, nn.Linear)):
        nn.init.zeros_(module.bias)
(x, y), (test_x, test_y) = (
    (torch.from_numpy(features)[:, None].to(device), torch.from_numpy(labels).to(device))
    for features, labels in clips(args)
)
cross_entropy = nn.CrossEntropyLoss()
adam = torch.optim.Adam(model.parameters(), lr=RATE, eps=EPSILON)
updates, epochs_s = 0, []
model.train()
start = time.monotonic()
for _ in range(args.epochs):
    begin, total = time.monotonic(), torch.zeros((), device=device)
    for chosen in torch.randperm(len(x), device=device).split(BATCH):
        loss = cross_entropy(model(x[chosen]), y[chosen])
        adam.zero_grad()
        loss.backward()
        adam.step()
        total += loss.detach()
        updates += 1
    total.item()
    epochs_s.append(time.monotonic() - begin)
fit_s = time.monotonic() - start
model.eval()
with torch.no_grad():
    guesses = torch.cat([model(part).argmax(1) for part in test_x.split(500)])
report(fit_s, epochs_s, updates, float((guesses != test_y).double().mean()))
