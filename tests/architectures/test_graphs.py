"""Messages in three forms, symmetries on random graphs and rotations, and what the page tells of its example."""

from collections import Counter
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from docs.architectures.graphs import graphs
from scripts.figures import style
from scripts.printed.values import Each
from tests.answers.plugin import Bench
from tests.draws import normal
from tests.printed.bound import column, columns
from tests.printed.plugin import Equations
from tests.said import sayings, tables

PAGE = Path(__file__).resolve().parents[2] / "docs" / "architectures" / "graphs.md"
DATA = PAGE.parent / "graphs"
BONDS = ((0, 1), (1, 2), (1, 3), (2, 3), (3, 4))  # a triangle with two tails
RING = tuple((n, (n + 1) % 6) for n in range(6))
TRIANGLES = ((0, 1), (1, 2), (2, 0), (3, 4), (4, 5), (5, 3))
NODES = Each(range(1, 6))
said = sayings(PAGE)
rows_of = tables(PAGE)


def row(values: Tensor) -> str:
    """A vector as the page prints it."""
    return "(" + ", ".join(f"{v:g}" for v in values.flatten().tolist()) + ")"


def example() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Features (4, 1), places (4, 2), and the directed edges of the page's molecule."""
    h = torch.tensor(graphs.FEATURES)[:, None]
    return h, torch.tensor(graphs.PLACES), *graphs.both_ways(graphs.BONDS)


def renumbered(order: list[int]) -> tuple[tuple[int, int], ...]:
    """The bonds when node order[n] is called n."""
    return tuple((order.index(i), order.index(j)) for i, j in BONDS)


# Three forms of one sum.


@pytest.mark.equation("eq-graphs-sum", "eq-graphs-matrix")
def test_by_hand_by_matrix_and_by_scatter_are_the_same(printed: Equations) -> None:
    h = normal(5, 3)
    made = graphs.by_hand(h, BONDS)
    a = graphs.adjacency(BONDS, 5).double()
    source, target = graphs.both_ways(BONDS)
    torch.testing.assert_close(made, h + graphs.gather(h[source], target, 5))
    torch.testing.assert_close(made, h.index_add(0, target, h[source]))
    edges = torch.sparse_coo_tensor(
        torch.stack([target, source]), torch.ones(10).double(), (5, 5), check_invariants=True
    )
    torch.testing.assert_close(made, h + edges @ h)
    one_way = (source[:7], target[:7])  # an edge may lead one way only
    directed = torch.zeros(5, 5).double().index_put(one_way[::-1], torch.ones(7).double())
    heard = h.index_add(0, one_way[1], h[one_way[0]])
    torch.testing.assert_close(heard, h + graphs.gather(h[one_way[0]], one_way[1], 5))
    known = {"A": directed.numpy(), "N": 5, "i": NODES}
    printed("eq-graphs-sum").holds(
        {r"\mathbf{u}": columns(heard), r"\mathbf{h}": columns(h)} | known
    )
    printed("eq-graphs-matrix").holds(
        {"U": made.numpy(), "H": h.numpy(), "A": a.numpy(), "I": np.eye(5)}
    )


def test_mean_and_largest_are_those_of_each_node_alone() -> None:
    h = normal(5, 3)
    source, target = graphs.both_ways(BONDS)
    for how in ("mean", "amax"):
        made = graphs.gather(h[source], target, 6, how)
        for i in range(5):
            near = h[source[target == i]]
            alone = near.mean(0) if how == "mean" else near.amax(0)
            torch.testing.assert_close(made[i], alone)
        assert (made[5] == 0).all()


