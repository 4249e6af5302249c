"""The three stages of RLHF on a small language model: fine-tuning, a reward model, reinforcement learning.

The people are played by a judge whose reward is known, so that what the reward model believes can be
compared with what is true. Everything is trained from nothing, in seconds on a processor.

The letters:
    B, T, V    answers in a batch; most tokens of an answer; words
    tokens     prompt and answer, (B, 1 + T), with <end> behind the answer; a prompt is one token
    policy     the language model that is trained; reference: the fine-tuned one, frozen
    beta       weight of the KL penalty
"""

import copy
from collections.abc import Callable, Iterator
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

WORDS = ("<end>", "sky?", "sea?", "grass?", "thanks", "air", "scatters", "blue", "water", "absorbs",
         "red", "leaves", "reflect", "green", "i", "do", "not", "know")  # fmt: skip
END, THANKS, DO_NOT_KNOW = 0, 4, [14, 15, 16, 17]
PROMPTS = torch.tensor([1, 2, 3])
FACTS = torch.tensor([[5, 6, 7], [8, 9, 10], [11, 12, 13]])  # the right answer to each prompt
LENGTH = 6  # T


def demonstrations(n: int, generator: torch.Generator) -> Tensor:
    """Prompts with the right fact (40 %), a wrong one or none (20 %), to (n, 1 + T). Source: definition."""
    rows = torch.zeros(n, 1 + LENGTH, dtype=torch.long)
    chances = torch.rand(n, 3, generator=generator).tolist()
    for row, (asked, kind, polite) in zip(rows, chances, strict=True):
        prompt = int(3 * asked)
        fact = FACTS[prompt if kind < 0.4 else (prompt + 1 + int(kind < 0.6)) % 3].tolist()
        body = fact if kind < 0.8 else DO_NOT_KNOW
        words = [prompt + 1, *([THANKS] if polite < 0.3 else []), *body]
        row[: len(words)] = torch.tensor(words)
    return rows


def text(tokens: Tensor) -> str:
    """The words of an answer, without its prompt: tokens (1 + T,) to text. Source: definition."""
    return " ".join(WORDS[word] for word in tokens[1:].tolist() if word != END)


def written(tokens: Tensor) -> Tensor:
    """Which tokens the model chose, its <end> among them: tokens (B, 1 + T) to (B, T). Source: definition."""
    ends = (tokens[:, 1:] == END).long()
    return ends.cumsum(1) - ends == 0


# --8<-- [start:judge]
def judge(tokens: Tensor) -> Tensor:
    """The true reward, nats: 2 for the right fact, 1 for thanks but -1 for each more, -0.1 a word.

    tokens (B, 1 + T) to (B,). Source: definition.
    """
    answer, facts = tokens[:, 1:], FACTS[tokens[:, 0] - 1]
    right = (answer.unfold(1, 3, 1) == facts[:, None]).all(2).any(1)
    thanks = (answer == THANKS).sum(1)
    polite = (thanks > 0).double() - (thanks - 1).clamp(min=0)
    return 2 * right + polite - 0.1 * (answer != END).sum(1)
    # --8<-- [end:judge]


class Network(nn.Module):
    """A causal Transformer of one layer with some outputs at each token. Source: radford2019language."""

    def __init__(self, outputs: int, generator: torch.Generator, width: int = 24) -> None:
        super().__init__()
        self.token = nn.Embedding(len(WORDS), width)
        self.place = nn.Embedding(1 + LENGTH, width)
        self.block = nn.TransformerEncoderLayer(
            width, 2, 2 * width, dropout=0.0, batch_first=True, norm_first=True
        )
        self.head = nn.Linear(width, outputs)
        for name, parameter in self.named_parameters():
            if name.endswith("bias"):
                nn.init.zeros_(parameter)
            elif parameter.ndim == 2:
                nn.init.normal_(parameter, 0.0, width**-0.5, generator)
        self.double()  # rounding never decides a draw: every machine trains the same model

    def forward(self, tokens: Tensor) -> Tensor:
        """tokens (B, N) to (B, N, outputs). Source: radford2019language."""
        n = tokens.shape[1]
        future = torch.ones(n, n, dtype=torch.bool).triu(1)
        x = self.token(tokens) + self.place.weight[:n]  # (B, N, width)
        y: Tensor = self.head(self.block(x, src_mask=future))
        return y


