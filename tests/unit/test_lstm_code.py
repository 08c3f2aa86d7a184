"""Whose code an LSTM ran in, from what a framework says that it went through."""

from __future__ import annotations

import pytest

from runner.backends.common import lstm_code
from runner.workloads import lookup


class Node:
    """One of PyTorch's functions, with those before it."""

    def __init__(self, *before):
        self.next_functions = [(node, 0) for node in before]


class CudnnRnnBackward0(Node):
    """cuDNN's."""


class MkldnnRnnLayerBackward0(Node):
    """oneDNN's."""


class Output:
    def __init__(self, function):
        self.grad_fn = function


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (["MatMul", "CudnnRNNV3"], "cudnn"),
        (["PartitionedCall", "__inference_gpu_lstm_12_specialized_for_model"], "cudnn"),
        (["PartitionedCall", "__inference_standard_lstm_12_specialized_for_model"], "loop"),
        (["Elemwise", "Scan"], "scan"),
        (["GpuScan"], "scan"),
        (["ThnnFusedLstmCellBackward0", "_ThnnFusedLSTMCell"], "cells"),
        ([], "loop"),
    ],
)
def test_names_tell_whose_code_it_was(names, code):
    assert lstm_code.of_names(names) == code


def test_gradients_are_followed_to_their_beginning():
    start = CudnnRnnBackward0(None)
    assert lstm_code.of_gradients(Output(Node(Node(start), Node(start)))) == "cudnn"
    assert lstm_code.of_gradients(Output(Node(MkldnnRnnLayerBackward0()))) == "mkldnn"
    assert lstm_code.of_gradients(Output(Node(Node()))) == "loop"


def test_a_network_without_one_is_not_asked():
    def asked():
        raise AssertionError

    assert lstm_code.facts(lookup.load("conv1d-imdb").network, asked) == {}
    found = lstm_code.facts(lookup.load("lstm-imdb").network, lambda: "cudnn")
    assert found == {"lstm_code": "cudnn"}
