"""Proofs of a fleet's images: what one host proved, another of its processor finds."""

from __future__ import annotations

import pytest
from checking import conformance

from harness.campaign import kept_proofs
from harness.fleet import shipped_proofs

OURS, OTHER = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"


@pytest.fixture
def moved(tmp_path, monkeypatch):
    """Which proofs a host finds of those that the driver has."""

    def move(proofs, images=(OURS,)):
        monkeypatch.setenv("BENCHDL_CACHE", str(tmp_path / "driver"))
        for number, proof in enumerate(proofs):
            kept_proofs.keep(kept_proofs.file_of(f"{number:032x}"), proof)
        shipped_proofs.save_proofs(images, tmp_path / "fleet")
        monkeypatch.setenv("BENCHDL_CACHE", str(tmp_path / "host"))
        shipped_proofs.take_proofs(images, tmp_path / "fleet")
        found = {
            number: kept_proofs.read(kept_proofs.file_of(f"{number:032x}"))
            for number in range(len(proofs))
        }
        return {number: proof for number, proof in found.items() if proof}

    return move


def proof(**changes):
    return conformance().model_copy(update={"image_id": OURS, **changes})


def test_a_proof_of_the_campaigns_image_on_a_cpu_goes_along_under_its_name(moved):
    proofs = [proof(), proof(mode="tuned"), proof(image_id=OTHER), proof(device="gpu"),
              proof(image_id=None)]  # fmt: skip
    assert moved(proofs) == dict(enumerate(proofs[:2]))


def test_what_is_no_proof_is_left(moved, tmp_path):
    place = tmp_path / "fleet" / "conformance"
    place.mkdir(parents=True)
    (place / f"{0:032x}.json").write_text("{")
    (place / f"{1:032x}.json").write_text(proof(device="gpu").model_dump_json())
    (place / "README.json").write_text(proof().model_dump_json())
    (place / f"{2:032x}.json").symlink_to("/etc/hostname")
    assert moved([]) == {}
    assert not (tmp_path / "host" / "conformance").exists()


def test_a_folder_that_cannot_be_written_is_no_harm(moved, tmp_path):
    (tmp_path / "fleet").write_text("a file")
    assert moved([proof()]) == {}


def test_a_hosts_own_proof_stays(moved, tmp_path, monkeypatch):
    monkeypatch.setenv("BENCHDL_CACHE", str(tmp_path / "host"))
    kept_proofs.keep(kept_proofs.file_of(f"{0:032x}"), proof(took_s=99.0))
    assert moved([proof()])[0].took_s == 99.0
