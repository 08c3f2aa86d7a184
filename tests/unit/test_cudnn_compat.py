"""docker/theano/cudnn-compat: which algorithm our header chooses from cuDNN 8's list."""

from __future__ import annotations

import shutil
import subprocess

import pytest

NO_WORKSPACE, PREFER_FASTEST, LIMIT = range(3)
SUCCESS, BAD_PARAM, NOT_SUPPORTED = 0, 3, 9
NONE = -1
DEFAULT, TENSOR = 0, 1


@pytest.fixture(scope="module")
def select(repo, tmp_path_factory):
    """The header's choice, compiled against a stand-in of cuDNN with a list of this test's own."""
    compiler = shutil.which("g++")
    if compiler is None:
        pytest.skip("needs g++")
    program = tmp_path_factory.mktemp("select") / "select"
    stand_in = repo / "tests" / "cuda_stand_in"
    paths = [repo / "docker" / "theano" / "cudnn-compat", stand_in / "cudnn"]
    subprocess.run(
        [compiler, "-Wall", "-Werror", *(f"-I{path}" for path in paths), stand_in / "select.cpp",
         "-o", program],
        check=True,
    )  # fmt: skip

    def run(direction, preference, limit, entries, math=DEFAULT):
        words = [":".join(map(str, entry)) for entry in entries]
        if entries == "error":
            words = ["error"]
        out = subprocess.run(
            [program, direction, str(preference), str(limit), str(math), *words],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        return tuple(map(int, out.split()))

    return run


# Fastest first: status, algorithm, memory, math type.
LISTED = [
    (NOT_SUPPORTED, 5, 0, DEFAULT),
    (SUCCESS, 7, 900, DEFAULT),
    (SUCCESS, 6, 100, DEFAULT),
    (SUCCESS, 1, 0, DEFAULT),
]


@pytest.mark.parametrize("direction", ["forward", "data", "filter"])
@pytest.mark.parametrize(
    ("preference", "limit", "chosen"),
    [
        (PREFER_FASTEST, 0, 7),
        (LIMIT, 1000, 7),
        (LIMIT, 900, 7),
        (LIMIT, 899, 6),
        (LIMIT, 99, 1),
        (LIMIT, 0, 1),
        (NO_WORKSPACE, 1000, 1),
    ],
)
def test_the_fastest_that_can_run_and_fits(select, direction, preference, limit, chosen):
    assert select(direction, preference, limit, LISTED) == (SUCCESS, chosen)


@pytest.mark.parametrize("direction", ["forward", "data", "filter"])
def test_nothing_that_fits_is_not_supported(select, direction):
    assert select(direction, LIMIT, 99, LISTED[:3]) == (NOT_SUPPORTED, NONE)
    assert select(direction, NO_WORKSPACE, 999, LISTED[:3]) == (NOT_SUPPORTED, NONE)
    assert select(direction, PREFER_FASTEST, 0, LISTED[:1]) == (NOT_SUPPORTED, NONE)
    assert select(direction, PREFER_FASTEST, 0, []) == (NOT_SUPPORTED, NONE)


def test_cudnns_own_error_is_passed_on(select):
    assert select("forward", LIMIT, 99, "error") == (BAD_PARAM, NONE)


def test_the_convolutions_own_math_type_goes_first(select):
    """A place in the list holds for its math type, which the caller does not change."""
    listed = [(SUCCESS, 4, 0, TENSOR), (SUCCESS, 2, 0, DEFAULT)]
    assert select("forward", PREFER_FASTEST, 0, listed, math=DEFAULT) == (SUCCESS, 2)
    assert select("forward", PREFER_FASTEST, 0, listed, math=TENSOR) == (SUCCESS, 4)
    assert select("forward", PREFER_FASTEST, 0, listed[:1], math=DEFAULT) == (SUCCESS, 4)


def test_an_algorithm_far_down_a_long_list_is_found(select):
    """Each algorithm can be there once per math type."""
    listed = [(NOT_SUPPORTED, number % 8, 0, number // 8) for number in range(31)]
    assert select("forward", LIMIT, 5, [*listed, (SUCCESS, 3, 5, DEFAULT)]) == (SUCCESS, 3)
