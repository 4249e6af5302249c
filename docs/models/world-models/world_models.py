"""World models: a learned transition table, its errors after many steps, planning in it, and planners that exploit it.

The letters:
    S    places, the last of them the goal             A    actions, walk and jump
    H    steps that are left                           M    tables of an ensemble
    n    tries, counts of (place, action, next place)  P    probabilities of the next place, (S, A, S)
    V    values: the probability of being at the goal after the last step
"""

import math

import torch
from torch import Tensor

# --8<-- [start:example]
WALK, JUMP = 0, 1
SUCCESS = torch.tensor([[0.8, 0.3]] * 3, dtype=torch.float64)  # true, at places 0, 1 and 2
WINS = torch.tensor([[80, 1], [80, 30], [80, 30]], dtype=torch.float64)
TRIES = torch.tensor([[100, 1], [100, 100], [100, 100]], dtype=torch.float64)
STEPS = 3  # until the end
# --8<-- [end:example]


def row(success: Tensor) -> Tensor:
    """The table of a row of places, from success (..., S - 1, A) to (..., S, A, S). Source: definition."""
    *runs, goal, _ = success.shape
    table = torch.zeros(*runs, goal + 1, 2, goal + 1, dtype=success.dtype)
    for place in range(goal):
        walk, jump = success[..., place, WALK], success[..., place, JUMP]
        table[..., place, WALK, place + 1] += walk
        table[..., place, WALK, place] += 1 - walk  # a failed walk stays
        table[..., place, JUMP, min(place + 2, goal)] += jump
        table[..., place, JUMP, 0] += 1 - jump  # a failed jump falls back to the start
    table[..., goal, :, goal] = 1  # the goal is not left
    return table


def diary(wins: Tensor, tries: Tensor) -> Tensor:
    """Counts of what followed: wins and tries (..., S - 1, A) to (..., S, A, S). Source: definition."""
    counts = row(wins / tries)
    counts[..., :-1, :, :] *= tries[..., None]
    return counts


# --8<-- [start:learn]
def learn(counts: Tensor) -> Tensor:
    """Shares of what followed: counts (..., S, A, S) to (..., S, A, S). Source: this page, eq-world-models-table."""
    tried = counts.sum(-1, keepdim=True)
    return counts / tried
    # --8<-- [end:learn]


# --8<-- [start:plan]
def plan(
    tables: Tensor, steps: int, charge: Tensor | float = 0.0, doubt: float = 0.0
) -> tuple[Tensor, Tensor]:
    """Values and best actions by steps left, (..., H + 1, S). Source: this page, eq-world-models-bellman.

    The tables (..., M, S, A, S) are an ensemble; charge (..., S, A) is subtracted from each action, and doubt
    times the standard deviation of the members.
    """
    value = (torch.arange(tables.shape[-1]) == tables.shape[-1] - 1).double()  # 1 at the goal
    value = value.expand(*tables.shape[:-4], -1)
    values, actions = [value], [torch.zeros(value.shape, dtype=torch.long)]
    for _ in range(steps):
        each = torch.einsum("...msat,...t->...msa", tables, value)
        worth = each.mean(-3) - doubt * each.std(-3, correction=0) - charge
        worth[..., -1, :] = 1.0  # at the goal nothing is charged
        value, action = worth.max(-1)
        values.append(value)
        actions.append(action)
    return torch.stack(values, -2), torch.stack(actions, -2)
    # --8<-- [end:plan]


# --8<-- [start:follow]
def follow(table: Tensor, actions: Tensor) -> Tensor:
    """What a plan reaches: table (S, A, S), actions (..., H + 1, S) to (..., H + 1, S). Source: definition."""
    value = torch.eye(len(table), dtype=table.dtype)[-1]
    values = [value.expand(actions.shape[:-2] + value.shape)]
    for action in actions.unbind(-2)[1:]:
        moves = table[torch.arange(len(table)), action]  # (..., S, S)
        values.append((moves @ values[-1][..., None])[..., 0])
    return torch.stack(values, -2)
    # --8<-- [end:follow]


# --8<-- [start:charge]
def charges(counts: Tensor, price: float) -> Tensor:
    """Charged for rare tries: counts (..., S, A, S) to (..., S, A). Source: this page, eq-world-models-charge."""
    return price / counts.sum(-1).sqrt()


def members(counts: Tensor, n: int, generator: torch.Generator) -> Tensor:
    """Tables that fit the counts (..., S, A, S) and one more of each outcome, (..., n, S, A, S). Source: definition."""
    possible = row(torch.full((counts.shape[-1] - 1, 2), 0.5, dtype=counts.dtype)) > 0
    shape = (counts + 1)[..., None, :, :, :].expand(*counts.shape[:-3], n, -1, -1, -1)
    drawn = torch._standard_gamma(shape, generator=generator) * possible
    return drawn / drawn.sum(-1, keepdim=True)
    # --8<-- [end:charge]


