"""The lines of scikit-learn: codes by k-means, a prior by counting, and what the page tells of them."""

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from tests.answers.plugin import Bench
from tests.said import sayings

kmeans = import_module("docs.models.vq-vae.kmeans_practice")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "models" / "vq-vae.md"
said = sayings(PAGE)


@pytest.mark.answer("answer-vq-vae-kmeans")
def test_exercise_7_more_codes_by_k_means(answer: Bench) -> None:
    few = kmeans.run(16)
    said(f"a squared error of {few[0]:.4f} on the last 360 digits and cost {few[1]:.1f} bits there")
    k = np.array([[0, 1], [0, 1], [1, 0]])
    table = kmeans.chain(k, 2, add=1e-12)
    assert table[0, 0].tolist() == pytest.approx([2 / 3, 1 / 3])
    assert table[1].ravel() == pytest.approx([0, 1, 1, 0])
    answer("answer-vq-vae-kmeans").is_(kmeans.run(64), few)
