"""Older jobs and results as this version has them: one function for each step of the schema.

What comes in is JSON that somebody stored, or an older image's runner wrote; it is as strict here
as it was in its time. What a step makes is checked by the models of today.
"""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Sequence, Type, TypeVar

from pydantic import Field, ValidationError

from runner.contract import strict_json
from runner.contract.schema import ContractError, Count, Model, Number, Ordinal, first_error
from runner.contract.work_and_score import MOST_EPOCHS, Budget, Proof, Score, Work, share_error

Data = Dict[str, Any]

_M = TypeVar("_M", bound=Model)


def job(data: Data) -> Data:
    """A job of any version as one of today.

    Raises:
        ContractError: it is not what its own version allows.
    """
    return _job_2_of_1(data) if data["schema_version"] == 1 else data


def result(data: Data) -> Data:
    """A result of any version, its job included, as one of today.

    Raises:
        ContractError: it is not what its own version allows.
    """
    return _result_2_of_1(data) if data["schema_version"] == 1 else data


def strategy(word: Any) -> Any:
    """``mirrored``, while only TensorFlow had it, has become a word for all tools."""
    return "data-parallel" if word == "mirrored" else word


def oldest_job(data: Data) -> Data:
    """A job of today in the oldest form that says the same, for the runner of an older image.

    Schema 1 counts in epochs alone. That TF32 is allowed was a word of its own, beside the
    precision. What several GPUs share was called ``mirrored`` while only TensorFlow had it; the
    runner of an older image of another tool refuses it, as it should.
    """
    now = data.get("settings", {})
    if now.get("precision") == "tf32":
        now = {key: value for key, value in now.items() if key != "precision"}
        now = {**now, "tf32": True}
    if now.get("strategy") == "data-parallel" and data["backend"] == "tf":
        now = {**now, "strategy": "mirrored"}
        if data["device"] == "gpu":  # it was over all that the job sees
            data = {key: value for key, value in data.items() if key != "ranks"}
    if now:
        data = {**data, "settings": now}
    budget = data["budget"]
    if budget["unit"] != "epochs":
        return data
    rest = {key: value for key, value in data.items() if key != "budget"}
    return {**rest, "schema_version": 1, "epochs": budget["count"]}


def settings(data: Any) -> Any:
    """Settings of any version as those of today: TF32 was a word of its own, and is a precision.

    They stand in campaigns as well, so that this is part of their model.

    Raises:
        ValueError: the two words contradict each other.
    """
    if not isinstance(data, dict) or "tf32" not in data:
        return data
    rest = {key: value for key, value in data.items() if key != "tf32"}
    if data["tf32"] is False:
        return rest
    if data["tf32"] is not True or rest.get("precision", "float32") != "float32":
        raise ValueError("tf32 is on or off, and of float32 alone")
    return {**rest, "precision": "tf32"}


class _Epochs1(Model):
    epochs: int = Field(ge=1, le=MOST_EPOCHS)


class _Learning1(Model):
    """What schema 1 said of the training of an image classifier."""

    parameters: Ordinal
    train_samples: Ordinal
    test_samples: Ordinal
    batch_size: Ordinal
    updates: Ordinal
    test_loss: Number
    error_rate: float = Field(ge=0, le=1)
    initial_loss: Optional[Number] = None
    reference_loss: Optional[Number] = None
    reference_error_rate: Optional[float] = Field(default=None, ge=0, le=1)
    claimed_loss: Optional[Number] = None
    claimed_error_rate: Optional[float] = Field(default=None, ge=0, le=1)
    train_loss: Optional[Number] = None
    tensors: Optional[Count] = None
    tensors_unmoved: List[Count] = []
    weight_bits: Optional[int] = Field(default=None, ge=0, le=23)


