"""Write and read the weights of a demo: one JSON file, tensors as base64 of float16 or int8 with a scale.

The browser reads the same file (`docs/assets/demos/weights.mjs`), so both sides compute with the same numbers.
"""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

LIMIT = 300_000
"""Bytes that the weights of one demo may have."""


def pack(
    path: Path,
    tensors: Mapping[str, torch.Tensor],
    meta: Mapping[str, Any],
    kind: Literal["float16", "int8"] = "float16",
) -> None:
    """Write tensors and what is known of them.

    Args:
        path: the file, `docs/…/NAME/weights.json`.
        tensors: name to tensor of any shape.
        meta: recipe, seed, data, and the final metric with its name.
        kind: `float16`, or `int8` with one scale for each tensor, max|w|/127.

    Raises:
        ValueError: if a tensor is not finite after rounding, or the file is larger than `LIMIT`.
    """
    entries = {}
    for name, tensor in tensors.items():
        array = tensor.detach().cpu().numpy().astype(np.float64)
        scale = 1.0
        if kind == "int8":
            scale = float(np.abs(array).max() / 127) or 1.0
            packed = np.round(array / scale).astype(np.int8)
        else:
            with np.errstate(over="ignore"):  # told below, with the name of the tensor
                packed = array.astype("<f2")
        if not np.isfinite(packed.astype(np.float64)).all():
            raise ValueError(f"{name} is not finite as {kind}; its largest value is {array.max()}")
        entries[name] = {
            "shape": list(array.shape),
            "type": kind,
            "scale": scale,
            "data": base64.b64encode(packed.tobytes()).decode(),
        }
    text = json.dumps({"meta": dict(meta), "tensors": entries}, indent=1, sort_keys=True) + "\n"
    if len(text) > LIMIT:
        raise ValueError(f"{path.name} would have {len(text)} bytes, more than {LIMIT}")
    path.write_text(text, encoding="utf-8", newline="\n")


def unpack(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Read what `pack` has written: tensors in double precision, and their description."""
    content = json.loads(path.read_text(encoding="utf-8"))
    tensors = {}
    for name, entry in content["tensors"].items():
        kind = np.dtype({"float16": "<f2", "int8": "i1"}[entry["type"]])
        array = np.frombuffer(base64.b64decode(entry["data"]), dtype=kind).astype(np.float64)
        tensors[name] = torch.from_numpy((array * entry["scale"]).reshape(entry["shape"]))
    return tensors, content["meta"]
