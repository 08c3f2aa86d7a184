"""Every figure that can be read has bounds: no sum, square or ratio of them is infinite."""

from __future__ import annotations

import json
import math
import typing

import pytest
from annotated_types import Ge, Gt, Le, Lt
from pydantic import ValidationError

from harness.bundle.manifest import Manifest
from harness.campaign.records import Campaign
from runner.contract.result import Result, load_result
from runner.contract.schema import ContractError, Model


def figures(model, path=""):
    """Every number in a model and the models below it: where, its type, and its constraints."""
    for name, field in model.model_fields.items():
        yield from within(field.annotation, list(field.metadata), f"{path}.{name}")


def within(annotation, metadata, path):
    if typing.get_origin(annotation) is typing.Annotated:
        inner, *more = typing.get_args(annotation)
        yield from within(inner, [*metadata, *flat(more)], path)
    elif isinstance(annotation, type) and issubclass(annotation, Model):
        yield from figures(annotation, path)
    elif annotation in (int, float):
        yield path, annotation, metadata
    elif typing.get_origin(annotation) is not typing.Literal:
        for part in typing.get_args(annotation):
            yield from within(part, metadata, path)


def flat(metadata):
    for constraint in metadata:
        yield from getattr(constraint, "metadata", None) or [constraint]


@pytest.mark.parametrize("model", [Result, Campaign, Manifest])
def test_every_number_of_a_model_has_both_bounds(model):
    found = list(figures(model))
    assert len(found) > 1
    unbounded = [
        path
        for path, _, metadata in found
        if not any(isinstance(bound, (Ge, Gt)) for bound in metadata)
        or not any(isinstance(bound, (Le, Lt)) for bound in metadata)
    ]
    assert unbounded == []


def test_text_has_a_bound_too():
    assert Result.model_config["str_max_length"] == 100_000


HOSTILE = {
    "1e308": 1e308,
    "-1e308": -1e308,
    "400 digits": int("9" * 400),
    "2**63": 2**63,
    "the smallest": 5e-324,
}


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize(
    "path",
    [
        ("measurement", "phases", "fit_s"),
        ("measurement", "laps", 0, "loss"),
        ("measurement", "work", "parameters"),
        ("measurement", "score", "value"),
        ("measurement", "proofs", 0, "claimed"),
        ("measurement", "attestation", "framework", "figure"),
        ("launch", "hardening", "deep"),
        ("launch", "wall_s"),
        ("job", "threads"),
    ],
    ids=lambda path: ".".join(map(str, path)),
)
def test_what_would_overflow_is_refused(make_result, path, value):
    data = json.loads(make_result().model_dump_json())
    part = data
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    if value == 5e-324 and path[-1] not in ("fit_s", "parameters", "threads"):
        assert load_result(json.dumps(data)).run_id == data["run_id"]  # small, and harmless there
        return
    with pytest.raises(ContractError):
        load_result(json.dumps(data))
    if value == 2**63 and path[-1] in ("loss", "claimed"):
        return  # as a figure with a fraction it is within its bounds
    with pytest.raises(ValidationError):
        Result.model_validate_json(json.dumps(data))


def test_facts_of_no_fixed_shape_are_plain(make_result):
    nested: object = "deep"
    for _ in range(65):
        nested = [nested]
    for fact in (nested, math.nan, math.inf, 10**400, "\ud800", {"\udfff": 1}, object()):
        with pytest.raises(ValidationError):
            make_result(measurement={"attestation": {"framework": {"fact": fact}}})


@pytest.mark.parametrize(
    "moment",
    ["yesterday", "0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59+00:00", "2026-02-31T00:00:00Z",
     "2026-11-23T12:00:00", "20261123T120000+0000", "2026-11-23T25:00:00+00:00"],
)  # fmt: skip
def test_a_date_is_one_that_can_be_reckoned_with(make_result, moment):
    with pytest.raises(ValidationError, match="started_at"):
        make_result(started_at=moment)
