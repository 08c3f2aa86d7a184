"""PyTorch by hand on texts: the data on the device, nothing read before the end of an epoch."""

import time

from text_by_hand import BATCH, EPSILON, IDS, RATE, options, report, texts

args = options()
import torch
from torch import nn

torch.manual_seed(args.seed)
device = "cuda" if args.device == "gpu" else "cpu"


class Lstm(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(IDS, 128)
        self.lstm = nn.LSTM(128, 128, batch_first=True)
        self.dense = nn.Linear(128, 2)

    def forward(self, ids):
        steps, _ = self.lstm(self.embedding(ids))
        return self.dense(steps[:, -1])


class Convolution(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(IDS, 50)
        self.convolution = nn.Conv1d(50, 250, 3)
        self.hidden, self.dense = nn.Linear(250, 250), nn.Linear(250, 2)

    def forward(self, ids):
        windows = self.convolution(self.embedding(ids).transpose(1, 2)).relu()
        return self.dense(self.hidden(windows.amax(2)).relu())


model = (Lstm() if args.network == "lstm" else Convolution()).to(device)
nn.init.uniform_(model.embedding.weight, -0.05, 0.05)
(ids, labels), (test_ids, test_labels) = [
    (torch.from_numpy(x).to(device), torch.from_numpy(y).to(device)) for x, y in texts(args)
]
cross_entropy = nn.CrossEntropyLoss()
adam = torch.optim.Adam(model.parameters(), lr=RATE, eps=EPSILON)
updates = 0
model.train()
start = time.monotonic()
for _ in range(args.epochs):
    total = torch.zeros((), device=device)
    for chosen in torch.randperm(len(labels), device=device).split(BATCH):
        loss = cross_entropy(model(ids[chosen]), labels[chosen])
        loss.backward()
        adam.step()
        adam.zero_grad()
        total += loss.detach()
        updates += 1
    total.item()
fit_s = time.monotonic() - start
model.eval()
with torch.no_grad():
    wrong = sum(
        int((model(x).argmax(1) != y).sum())
        for x, y in zip(test_ids.split(500), test_labels.split(500))
    )
report(fit_s, updates, wrong, len(test_labels))
