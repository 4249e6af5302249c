"""Nearest neighbours: cells and graph against all comparisons, the cost as printed, and the figure's numbers."""

from pathlib import Path

import numpy as np
import pytest
import torch

from docs.inference.retrieval import nearest
from scripts.figures import retrieval as figures
from scripts.figures import style
from tests.printed.plugin import Equations
from tests.said import sayings

PAGE = Path(__file__).resolve().parents[2] / "docs" / "inference" / "retrieval.md"
said = sayings(PAGE)


def test_reading_all_cells_and_a_wide_walk_find_what_comparing_all_finds() -> None:
    draw = torch.Generator().manual_seed(0)
    x = nearest.vectors(300, 8, 10, draw)
    assert torch.allclose(x.norm(dim=1), torch.ones(300))
    cells, graph = nearest.Cells(x, 12, draw), nearest.Graph(x, 6, 2, draw)
    for q in x[:5] + 0.05:
        true = (x @ q).topk(7).indices.tolist()
        assert cells.search(q, 7, 12) == (true, 312)
        assert graph.search(q, 7, 300) == (true, 300)
        found, read = graph.search(q, 7, 7)
        assert read < 300
        assert len(found) == 7
        near = int((cells.centres @ q).argmax())
        assert cells.search(q, 7, 1)[1] == 12 + int((cells.owner == near).sum())


@pytest.mark.equation("eq-retrieval-cells")
def test_the_best_number_of_cells(printed: Equations) -> None:
    count, probes = 10_000, 4
    costs = {cells: cells + probes * count / cells for cells in range(1, 1000)}
    best = min(costs, key=lambda cells: costs[cells])
    assert best == 200 == (probes * count) ** 0.5
    for cells in (best, 50):
        printed("eq-retrieval-cells").holds(
            {"C": cells, "P": probes, "N": count}, free=("C", "P", "N")
        )
    million = (16 * 1_000_000) ** 0.5
    said(
        f"for a million vectors and $P = 16$, {million:,.0f} cells and {2 * million:,.0f} products"
    )


def test_the_sentences_on_the_figure() -> None:
    table = style.read_table(figures.FOLDER / "nearest.csv")
    rows = {
        key: n
        for n, key in enumerate(zip(table["index"], table["groups"], table["setting"], strict=True))
    }
    grouped, loose = table["recall"][rows[0, 50, 2]], table["recall"][rows[0, 0, 2]]
    said(
        f"Reading 2 of {figures.CELLS} cells, with the centres counted, takes "
        f"{100 * table['read'][rows[0, 50, 2]]:.1f} % of the comparisons and finds {grouped:.3f} of the "
        f"ten nearest where vectors lie in groups; where they do not, "
        f"{100 * table['read'][rows[0, 0, 2]]:.1f} % and {loose:.2f}",
        f"{figures.COUNT:,} vectors of {figures.NUMBERS} numbers, {figures.CELLS} cells, "
        f"{figures.ASKED} questions; mean and standard deviation of three seeds",
    )
    assert figures.SEEDS == 3
    for index, settings in enumerate((figures.PROBES, figures.BEAMS)):
        for groups in (50, 0):
            found = [table["recall"][rows[index, groups, one]] for one in settings]
            assert found == sorted(found)
    assert table["recall"][rows[0, 50, 1]] > 0.9 > 0.8 > table["recall"][rows[1, 50, 10]] > 0.7
    assert table["recall"][rows[1, 50, 40]] == table["recall"][rows[0, 50, 4]] == 1
    cells, graph = (
        [[table[name][rows[index, 0, one]] for one in settings] for name in ("read", "recall")]
        for index, settings in enumerate((figures.PROBES, figures.BEAMS))
    )
    said("the graph above the cells wherever both are drawn")
    both = np.linspace(max(cells[0][0], graph[0][0]), min(cells[0][-1], graph[0][-1]), 100)
    assert (np.interp(both, *graph) > np.interp(both, *cells)).all()
