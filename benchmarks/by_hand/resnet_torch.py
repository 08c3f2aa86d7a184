"""A residual network by hand in PyTorch: data on the device, one loop, on a GPU a CUDA graph."""

import time

from resnet_by_hand import (
    BATCH,
    CLASSES,
    MOMENTUM,
    NORM_EPSILON,
    NORM_MOMENTUM,
    TESTED,
    blocks,
    options,
    pictures,
    report,
)

args = options()
import torch
from torch import nn

torch.manual_seed(args.seed)
torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
device = torch.device("cuda" if args.device == "gpu" else "cpu")


def normalised(inputs, filters, side, stride):
    convolution = nn.Conv2d(inputs, filters, side, stride, padding=side // 2, bias=False)
    norm = nn.BatchNorm2d(filters, eps=NORM_EPSILON, momentum=1 - NORM_MOMENTUM)
    return nn.Sequential(convolution, norm)


class Block(nn.Module):
    def __init__(self, inputs, filters, stride):
        super().__init__()
        first, second = normalised(inputs, filters, 3, stride), normalised(filters, filters, 3, 1)
        self.body = nn.Sequential(first, nn.ReLU(), second)
        alike = stride == 1 and inputs == filters
        self.shortcut = nn.Identity() if alike else normalised(inputs, filters, 1, stride)

    def forward(self, x):
        return torch.relu(self.body(x) + self.shortcut(x))


model = nn.Sequential(
    normalised(3, args.widths[0], 3, 1), nn.ReLU(), *(Block(*each) for each in blocks(args.widths)),
    nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(args.widths[-1], CLASSES),
).to(device)  # fmt: skip
for parameter in model.parameters():
    if parameter.ndim > 1:
        nn.init.xavier_uniform_(parameter)
nn.init.zeros_(model[-1].bias)
sgd = torch.optim.SGD(model.parameters(), lr=args.rate, momentum=MOMENTUM)
cross_entropy = nn.CrossEntropyLoss()
train, test = [
    (torch.from_numpy(images).permute(0, 3, 1, 2).contiguous(), torch.from_numpy(labels))
    for images, labels in pictures(args)
]
x, y = (part.to(device) for part in train)


def step(images, labels):
    sgd.zero_grad(set_to_none=True)
    loss = cross_entropy(model(images), labels)
    loss.backward()
    sgd.step()
    return loss.detach()


def captured():
    """The step as a CUDA graph over inputs that stay where they are; nothing is learned by it."""
    held = x[:BATCH].clone(), y[:BATCH].clone()
    before = [value.clone() for value in model.state_dict().values()]
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            step(*held)
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        loss = step(*held)
    for value, first in zip(model.state_dict().values(), before):
        value.copy_(first)
    for state in sgd.state.values():
        state["momentum_buffer"].zero_()

    def replayed(images, labels):
        held[0].copy_(images)
        held[1].copy_(labels)
        graph.replay()
        return loss

    return replayed


model.train()
whole = captured() if args.device == "gpu" and len(y) >= BATCH else step
updates = 0
start = time.monotonic()
for _ in range(args.epochs):
    order, total = torch.randperm(len(y), device=device), torch.zeros((), device=device)
    for chosen in order.split(BATCH):
        learn = whole if len(chosen) == BATCH else step
        total += learn(x[chosen], y[chosen]) * len(chosen)
        updates += 1
    mean = float(total) / len(y)
fit_s = time.monotonic() - start
model.eval()
wrong = 0
with torch.no_grad():
    for images, labels in zip(test[0].split(TESTED), test[1].split(TESTED)):
        wrong += int((model(images.to(device)).argmax(1).cpu() != labels).sum())
report(fit_s, updates, wrong / len(test[1]))
