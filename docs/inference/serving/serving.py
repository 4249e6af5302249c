"""Serving a language model: a roofline, and a simulator of requests that share one accelerator.

A step of the model takes the longer of two times: that of its arithmetic and that of its reading.
Run it: static against continuous batching on the same arrivals, and Little's law.
"""

import math
from collections import deque
from dataclasses import dataclass, field, replace

import numpy as np


# --8<-- [start:machine]
@dataclass(frozen=True)
class Machine:
    """A model on an accelerator. Source: definition."""

    parameters: float = 8e9  # weights that each token meets
    width: float = 2.0  # bytes a weight
    kept: float = 2.0 * 32 * 8 * 128 * 2  # bytes of keys and values that a token leaves
    flops: float = 312e12  # operations a second
    bandwidth: float = 2e12  # bytes a second

    def times(self, tokens: float, read: float) -> tuple[float, float]:
        """Seconds of arithmetic, and of reading weights and cache. Source: this page, eq-serving-step."""
        arithmetic = 2 * self.parameters * tokens / self.flops
        reading = (self.parameters * self.width + self.kept * read) / self.bandwidth
        return arithmetic, reading

    def step(self, tokens: float, read: float) -> float:
        """Seconds of a step: the slower one counts. Source: this page, eq-serving-step."""
        return max(self.times(tokens, read))

    # --8<-- [end:machine]

    # --8<-- [start:flip]
    def flip(self, context: float) -> float:
        """Batch from which arithmetic takes longer. Source: this page, eq-serving-flip."""
        once, _ = self.times(1, 0)
        each = once - self.kept * context / self.bandwidth
        weights = self.parameters * self.width / self.bandwidth
        return weights / each if each > 0 else math.inf

    # --8<-- [end:flip]


UNIT = Machine(1, 1, 0, math.inf, 1)  # of the example: each step takes one unit of time


@dataclass
class Request:
    """A prompt, the length of its answer, and what has become of it."""

    arrival: float
    prompt: int
    answer: int
    cached: int = 0  # tokens whose keys and values are kept
    again: int = 0  # tokens computed a second time
    started: float = math.nan
    times: list[float] = field(default_factory=list)

    @property
    def missing(self) -> int:
        """Tokens that must be read before the next one can be written. Source: definition."""
        return self.prompt + len(self.times) - self.cached

    @property
    def ready(self) -> bool:
        """Whether the next token is a step of decoding. Source: definition."""
        return bool(self.times) and self.missing == 1

    @property
    def done(self) -> bool:
        """Whether the answer is complete. Source: definition."""
        return len(self.times) == self.answer


@dataclass(frozen=True)
class Policy:
    """How the scheduler decides. Source: definition."""

    slots: int = 16  # requests that may run at once
    static: bool = False  # fill a batch only when all of the last one are done
    budget: int | None = None  # tokens of a step, prompts cut; None: prompts whole, in own steps
    pool: float = math.inf  # tokens that the cache can hold
    page: int = 16  # tokens of a page
    reserve: int = 0  # places kept for an answer from the start; 0: pages as they are needed
    shortest: bool = False  # of the prompts that are being read, that with least left goes first


