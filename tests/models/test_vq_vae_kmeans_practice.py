"""The lines of scikit-learn: codes by k-means, a prior by counting, and what the page tells of them."""

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from scripts.figures import style
from scripts.figures import vq_vae as figures
from tests.answers.plugin import Bench
from tests.said import sayings

kmeans = import_module("docs.models.vq-vae.kmeans_practice")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "models" / "vq-vae.md"
said = sayings(PAGE)


def on_the_figures_digits() -> tuple[float, float]:
    """Squared error and bits of the figures' new digits, with 16 codes of the digits that their networks learn from."""
    x, new = (part.double().numpy() for part in figures.data()[:2])
    book, k = kmeans.codes(x, 16)
    chosen = book.predict(new.reshape(-1, 16)).reshape(-1, 4)
    before = np.concatenate([np.zeros((len(chosen), 1), int), chosen[:, :-1]], 1)
    bits = -np.log2(kmeans.chain(k, 16)[np.arange(4), before, chosen]).sum(1).mean()
    return float(((book.cluster_centers_[chosen] - new) ** 2).mean()), float(bits)


@pytest.mark.answer("answer-vq-vae-kmeans")
def test_exercise_7_more_codes_by_k_means(answer: Bench) -> None:
    few = kmeans.run(16)
    said(f"a squared error of {few[0]:.4f} on the last 360 digits and cost {few[1]:.1f} bits there")
    error, bits = on_the_figures_digits()
    table_of = style.read_table(PAGE.parent / "vq-vae" / "rate.csv")
    theirs = [table_of[name][1] for name in ("error_mean", "bits_mean")]
    said(
        f"they leave {error:.4f} and cost {bits:.1f} bits, "
        f"less than the small networks ({theirs[0]:.4f} and {theirs[1]:.1f}),"
    )
    assert error < table_of["error_least"][1]
    assert bits < table_of["bits_least"][1]
    k = np.array([[0, 1], [0, 1], [1, 0]])
    table = kmeans.chain(k, 2, add=1e-12)
    assert table[0, 0].tolist() == pytest.approx([2 / 3, 1 / 3])
    assert table[1].ravel() == pytest.approx([0, 1, 1, 0])
    answer("answer-vq-vae-kmeans").is_(kmeans.run(64), few)
