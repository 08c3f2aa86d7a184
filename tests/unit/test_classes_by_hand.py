"""``benchmarks.classes_by_hand``: its order, its table, and what it refuses in a line."""

from __future__ import annotations

import pytest

from benchmarks import classes_by_hand
from benchmarks.classes_by_hand import WORKS, Block


@pytest.fixture
def ran(monkeypatch):
    """What was run, in its order; a job takes 3 s and a loop 2."""
    order = []

    def arm(kind, seconds):
        return lambda *words: order.append((kind, words[1], words[2], words[-1])) or seconds

    monkeypatch.setattr(classes_by_hand, "job_s", arm("job", 3.0))
    monkeypatch.setattr(classes_by_hand, "by_hand_s", arm("by hand", 2.0))
    return order


def test_the_arms_change_places_from_block_to_block(ran, capsys):
    words = ["torch", "--python", "/x", "--workload", "dqn-bricks", "--blocks", "2"]
    assert classes_by_hand.main(words) == 0
    assert [(kind, number) for kind, _, _, number in ran] == [
        ("job", 0), ("by hand", 0), ("by hand", 1), ("job", 1)
    ]  # fmt: skip
    assert "| `dqn-bricks` | torch | 2.00 | 3.00 | 1.50 | 1.50, 1.50 |" in capsys.readouterr().out


def test_a_ratio_is_of_its_block():
    blocks = [Block(2.0, 1.0), Block(3.0, 3.0), Block(9.0, 6.0)]
    assert classes_by_hand.table({("w", "jax"): blocks}).endswith(
        "| `w` | jax | 3.00 | 3.00 | 1.50 | 1.00, 2.00 |"
    )


def test_what_cannot_be_measured_is_one_line(ran, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("BENCHDL_CACHE", str(tmp_path))
    words = ["jax", "--python", "/x", "--workload", "lstm-imdb"]
    assert classes_by_hand.main(words) == 1
    told = capsys.readouterr().err
    assert told == (
        "classes_by_hand: no spamassassin in the cache: benchdl data fetch spamassassin\n"
    )
    assert ran == []
    with pytest.raises(SystemExit):
        classes_by_hand.main([*words, "--blocks", "0"])


def test_every_work_has_its_two_scripts():
    folder = classes_by_hand.REPO / "benchmarks" / "by_hand"
    for work in WORKS.values():
        assert (folder / f"{work.script}_torch.py").exists()
        assert (folder / f"{work.script}_jax.py").exists()