# --8<-- [start:imagine]
def imagine(table: Tensor, place: int, plans: Tensor) -> Tensor:
    """Probability of the goal of fixed plans (N, H), from a place of the table (S, A, S), (N,). Source: definition."""
    where = torch.zeros(len(plans), len(table), dtype=table.dtype)
    where[:, place] = 1  # what is known before the first step
    for action in plans.T:
        where = (where[:, None, :] @ table[:, action].transpose(0, 1))[:, 0]
    return where[:, -1]
    # --8<-- [end:imagine]


# --8<-- [start:shoot]
def shoot(
    table: Tensor, place: int, steps: int, n: int, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """The best of n random plans (H,) and what the table (S, A, S) promises, (). Source: definition."""
    plans = torch.randint(table.shape[1], (n, steps), generator=generator)
    scores = imagine(table, place, plans)
    best = scores.argmax()
    return plans[best], scores[best]
    # --8<-- [end:shoot]


# --8<-- [start:control]
def control(table: Tensor, world: Tensor, place: int, n: int, generator: torch.Generator) -> bool:
    """Plan anew before each step; whether the goal is reached: table, world (S, A, S). Source: definition."""
    for left in range(STEPS, 0, -1):
        best, _ = shoot(table, place, left, n, generator)
        chances = world[place, best[0]]  # only the first action is done
        place = int(torch.multinomial(chances, 1, generator=generator))
    return place == len(world) - 1
    # --8<-- [end:control]


# A grid of 5 by 5: walk from one corner to the other in eight moves.

SIDE, MOVES = 5, 8
DIRECTIONS = torch.tensor([[1, 0], [-1, 0], [0, 1], [0, -1]])


def left_over(plans: Tensor) -> Tensor:
    """Minus the moves still missing after plans (N, 8) on the grid, (N,). Source: definition."""
    at = torch.zeros(len(plans), 2, dtype=torch.long)
    for move in plans.T:
        at = (at + DIRECTIONS[move]).clamp(0, SIDE - 1)
    return -(2 * (SIDE - 1) - at.sum(1)).double()


# --8<-- [start:cem]
def cross_entropy_method(rounds: int, n: int, elite: int, generator: torch.Generator) -> Tensor:
    """Best return on the grid after each round, (rounds,). Source: deboer2005tutorial."""
    chances = torch.full((MOVES, len(DIRECTIONS)), 1 / len(DIRECTIONS), dtype=torch.float64)
    best, found = -math.inf, []
    for _ in range(rounds):
        plans = torch.multinomial(chances, n, replacement=True, generator=generator).T
        scores = left_over(plans)
        top = plans[scores.argsort(descending=True, stable=True)[:elite]]
        shares = torch.nn.functional.one_hot(top, len(DIRECTIONS)).double().mean(0)
        chances = 0.3 * chances + 0.7 * shares  # keep some of the old: a share of 0 would stay 0
        best = max(best, float(scores.max()))
        found.append(best)
    return torch.tensor(found)
    # --8<-- [end:cem]


# --8<-- [start:fit]
def fit(a: float, runs: int, n: int, spread: float, generator: torch.Generator) -> Tensor:
    """Least squares for x' = a x + noise, from n pairs in each run, (runs,). Source: definition."""
    x = torch.randn(runs, n, generator=generator, dtype=torch.float64)
    noise = torch.randn(runs, n, generator=generator, dtype=torch.float64)
    after = a * x + spread * noise
    return (x * after).sum(1) / (x * x).sum(1)
    # --8<-- [end:fit]


def main() -> None:
    """The example: the optimum, the promise of the learned table, what it gives, and what caution gives."""
    true, counts = row(SUCCESS), diary(WINS, TRIES)
    table = learn(counts)
    best, _ = plan(true[None], STEPS)
    promise, actions = plan(table[None], STEPS)
    print(f"exact optimum {best[STEPS, 0]:.3f}")
    print(
        f"learned table promises {promise[STEPS, 0]:.3f}, gives {follow(true, actions)[STEPS, 0]:.3f}"
    )
    careful, actions = plan(table[None], STEPS, charges(counts, 1.0))
    print(
        f"with a charge of 1 / sqrt(n): promises {careful[STEPS, 0]:.3f}, gives {follow(true, actions)[STEPS, 0]:.3f}"
    )
    generator = torch.Generator().manual_seed(0)
    fixed, score = shoot(true, 0, STEPS, 64, generator)
    print(
        f"with the true table the best fixed plan {fixed.tolist()} reaches the goal with {score:.3f}"
    )
    fixed, score = shoot(table, 0, STEPS, 64, generator)
    print(f"in the learned one it is {fixed.tolist()} and promises {score:.3f}")


if __name__ == "__main__":
    main()
