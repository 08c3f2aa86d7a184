"""Datasets of a few samples in the place of the real ones, for tests of how data is provided."""

from __future__ import annotations

import dataclasses
import hashlib

from harness.provision import discovery, obtain
from harness.provision.verified import Dataset
from runner.contract.idx_header import header

TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS = discovery.load("mnist").sha256


def contents(kind, train=7, test=5):
    """Four small files by name; their pixels look random, so that packed ones are not tiny."""
    made = {}
    for name, count in zip((TRAIN_IMAGES, TEST_IMAGES), (train, test), strict=True):
        made[name] = header((count, 28, 28)) + _noise(f"{kind}{name}", 784 * count)
    for name, count in zip((TRAIN_LABELS, TEST_LABELS), (train, test), strict=True):
        made[name] = header((count,)) + _noise(f"{kind}{name}", count)
    return {name: made[name] for name in (TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS)}


def _noise(seed, size):
    blocks = range(-(-size // 32))
    return b"".join(hashlib.sha256(f"{seed}{n}".encode()).digest() for n in blocks)[:size]


def spec(name, files):
    """The dataset of this name with these files instead of its own."""
    own = discovery.load(name)
    stated = tuple(
        dataclasses.replace(
            file,
            sha256=hashlib.sha256(files[file.name]).hexdigest(),
            size_bytes=len(files[file.name]),
            head=files[file.name][: len(file.head)],
        )
        for file in own.files
    )
    generate = (lambda: iter(files.items())) if own.generate else None
    return dataclasses.replace(own, files=stated, generate=generate)


def instead(monkeypatch, *specs):
    """Let these be the datasets that are found under their names."""
    real = discovery.load
    by_name = {made.name: made for made in specs}
    monkeypatch.setattr(discovery, "load", lambda name: by_name.get(name) or real(name))


def provided(monkeypatch, name, folder):
    """Let every campaign have this dataset at once, verified and of no files."""
    data = Dataset(discovery.load(name), folder)
    monkeypatch.setattr(obtain, "resolve", lambda *asked: data)