# --8<-- [start:tokens]
def log_probabilities(model: Network, tokens: Tensor) -> Tensor:
    """log pi(y_t | x, y_<t), 0 behind the end: tokens (B, 1 + T) to (B, T). Source: this page, eq-rlhf-tokens."""
    log_p: Tensor = model(tokens[:, :-1]).log_softmax(-1)  # (B, T, V)
    return log_p.gather(-1, tokens[:, 1:, None])[..., 0] * written(tokens)
    # --8<-- [end:tokens]


@torch.no_grad()
def sample(model: Network, prompts: Tensor, generator: torch.Generator) -> Tensor:
    """An answer to each prompt, token by token: prompts (B,) to (B, 1 + T). Source: definition."""
    tokens, going = prompts[:, None], torch.ones_like(prompts)
    for _ in range(LENGTH):
        p = model(tokens)[:, -1].softmax(-1)
        new = torch.multinomial(p, 1, generator=generator)[:, 0] * going
        tokens, going = torch.cat([tokens, new[:, None]], 1), going * (new != END)
    return tokens


def minimise(model: Network, loss: Callable[[], Tensor], steps: int, rate: float) -> None:
    """Some steps of Adam, rate without unit, down a loss: (). Source: definition."""
    optimizer = torch.optim.Adam(model.parameters(), lr=rate, fused=True)
    for _ in range(steps):
        optimizer.zero_grad()
        torch.autograd.backward(loss())
        optimizer.step()


def fine_tune(generator: torch.Generator, steps: int = 100) -> Network:
    """Stage 1: a language model of demonstrations, by cross-entropy. Source: ouyang2022training, section 3.5."""
    model = Network(len(WORDS), generator)

    def loss() -> Tensor:
        return -log_probabilities(model, demonstrations(64, generator)).sum(1).mean()

    minimise(model, loss, steps, rate=1e-2)
    return model


def compare(models: tuple[Network, Network], n: int, generator: torch.Generator) -> Tensor:
    """n pairs of answers, one of each model, the preferred one first, to (2, n, 1 + T). Source: bradley1952rank."""
    prompts = PROMPTS[torch.randint(3, (n,), generator=generator)]
    a, b = (sample(model, prompts, generator) for model in models)
    first = torch.rand(n, generator=generator).double() < torch.sigmoid(judge(a) - judge(b))
    return torch.stack([torch.where(first[:, None], x, y) for x, y in ((a, b), (b, a))])


def score(model: Network, tokens: Tensor) -> Tensor:
    """The reward that a model gives at the last token: tokens (B, 1 + T) to (B,). Source: ouyang2022training."""
    r: Tensor = model(tokens)[torch.arange(len(tokens)), written(tokens).sum(1), 0]
    return r


def fit_reward(reference: Network, pairs: Tensor, generator: torch.Generator) -> Network:
    """Stage 2: the fine-tuned model with a new head, on pairs (2, n, 1 + T). Source: ouyang2022training."""
    model = Network(1, generator)
    for name in ("token", "place", "block"):
        getattr(model, name).load_state_dict(getattr(reference, name).state_dict())

    def loss() -> Tensor:
        shown = pairs[:, torch.randint(pairs.shape[1], (16,), generator=generator)]
        r_w, r_l = score(model, shown.flatten(0, 1)).view(2, -1)  # both answers in one batch
        return -functional.logsigmoid(r_w - r_l).mean()

    minimise(model, loss, 150, rate=2e-3)
    return model


