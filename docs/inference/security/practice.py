"""Weights by torch: what weights_only reads, and that it refuses an object whose pickle names a function."""

import io
import pickle

import torch
from torch import Tensor


# --8<-- [start:weights]
def read(file: io.BytesIO) -> dict[str, Tensor] | None:
    """Tensors of a file by name, to (n, ...), or nothing if it asks for anything else. Source: definition."""
    try:
        state: dict[str, Tensor] = torch.load(file, weights_only=True)
    except pickle.UnpicklingError:
        return None
    return state
    # --8<-- [end:weights]


def main() -> None:
    """A file of tensors is read."""
    file = io.BytesIO()
    torch.save({"w": torch.tensor([0.5, -1.0])}, file)
    file.seek(0)
    print(read(file))


if __name__ == "__main__":
    main()
