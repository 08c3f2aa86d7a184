"""A backend asked for a workload that it does not have: one line, for every such pair there is."""

from __future__ import annotations

import pytest

from harness import catalog
from harness.cli.main import main
from runner.workloads import lookup

PAIRS = [
    (backend, workload)
    for backend in catalog.names()
    for workload in lookup.names()
    if not catalog.load(backend).runs(workload)
]


@pytest.mark.parametrize(("backend", "workload"), PAIRS)
def test_a_workload_that_a_backend_does_not_have_is_refused_in_one_line(backend, workload, capsys):
    for verb in ("run", "conform"):
        where = ["--launcher", "local", "--device", "cpu"]
        with pytest.raises(SystemExit) as ended:
            main([verb, backend, "--workload", workload, *where])
        assert ended.value.code == 2
        said = capsys.readouterr()
        assert said.out == ""
        (line,) = said.err.splitlines()
        assert line.startswith(
            f"benchdl: backend '{backend}' does not have workload '{workload}': it has: "
        )
        assert "benchdl list shows all" in line
