"""Filters against attackers who try again: formulas, each beside a simulation, and an attacker who sees the score.

Run as a program it prints the page's example by formula and by simulation.
"""

import math
from collections.abc import Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

RECALL, FALSE_ALARMS, BASE = 0.99, 0.01, 0.001
PLACES = 16  # of a text, each with two wordings


# --8<-- [start:tries]
def through(recall: float, tries: int) -> float:
    """Probability that at least one of some independent tries passes. Source: this page, eq-security-tries."""
    return 1 - recall**tries


def tries_for_half(recall: float) -> float:
    """Tries after which an attacker has passed in half of the cases. Source: this page, eq-security-half."""
    return math.log(2) / -math.log(recall)
    # --8<-- [end:tries]


# --8<-- [start:precision]
def precision(recall: float, false_alarms: float, base: float) -> float:
    """Share of alarms that are attacks, by Bayes' rule. Source: this page, eq-security-bayes."""
    hits = recall * base
    return hits / (hits + false_alarms * (1 - base))
    # --8<-- [end:precision]


# --8<-- [start:layers]
def missed_by_all(miss: float, shared: float, filters: int) -> float:
    """Share of attacks that all filters miss, if a share of each one's misses is common to all.

    Source: this page, eq-security-floor.
    """
    common = shared * miss
    alone = (miss - common) / (1 - common)
    return common + (1 - common) * alone**filters
    # --8<-- [end:layers]


def kinds(weights: Sequence[float], recalls: Sequence[float], tries: int) -> tuple[float, float]:
    """Passed after some tries: a new kind of attack each time, one kind kept. Source: this page, eq-security-kinds."""
    pairs = list(zip(weights, recalls, strict=True))
    fresh = 1 - sum(w * r for w, r in pairs) ** tries
    kept = 1 - sum(w * r**tries for w, r in pairs)
    return fresh, kept


def locked_out(false_alarms: float, requests: int, refusals: int) -> float:
    """Probability that honest requests meet so many refusals or more. Source: this page, eq-security-locked."""
    return sum(
        math.comb(requests, j) * false_alarms**j * (1 - false_alarms) ** (requests - j)
        for j in range(refusals, requests + 1)
    )


def none_seen(attempts: int, doubt: float = 0.05) -> float:
    """Highest success rate that no success in some attempts leaves open. Source: this page, eq-security-none."""
    return float(1 - doubt ** (1 / attempts))


def bill(requests: int, read: int, written: int, price_read: float, price_written: float) -> float:
    """Dollars for requests, with prices in dollars for a million tokens. Source: this page, eq-security-bill."""
    return requests * (read * price_read + written * price_written) / 1e6


# Simulations: nothing of the formulas above is used.


def simulate_tries(
    recall: float, tries: int, runs: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Share of runs that have passed by each try, to (tries,). Source: definition."""
    passed = rng.random((runs, tries)) >= recall
    return np.asarray(np.maximum.accumulate(passed, axis=1).mean(0))


def simulate_alarms(
    recall: float, false_alarms: float, base: float, texts: int, rng: np.random.Generator
) -> float:
    """Share of attacks among the alarms that some texts raise."""
    attack = rng.random(texts) < base
    alarm = rng.random(texts) < np.where(attack, recall, false_alarms)
    return float((attack & alarm).sum() / alarm.sum())


def simulate_layers(
    miss: float, shared: float, filters: int, attacks: int, rng: np.random.Generator
) -> float:
    """Share of attacks that pass filters of which each misses the common kind, and by chance others."""
    common = rng.random(attacks) < shared * miss
    alone = (miss - shared * miss) / (1 - shared * miss)
    passes = [common | (rng.random(attacks) < alone) for _ in range(filters)]
    return float(np.logical_and.reduce(passes).mean())


# --8<-- [start:filter]
class Filter:
    """A score for each text of some places with two wordings; refuses 99 % of all texts.

    Source: definition.
    """

    def __init__(
        self, rng: np.random.Generator, places: int = PLACES, recall: float = RECALL
    ) -> None:
        self.weights = rng.normal(size=places)
        texts = np.array(list(product((0, 1), repeat=places)))
        self.threshold = float(np.quantile(texts @ self.weights, 1 - recall))

    def score(self, text: NDArray[np.int64]) -> float:
        """How suspicious a text is: text (places,) of 0 and 1 to (). Source: definition."""
        return float(text @ self.weights)
        # --8<-- [end:filter]


# --8<-- [start:climb]
def climb(filter_: Filter, most: int, rng: np.random.Generator) -> int:
    """Tries until a text passes, if the attacker sees the score: change one place, keep it unless it got worse.

    Source: definition.
    """
    text = rng.integers(0, 2, len(filter_.weights))
    score = filter_.score(text)
    for tries in range(1, most):
        if score < filter_.threshold:
            return tries
        changed = text.copy()
        changed[rng.integers(len(text))] ^= 1
        if filter_.score(changed) <= score:
            text, score = changed, filter_.score(changed)
    return most
    # --8<-- [end:climb]


def draw(filter_: Filter, most: int, rng: np.random.Generator) -> int:
    """Tries until a text passes, if each is drawn anew: what an attacker has who sees only refusals."""
    for tries in range(1, most):
        if filter_.score(rng.integers(0, 2, len(filter_.weights))) < filter_.threshold:
            return tries
    return most


def main() -> None:
    """The example by formula and by simulation."""
    rng = np.random.default_rng(1)
    print("tries  formula  2,000 runs")
    runs = simulate_tries(RECALL, 300, 2000, rng)
    for tries in (1, 10, 69, 100, 300):
        print(f"{tries:5}  {through(RECALL, tries):7.3f}  {runs[tries - 1]:10.3f}")
    found = simulate_alarms(RECALL, FALSE_ALARMS, BASE, 1_000_000, rng)
    print(f"attacks among the alarms: {precision(RECALL, FALSE_ALARMS, BASE):.3f}, {found:.3f}")
    for shared in (0.0, 0.5):
        found = simulate_layers(0.01, shared, 2, 1_000_000, rng)
        print(f"both miss, {shared:.1f} shared: {missed_by_all(0.01, shared, 2):.5f}, {found:.5f}")


if __name__ == "__main__":
    main()
