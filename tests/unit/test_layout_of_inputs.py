"""Inputs with channels first: the same pictures, contiguous, with the strides of their shape."""

from __future__ import annotations

import numpy as np

from runner.networks.layout import channels_first, shape_channels_first


def test_colours_are_turned_and_grey_pictures_only_renamed():
    colours = np.arange(2 * 3 * 4 * 5, dtype=np.float32).reshape(2, 3, 4, 5)
    turned = channels_first(colours)
    assert turned.shape == (2, *shape_channels_first((3, 4, 5))) == (2, 5, 3, 4)
    assert turned[1, 2].tolist() == colours[1, :, :, 2].tolist()
    grey = np.arange(2 * 3 * 4, dtype=np.float32).reshape(2, 3, 4, 1)
    assert channels_first(grey).base is not None  # nothing is copied
    for found in (turned, channels_first(grey)):
        assert found.flags.c_contiguous
        assert found.strides == np.zeros(found.shape, found.dtype).strides


def test_rows_and_texts_have_no_channels():
    rows = np.zeros((2, 7), np.float32)
    assert channels_first(rows) is rows
    assert shape_channels_first((7,)) == (7,)
