"""docs/architectures/encoder-decoder/weights.json: a translator of the made language, trained by the page's code.

    python -m scripts.weights.encoder_decoder    # a minute, one core

Beside it encoder_decoder_runs.json: the losses of smaller runs with five seeds each, with a mask or a part
left out and in other forms, and what they write; the figures draw them.
Every fifth sentence is held out. The weights are rounded to int8; what is measured is measured after that.
"""

import json
import math
import random
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from scripts.weights import pack

ed = import_module("docs.architectures.encoder-decoder.encoder_decoder")
masking = import_module("docs.architectures.encoder-decoder.masking")

ROOT = Path(__file__).resolve().parents[2]
WEIGHTS = ROOT / "docs" / "architectures" / "encoder-decoder" / "weights.json"
RUNS = Path(__file__).with_name("encoder_decoder_runs.json")

STEPS, SHORT, BATCH, RATE = 2000, 300, 64, 5e-3
SEED, SEEDS = 0, (0, 1, 2, 3, 4)
EVERY = 10  # steps between two losses that are kept
FORMS = ("both", "peek", "blind", "prefix", "causal")


def held_out() -> list[str]:
    """Every fifth sentence; red cat sleeps is one of them."""
    sentences: list[str] = ed.sentences()
    return sentences[3::5]


def kept() -> list[str]:
    """The other sentences."""
    return [text for text in ed.sentences() if text not in set(held_out())]


@cache
def rows() -> tuple[Tensor, Tensor]:
    """All pairs to train on: source (R, N) and target (R, M + 1)."""
    pairs = [(text.split(), words) for text in kept() for words in ed.translations(text)]
    return ed.numbers([a for a, _ in pairs], False), ed.numbers([b for _, b in pairs], True)


def logits_of(model: Any, form: str, source: Tensor, given: Tensor) -> Tensor:
    """Logits (B, M, V) of a whole translator, one that peeks, one without a source, or of one stack."""
    if form in ("prefix", "causal"):
        logits: Tensor = model.one_stack(source, given, form)
        return logits
    h = model.encode(source) * (form != "blind")  # keys and values of zeros say nothing
    logits, _ = model.decode(given, h, source, form != "peek")
    return logits


def made(form: str, seed: int) -> Any:
    """A network at random: two layers in all, in two halves or in one stack."""
    one = form in ("prefix", "causal")
    model = ed.Translator(torch.Generator().manual_seed(seed), ed.Config(layers=1 + one))
    if one:
        model.decoder = nn.ModuleList()
    return model


def train(
    model: Any, form: str, steps: int, seed: int, last: float, most: int | None = None
) -> Iterator[float]:
    """Train, and give the loss of each step; `last` is the share of the rate that is left at the end."""
    draw = torch.Generator().manual_seed(seed + 100)
    optimiser = torch.optim.Adam(model.parameters(), RATE, betas=(0.9, 0.98))
    rate = torch.optim.lr_scheduler.LambdaLR(
        optimiser,
        lambda s: (
            min(1.0, (s + 1) / 50)
            * (last + (1 - last) * (0.5 + 0.5 * math.cos(math.pi * s / steps)))
        ),
    )
    source, target = rows()
    for _ in range(most or steps):
        chosen = torch.randint(len(source), (BATCH,), generator=draw)
        x, y = source[chosen], target[chosen]
        logits = logits_of(model, form, x, y[:, :-1])
        loss = nn.functional.cross_entropy(
            logits.flatten(0, 1), y[:, 1:].flatten(), ignore_index=ed.PAD
        )
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
        rate.step()
        yield loss.item()


def stepper(model: Any, form: str, sentence: str) -> Callable[[list[int]], list[float]]:
    """Log-probabilities of the next word, for every form."""
    source = ed.numbers([sentence.split()], False)
    source = nn.functional.pad(source, (0, rows()[0].shape[1] - source.shape[1]))  # as in training

    @torch.no_grad()
    def step(words: list[int]) -> list[float]:
        logits = logits_of(model, form, source, torch.tensor([words]))
        found: list[float] = logits[0, -1].log_softmax(-1).tolist()
        return found

    return step


def written(model: Any, form: str, sentence: str, k: int = 1) -> tuple[list[str], float]:
    """What is written with a beam of k, and its log-probability."""
    words, log_p = ed.beam_search(stepper(model, form, sentence), k)[0]
    return [ed.WORDS[word] for word in words[1:] if word != ed.END], log_p


def right(model: Any, form: str, sentences: list[str]) -> float:
    """Share of sentences that greedy writing turns into one of their translations."""
    good = [written(model, form, text)[0] in ed.translations(text) for text in sentences]
    return sum(good) / len(good)


def headless() -> list[str]:
    """Sentences of no language: the noun of the subject is missing."""
    phrases = [text.removesuffix(" sleeps") for text in ed.sentences()[:12]]
    return [f"{a} {v} {b}" for a in ed.ADJECTIVES[1:] for v in ed.VERBS for b in phrases]


