"""scripts/weights/comparison_runs.json and the demo's samples.mjs: all classes, trained and measured.

    python -m scripts.weights.comparison    # 17 minutes on two shared cores

For each class and data set: three learning rates on a seed that is not reported, the best by the energy
distance to data kept for that, then the seeds that are reported, measured against test data; on the ring
smaller and larger budgets as well.
"""

import ast
import hashlib
import json
import math
import platform
import time
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from sklearn.datasets import load_digits
from torch import Tensor

comparison = import_module("docs.models.comparison.comparison")
measures = import_module("docs.models.comparison.measures")

ROOT = Path(__file__).resolve().parents[2]
RUNS = Path(__file__).with_name("comparison_runs.json")
SAMPLES = ROOT / "docs" / "models" / "comparison" / "samples.mjs"

RATES, TUNED = (1e-3, 3e-3, 1e-2), 100  # tried on this seed
BUDGETS, FEW = (750, 1500, 3000, 6000), 3  # steps on the ring, and the seeds of those not reported
PASSES = (1, 2, 5, 10, 20, 50, 100)
SHOWN, DRAWN = 150, 20  # points of the demo for a seed, digits of the figure
SETS: dict[str, dict[str, Any]] = {
    "ring": {"parameters": 10_000, "steps": 3000, "batch": 256, "seeds": 5, "measured": 2000},
    "digits": {"parameters": 100_000, "steps": 1500, "batch": 128, "seeds": 3, "measured": 500},
}
OF_A_SET: dict[str, dict[str, dict[str, Any]]] = {  # what a class needs to know of the data
    "ring": {
        "autoregressive": {"bins": 50},
        "vae": {"code": 2},
        "gan": {"code": 2, "penalty": 0.1},
        "flow": {},
        "energy": {"walk": 8, "step": 0.01, "scale": 1.0},
        "diffusion": {},
        "matching": {},
    },
    "digits": {
        "autoregressive": {"bins": measures.LEVELS},
        "vae": {"code": 16},
        "gan": {"code": 16, "penalty": 0.1},
        "flow": {},
        "energy": {"walk": 8, "step": 0.004, "scale": 100.0},
        "diffusion": {},
        "matching": {},
    },
}
CLASSES = {
    "autoregressive": comparison.Autoregressive,
    "vae": comparison.Autoencoder,
    "gan": comparison.Adversarial,
    "flow": comparison.Flow,
    "energy": comparison.Energy,
    "diffusion": comparison.Diffusion,
    "matching": comparison.Matching,
}
REFINING = ("energy", "diffusion", "matching")


def code() -> str:
    """A digest of the code that trains and measures, without its words and without `main`. Source: definition."""
    found = hashlib.sha256()
    folder = Path(str(comparison.__file__)).parent
    names = ("comparison", "exact", "refining", "measures")
    for path in (Path(__file__), *(folder / f"{name}.py" for name in names)):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        tree.body = [
            node
            for node in tree.body
            if not isinstance(node, ast.If) and getattr(node, "name", "") != "main"
        ]
        for node in ast.walk(tree):
            body = getattr(node, "body", None)
            first = body[0] if isinstance(body, list) and body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                first.value.value = ""
        found.update(ast.dump(tree).encode())
    return found.hexdigest()[:32]


@cache
def data(name: str) -> tuple[Tensor, Tensor, Tensor]:
    """Items to train on, to choose the rate by, and to test on."""
    if name == "ring":
        return measures.ring(20_000, 1), measures.ring(2000, 2), measures.ring(2000, 3)
    train, rest = measures.digits(torch.tensor(load_digits().data, dtype=torch.float32), 0)
    return train, rest[:297], rest[297:]


def made(name: str, kind: str, rate: float, seed: int, steps: int) -> tuple[Any, float]:
    """A trained model of a class, and the seconds of CPU that it took."""
    budget, train = SETS[name], data(name)[0]
    torch.manual_seed(seed)
    settings = OF_A_SET[name][kind] | {"size": train.shape[1]}
    model = comparison.fitted(CLASSES[kind], budget["parameters"], **settings)
    start = time.process_time()
    comparison.train(model, train, steps, budget["batch"], rate, seed)
    return model, time.process_time() - start