def test_the_example_as_the_page_tells_it() -> None:
    h, x, source, target = example()
    made = graphs.by_hand(h, graphs.BONDS)
    said(f"in the order O, C, H, H: ${row(h)}$.", f"The new features are ${row(made)}$.")
    said("$8 + 6 = 14$", "$6 + 8 + 1 + 1 = 16$", "$1 + 6 = 7$", "oxygen has $14 + 16 = 30$")
    a = graphs.adjacency(graphs.BONDS, 4)
    said(
        f"The rows for O, C, H, H are ${row(a[0])}$, ${row(a[1])}$, ${row(a[2])}$ and ${row(a[3])}$"
    )
    said(
        f"times the features gives the sums ${row(a @ h)}$; with each node's own feature added, ${row(h + a @ h)}$."
    )
    said(f"The example's features become {row(made)}.")
    moved = graphs.move(x, source, target, torch.reciprocal)
    said(f"The three add to ${row(moved[1])}$, and carbon moves there.")
    said(
        f"by $(2, 0) / 4$ to ${row(moved[0])}$, the hydrogens to ${row(moved[2])}$ and ${row(moved[3])}$"
    )
    for n, part in ((0, "(-2, 0)$, squared distance 4, weight $1/4$: $(-0.5, 0)"),):
        away = x[1] - x[n]
        said(part)
        assert part.startswith(row(away))
        assert row(away / away.square().sum()) in part
    near = [(x[1] - x[n]) / (x[1] - x[n]).square().sum() for n in (2, 3)]
    said(f"weight $1/2$: ${row(near[0])}$ and ${row(near[1])}$")
    said(f"from the hydrogens by ${row(x[1] - x[2])}$ and ${row(x[1] - x[3])}$, squared distance 2")
    quarter = torch.tensor([[0.0, -1.0], [1.0, 0.0]])
    turned = graphs.move(x @ quarter.T, source, target, torch.reciprocal)
    torch.testing.assert_close(turned, moved @ quarter.T)
    said(f"Carbon moves to ${row(turned[1])}$, which is its old result, turned")


def test_figure_and_diagram_have_the_example() -> None:
    h, x, source, target = example()
    table = style.read_table(DATA / "turned.csv")
    moved = graphs.move(x, source, target, torch.reciprocal)
    assert table["new_x"] == [*moved[:, 0].tolist(), *(-moved[:, 1]).tolist()]
    assert table["new_y"] == [*moved[:, 1].tolist(), *moved[:, 0].tolist()]
    drawn = style.read_table(DATA / "diagram.csv")
    assert drawn["new_h"] == graphs.by_hand(h, graphs.BONDS).flatten().tolist()


# Symmetries.


@pytest.mark.equation("eq-graphs-permutation")
def test_a_permutation_of_the_nodes_permutes_the_output(printed: Equations) -> None:
    h = normal(5, 3)
    a, made = graphs.adjacency(BONDS, 5).double(), graphs.by_hand(h, BONDS)
    for order in ([2, 0, 4, 1, 3], [4, 3, 2, 1, 0]):
        torch.testing.assert_close(graphs.by_hand(h[order], renumbered(order)), made[order])
    p = torch.eye(5).double()[[2, 0, 4, 1, 3]]
    torch.testing.assert_close(
        p @ a @ p.T, graphs.adjacency(renumbered([2, 0, 4, 1, 3]), 5).double()
    )
    printed("eq-graphs-permutation").holds(
        {
            "P": p.numpy(), "A": a.numpy(), "H": h.numpy(), "U": made.numpy(), "I": np.eye(5),
        },
    )  # fmt: skip
    torch.manual_seed(0)
    layer, x, order = graphs.Equivariant(3).double(), normal(5, 3, seed=1), [2, 0, 4, 1, 3]
    outs = layer(h, x, *graphs.both_ways(BONDS))
    again = layer(h[order], x[order], *graphs.both_ways(renumbered(order)))
    for out, other in zip(outs, again, strict=True):
        torch.testing.assert_close(other, out[order])


@pytest.mark.equation("eq-graphs-move", "eq-graphs-length", "eq-graphs-rotation")
def test_rotation_of_the_input_rotates_the_output(printed: Equations) -> None:
    x, shift = normal(5, 3), normal(3, seed=1)
    source, target = (side[:7] for side in graphs.both_ways(BONDS))
    learned = normal(7, 1, seed=2)  # a weight for each directed edge
    made = graphs.move(x, source, target, lambda _: learned)
    a, w = torch.zeros(5, 5).double(), normal(5, 5, seed=3)
    a[target, source], w[target, source] = 1, learned[:, 0]
    places = {r"\mathbf{x}": columns(x), r"\mathbf{y}": columns(made)}
    graph = {"A": a.numpy(), "w": w.numpy(), "N": 5, "i": NODES}
    printed("eq-graphs-move").holds(places | graph)
    turn = graphs.turn(3, torch.Generator().manual_seed(0))
    moved = {"R": turn.numpy(), r"\mathbf{t}": column(shift)}
    printed("eq-graphs-length").holds(
        {r"\mathbf{x}": columns(x), "i": NODES, "j": Each([1, 4])} | moved,
        free=(r"\mathbf{x}", r"\mathbf{t}"),
    )
    printed("eq-graphs-rotation").holds(places | graph | moved, free=("R", r"\mathbf{t}"))