def _job_2_of_1(data: Data) -> Data:
    """Epochs become the budget."""
    _refuse(data, ("budget",), "job")
    if data.get("schema_version", 1) != 1:
        raise ContractError("does not fit schema version 1: job.schema_version is another")
    rest = {key: value for key, value in data.items() if key != "epochs"}
    told = {key: data[key] for key in ("epochs",) if key in data}
    epochs = _valid(_Epochs1, told, "job").epochs
    budget = Budget(unit="epochs", count=epochs)
    return {**rest, "schema_version": 2, "budget": budget.model_dump()}


def _result_2_of_1(data: Data) -> Data:
    """What was learned becomes work, score and proofs, and epochs become laps."""
    made = {**data, "schema_version": 2}
    if isinstance(data.get("job"), dict):
        made["job"] = _job_2_of_1(data["job"])
    measured = data.get("measurement")
    if isinstance(measured, dict):
        _refuse(measured, ("laps", "work", "score", "proofs"), "measurement")
        learned = _valid(_Learning1, measured.get("learning", {}), "measurement.learning")
        laps = measured.get("epochs")
        if not isinstance(laps, list):
            raise ContractError("does not fit schema version 1: measurement.epochs: no list")
        rest = {key: part for key, part in measured.items() if key not in ("learning", "epochs")}
        made["measurement"] = {
            **rest,
            "laps": laps,
            "work": _work(learned, len(laps)).model_dump(),
            "score": _score(learned).model_dump(),
            "proofs": [proof.model_dump() for proof in _proofs(learned)],
        }
    return made


def _work(learned: _Learning1, epochs: int) -> Work:
    return Work(
        unit="updates",
        count=learned.updates,
        samples=min(learned.train_samples * epochs, strict_json.MAX_INTEGER),
        train_samples=learned.train_samples,
        batch_size=learned.batch_size,
        parameters=learned.parameters,
    )


def _score(learned: _Learning1) -> Score:
    """The error rate: the judge's own where there was one already, else the backend's word."""
    claimed = learned.claimed_error_rate
    return Score(
        metric="error_rate",
        value=learned.error_rate,
        unit="share",
        better="lower",
        samples=learned.test_samples,
        sampling_error=share_error(learned.error_rate, learned.test_samples),
        claimed=learned.error_rate if claimed is None else claimed,
        verified=learned.reference_error_rate is not None,
    )


def _proofs(learned: _Learning1) -> List[Proof]:
    proofs = [
        Proof(
            name="test_loss",
            value=learned.reference_loss,
            unit="nats",
            claimed=learned.test_loss if learned.claimed_loss is None else learned.claimed_loss,
        )
    ]
    if learned.claimed_error_rate is None and learned.reference_error_rate is not None:
        # The first runners told their own error rate, with the second opinion beside it.
        second, own = learned.reference_error_rate, learned.error_rate
        proofs.append(Proof(name="error_rate", value=second, unit="share", claimed=own))
    for name in ("initial_loss", "train_loss"):
        if getattr(learned, name) is not None:
            proofs.append(Proof(name=name, value=getattr(learned, name), unit="nats"))
    if learned.tensors is not None:
        proofs.append(_moved(learned.tensors, learned.tensors_unmoved))
    if learned.weight_bits is not None:
        proofs.append(Proof(name="weight_bits", value=learned.weight_bits, unit="bits"))
    return proofs


def _moved(tensors: int, unmoved: List[int]) -> Proof:
    numbers = ", ".join(str(number + 1) for number in unmoved[:8])
    return Proof(
        name="tensors_moved",
        value=max(0, tensors - len(unmoved)),
        unit="tensors",
        expected=tensors,
        detail=f"not number {numbers}" if unmoved else "",
    )


def _refuse(data: Data, newer: Sequence[str], where: str) -> None:
    """What came with a later schema was an unknown key before."""
    for key in newer:
        if key in data:
            raise ContractError(f"does not fit schema version 1: {where}.{key} came later")


def _valid(model: Type[_M], data: Any, where: str) -> _M:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise ContractError(
            f"does not fit schema version 1: {where}.{first_error(error)}"
        ) from None
