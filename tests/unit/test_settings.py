"""Settings of a job: image.toml, then the variant, then --set."""

from __future__ import annotations

import pytest

from harness import catalog, settings
from harness.errors import UsageError


def resolved(name, variant="default", *pairs):
    return settings.resolve(catalog.load(name), variant, settings.parse(list(pairs)))


def refused(name, variant, *pairs):
    with pytest.raises(UsageError) as caught:
        resolved(name, variant, *pairs)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2
    return str(caught.value)


def pool(found):
    return found.memory_pool.mode, found.memory_pool.fraction


@pytest.mark.parametrize(
    ("name", "variant", "mode", "fraction", "cudnn"),
    [
        ("tf", "default", "growth", None, True),
        ("tf", "pool", "fraction", 0.9, True),
        ("theano", "default", "fraction", 0.8, True),
        ("theano", "no-pool", "off", None, True),
        ("theano", "no-cudnn", "fraction", 0.8, False),
    ],
)
def test_variants(name, variant, mode, fraction, cudnn):
    found = resolved(name, variant)
    assert pool(found) == (mode, fraction)
    assert found.cudnn_enabled is cudnn
    assert found.precision == "float32"


@pytest.mark.parametrize(
    ("pair", "mode", "fraction"),
    [
        ("memory_pool.mode=off", "off", None),
        ("memory_pool.mode=growth", "growth", None),
        ("memory_pool.fraction=0.5", "fraction", 0.5),
        ("memory_pool.fraction=1", "fraction", 1.0),
        ("lib.cnmem=0", "off", None),
        ("lib.cnmem=0.9", "fraction", 0.9),
        ("lib.cnmem=1", "fraction", 1.0),
        ("gpuarray.preallocate=0", "growth", None),
        ("gpuarray.preallocate=0.9", "fraction", 0.9),
        ("gpuarray.preallocate=-1", "off", None),
    ],
)
def test_memory_pool_from_the_command_line(pair, mode, fraction):
    assert pool(resolved("theano", "default", pair)) == (mode, fraction)


def test_a_fraction_brings_its_mode_along():
    assert pool(resolved("tf", "default", "memory_pool.fraction=0.5")) == ("fraction", 0.5)
    assert pool(resolved("theano", "no-pool", "memory_pool.fraction=0.5")) == ("fraction", 0.5)


@pytest.mark.parametrize("alias", ["lib.cnmem", "gpuarray.preallocate"])
@pytest.mark.parametrize("value", ["2", "900", "inf", "nan", "much"])
def test_pool_sizes_that_are_no_share_are_refused(alias, value):
    assert f"--set {alias}={value}" in refused("theano", "default", f"{alias}={value}")


def test_command_line_wins_over_the_variant():
    assert pool(resolved("theano", "no-pool", "lib.cnmem=0.9")) == ("fraction", 0.9)
    assert resolved("theano", "no-cudnn", "cudnn.enabled=on").cudnn_enabled is True


def test_the_last_of_two_wins():
    assert pool(resolved("theano", "default", "lib.cnmem=0.9", "lib.cnmem=0")) == ("off", None)


@pytest.mark.parametrize(
    ("word", "value"),
    [("on", True), ("off", False), ("true", True), ("False", False), ("yes", True), ("NO", False)],
)
def test_switches_take_words(word, value):
    assert resolved("theano", "default", f"cudnn.enabled={word}").cudnn_enabled is value
    precision = "tf32" if value else "float32"  # the key of before --precision
    assert resolved("tf", "default", f"precision.tf32={word}").precision == precision


@pytest.mark.parametrize("word", ["", "1", "maybe"])
def test_switches_take_nothing_else(word):
    assert "expected on or off" in refused("tf", "default", f"cudnn.enabled={word}")


def test_environment_is_taken_as_it_is():
    pairs = ["environment.TF_FLAGS=a=b c", "environment.EMPTY=", "environment.NUMBER=1"]
    found = resolved("tf", "default", *pairs).environment
    assert found == {"TF_FLAGS": "a=b c", "EMPTY": "", "NUMBER": "1"}


@pytest.mark.parametrize("pair", ["environment.=x", "environment.A B=x", "environment.1A=x"])
def test_environment_names_are_names(pair):
    assert f"--set {pair}" in refused("tf", "default", pair)


@pytest.mark.parametrize(
    ("pair", "words"),
    [
        ("cudnn.enable=off", ["unknown key 'cudnn.enable'", "did you mean 'cudnn.enabled'?"]),
        ("zzz=1", ["unknown key 'zzz'", "memory_pool.mode"]),
        ("cudnn.enabled", ["expected key=value"]),
        ("=off", ["expected key=value"]),
        ("", ["expected key=value"]),
    ],
)
def test_unknown_keys(pair, words):
    said = refused("tf", "default", pair)
    for word in words:
        assert word in said


def test_unknown_variant_suggests_the_nearest():
    said = refused("theano", "no-pol")
    assert "backend 'theano' has no variant 'no-pol'" in said
    assert "did you mean 'no-pool'?" in said
    assert "default" in said


def test_mode_that_the_backend_does_not_have():
    said = refused("tf", "default", "memory_pool.mode=off")
    assert "backend 'tf' has no memory_pool.mode 'off'" in said
    assert "modes: growth, fraction" in said


def test_cnmem_off_is_refused_where_there_is_no_such_mode():
    assert "backend 'tf' has no memory_pool.mode 'off'" in refused("tf", "default", "lib.cnmem=0")


def test_fraction_without_its_size():
    assert "memory_pool.fraction" in refused("tf", "default", "memory_pool.mode=fraction")


@pytest.mark.parametrize("share", ["0", "-0.1", "1.01", "inf", "nan"])
def test_fraction_out_of_range(share):
    assert "fraction" in refused("theano", "default", f"memory_pool.fraction={share}")


def test_values_that_are_none_of_the_known():
    assert "turbo" in refused("theano", "default", "memory_pool.mode=turbo")


def test_precision_is_an_option():
    assert refused("torch", "default", "precision.dtype=float16").endswith("option: --precision")
    assert resolved("torch", "default", "precision.dtype=float32").precision == "float32"
    backend = catalog.load("torch")
    assert settings.resolve(backend, "default", {}, precision="float16").precision == "float16"
    with pytest.raises(UsageError, match=r"precision\.tf32 together with --precision bfloat16"):
        settings.resolve(backend, "default", {"precision.tf32": True}, precision="bfloat16")


def test_strategy_is_a_variant_or_a_setting_of_backends_that_have_it():
    assert resolved("tf").strategy == "default"
    assert resolved("tf", "mirrored").strategy == "data-parallel"
    assert resolved("torch", "default", "strategy=data-parallel").strategy == "data-parallel"
    assert resolved("tf", "mirrored", "strategy=default").strategy == "default"
    shared = refused("theano", "default", "strategy=data-parallel")
    assert "has no strategy 'data-parallel'" in shared
    assert "did you mean 'data-parallel'" in refused("tf", "default", "strategy=data-paralel")


def test_what_was_called_mirrored_is_still_understood():
    assert resolved("tf", "default", "strategy=mirrored").strategy == "data-parallel"


def test_a_backend_that_needs_cudnn_refuses_to_go_without():
    with pytest.raises(UsageError, match="'tf' cannot do without cuDNN"):
        settings.resolve(catalog.load("tf"), "default", {"cudnn.enabled": False})
