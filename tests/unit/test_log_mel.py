"""Features of sounds: what a textbook says of them, and the same bytes on every machine."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from harness.generators import log_mel

TIME = np.arange(log_mel.CLIP)


def tone(hz, loud=10_000.0):
    return np.rint(loud * np.sin(2 * np.pi * hz * TIME / log_mel.RATE_HZ)).astype(np.int16)


def test_a_clip_has_49_frames_of_10_bands():
    made = log_mel.features(np.stack([tone(440), tone(880)]))
    assert made.shape == (2, 49, 10)
    assert made.dtype == np.int16


def test_silence_is_zero_and_the_loudest_sound_stays_in_range():
    square = np.where(np.sin(2 * np.pi * 200 * TIME / log_mel.RATE_HZ) >= 0, 32_767, -32_768)
    made = log_mel.features(np.stack([0 * TIME, square]).astype(np.int16))
    assert not made[0].any()
    assert made[1].min() > 0
    assert made[1].max() < 58 * 256  # what runner/data/clip_format.py takes for the most


def test_a_tone_is_loudest_in_the_band_around_it_and_a_higher_one_in_a_higher():
    bands = [log_mel.features(tone(hz)[None])[0].mean(axis=0).argmax() for hz in
             (150, 440, 1000, 2000, 3500)]  # fmt: skip
    assert bands == sorted(set(bands))


def test_ten_times_as_loud_is_two_times_log2_of_10_more():
    quiet, loud = log_mel.features(np.stack([tone(1000, 1_000), tone(1000, 10_000)]))
    band = loud.mean(axis=0).argmax()
    assert (loud - quiet)[:, band] == pytest.approx(2 * np.log2(10) * 256, abs=3)


def test_they_are_what_a_transform_in_floating_point_gives():
    sound = np.random.RandomState(3).randint(-9_000, 9_000, log_mel.CLIP).astype(np.int16)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(480) / 480)
    frames = np.stack([sound[at * 320 : at * 320 + 480] for at in range(49)])
    power = np.abs(np.fft.rfft(frames * window, axis=1)[:, :121]) ** 2
    energy = power @ (log_mel.mel_weights() / 256)
    # 14 bits of the window and 12 dropped, both squared, and 8 bits of the weights.
    wanted = (np.log2(energy) + 2 * (14 - 12) + 8) * 256
    assert np.abs(log_mel.features(sound[None])[0] - wanted).max() < 3


def test_the_bytes_are_the_same_on_every_machine():
    sound = np.random.RandomState(3).randint(-9_000, 9_000, (5, log_mel.CLIP)).astype(np.int16)
    made = log_mel.features(sound).astype("<i2").tobytes()
    assert hashlib.sha256(made).hexdigest() == (
        "4a4bea7904c91d75138b38522460b906e951f0a0f4442189385df4378cdca7fc"
    )


def test_no_entry_of_a_table_is_near_enough_to_a_half_to_be_rounded_otherwise(monkeypatch):
    exact = []
    monkeypatch.setattr(log_mel, "_rounded", exact.append)
    log_mel.fourier_tables.__wrapped__()
    log_mel.mel_weights.__wrapped__()
    nearest = [np.abs(table - np.floor(table) - 0.5).min() for table in exact]
    assert min(nearest) > 1e-6  # values up to 16,384, whose last bit is 4e-12


@pytest.mark.parametrize("value", [1, 2, 3, 255, 256, 1 << 31, (1 << 32) - 1, 3 << 40, 1 << 57])
def test_the_logarithm_is_rounded_down(value):
    found = int(log_mel._log2(np.array([value], np.int64))[0])
    assert 2 ** (found / 256) <= value * (1 + 1e-9)
    assert 2 ** ((found + 1) / 256) > value
