"""PyTorch by hand on flights: the data on the device, nothing read before the end of an epoch."""

import time

from flights_by_hand import BATCH, MOMENTUM, RATE, WIDTH, options, report, rows

args = options()
import torch
from torch import nn

torch.manual_seed(args.seed)
device = "cuda" if args.device == "gpu" else "cpu"
model = nn.Sequential(
    nn.Linear(WIDTH, 200), nn.ReLU(), nn.Linear(200, 200), nn.ReLU(), nn.Linear(200, 2)
).to(device)
(train, test) = rows(args)
inputs, labels = (torch.from_numpy(part).to(device) for part in train)
cross_entropy = nn.CrossEntropyLoss()
sgd = torch.optim.SGD(model.parameters(), lr=RATE, momentum=MOMENTUM)
updates = 0
model.train()
start = time.monotonic()
for _ in range(args.epochs):
    total = torch.zeros((), device=device)
    order = torch.randperm(len(labels), device=device)
    for x, y in zip(inputs[order].split(BATCH), labels[order].split(BATCH)):
        loss = cross_entropy(model(x), y)
        loss.backward()
        sgd.step()
        sgd.zero_grad()
        total += loss.detach()
        updates += 1
    total.item()
fit_s = time.monotonic() - start
model.eval()
with torch.no_grad():
    logits = model(torch.from_numpy(test[0]).to(device)).cpu().numpy()
report(fit_s, updates, logits[:, 1] - logits[:, 0], test[1])
