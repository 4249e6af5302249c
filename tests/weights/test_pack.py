"""The weights file gives back what was put in, to the precision that it states."""

import json
from pathlib import Path

import pytest
import torch

from scripts.weights import pack

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(("kind", "tolerance"), [("float16", 5e-4), ("int8", 1 / 254)])
def test_a_tensor_comes_back_to_the_stated_precision(
    kind: str, tolerance: float, tmp_path: Path
) -> None:
    path = tmp_path / "x.weights.json"
    tensor = torch.linspace(-1, 1, 30, dtype=torch.float64).reshape(5, 6)
    pack.pack(path, {"w": tensor, "zero": torch.zeros(2)}, {"seed": 1}, kind)  # type: ignore[arg-type]
    tensors, meta = pack.unpack(path)
    torch.testing.assert_close(tensors["w"], tensor, rtol=0, atol=tolerance)
    assert tensors["zero"].tolist() == [0, 0]
    assert meta == {"seed": 1}


def test_too_much_and_not_finite_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.weights.json"
    with pytest.raises(ValueError, match="more than 300000"):
        pack.pack(path, {"w": torch.zeros(200_000)}, {})
    with pytest.raises(ValueError, match="w is not finite as float16"):
        pack.pack(path, {"w": torch.tensor([1e6])}, {})
    assert not path.exists()


@pytest.mark.parametrize(
    "path", sorted((ROOT / "docs").rglob("weights.json")), ids=lambda path: path.parent.name
)
def test_committed_weights_say_where_they_come_from(path: Path) -> None:
    assert path.stat().st_size <= pack.LIMIT
    meta = json.loads(path.read_text(encoding="utf-8"))["meta"]
    assert {"recipe", "seed", "data"} <= set(meta), sorted(meta)
    measured = [key for key in meta if key.startswith(("metric", "test", "held"))]
    assert measured, f"no metric among {sorted(meta)}"
    assert (ROOT / meta["recipe"]).is_file()
