"""What is shown of a fleet: a line a shard, and all of them in one."""

from __future__ import annotations

import io

from rich.console import Console

from harness.fleet import fleet_view
from harness.fleet.shard_files import Beat
from harness.fleet.standing import Standing

SHARDS = [
    Standing("1-p3", "p3", "running", "ip-1", Beat(count=3, ended=4, total=12, left_s=1300.0,
             running="torch gpu, job 5 of 12")),
    Standing("2-p3", "p3", "waiting", words="others have its hosts"),
    Standing("3-g5", "g5", "lost", "ip-2", Beat(count=9, ended=2, total=6),
             "no sign of life for 61 s; its host does not answer"),
]  # fmt: skip


def drawn(width, shards=SHARDS):
    console = Console(file=io.StringIO(), width=width)
    console.print(fleet_view.table(shards))
    return console.file.getvalue()


def test_each_shard_has_its_state_host_jobs_and_time():
    lines = drawn(100).splitlines()
    assert lines[1].split() == [
        "1-p3", "running", "ip-1", "4/12", "22", "min", "torch", "gpu,", "job", "5", "of", "12",
    ]  # fmt: skip
    assert lines[2].split()[:5] == ["2-p3", "waiting", "-", "-", "-"]
    assert "its host does not answer" in lines[3]


def test_no_word_is_cut_in_eighty_columns():
    text = drawn(80)
    assert max(map(len, text.splitlines())) <= 80
    words = set(text.split())
    assert {"no", "sign", "life", "host", "answer", "running", "lost"} <= words


def test_what_a_host_says_is_printed_and_does_nothing():
    odd = [Standing("1-p3", "p3", "failed", "\x1b[31mip", words="[bold]a\nb\x1b[2J")]
    text = drawn(100, odd)
    assert "\x1b" not in text
    assert "[bold]" in text


def test_all_shards_in_one_line():
    assert fleet_view.summary(SHARDS) == (
        "3 shards: 1 running on ip-1, 1 waiting, 1 lost; 6 of their 18 jobs ended"
    )
    assert fleet_view.summary(SHARDS[1:2]) == "1 shard: 1 waiting"


def test_lines_in_a_pipe_come_only_when_something_changed():
    console = Console(file=io.StringIO(), width=80)
    view = fleet_view.FleetView(console)
    for _ in range(3):
        view.standing(SHARDS)
    view.say("a line")
    view.close()
    assert console.file.getvalue().splitlines() == [
        fleet_view.summary(SHARDS), "a line",
    ]  # fmt: skip
