"""A variant that would change nothing of a job is refused, with what to ask for instead."""

from __future__ import annotations

import pytest

from harness import catalog
from harness.campaign import checked, limits
from harness.campaign.plan import Options
from harness.errors import UsageError
from runner.backends.torch import torch_compiler
from runner.workloads import lookup

USUAL = {"mode": "tuned", "device": "gpu", "strategy": "default"}


def check(name="compiled", workload="cnn-mnist", **words):
    limits.check_variant(
        name, catalog.load("torch"), workload=lookup.load(workload), **{**USUAL, **words}
    )


def test_a_compiled_step_of_pytorch_is_tuned_on_one_gpu():
    check()
    check(name="default", mode="as-written", device="cpu")
    check(name="no-pool", mode="as-written")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"mode": "as-written"}, "changes nothing with mode as-written: add --mode tuned"),
        ({"device": "cpu"}, "changes nothing with device cpu: add --device gpu"),
        ({"strategy": "data-parallel"}, "add --strategy default, or leave --variant compiled out"),
        ({"workload": "lstm-imdb"}, "changes nothing of workload lstm-imdb: leave --variant"),
        ({"workload": "dqn-bricks"}, "changes nothing of workload dqn-bricks"),
    ],
)
def test_where_it_would_change_nothing_it_is_refused(words, said):
    with pytest.raises(UsageError) as refused:
        check(**words)
    assert said in f"{refused.value}: {refused.value.advice}"


def test_the_plan_refuses_it_before_anything_starts():
    asked = Options(backends=["torch"], devices=["cpu"], modes=["tuned"], variants=["compiled"])
    with pytest.raises(UsageError, match="changes nothing with device cpu"):
        checked.combined(asked)


def test_what_a_variant_is_not_for_are_workloads_of_its_backend():
    for name in catalog.names():
        backend = catalog.load(name)
        for variant in backend.spec.variants.values():
            assert set(variant.not_for) <= set(backend.spec.workloads)


def test_the_compiler_is_one_of_the_path_or_what_cc_names(monkeypatch, tmp_path):
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RuntimeError, match="needs a C compiler"):
        torch_compiler.demand()
    (tmp_path / "gcc").write_text("")
    (tmp_path / "gcc").chmod(0o755)
    torch_compiler.demand()
    (tmp_path / "gcc").unlink()
    monkeypatch.setenv("CC", "/opt/somewhere/cc")
    torch_compiler.demand()
