"""Q-learning by hand in PyTorch: target and update in one go, nothing read but Q to act by.

On a GPU both are captured as CUDA graphs, and the host copies into their inputs.
"""

import copy
import time

from dqn_by_hand import BATCH, COPIES, COPY_EVERY, EPSILON, LEARN_FROM, RATE, Play, options, report

args = options()
import numpy as np
import torch
from torch import nn

torch.manual_seed(args.seed)
if args.threads:
    torch.set_num_threads(args.threads)
torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
device = torch.device("cuda" if args.device == "gpu" else "cpu")
on_gpu = device.type == "cuda"
q = nn.Sequential(
    nn.Conv2d(4, 16, 3), nn.ReLU(), nn.Flatten(), nn.Linear(1024, 128), nn.ReLU(),
    nn.Linear(128, 3),
).to(device)  # fmt: skip
for parameter in q.parameters():
    if parameter.ndim > 1:
        nn.init.xavier_uniform_(parameter)
    else:
        nn.init.zeros_(parameter)
target = copy.deepcopy(q)
adam = torch.optim.Adam(q.parameters(), lr=RATE, eps=EPSILON, capturable=on_gpu)
huber = nn.SmoothL1Loss()
play = Play(args.seed, lambda states: np.ascontiguousarray(states.transpose(0, 3, 1, 2)))


def learn(before, actions, rewards, after, goes_on):
    with torch.no_grad():
        wanted = rewards + goes_on * target(after.float()).max(1).values
    loss = huber(q(before.float()).gather(1, actions[:, None])[:, 0], wanted)
    adam.zero_grad(set_to_none=True)
    loss.backward()
    adam.step()


def captured(work, *inputs):
    """``work`` as a CUDA graph over ``inputs``, which stay where they are."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            work(*inputs)
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        out = work(*inputs)
    return graph, out


if on_gpu:
    at_hand = torch.zeros((COPIES, 4, 10, 10), dtype=torch.uint8, device=device)
    held = [
        torch.zeros(shape, dtype=kind, device=device)
        for shape, kind in (
            ((BATCH, 4, 10, 10), torch.uint8), (BATCH, torch.int64), (BATCH, torch.float32),
            ((BATCH, 4, 10, 10), torch.uint8), (BATCH, torch.float32),
        )
    ]  # fmt: skip
    first = copy.deepcopy(q.state_dict())
    learning, _ = captured(learn, *held)
    q.load_state_dict(first)  # the warm-up learned from nothing
    for state in adam.state.values():
        for value in state.values():
            value.zero_()
    with torch.no_grad():
        acting, values = captured(lambda states: q(states.float()), at_hand)
updates = 0
start = time.monotonic()
while play.steps < args.steps:
    states = torch.from_numpy(play.states)
    if on_gpu:
        at_hand.copy_(states)
        acting.replay()
        play.move(values.cpu().numpy())
    else:
        with torch.no_grad():
            play.move(q(states.float()).numpy())
    if play.steps < LEARN_FROM:
        continue
    batch = [torch.from_numpy(part) for part in play.batch()]
    if on_gpu:
        for own, part in zip(held, batch):
            own.copy_(part)
        learning.replay()
    else:
        learn(*batch)
    updates += 1
    if updates % COPY_EVERY == 0:
        with torch.no_grad():
            for own, other in zip(target.parameters(), q.parameters()):
                own.copy_(other)
if on_gpu:
    torch.cuda.synchronize()
report(time.monotonic() - start, play, updates)