def test_the_layer_turns_with_its_input_and_a_plain_network_does_not() -> None:
    torch.manual_seed(0)
    layer = graphs.Equivariant(4).double()
    plain = torch.nn.Sequential(
        torch.nn.Linear(15, 16), torch.nn.SiLU(), torch.nn.Linear(16, 15)
    ).double()
    h, x, edges = normal(5, 4), normal(5, 3, seed=1), graphs.both_ways(BONDS)
    features, places = layer(h, x, *edges)
    assert (places - x).abs().max() > 1e-3
    for seed in range(10):
        turn, shift = graphs.turn(3, torch.Generator().manual_seed(seed)), normal(3, seed=seed)
        torch.testing.assert_close(turn @ turn.T, torch.eye(3).double())
        assert torch.linalg.det(turn) == pytest.approx(1)
        new_h, new_x = layer(h, x @ turn.T + shift, *edges)
        torch.testing.assert_close(new_x, places @ turn.T + shift)
        torch.testing.assert_close(new_h, features)
        out, again = (plain(part.flatten()).reshape(5, 3) for part in (x, x @ turn.T))
        assert (again - out @ turn.T).abs().max() > 1e-2
    mirror = torch.diag(torch.tensor([-1.0, 1.0, 1.0])).double()
    new_h, new_x = layer(h, x @ mirror, *edges)
    torch.testing.assert_close(new_x, places @ mirror)
    torch.testing.assert_close(new_h, features)


# What a sum tells, and what no message tells.


def test_the_rules_confuse_what_the_table_says() -> None:
    rules = {"sum": torch.sum, "mean": torch.mean, "largest": torch.amax}
    for first, second, *values, confused in rows_of("tab-graphs-rules"):
        sides = [torch.tensor([float(v) for v in side.split(",")]) for side in (first, second)]
        same = []
        for (name, rule), told in zip(rules.items(), values, strict=True):
            target = torch.zeros(len(sides[0]), dtype=torch.long)
            one, other = (float(rule(side, 0)) for side in sides)
            gathered = graphs.gather(
                sides[0][:, None], target, 1, {"largest": "amax"}.get(name, name)
            )
            assert float(gathered) == one
            assert told == ", ".join(f"{float(f'{v:.2f}'):g}" for v in (one, other))
            same += [name] if one == other else []
        assert confused == (", ".join(same) or "none")
    assert [v**2 for v in (1, 3, 2, 2)] == [1, 9, 4, 4]  # the fourth row is the third, squared


def test_a_ring_of_six_and_two_of_three_are_alike_for_messages_and_not_for_triangles() -> None:
    for rounds in range(4):
        assert graphs.colours(RING, 6, rounds) == graphs.colours(TRIANGLES, 6, rounds)
    h = torch.ones(6, 1)
    torch.testing.assert_close(graphs.by_hand(h, RING), graphs.by_hand(h, TRIANGLES))
    common = []
    for bonds in (TRIANGLES, RING):
        a = graphs.adjacency(bonds, 6)
        near = graphs.triangle(a[..., None], a[..., None])[..., 0]
        common.append(near[a == 1].unique().tolist())
    assert common == [[1], [0]]
    said("are 1 in the rings of three and 0 in the ring of six")


def test_colours_are_the_same_for_the_same_graph_and_tell_a_path_from_a_star() -> None:
    path, star = ((0, 1), (1, 2), (2, 3)), ((0, 1), (0, 2), (0, 3))
    for order in permutations(range(4)):
        bonds = tuple((order.index(i), order.index(j)) for i, j in path)
        assert graphs.colours(bonds, 4, 2) == graphs.colours(path, 4, 2)
    assert graphs.colours(path, 4, 0) == graphs.colours(star, 4, 0)
    assert graphs.colours(path, 4, 1) != graphs.colours(star, 4, 1)


