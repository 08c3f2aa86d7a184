"""docs/workloads.md: a section for each workload with its figures, and an example that runs."""

from __future__ import annotations

import re

import pytest

from runner.workloads import lookup


@pytest.fixture
def page(repo):
    return (repo / "docs" / "workloads.md").read_text()


@pytest.mark.parametrize("name", lookup.names())
def test_every_workload_has_a_section_with_its_parameters(page, name):
    section = page.partition(f"## `{name}`\n")[2].partition("\n## ")[0]
    workload = lookup.load(name)
    assert all(f"`{dataset}`" in section for dataset in workload.datasets)
    assert f"| Budget | {workload.budget} |" in section or workload.parameters()
    if workload.parameters() is None:
        return
    assert f"| Parameters | {workload.parameters():,} |" in section
    operations = re.search(
        r"Floating-point operations of a sample, forward \| ([\d,]+) \|", section
    )
    assert operations
    assert int(operations[1].replace(",", "")) == workload.operations()


def test_the_example_states_a_network(page):
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    stated = {}
    exec(compile(code, "docs/workloads.md", "exec"), stated)
    workload = stated["WORKLOAD"]
    assert workload.name == "mlp-mnist"
    assert workload.parameters() == 784 * 128 + 128 + 128 * 10 + 10
    assert workload.count(1000, workload.budget) == 5 * 8
