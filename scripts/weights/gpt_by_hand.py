"""A GPT whose weights were written by hand, small enough to be followed with a pencil.

It knows six tokens and two sentences, "Ann likes tea." and "Tom likes milk.". The weights fit the class GPT
of gpt.py, as `GPT(Config(*SHAPE)).load_state_dict(by_hand())`.
"""

import torch
from torch import Tensor

WORDS = ("Ann", "Tom", " likes", " tea", " milk", ".")  # token 0 to 5
SENTENCES = ((0, 2, 3, 5), (1, 2, 4, 5))
SHAPE = (6, 4, 1, 1, 4)  # V, C, L, H, E

# Three directions with mean 0 and mean square 1, each at right angles to the others; a norm leaves them alone.
NAME = torch.tensor([1.0, 1, -1, -1])
VERB = torch.tensor([1.0, -1, 1, -1])
DRINK = torch.tensor([1.0, -1, -1, 1])


def tables() -> tuple[Tensor, Tensor]:
    """Vectors of the six tokens (V, E) and of the four positions (C, E). Source: definition."""
    tokens = torch.stack([NAME, -NAME, VERB, DRINK, -DRINK, -VERB])
    positions = torch.stack([0 * VERB, VERB / 2, 0 * VERB, -VERB / 2])
    return tokens, positions


def attend() -> tuple[Tensor, Tensor]:
    """Queries, keys, values (3E, E) and the output (E, E): who asks, who answers, what. Source: definition."""
    qkv, proj = torch.zeros(12, 4), torch.zeros(4, 4)
    qkv[0] = VERB / 2  # query: am I the verb?
    qkv[4] = -VERB / 2  # key: the verb itself is not wanted
    qkv[8] = NAME / 4  # value: which name?
    proj[:, 0] = NAME  # the answer is written as the name
    return qkv, proj


def conclude() -> tuple[Tensor, Tensor, Tensor]:
    """Patterns (4E, E), thresholds (4E,) and conclusions (E, 4E) of six hidden units. Source: definition."""
    up, bias, down = torch.zeros(16, 4), torch.zeros(16), torch.zeros(4, 16)
    rules = (
        (NAME - VERB, 16, VERB),  # Ann alone: likes
        (-NAME - VERB, 16, VERB),  # Tom alone: likes
        (NAME + VERB, 24, DRINK),  # likes, and Ann: tea
        (-NAME + VERB, 24, -DRINK),  # likes, and Tom: milk
        (DRINK, 15, -VERB),  # tea: full stop
        (-DRINK, 15, -VERB),  # milk: full stop
    )
    for unit, (pattern, threshold, conclusion) in enumerate(rules):
        up[unit], bias[unit], down[:, unit] = 5 * pattern, -threshold, conclusion
    return up, bias, down


def by_hand() -> dict[str, Tensor]:
    """All parameters under their names in gpt.py. Source: definition."""
    wte, wpe = tables()
    qkv, proj = attend()
    up, up_bias, down = conclude()
    one, zero = torch.ones(4), torch.zeros(4)
    block = {
        "ln_1.weight": one,
        "ln_1.bias": zero,
        "qkv.weight": qkv,
        "qkv.bias": torch.zeros(12),
        "proj.weight": proj,
        "proj.bias": zero,
        "ln_2.weight": one,
        "ln_2.bias": zero,
        "up.weight": up,
        "up.bias": up_bias,
        "down.weight": down,
        "down.bias": zero,
    }
    last = {"ln_f.weight": one, "ln_f.bias": zero}
    return {"wte": wte, "wpe": wpe, **{f"blocks.0.{name}": p for name, p in block.items()}, **last}
