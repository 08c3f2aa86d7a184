"""A bundle tells nothing of its maker's folders, and says under which licences its parts are."""

from __future__ import annotations

import fcntl
import json
import signal
import socket
import subprocess
import sys

import bundled
import pytest

from harness.bundle import reading, replay
from harness.bundle.create import Wanted, create
from harness.bundle.redaction import Redaction
from harness.campaign import records
from harness.store import Store


@pytest.fixture
def home(tmp_path, monkeypatch):
    folder = tmp_path / "homes" / "alice.smith"
    folder.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("BENCHDL_CACHE", str(folder / "cache of mine"))
    bundled.as_root(bundled.checkout(folder / "checkout"), monkeypatch)
    return folder


def made(home, make_result, tmp_path, log=""):
    """A bundle of local jobs whose results and logs are full of paths."""
    store = Store(home / "results")
    record = bundled.campaign()
    data = home / "däta" / "mnist"
    options = record.options.model_copy(update={"data_dir": data})
    record = record.model_copy(update={"options": options})
    records.save(store, record)
    failure = {
        "reason": "crashed",
        "message": f"no such file: '{data}/train-images' ({home}/cache of mine/environments/x)",
    }
    result = make_result(
        run_id="20261124t050001z-small-cpu-00000001",
        status="failed",
        measurement=None,
        failure=failure,
        job={
            "backend": "small",
            "campaign_id": record.campaign_id,
            "campaign_position": 1,
            "data_dir": str(data),
        },
    )
    folder = store.add(result)
    (folder / "log.txt").write_text(log)
    (folder / "samples.json").write_text(json.dumps({"where": str(data)}))
    create(record, store, tmp_path / "a.tar", Wanted(unfinished=True), None, force=False, say=print)
    return tmp_path / "a.tar"


def test_no_path_of_the_maker_s_machine(home, make_result, tmp_path, monkeypatch):
    monkeypatch.setattr(socket, "gethostname", lambda: "alices-box")
    log = (
        f'File "{home}/checkout/runner/train.py", line 3\nFile "/home/bob/x.py"\n/root/.cache\n'
        f"on alices-box: {home}/results, /data/train-images, /homework, /rooted\n"
    )
    file = made(home, make_result, tmp_path, log)
    for name, content in bundled.contents(file).items():
        for needle in ("alice.smith", "bob", str(tmp_path), "däta", "d\\u00e4ta"):
            assert needle.encode() not in content, (name, needle)
    members = bundled.contents(file)
    (text,) = [content.decode() for name, content in members.items() if name.endswith("log.txt")]
    assert text == (
        'File "$BENCHDL_ROOT/runner/train.py", line 3\nFile "~/x.py"\n~/.cache\n'
        "on $HOSTNAME: $BENCHDL_RESULTS, /data/train-images, /homework, /rooted\n"
    )
    result = json.loads(
        next(content for name, content in members.items() if name.endswith("result.json"))
    )
    assert result["job"]["data_dir"] == "$BENCHDL_DATA"
    assert result["failure"]["message"] == (
        "no such file: '$BENCHDL_DATA/train-images' ($BENCHDL_CACHE/environments/x)"
    )
    assert json.loads(members["campaign.json"])["options"]["data_dir"] == "$BENCHDL_DATA"


@pytest.mark.slow
def test_what_was_replaced_is_whole_and_replays(home, make_result, tmp_path):
    file = made(home, make_result, tmp_path, f"{home}\n")
    with reading.opened(file) as bundle:
        found = replay.replay(bundle, tmp_path / "again", force=False)
    assert {replayed.difference for replayed in found} == {""}
    assert "alice.smith" not in (tmp_path / "again" / "report.html").read_text()


def test_places_in_containers_and_the_root_are_no_secrets(tmp_path, monkeypatch, home):
    record = bundled.campaign()
    for place in ("/data", "/", "", "relative/data"):
        options = record.options.model_copy(update={"data_dir": place})
        redaction = Redaction(
            record.model_copy(update={"options": options}), [], Store(tmp_path / "r")
        )
        text = b"/data/x / relative/data $HOME"
        assert redaction.log(text) == text


def test_licences_are_in_it(home, make_result, tmp_path, repo):
    members = bundled.contents(made(home, make_result, tmp_path))
    assert members["LICENSE"] == (repo / "LICENSE").read_bytes()
    told = members["LICENCES.txt"].decode()
    for needle in ("MIT", "mnist", "synthetic-mnist", "Debian packages", "CUDA and cuDNN"):
        assert needle in told


def test_what_a_kill_leaves_of_a_bundle_goes_with_the_next(home, make_result, tmp_path):
    code = (
        "import sys, time; from pathlib import Path; from harness.bundle.placing import placed\n"
        "with placed(Path(sys.argv[1])) as stream:\n"
        "    stream.write(b'half'); stream.flush(); print('there', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, tmp_path / "a.tar"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "there\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    (left,) = tmp_path.glob(".a.tar.*.partial")
    assert not (tmp_path / "a.tar").exists()  # never seen as whole
    foreign = tmp_path / ".b.tar.00000000.partial"  # of another bundle
    foreign.write_bytes(b"")
    with (tmp_path / ".a.tar.11111111.partial").open("xb") as held:  # of a process that lives
        fcntl.flock(held, fcntl.LOCK_EX)
        made(home, make_result, tmp_path)
        assert sorted(tmp_path.glob(".*.partial")) == sorted([type(foreign)(held.name), foreign])
    assert not left.exists()
    with reading.opened(tmp_path / "a.tar"):
        pass