class Engine:
    """Requests that share one accelerator, step by step."""

    def __init__(self, machine: Machine, policy: Policy) -> None:
        self.machine, self.policy = machine, policy
        self.waiting: deque[Request] = deque()
        self.running: list[Request] = []

    def held(self, request: Request, more: int = 0) -> int:
        """Places of a request and its next tokens, in whole pages. Source: definition."""
        length = request.cached + more
        if self.policy.reserve:
            length = max(length, request.prompt + self.policy.reserve)
        return -(-length // self.policy.page) * self.policy.page

    # --8<-- [start:admit]
    def admit(self, now: float) -> None:
        """Let waiting requests in while there are slots and places, in the order of arrival."""
        if not self.waiting or (self.policy.static and self.running):
            return
        used = sum(self.held(r, r.missing) for r in self.running)
        while self.waiting and len(self.running) < self.policy.slots:
            first = self.waiting[0]
            used += self.held(first, first.missing)
            if used > self.policy.pool:
                break
            first.started = now if math.isnan(first.started) else first.started
            self.running.append(self.waiting.popleft())

    # --8<-- [end:admit]

    # --8<-- [start:plan]
    def plan(self) -> list[tuple[Request, int]]:
        """The requests of the next step, each with the number of its tokens."""
        decode = [(r, 1) for r in self.running if r.ready and not r.done]
        prompts = [r for r in self.running if not r.ready and not r.done]
        if self.policy.budget is None:
            return [(r, r.missing) for r in prompts] or decode
        if self.policy.shortest:
            prompts.sort(key=lambda r: r.missing)
        left = self.policy.budget - len(decode)
        for r in prompts:
            if (chunk := min(r.missing, left)) > 0:
                decode.append((r, chunk))
                left -= chunk
        return decode

    # --8<-- [end:plan]

    # --8<-- [start:preempt]
    def fit(self) -> list[tuple[Request, int]]:
        """A plan whose pages fit: the youngest gives its pages back until it does. Raises: MemoryError."""
        while True:
            work = self.plan()
            new = {id(r): n for r, n in work}
            if sum(self.held(r, new.get(id(r), 0)) for r in self.running) <= self.policy.pool:
                return work
            if len(self.running) == 1:
                raise MemoryError("one request alone is larger than the pool")
            last = self.running.pop()
            last.again += last.cached
            last.cached = 0
            self.waiting.appendleft(last)

    # --8<-- [end:preempt]

    def run(self, requests: list[Request]) -> list[Request]:
        """Serve all; returns copies with the time of each token. Raises: MemoryError."""
        served = [
            replace(r, times=list(r.times)) for r in sorted(requests, key=lambda r: r.arrival)
        ]
        coming, now = deque(served), 0.0
        # --8<-- [start:run]
        while coming or self.waiting or self.running:
            while coming and coming[0].arrival <= now:
                self.waiting.append(coming.popleft())
            self.admit(now)
            if not self.running:
                now = coming[0].arrival
                continue
            work = self.fit()
            now += self.machine.step(sum(n for _, n in work), sum(r.cached for r, _ in work))
            for r, n in work:
                r.cached += n
                if r.missing == 0:
                    r.times.append(now)
            if not self.policy.static or all(r.done for r in self.running):
                self.running = [r for r in self.running if not r.done]
        # --8<-- [end:run]
        return served


# --8<-- [start:latency]
def first(requests: list[Request]) -> np.ndarray:
    """Seconds to the first token (TTFT): R requests to (R,). Source: definition."""
    return np.array([r.times[0] - r.arrival for r in requests])


def each(requests: list[Request]) -> np.ndarray:
    """Mean seconds a token after the first (TPOT): R to (R,). Source: this page, eq-serving-tpot."""
    return np.array([(r.times[-1] - r.times[0]) / (r.answer - 1) for r in requests])


def gaps(requests: list[Request]) -> np.ndarray:
    """Seconds between neighbouring tokens (ITL): R requests to (G,). Source: definition."""
    return np.concatenate([np.diff(r.times) for r in requests])


# --8<-- [end:latency]


# --8<-- [start:apart]
def apart(machine: Machine, policy: Policy, requests: list[Request], link: float) -> list[Request]:
    """Prompts on one accelerator, answers on another; a link carries the cache, bytes a second."""
    requests = sorted(requests, key=lambda r: r.arrival)
    read = Engine(machine, policy).run([replace(r, answer=1) for r in requests])
    moved = []
    for r, p in zip(requests, read, strict=True):
        late = p.times[0] + machine.kept * r.prompt / link
        moved.append(replace(r, arrival=late, cached=r.prompt, times=p.times))
    order = sorted(range(len(moved)), key=lambda i: moved[i].arrival)
    written = Engine(machine, policy).run(moved)
    return [replace(w, arrival=requests[i].arrival) for w, i in zip(written, order, strict=True)]


# --8<-- [end:apart]


def draw(
    rate: float, count: int, seed: int, prompt: float = 500, answer: float = 200
) -> list[Request]:
    """Requests at Poisson times; lengths geometric, at most 4,000 and 1,000 tokens. Source: definition."""
    rng = np.random.default_rng(seed)
    arrivals = rng.exponential(1 / rate, count).cumsum().tolist()
    prompts = rng.geometric(1 / prompt, count).clip(1, 4000).tolist()
    answers = rng.geometric(1 / answer, count).clip(2, 1000).tolist()
    return [Request(*of) for of in zip(arrivals, prompts, answers, strict=True)]


def little(requests: list[Request]) -> tuple[float, float, float]:
    """Mean number in the system, arrivals a second, mean seconds in it. Source: this page, eq-serving-little."""
    start, end = requests[0].arrival, max(r.times[-1] for r in requests)
    moves = sorted([(r.arrival, 1) for r in requests] + [(r.times[-1], -1) for r in requests])
    area, inside, last = 0.0, 0, start
    for time, change in moves:
        area += inside * (time - last)
        inside, last = inside + change, time
    stay = float(np.mean([r.times[-1] - r.arrival for r in requests]))
    return area / (end - start), len(requests) / (end - start), stay


if __name__ == "__main__":
    for way in ("static", "continuous"):
        done = Engine(Machine(), Policy(static=way == "static")).run(draw(2, 200, 0))
        inside, rate, stay = little(done)
        print(f"{way}: {first(done).mean():.2f} s to the first token; inside {inside:.3f},")
        print(f"  by Little's law {rate:.3f} a second x {stay:.3f} s = {rate * stay:.3f}")
