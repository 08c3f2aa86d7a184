"""An empty word names nothing: a script whose variable is not set hears of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from harness.store import Store

RECORD = Path(__file__).resolve().parents[1] / "golden" / "campaign-1" / "two-backends.json"
RECORD_ID = "20261124t050000z-campaign-cpu-00c0ffee"


@pytest.mark.parametrize("word", ["", " "])
@pytest.mark.parametrize(
    "verb",
    ["show", "resume", "bundle create", "run tf --launcher local --dataset synthetic-mnist "
     "--idle-wait 0 --against"],
)  # fmt: skip
def test_it_is_refused_before_anything_is_done(
    tmp_path, monkeypatch, capsys, make_result, verb, word
):
    from harness.cli.main import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BENCHDL_RESULTS", str(tmp_path / "results"))
    monkeypatch.setenv("BENCHDL_CACHE", str(tmp_path / "cache"))
    Store(tmp_path / "results").add(make_result())
    (tmp_path / "results" / "campaigns").mkdir()
    shutil.copy(RECORD, tmp_path / "results" / "campaigns" / f"{RECORD_ID}.json")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(SystemExit) as done:
        main([*verb.split(), word])
    said = capsys.readouterr()
    assert (done.value.code, said.out) == (2, "")
    assert said.err.splitlines()[-1].startswith("benchdl: ")
    assert sorted(tmp_path.rglob("*")) == before
