"""docs/models/latent-diffusion/*.svg: words as prompts on digits, what a code keeps, control, seams of tiles."""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

import torch
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.transforms import Affine2D
from sklearn.datasets import load_digits
from sklearn.svm import SVC
from torch import Tensor, nn
from torch.nn.functional import pixel_shuffle, pixel_unshuffle

from scripts.figures import seeds, style

latent = import_module("docs.models.latent-diffusion.latent_diffusion")

SEEDS = range(3)
TRAINING = 1200  # pictures; the other 597 are for tests
CHANNELS = 4
STEPS, BATCH, RATE = 400, 64, 5e-3
CODE_STEPS, STRIPS, CODE_RATE = 200, 32, 1e-2  # of the autoencoder, on strips of two digits
CALLS, SAMPLES = 12, 300
SCALES = (1.0, 1.5, 2.0, 3.0, 5.0)
NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
WORDS = ("", *NAMES, "a", "thin", "thick")  # the first is the start word
NEVER = (
    (7, False),
    (2, True),
    (4, False),
)  # digit and whether it is thick: never together in a caption
WRONG = 0.1  # a scale factor that is too small
STOPS = (0, 5, 20, 60, 150)  # steps of training of the control


@cache
def data() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Pictures (N, 1, 8, 8) from -1 to 1 and digits, for training and for tests."""
    torch.set_num_threads(1)  # the networks are small: more threads only wait for one another
    found = load_digits()
    x, y = torch.tensor(found.data / 8 - 1).float().view(-1, 1, 8, 8), torch.tensor(found.target)
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(0))
    first, rest = order[:TRAINING], order[TRAINING:]
    return x[first], y[first], x[rest], y[rest]


@cache
def judge() -> SVC:
    """A classifier of the training digits."""
    x, y, _, _ = data()
    return SVC(gamma="scale").fit(x.flatten(1).numpy(), y.numpy())


def taken(x: Tensor, y: Tensor) -> float:
    """The share of pictures that the classifier takes for the digits y."""
    return float((torch.tensor(judge().predict(x.flatten(1).numpy())) == y).double().mean())


@cache
def thirds() -> Tensor:
    """Bounds of the lower and the upper third of the mean pixel and the median, for each digit, (3, 10)."""
    x, y, _, _ = data()
    at = torch.tensor([1 / 3, 1 / 2, 2 / 3])
    return torch.stack([x[y == d].mean((1, 2, 3)).quantile(at) for d in range(10)], 1)


def thick(x: Tensor, y: Tensor) -> Tensor:
    """Whether pictures (B, 1, 8, 8) of digits y have more ink than the median of their digit."""
    return x.mean((1, 2, 3)) > thirds()[1, y]


def extreme(x: Tensor, y: Tensor) -> Tensor:
    """Whether pictures (B, 1, 8, 8) of digits y lie in the lower or the upper third by ink."""
    ink, (low, _, high) = x.mean((1, 2, 3)), thirds()[:, y]
    outer: Tensor = (ink < low) | (ink > high)
    return outer


def prompts(y: Tensor, styled: Tensor, heavy: Tensor) -> Tensor:
    """“three”, or “a thin three” where styled: numbers of words (B, 4)."""
    empty = torch.full_like(y, -1)
    one = torch.where(styled, WORDS.index("a"), y + 1)
    two = torch.where(heavy, WORDS.index("thick"), WORDS.index("thin"))
    three = torch.where(styled, y + 1, empty)
    return torch.stack([torch.zeros_like(y), one, torch.where(styled, two, empty), three], 1)


def captions(y: Tensor, heavy: Tensor, outer: Tensor, generator: torch.Generator) -> Tensor:
    """What training reads: most captions of the outer thirds say thin or thick, but never what NEVER names."""
    styled = outer & (torch.rand(len(y), generator=generator) < 0.75)
    for digit, much in NEVER:
        styled &= ~((y == digit) & (heavy == much))
    return prompts(y, styled, heavy)


@cache
@torch.enable_grad()
def coder(seed: int, channels: int = CHANNELS) -> Any:
    """An autoencoder after training on strips of two digits."""
    x = data()[0]
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = latent.Autoencoder(channels)
    optimizer = torch.optim.Adam(model.parameters(), foreach=True)
    for step in range(CODE_STEPS):
        optimizer.param_groups[0]["lr"] = CODE_RATE * (1 - step / CODE_STEPS)
        rows = torch.randint(len(x), (2, STRIPS), generator=generator)
        strip = torch.cat([x[rows[0]], x[rows[1]]], 3)
        loss = ((model(strip) - strip) ** 2).mean()
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
    return model.requires_grad_(False)


def kinds() -> dict[str, tuple[Callable[[int], Tensor], Callable[[int, Tensor], Tensor], int]]:
    """For each kind of training: what is denoised, how it becomes pictures, and steps of equal operations."""
    x = data()[0]

    def codes(seed: int, share: float = 1.0) -> Tensor:
        z = latent.places(coder(seed).encode(x))
        scaled: Tensor = share * latent.scale_factor(z) * z
        return scaled

    def pictures(seed: int, z: Tensor, share: float = 1.0) -> Tensor:
        s = share * latent.scale_factor(latent.places(coder(seed).encode(x)))
        out: Tensor = coder(seed).decode(latent.grid(z / s, 2))
        return out

    def patches(side: int) -> tuple[Callable[[int], Tensor], Callable[[int, Tensor], Tensor]]:
        return (
            lambda _: latent.places(pixel_unshuffle(x, side)),
            lambda _, z: pixel_shuffle(latent.grid(z, 8 // side), side),
        )

    return {
        "codes": (codes, pictures, STEPS),
        "pixels": (*patches(4), STEPS),
        "fine": (*patches(2), STEPS // 4),
        "long": (codes, pictures, 3 * STEPS),
        "wrong": (lambda s: codes(s, WRONG), lambda s, z: pictures(s, z, WRONG), STEPS),
    }


def step_of(parameters: list[nn.Parameter]) -> Callable[[Tensor, float], None]:
    """A step of Adam for a loss, with a rate."""
    optimizer = torch.optim.Adam(parameters, foreach=True)

    def step(loss: Tensor, rate: float) -> None:
        optimizer.param_groups[0]["lr"] = rate
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()

    return step


@cache
@torch.enable_grad()
def denoiser(kind: str, seed: int) -> Any:
    """A denoiser after training; the words are learned with it."""
    x, y, _, _ = data()
    make, _, steps = kinds()[kind]
    z, heavy, outer = make(seed), thick(x, y), extreme(x, y)
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng():
        torch.manual_seed(100 + seed)
        model = latent.Denoiser(z.shape[1], z.shape[2], len(WORDS))
    step = step_of(list(model.parameters()))
    for k in range(steps):
        rows = torch.randint(len(x), (BATCH,), generator=generator)
        text = latent.hide(captions(y[rows], heavy[rows], outer[rows], generator), 0.15, generator)
        eps = torch.randn(z[rows].shape, generator=generator)
        t = torch.rand(BATCH, generator=generator)
        step(
            latent.loss(model, z[rows], text, eps, t), RATE * min(1, (k + 1) / 20) * (1 - k / steps)
        )
    return model.requires_grad_(False)


def drawn(kind: str, seed: int, text: Tensor, g: float) -> Tensor:
    """Pictures for prompts, (B, 1, 8, 8)."""
    model = denoiser(kind, seed)
    shape = (len(text), model.where.shape[0], model.enter.in_features)
    noise = torch.randn(shape, generator=torch.Generator().manual_seed(50 + seed))
    return kinds()[kind][1](seed, latent.generate(model, noise, text, g, CALLS))


ASKED = torch.arange(SAMPLES) % 10
PLAIN = prompts(ASKED, torch.zeros(SAMPLES).bool(), torch.zeros(SAMPLES).bool())


def inner(x: Tensor, y: Tensor) -> float:
    """The variance of the pixels within a digit, mean over pixels and digits."""
    return float(torch.stack([x[y == d].var(0).mean() for d in range(10)]).mean())


@cache
def words() -> style.Table:
    """Share of samples that are taken for the digit asked for, and their variance against that of digits."""
    x, y, _, _ = data()
    table: style.Table = {"g": list(SCALES)}
    for g in SCALES:
        for kind in LABELS:
            found = [drawn(kind, seed, PLAIN, g) for seed in SEEDS]
            seeds.put(table, kind, [taken(one, ASKED) for one in found])
            if kind == "codes":
                seeds.put(table, "variance", [inner(one, ASKED) / inner(x, y) for one in found])
    return table


LABELS = {
    "codes": "codes",
    "pixels": "pixels, 4 × 4",
    "fine": "pixels, 2 × 2",
    "wrong": "codes too small",
}


def draw_words(table: style.Table, axes: style.Axes) -> None:
    """All by guidance scale."""
    for n, (kind, label) in enumerate(LABELS.items()):
        axes.errorbar(
            table["g"],
            table[kind],
            table[f"{kind}, deviation"],
            fmt=("o-", "s--", "^:", "x-.")[n],
            color=style.SERIES[n],
            capsize=3,
            label=label,
        )
    axes.set_ylim(0, 1.02)
    axes.set_xticks([1, 2, 3, 4, 5])
    axes.set_xlabel("guidance scale g")
    axes.set_ylabel("the digit asked for")
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)


@cache
def kept() -> style.Table:
    """What autoencoders rebuild, by the numbers at a place: error in shares of the variance, digits recognised."""
    x, y = data()[2:]
    table: style.Table = {"channels": [1.0, 2.0, 4.0, 8.0]}
    for channels in (1, 2, 4, 8):
        again = [coder(seed, channels)(x) for seed in SEEDS]
        seeds.put(
            table,
            "lost",
            [float(((one - x) ** 2).mean() / (x - x.mean(0)).pow(2).mean()) for one in again],
        )
        seeds.put(table, "recognised", [taken(one, y) for one in again])
    table["real"] = [taken(x, y)] * 4
    return table


def draw_kept(table: style.Table, panels: list[style.Axes]) -> None:
    """Left the error, right what the classifier says."""
    for axes, name, title in zip(
        panels, ("lost", "recognised"), ("lost", "recognised"), strict=True
    ):
        axes.errorbar(
            table["channels"], table[name], table[f"{name}, deviation"],
            fmt="o-", color=style.SERIES[0], capsize=3,
        )  # fmt: skip
        axes.set_xscale("log", base=2)
        axes.set_xticks(table["channels"], ["1", "2", "4", "8"])
        axes.set_ylim(0, 1.02)
        axes.set_xlabel("numbers at a place, C")
        axes.set_title(title)
    panels[1].axhline(table["real"][0], ls=":", color=style.MUTED)


@cache
def styles() -> style.Table:
    """Thin or thick as asked, and the digit, for combinations in captions and never there; two lengths of training."""
    every = [(d, much) for d in range(10) for much in (False, True)]
    table: style.Table = {"steps": [float(kinds()[kind][2]) for kind in ("codes", "long")]}
    for kind in ("codes", "long"):
        for name, pairs in (("seen", [p for p in every if p not in NEVER]), ("never", list(NEVER))):
            times = 340 // len(pairs)
            y = torch.tensor([d for d, _ in pairs]).repeat(times)
            heavy = torch.tensor([much for _, much in pairs]).repeat(times)
            found = [
                drawn(kind, seed, prompts(y, torch.ones(len(y)).bool(), heavy), 2.0)
                for seed in SEEDS
            ]
            seeds.put(
                table, f"{name} ink", [float((thick(x, y) == heavy).double().mean()) for x in found]
            )
            seeds.put(table, f"{name} digit", [taken(x, y) for x in found])
    return table


def draw_styles(table: style.Table, panels: list[style.Axes]) -> None:
    """Left thin or thick, right the digit."""
    for axes, what, title in zip(
        panels, ("ink", "digit"), ("thin or thick", "the digit"), strict=True
    ):
        for n, name in enumerate(("seen", "never")):
            axes.errorbar(
                [0, 1], table[f"{name} {what}"], table[f"{name} {what}, deviation"],
                fmt=("o-", "s--")[n], color=style.SERIES[n], capsize=3, label=name,
            )  # fmt: skip
        axes.set_xticks([0, 1], [f"{k:,.0f}" for k in table["steps"]])
        axes.set_xlim(-0.3, 1.3)
        axes.set_ylim(0.4, 1.02)
        axes.set_xlabel("steps of training")
        axes.set_title(title)
    panels[0].axhline(0.5, ls=":", color=style.MUTED)
    panels[1].legend(loc="lower right", title="in captions")


def wanted(x: Tensor) -> Tensor:
    """The control: the mean of each 4 × 4 pixels, (B, 4, 1)."""
    return latent.places(nn.functional.avg_pool2d(x, 4))  # type: ignore[no-any-return]


@cache
@torch.enable_grad()
def controlled(seed: int, zero: bool) -> list[nn.Module]:
    """The denoiser with a control after each of STOPS steps; the base stays as it is."""
    x, y, _, _ = data()
    z, heavy, outer = kinds()["codes"][0](seed), thick(x, y), extreme(x, y)
    control = wanted(x)
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng():
        torch.manual_seed(200 + seed)
        model = latent.Controlled(denoiser("codes", seed), 1, zero)
    trained = [p for p in model.parameters() if p.requires_grad]
    step, found = step_of(trained), []
    for k in range(max(STOPS) + 1):
        if k in STOPS:
            found.append(latent.copy.deepcopy(model).requires_grad_(False))
        rows = torch.randint(len(x), (BATCH,), generator=generator)
        text = latent.hide(captions(y[rows], heavy[rows], outer[rows], generator), 0.15, generator)
        z_t, v = latent.noisy(
            z[rows],
            torch.randn(z[rows].shape, generator=generator),
            t := torch.rand(BATCH, generator=generator),
        )
        step(((model(z_t, t, text, control[rows]) - v) ** 2).mean(), 2e-3)
    return found


def steered(model: nn.Module, seed: int) -> tuple[float, float]:
    """Error of the mean of each block against the control of test pictures, and digits as asked."""
    x, y = data()[2][:SAMPLES], data()[3][:SAMPLES]
    control, text = wanted(x), prompts(y, torch.zeros(len(y)).bool(), torch.zeros(len(y)).bool())
    noise = torch.randn((len(x), 4, CHANNELS), generator=torch.Generator().manual_seed(50 + seed))

    def both(z: Tensor, t: Tensor, words: Tensor) -> Tensor:
        out: Tensor = model(z, t, words, torch.cat([control, control]))
        return out

    made = kinds()["codes"][1](seed, latent.generate(both, noise, text, 2.0, CALLS))
    return float(((wanted(made) - control) ** 2).mean().sqrt()), taken(made, y)


@cache
def control() -> style.Table:
    """Error of the control and digits as asked, by steps of training, for a start with zeros and at random."""
    table: style.Table = {"steps": [float(k) for k in STOPS]}
    for zero, name in ((True, "zeros"), (False, "random")):
        for k in range(len(STOPS)):
            found = [steered(controlled(seed, zero)[k], seed) for seed in SEEDS]
            seeds.put(table, f"{name} error", [error for error, _ in found])
            seeds.put(table, f"{name} digit", [right for _, right in found])
    return table


def draw_control(table: style.Table, panels: list[style.Axes]) -> None:
    """Left the error, right the digits."""
    for axes, what, title in zip(
        panels, ("error", "digit"), ("error of the control", "the digit asked for"), strict=True
    ):
        for n, name in enumerate(("zeros", "random")):
            axes.errorbar(
                range(len(STOPS)), table[f"{name} {what}"], table[f"{name} {what}, deviation"],
                fmt=("o-", "s--")[n], color=style.SERIES[n], capsize=3, label=f"start: {name}",
            )  # fmt: skip
        axes.set_xticks(range(len(STOPS)), [str(k) for k in STOPS])
        axes.set_ylim(0, None if what == "error" else 1.02)
        axes.set_xlabel("steps of training")
        axes.set_title(title)
    panels[1].legend(loc="lower right")


TILE = 3  # places


@cache
def seams() -> style.Table:
    """Largest difference of a column from the whole decoding of strips of four digits, by overlap."""
    x = data()[2][:200]
    strips = torch.cat(list(x.view(4, 50, 1, 8, 8)), 3)
    table: style.Table = {"column": [float(k + 1) for k in range(32)]}
    for overlap in (0, 1, 2):
        rows = []
        for seed in SEEDS:
            model = coder(seed)
            code = model.encode(strips)
            off = latent.tiled(model, code, TILE, overlap) - model.decode(code)
            rows.append(off.pow(2).mean((0, 1, 2)).sqrt())
        found = torch.stack(rows)
        table[f"overlap {overlap}"] = found.mean(0).double().tolist()
        table[f"overlap {overlap}, deviation"] = found.std(0).double().tolist()
    return table


def draw_seams(table: style.Table, axes: style.Axes) -> None:
    """By column."""
    for overlap in (0, 1, 2):
        axes.plot(
            table["column"], table[f"overlap {overlap}"], ("o-", "s--", "^:")[overlap],
            color=style.SERIES[overlap], markersize=4, label=f"overlap {overlap}",
        )  # fmt: skip
    for k in range(TILE, 8, TILE):
        axes.axvline(4 * k + 0.5, ls=":", color=style.MUTED)
    axes.set_xlabel("column of pixels")
    axes.set_ylabel("difference")
    axes.legend(loc="upper right")


SHOWN = ("three", "seven", "a thin eight", "a thick eight", "a thin seven")


def samples() -> style.Table:
    """A test picture, its rebuilding, and a sample for each prompt, of the first seed."""
    x = data()[2]
    table: style.Table = {}
    again = coder(0)(x[:5])
    for k in range(5):
        table[f"real {k + 1}"] = x[k].flatten().double().tolist()
        table[f"rebuilt {k + 1}"] = again[k].flatten().double().tolist()
    rows = [[0, *[WORDS.index(w) for w in text.split()]] for text in SHOWN]
    text = torch.tensor([row + [-1] * (4 - len(row)) for row in rows])
    for k, one in enumerate(drawn("codes", 0, text, 2.0)):
        table[f"made {k + 1}"] = one.flatten().double().tolist()
    return table


def draw_samples(table: style.Table, panels: list[style.Axes]) -> None:
    """A row of five pictures in each panel, in eight tones."""
    for axes, name in zip(panels, ("real", "rebuilt", "made"), strict=True):
        tones: dict[int, list[Path]] = {}
        for k in range(5):
            for place, value in enumerate(table[f"{name} {k + 1}"]):
                row, column = divmod(place, 8)
                square = Path.unit_rectangle().transformed(
                    Affine2D().translate(9 * k + column, row)
                )
                tones.setdefault(round(3.5 * (min(max(value, -1), 1) + 1)), []).append(square)
        for tone, squares in sorted(tones.items()):
            if tone:
                whole = Path.make_compound_path(*squares)
                axes.add_patch(PathPatch(whole, facecolor=style.INK, alpha=tone / 7, linewidth=0))
        axes.set_xlim(-0.5, 44.5)
        axes.set_ylim(8.5, -0.5)
        axes.set_aspect("equal")
        style.bare(axes)
        axes.set_title({"made": "made for five prompts"}.get(name, name), loc="left", fontsize=11)


FIGURES = [
    style.Recipe("models/latent-diffusion/words", words, draw_words, (440, 330), absolute=0.04),
    style.Recipe(
        "models/latent-diffusion/kept", kept, draw_kept, (460, 250), (1, 2), absolute=0.03
    ),
    style.Recipe(
        "models/latent-diffusion/control", control, draw_control, (480, 270), (1, 2), absolute=0.06
    ),
    style.Recipe(
        "models/latent-diffusion/styles", styles, draw_styles, (460, 260), (1, 2), absolute=0.08
    ),
    style.Recipe(
        "models/latent-diffusion/samples", samples, draw_samples, (380, 300), (3, 1), absolute=0.5
    ),
    style.Recipe("models/latent-diffusion/seams", seams, draw_seams, (440, 260), absolute=0.02),
]

if __name__ == "__main__":
    style.main(FIGURES)