def ppo_loss(log_new: Tensor, log_old: Tensor, advantage: Tensor, clip: float = 0.2) -> Tensor:
    """The clipped loss, by token: log_new, log_old, advantage (...) to (...). Source: schulman2017proximal, eq. 7."""
    ratio = (log_new - log_old).exp()
    return -torch.minimum(ratio * advantage, ratio.clamp(1 - clip, 1 + clip) * advantage)


def optimise(
    reference: Network, reward: Callable[[Tensor], Tensor], beta: float, generator: torch.Generator,
    steps: int = 30, watch: Callable[[Tensor], None] | None = None,
) -> Network:  # fmt: skip
    """Stage 3: PPO from the reference, 24 answers to each prompt a step, by a reward (B,).

    Every step is shown to watch (B, 1 + T). Source: this page, eq-rlhf-ppo and eq-rlhf-rloo.
    """
    policy = copy.deepcopy(reference)
    optimizer = torch.optim.Adam(policy.parameters(), lr=3e-3, fused=True)
    # --8<-- [start:optimise]
    for _ in range(steps):
        tokens = sample(policy, PROMPTS.repeat_interleave(24), generator)
        with torch.no_grad():
            log_old = log_probabilities(policy, tokens)  # (B, T)
            log_ratio = (log_old - log_probabilities(reference, tokens)).sum(1)
            charged = (reward(tokens) - beta * log_ratio).view(3, 24)
        others = (charged.sum(1, keepdim=True) - charged) / 23
        advantage = (charged - others).view(-1, 1) * written(tokens)  # (B, T)
        for _ in range(2):
            loss = ppo_loss(log_probabilities(policy, tokens), log_old, advantage)
            optimizer.zero_grad()
            torch.autograd.backward(loss.sum(1).mean())
            optimizer.step()
        if watch:
            watch(tokens)
    # --8<-- [end:optimise]
    return policy


# --8<-- [start:iterate]
def iterate(
    reference: Network, n: int, beta: float, generator: torch.Generator,
    watch: Callable[[Tensor], None] | None = None,
) -> Iterator[tuple[Network, Network, Tensor]]:  # fmt: skip
    """Iterated RLHF: after each round the policy, the reward model, and all pairs (2, N, 1 + T).

    A round has n comparisons of the newest policy with the reference; watch (B, 1 + T). Source: bai2022training.
    """
    policy, pairs = reference, torch.zeros(2, 0, 1 + LENGTH, dtype=torch.long)
    while True:
        pairs = torch.cat([pairs, compare((policy, reference), n, generator)], 1)
        model = fit_reward(reference, pairs, generator)
        policy = optimise(reference, partial(score, model), beta, generator, watch=watch)
        yield policy, model, pairs
    # --8<-- [end:iterate]


# --8<-- [start:dpo]
def tune(
    reference: Network, pairs: Tensor, beta: float, generator: torch.Generator, steps: int = 300
) -> Network:
    """DPO on pairs (2, n, 1 + T), without a reward model. Source: rafailov2023direct, eq. 7."""
    policy = copy.deepcopy(reference)

    def implied(tokens: Tensor) -> Tensor:
        with torch.no_grad():
            log_ref = log_probabilities(reference, tokens)
        return beta * (log_probabilities(policy, tokens) - log_ref).sum(1)

    def loss() -> Tensor:
        winner, loser = pairs[:, torch.randint(pairs.shape[1], (64,), generator=generator)]
        return -functional.logsigmoid(implied(winner) - implied(loser)).mean()

    minimise(policy, loss, steps, rate=1e-3)
    return policy
    # --8<-- [end:dpo]


def main() -> None:
    """Compare the fine-tuned model with what the three stages make of it."""
    generator = torch.Generator().manual_seed(0)
    reference = fine_tune(generator)
    policy, _, _ = next(iterate(reference, 1000, 0.3, generator))
    for name, model in (("fine-tuned", reference), ("after RLHF", policy)):
        answers = sample(model, PROMPTS.repeat(300), generator)
        print(f"{name}: true reward {judge(answers).mean():.2f}; {text(answers[0])!r}")


if __name__ == "__main__":
    main()