def judged(name: str, x: Tensor) -> dict[str, float]:
    """What is measured of samples."""
    train, _, test = data(name)
    found = {
        "precision": measures.precision(x, test),
        "recall": measures.recall(x, test),
        "distance": measures.energy_distance(x, test),
    }
    if name == "ring":
        found["near"], found["modes"] = measures.near(x)
    else:
        found["copied"] = measures.copied(x, test, train)
    return found


def log_constant(model: Any) -> float:
    """The log of the integral of e to the minus energy, by a grid over the plane: only where D is 2."""
    places = torch.arange(-5, 5, 0.02) + 0.01
    total = [
        torch.logsumexp(
            -model.energy(torch.stack([torch.full_like(places, float(a)), places], 1)), 0
        )
        for a in places
    ]
    return float(torch.logsumexp(torch.stack(total), 0)) + 2 * math.log(0.02)


@torch.no_grad()
def likelihood(name: str, kind: str, model: Any, test: Tensor) -> float:
    """Bits above the entropy of the ring for a point, or bits for a pixel; not a number where there is none."""
    if kind == "gan" or (kind == "energy" and name == "digits"):
        return math.nan
    if kind == "energy":
        log_density = -model.energy(test) - log_constant(model)
    elif kind == "vae":
        generator = torch.Generator().manual_seed(0)
        log_density = torch.stack([model.bound(test, generator) for _ in range(20)]).mean(0)
    else:
        log_density = model.log_density(test)
    if name == "ring":
        return float((measures.log_ring(test) - log_density).mean()) / math.log(2)
    return float(measures.bits(log_density))


def sampled(model: Any, n: int, seed: int, *passes: int) -> Tensor:
    """Samples of a model by a seed of their own."""
    found: Tensor = model.sample(n, torch.Generator().manual_seed(1000 + seed), *passes)
    return found


