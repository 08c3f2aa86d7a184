"""PyTorch by hand, after its quickstart."""

import time

from by_hand import BATCH, DECAY, MOMENTUM, RATE, mnist, options, report

args = options()
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(args.seed)
torch.backends.cudnn.allow_tf32 = False
device = "cuda" if args.device == "gpu" else "cpu"
(x, y), (test_x, test_y) = mnist(args)
train = TensorDataset(torch.from_numpy(x[:, None]), torch.from_numpy(y))
loader = DataLoader(train, batch_size=BATCH, shuffle=True)
model = nn.Sequential(
    nn.Conv2d(1, 32, 4),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Conv2d(32, 16, 3),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Dropout(0.2),
    nn.Flatten(),
    nn.Linear(400, 128),
    nn.ReLU(),
    nn.Linear(128, 64),
    nn.ReLU(),
    nn.Linear(64, 10),
).to(device)
for parameter in model.parameters():
    if parameter.ndim > 1:
        nn.init.xavier_uniform_(parameter)
    else:
        nn.init.zeros_(parameter)
cross_entropy = nn.CrossEntropyLoss()
sgd = torch.optim.SGD(model.parameters(), lr=RATE, momentum=MOMENTUM)
schedule = torch.optim.lr_scheduler.LambdaLR(sgd, lambda update: 1 / (1 + DECAY * update))
updates = 0
model.train()
start = time.monotonic()
for _ in range(args.epochs):
    total = 0.0
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)
        loss = cross_entropy(model(images), labels)
        loss.backward()
        sgd.step()
        schedule.step()
        sgd.zero_grad()
        total += loss.item()
        updates += 1
fit_s = time.monotonic() - start
model.eval()
wrong = 0
with torch.no_grad():
    for first in range(0, len(test_x), 500):
        out = model(torch.from_numpy(test_x[first : first + 500, None]).to(device))
        wrong += (out.argmax(1).cpu().numpy() != test_y[first : first + 500]).sum()
report(fit_s, updates, wrong / len(test_x))