def invented(sentence: str, words: list[str]) -> bool:
    """Whether a translation has a word that translates no word of the sentence."""
    source = sentence.split()
    known = [ed.MEANING[word] for word in source if word in ed.MEANING]
    return any(words.count(word) > known.count(word) for word in set(words))


def doubts(model: Any) -> dict[str, float]:
    """Inventions for headless sentences, and what refusing the least certain twentieth helps."""
    sure = [written(model, "both", text)[1] for text in kept() if not text.endswith("sleeps")]
    limit = sorted(sure)[len(sure) // 20]
    bad = [(text, *written(model, "both", text)) for text in headless()]
    good = [written(model, "both", text)[1] for text in held_out() if not text.endswith("sleeps")]
    return {
        "invented": sum(invented(text, words) for text, words, _ in bad) / len(bad),
        "probability": sum(math.exp(p) for _, _, p in bad) / len(bad),
        "refused_bad": sum(p < limit for _, _, p in bad) / len(bad),
        "refused_good": sum(p < limit for p in good) / len(good),
    }


def run(form: str, seed: int) -> dict[str, Any]:
    """A short training: its losses, the share that is right afterwards, and doubts."""
    model = made(form, seed)
    losses = list(train(model, form, SHORT, seed, 0.05))
    result = {
        "losses": [round(loss, 5) for loss in losses[::EVERY]],
        "right": right(model, form, held_out()),
    }
    return result | (doubts(model) if form == "both" else {})


def gaps(mask: float, seed: int, steps: int = 1000) -> dict[str, float]:
    """Train the encoder alone to fill gaps; then how sure it is of words that it can see, and of hidden ones."""
    words, draw = [*ed.WORDS[3:12]], random.Random(seed)
    model = made("prefix", seed)
    texts = [text.split() for text in ed.sentences() if not text.endswith("sleeps")]
    texts = [text for text in texts if len(text) == 5]
    optimiser = torch.optim.Adam(model.parameters(), RATE)

    def numbers(shown: list[list[str]]) -> Tensor:
        return torch.tensor(
            [
                [ed.START if word == masking.MASK else ed.WORDS.index(word) for word in text]
                for text in shown
            ]
        )

    for _ in range(steps):
        chosen = draw.choices(texts, k=BATCH)
        hidden = [masking.bert(text, words, draw, mask) for text in chosen]
        logits = model.encode(numbers([one.shown for one in hidden])) @ model.words.T
        asked = torch.tensor([one.asked[0] for one in hidden])
        truth = numbers(chosen)[torch.arange(BATCH), asked]
        loss = nn.functional.cross_entropy(logits[torch.arange(BATCH), asked], truth)
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
    with torch.no_grad():
        whole = numbers(texts)
        p = (model.encode(whole) @ model.words.T).softmax(-1)
        seen = p.gather(-1, whole[..., None])[..., 0]
        return {"seen": seen.mean().item(), "least": seen.mean(0).min().item(), "loss": loss.item()}


def load() -> tuple[Any, dict[str, Any]]:
    """The committed translator in double precision, and what is known of it."""
    tensors, meta = pack.unpack(WEIGHTS)
    model = ed.Translator().double()
    model.load_state_dict(tensors)
    return model, meta


def main() -> None:
    """Train, round, measure, write."""
    torch.set_num_threads(1)
    model = made("both", SEED)
    losses = list(train(model, "both", STEPS, SEED, 0.01))
    meta = {
        "recipe": "scripts/weights/encoder_decoder.py",
        "seed": SEED,
        "steps": STEPS,
        "data": "the made language of encoder_decoder.py, without every fifth sentence",
        "words": ed.WORDS,
        "config": ed.Config()._asdict(),
        "parameters": ed.Config().parameters(),
        "metric": {},
    }
    pack.pack(WEIGHTS, model.state_dict(), meta, "int8")
    share = right(load()[0], "both", held_out())
    meta["metric"] = {"name": "held-out sentences right, greedy", "value": share}
    pack.pack(WEIGHTS, model.state_dict(), meta, "int8")
    print(f"loss {sum(losses[-100:]) / 100:.4f}, right {share}")
    for text in ("red cat sleeps", "cat sleeps"):
        for words, log_p in ed.beam_search(stepper(load()[0], "both", text), 3):
            print(text, [ed.WORDS[w] for w in words[1:]], round(math.exp(log_p), 4))
    runs: dict[str, Any] = {f: [run(f, seed) for seed in SEEDS] for f in FORMS}
    runs["gaps"] = {str(mask): [gaps(mask, seed) for seed in SEEDS] for mask in (0.8, 1.0)}
    for form in FORMS:
        print(form, [one["right"] for one in runs[form]], [one["losses"][-1] for one in runs[form]])
    print([{k: v for k, v in one.items() if k != "losses"} for one in runs["both"]], runs["gaps"])
    RUNS.write_text(json.dumps(runs, indent=1) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