def compact(x: Tensor) -> str:
    """Points of a plane as text: each number in hundredths above -3, two signs of base 36."""
    signs = "0123456789abcdefghijklmnopqrstuvwxyz"
    whole = ((x + 3) * 100).round().clamp(0, 600).int().flatten().tolist()
    return "".join(signs[n // 36] + signs[n % 36] for n in whole)


def tones(x: Tensor) -> list[list[int]]:
    """Scaled digits as the level of each pixel, 0 to 16."""
    levels = (x / 4 + 0.5) * measures.LEVELS - 0.5
    found: list[list[int]] = levels.round().clamp(0, 16).int().tolist()
    return found


def run(job: tuple[str, str]) -> dict[str, Any]:
    """Everything of one class on one data set."""
    torch.set_num_threads(1)
    name, kind = job
    budget, (_, chosen_by, _) = SETS[name], data(name)
    tried = {}
    for rate in RATES:
        model, _ = made(name, kind, rate, TUNED, budget["steps"])
        tried[rate] = measures.energy_distance(sampled(model, len(chosen_by), TUNED), chosen_by)
    rate = min(tried, key=lambda r: tried[r])
    found: dict[str, Any] = {"tried": list(tried.values()), "rate": rate, "runs": []}
    found |= {"parameters": comparison.size(model), "passes": model.passes, "points": []}
    found |= {"by_passes": [], "budgets": [], "drawn": []}
    for seed in range(budget["seeds"]):
        model, train = made(name, kind, rate, seed, budget["steps"])
        start = time.process_time()
        x = sampled(model, budget["measured"], seed)
        took = (time.process_time() - start) / budget["measured"] * 1000
        row = judged(name, x) | {"train": train, "sample": took}
        known, _, test = data(name)
        row["likelihood"] = likelihood(name, kind, model, test)
        row["likelihood of training"] = likelihood(name, kind, model, known[:500])
        found["runs"].append(row)
        if name == "ring":
            rows = [judged(name, sampled(model, 2000, seed, n)) for n in steps_of(kind)]
            found["by_passes"].append(rows)
            several = [sampled(model, 2000, seed, n) for n in steps_of(kind)] or [x]
            found["points"].append([compact(x[:SHOWN]) for x in several])
        elif seed == 0:
            found["drawn"] = tones(x[:DRAWN])
    if name == "ring":
        for steps in BUDGETS:
            if steps == budget["steps"]:
                found["budgets"].append(found["runs"][:FEW])
                continue
            rows = [made(name, kind, rate, seed, steps)[0] for seed in range(FEW)]
            found["budgets"].append(
                [judged(name, sampled(model, 2000, seed)) for seed, model in enumerate(rows)]
            )
    return found


def steps_of(kind: str) -> tuple[int, ...]:
    """The numbers of passes that are tried of a class."""
    return PASSES if kind in REFINING else ()


def edges(name: str) -> dict[str, Any]:
    """The same measures of data, and of one normal distribution fitted to the data."""
    train, _, test = data(name)
    budget = SETS[name]
    rows: dict[str, list[dict[str, float]]] = {"data": [], "normal": []}
    fitted: Any = torch.distributions.MultivariateNormal(
        train.mean(0), train.T.cov() + 1e-6 * torch.eye(train.shape[1])
    )
    for seed in range(budget["seeds"]):
        torch.manual_seed(seed)
        fresh = measures.ring(budget["measured"], 10 + seed)
        if name == "digits":
            fresh = train[torch.randperm(len(train))[: budget["measured"]]]
        likelihood = -float(fitted.log_prob(test).mean())
        if name == "ring":
            likelihood = (likelihood + float(measures.log_ring(test).mean())) / math.log(2)
        else:
            likelihood = measures.bits(fitted.log_prob(test))
        rows["data"].append(judged(name, fresh))
        row = judged(name, fitted.sample((budget["measured"],)))
        rows["normal"].append(row | {"likelihood": likelihood})
    return rows


def machine() -> str:
    """The name of the processor."""
    listed = Path("/proc/cpuinfo")
    lines = listed.read_text().splitlines() if listed.is_file() else []
    names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def rounded(value: Any) -> Any:
    """Numbers with five significant digits. Source: definition."""
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, dict):
        return {key: rounded(part) for key, part in value.items()}
    return [rounded(part) for part in value] if isinstance(value, list) else value


def module(points: dict[str, list[list[str]]]) -> str:
    """The samples as a module of the demo: for each class and seed a text for each number of passes."""
    lines = [
        "/** Samples on the ring, written by scripts/weights/comparison.py: two signs a number, base 36. */",
        "",
    ]
    lines += [f"export const PASSES = [{', '.join(map(str, PASSES))}];", ""]
    lines += ["/** @type {Record<string, string[][]>} */", "export const POINTS = {"]
    for name, seeds in points.items():
        lines.append(f"  {name}: [")
        for texts in seeds:
            lines += ["    [", *(f'      "{text}",' for text in texts), "    ],"]
        lines.append("  ],")
    return "\n".join([*lines, "};", ""])


def main() -> None:
    """Train, measure and write. A class is kept as it ends: broken off, the next call goes on from there."""
    from shutil import rmtree

    from scripts.weights.parts import Kept

    jobs = [(name, kind) for name in SETS for kind in CLASSES]
    parts = Kept(RUNS.with_name("comparison_parts"), code(), run)
    with ProcessPoolExecutor(2) as pool:
        told = dict(zip(jobs, pool.map(parts, jobs), strict=True))
    done = {job: part for job, (part, _) in told.items()}
    minutes = sum(seconds for _, seconds in told.values()) / 2 / 60
    points = {kind: done["ring", kind].pop("points") for kind in CLASSES}
    found: dict[str, Any] = {"code": code(), "machine": machine(), "torch": torch.__version__}
    for name in SETS:
        found[name] = {kind: done[name, kind] for kind in CLASSES} | {"edges": edges(name)}
    found["digits"]["data"] = {"drawn": tones(data("digits")[2][:DRAWN])}
    found |= {"budgets": BUDGETS, "passes": PASSES, "minutes": minutes}
    points["data"] = [[compact(measures.ring(SHOWN, 10 + n))] for n in range(3)]
    RUNS.write_text(json.dumps(rounded(found), indent=0) + "\n", encoding="utf-8", newline="\n")
    kept = {name: seeds[: 3 if name == "data" else 2] for name, seeds in points.items()}
    SAMPLES.write_text(module(kept), encoding="utf-8", newline="\n")
    rmtree(parts.folder)


if __name__ == "__main__":
    main()