def test_attention_is_messages_on_the_complete_graph() -> None:
    q, k, v = (normal(6, 4, seed=seed) for seed in range(3))
    torch.testing.assert_close(
        graphs.attend(q, k, v), functional.scaled_dot_product_attention(q, k, v)
    )


@pytest.mark.equation("eq-graphs-triangle")
def test_a_triangle_update_sums_over_third_corners(printed: Equations) -> None:
    a, b = normal(4, 4, 2), normal(4, 4, 2, seed=1)
    z = graphs.triangle(a, b)
    by_hand = [[sum(a[i, k] * b[j, k] for k in range(4)) for j in range(4)] for i in range(4)]
    torch.testing.assert_close(z, torch.stack([torch.stack(line) for line in by_hand]))
    each = Each(range(1, 5))
    printed("eq-graphs-triangle").holds(
        {
            "u": z[..., 1].numpy(), "a": a[..., 1].numpy(), "b": b[..., 1].numpy(), "N": 4, "i": each, "j": each,
        }
    )  # fmt: skip
    said(
        f"{384**3 / 1e6:.0f} million for a piece of 384 residues, against {384**2 / 1e3:.0f} thousand pairs"
    )
    said("are 3 apart and $j$ and $k$ 4, knows that $i$ and $j$ are between 1 and 7 apart")
    assert (4 - 3, 4 + 3) == (1, 7)


def test_messages_are_counted() -> None:
    atoms = bonds = 20
    said(
        "On a molecule of 20 atoms with 20 bonds",
        f"these are {2 * bonds} messages, one for each direction;",
    )
    said(f"if every atom hears every other, {atoms * (atoms - 1)}.")


# The exercises.


@pytest.mark.answer("answer-graphs-try")
def test_two_rounds(answer: Bench) -> None:
    h = example()[0]
    once = graphs.by_hand(h, graphs.BONDS)
    twice = graphs.by_hand(once, graphs.BONDS)
    near = twice.clone()
    near[1] -= once[1]
    answer("answer-graphs-try").is_(twice[:3].flatten().tolist(), near[:3].flatten().tolist())
    said("Oxygen $14 + 16 = 30$, carbon $16 + 14 + 7 + 7 = 44$, each hydrogen $7 + 16 = 23$.")


@pytest.mark.answer("answer-graphs-mean")
def test_exercise_1_mean_and_largest(answer: Bench) -> None:
    h, _, source, target = example()
    mean, most = (graphs.gather(h[source], target, 4, how)[1].item() for how in ("mean", "amax"))
    with_own = graphs.by_hand(h, graphs.BONDS)[1].item() / 4
    answer("answer-graphs-mean").is_([mean, most], [with_own, most])


@pytest.mark.answer("answer-graphs-shift")
def test_exercise_2_a_shift(answer: Bench) -> None:
    _, x, source, target = example()
    shifted = graphs.move(x + torch.tensor([3.0, 1.0]), source, target, torch.reciprocal)[1]
    plain = graphs.move(x, source, target, torch.reciprocal)[1]
    answer("answer-graphs-shift").is_(shifted.tolist(), plain.tolist())


@pytest.mark.answer("answer-graphs-mirror")
def test_exercise_4_a_mirror(answer: Bench) -> None:
    x = normal(5, 3)
    mirrored = x * torch.tensor([1.0, -1.0, 1.0])
    torch.testing.assert_close(torch.cdist(x, x), torch.cdist(mirrored, mirrored))
    answer("answer-graphs-mirror").is_("Nothing: all distances are the same.")


@pytest.mark.answer("answer-graphs-colours")
def test_exercise_5_colours(answer: Bench) -> None:
    path, star = ((0, 1), (1, 2), (2, 3)), ((0, 1), (0, 2), (0, 3))
    counts = [[len(Counter(graphs.colours(b, 4, n))) for b in (path, star)] for n in (1, 0)]
    answer("answer-graphs-colours").is_(*counts)
