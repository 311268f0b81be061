"""The network as one self-contained ONNX file, its weights in half precision where wanted."""

from __future__ import annotations

import io
import logging
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from fetalhead.models.unet import UNet

OPSET = 18
SMALLEST_HALVED = 256
"""Tensors with fewer values stay in single precision: they weigh nothing, and biases matter."""


class _Probabilities(nn.Module):
    """The network with probabilities, not logits, at its end."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        outputs = self.network(image)
        head = torch.sigmoid(outputs["head_logits"])
        return (head, torch.softmax(outputs["plane_logits"], dim=1)) if "plane_logits" in outputs else (head,)


def export_onnx(network: UNet, grid: tuple[int, int], path: Path, half: bool) -> None:
    """Write `network` for input `image` (N, 1, H, W), float32, normalised; output `head_probability` (N, 1, H, W).

    A network with a plane head also gives `plane_probability` (N, planes). N is free, H and W are those of `grid`.
    With `half`, weights are stored in half precision and computed with in single: a cast stands before each, which
    onnxruntime folds when it loads the file.
    """
    model = _Probabilities(network).eval()
    example = torch.zeros(2, 1, *grid)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", message=".*LeafSpec")
    buffer = io.BytesIO()
    program = torch.onnx.export(
        model,
        (example,),
        input_names=["image"],
        output_names=output_names(network),
        dynamic_shapes=({0: torch.export.Dim("N", min=1, max=4096)},),
        opset_version=OPSET,
        dynamo=True,
        verbose=False,
    )
    assert program is not None
    onnx.save_model(program.model_proto, buffer)
    proto = onnx.load_model_from_string(buffer.getvalue())
    _drop_traces(proto)
    if half:
        _halve_weights(proto)
    onnx.checker.check_model(proto)
    path.write_bytes(proto.SerializeToString())


def output_names(network: UNet) -> list[str]:
    """What the ONNX file of a network gives, in order."""
    return ["head_probability", *(["plane_probability"] if network.architecture.planes else [])]


def _drop_traces(model: onnx.ModelProto) -> None:
    """Take out what the exporter notes of this machine: stack traces with file paths."""
    for part in (model, model.graph, *model.graph.node, *model.graph.value_info):
        del part.metadata_props[:]
        part.doc_string = ""
    del model.graph.value_info[:]


def _halve_weights(model: onnx.ModelProto) -> None:
    casts = []
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if tensor.data_type != TensorProto.FLOAT or values.size < SMALLEST_HALVED:
            continue
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}.half"))
        casts.append(helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
