"""The small Transformers of instruction tuning: rows and weights, single models, and what the page tells of runs."""

from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional

from scripts.figures import instruction_tuning as recipe
from scripts.figures.style import read_table
from tests.said import sayings, tables

code: Any = import_module("docs.training.instruction-tuning.instruction_tuning")
net: Any = import_module("docs.training.instruction-tuning.tuned")
PAGE = Path(net.__file__).parent.with_suffix(".md")
DATA = PAGE.with_suffix("")
said = sayings(PAGE)
rows_of = tables(PAGE)
SOME = [[("reverse", (0, 1, 2)), ("first", (3, 4, 5))], [("next", (7, 0, 3)), ("ends", (2, 6, 1))]]


def words(tokens: list[int]) -> str:
    """Tokens as they are read, without what fills up."""
    return " ".join(net.WORDS[n] for n in tokens if n != net.PAD)


def percent(table: dict[str, list[float]], name: str, row: int = 0) -> str:
    """Mean and deviation in per cent."""
    return f"{100 * table[name][row]:.0f} ± {100 * table[f'{name}, deviation'][row]:.0f}"


def test_right_answers_are_those_of_the_tasks() -> None:
    letters = (1, 0, 7)  # b a h
    told = {
        "copy": "bah", "reverse": "hab", "rotate": "ahb", "swap": "abh",
        "first": "b", "last": "h", "ends": "bh", "next": "cba",
    }  # fmt: skip
    assert set(told) == set(net.TASKS)
    for task, wanted in told.items():
        assert words(net.answer(task, letters)) == " ".join(wanted)


def test_rows_are_those_of_the_chat_template_with_its_mask() -> None:
    tokens, places = net.rows(SOME)
    row, mask = code.render(code.EXAMPLE)
    assert words(tokens[0, 0].tolist()) == code.words(row)
    assert places[0, 0].tolist() == mask.float().tolist()
    assert places[tokens == net.PAD].eq(0).all()
    second, counted = code.render([("user", "first d e f"), ("assistant", "d")])
    assert words(tokens[0, 1].tolist()) == code.words(second)
    assert places[0, 1, : len(counted)].tolist() == counted.float().tolist()
    _, weighted = net.rows(SOME, asked=0.1, end=0.0)
    assert [round(v, 3) for v in weighted[0, 0].tolist()] == [0.1] * 7 + [1, 1, 1, 0]
    plain, every = net.rows([SOME[0] * 14], True, 1.0)
    assert (
        len({tuple(one[:7]) for one in plain[0, ::2].tolist()}) == 14
    )  # every second row: reverse
    assert len({tuple(net.prompt(SOME[0][0], form)) for form in range(27)}) == 27
    assert every[plain != net.PAD].eq(1).all()
    assert words(net.prompt(SOME[0][0], 26)) == "reverse a b c , -"
    assert words(plain[0, 0].tolist()) == "# reverse a b c ? : c b a ."


def test_models_side_by_side_are_single_ones() -> None:
    parts, (tokens, places) = net.fresh(2), net.rows(SOME, asked=0.3)
    both = net.logits(parts, tokens)
    found = net.losses(parts, tokens, places)
    for s in range(2):
        one = {name: part[s : s + 1] for name, part in parts.items()}
        torch.testing.assert_close(both[s], net.logits(one, tokens[s : s + 1])[0])
        nats = functional.cross_entropy(
            both[s, :, :-1].flatten(0, 1), tokens[s, :, 1:].flatten(), reduction="none"
        )
        weights = places[s, :, 1:].flatten()
        torch.testing.assert_close(found[s], (nats * weights).sum() / weights.sum())


def test_no_model_looks_ahead_and_places_count_by_distance() -> None:
    parts, (tokens, _) = net.fresh(1), net.rows(SOME[:1])
    changed = tokens.clone()
    changed[..., 6:] = 9
    before, after = net.logits(parts, tokens), net.logits(parts, changed)
    torch.testing.assert_close(before[:, :, :6], after[:, :, :6])
    assert not torch.allclose(before[:, :, 6], after[:, :, 6])
    x = torch.randn(1, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    same = net.turned(x[:, :, :1].expand(-1, -1, 8, -1))[0, 0]
    scores = same @ same.T
    torch.testing.assert_close(scores[2, 5], scores[4, 7])


def test_the_prompt_has_no_gradient_at_its_logits_and_one_at_its_embeddings() -> None:
    parts, (tokens, places) = net.fresh(1), net.rows(SOME[:1])
    parts["token"].requires_grad_()
    scores = net.logits(parts, tokens[..., :-1])
    scores.retain_grad()
    nats = functional.cross_entropy(
        scores.flatten(0, 2), tokens[..., 1:].flatten(), reduction="none"
    )
    torch.autograd.backward((nats * places[..., 1:].flatten()).sum())
    assert scores.grad is not None
    assert not scores.grad[0, 0, :6].any()  # targets of the prompt: mask 0
    assert scores.grad[0, 0, 6:10].any(-1).all()
    grads = parts["token"].grad
    assert grads is not None
    assert grads[0, net.NUMBER["reverse"]].any()
    said("no gradient at the prompt's logits, and one at the embeddings of its tokens")


def test_new_tokens_start_at_the_mean_and_the_rest_stays() -> None:
    parts = net.fresh(2)
    found = net.extended(parts)
    for n in (net.USER, net.ASSISTANT, net.END):
        torch.testing.assert_close(found["token"][:, n], parts["token"][:, net.STOP :].mean(1))
        torch.testing.assert_close(found["head"][:, :, n], parts["head"][:, :, net.STOP :].mean(2))
    assert torch.equal(found["token"][:, net.STOP :], parts["token"][:, net.STOP :])
    assert torch.equal(found["up0"], parts["up0"])


def test_training_lowers_the_loss_and_leaves_the_start() -> None:
    parts, data = net.fresh(2), net.rows(SOME)
    kept = {name: part.clone() for name, part in parts.items()}
    tuned = net.train(parts, data, 12, 0.01, 2)
    assert (net.losses(tuned, *data) < net.losses(parts, *data)).all()
    assert all(torch.equal(kept[name], parts[name]) for name in kept)
    prompts = torch.tensor([[net.prompt(one) for one in some] for some in SOME])
    found = net.written(tuned, prompts, 3)
    assert found.shape == (2, 2, 3)
    again = net.logits(tuned, prompts)[:, :, -1].argmax(-1)
    assert torch.equal(found[..., 0], again)


def test_an_answer_is_right_with_its_end_only() -> None:
    reverse = [*net.answer("reverse", (0, 1, 2)), net.END]
    first = [*net.answer("first", (3, 4, 5)), net.STOP, net.STOP, net.STOP]
    found = torch.tensor([[reverse, first]])
    assert net.right(found, SOME[:1]).tolist() == [0.5]
    assert net.right(found, SOME[:1], None).tolist() == [1.0]
    assert net.stopped(found).tolist() == [0.5]


def test_letters_of_tests_stand_in_no_training() -> None:
    tested = {one[1] for one in recipe.examples(1, net.TASKS, 500, test=True)}
    trained = {one[1] for one in recipe.examples(1, net.TASKS, 2000)}
    assert not tested & trained
    assert len(net.triples(0)) == len(set(net.triples(0))) == 336
    for seed in range(recipe.SEEDS):
        on, others = recipe.parted(seed, 6)
        assert not set(on) & set(others)
        assert set(on) | set(others) == set(net.TASKS)
        assert recipe.parted(seed, 2) == (on[:2], others)
    assert len({recipe.parted(seed, 6)[1] for seed in range(recipe.SEEDS)}) == recipe.SEEDS


# What the page tells.


def test_tasks_in_the_tuning_and_left_out() -> None:
    table = read_table(DATA / "tasks.csv")
    kept = read_table(DATA / "settings.csv")
    assert table["tasks"] == list(recipe.COUNTS) == [1, 2, 4, 6]
    assert table["tuned"] == sorted(table["tuned"], reverse=True)
    assert table["others"] == sorted(table["others"])
    for n in range(3):  # neighbouring points cannot be told apart
        step = table["others"][n + 1] - table["others"][n]
        assert step < max(table["others, deviation"][n : n + 2])
    assert table["others, rose"][3] == recipe.SEEDS  # each model, by itself
    on, off = table["tuned"], table["others"]
    said(
        f"fall slowly from {100 * on[0]:.0f} to {100 * on[3]:.0f} %; the two tasks left out rise from "
        f"{100 * off[0]:.0f} to {100 * off[3]:.0f} %, with long bars",
        f"Before the tuning they answer {percent(kept, 'base, plain')} % in a plain form and none in the chat template",
        f"Tuned on one task, they do it with {percent(table, 'tuned')} %, and the two others with "
        f"{percent(table, 'others')} %.",
        f"With six tasks, the two others reach {percent(table, 'others', 3)} %, more than with one in each of the "
        f"five models, by {percent(table, 'others, gain', 3)} points",
        f"the same {recipe.MANY} examples and {recipe.STEPS} steps are shared by more tasks, and those fall to "
        f"{percent(table, 'tuned', 3)} %.",
        f"*without* pre-training reach {percent(table, 'scratch, tuned')} % on these and "
        f"{percent(table, 'scratch, others')} % on the others.",
        f"Mean and standard deviation of {recipe.SEEDS} models, {recipe.TESTS} tests each with rows of letters that "
        f"no training had; {recipe.STEPS} steps of Adam on batches of {recipe.BATCH}.",
        f"are then tuned in the chat template on some of the tasks, {recipe.MANY} examples in all.",
        f"Here the same {recipe.STEPS} steps without pre-training "
        f"[reach {100 * table['scratch, tuned'][0]:.0f} %](#tasks), and with it "
        f"{100 * on[3]:.0f} %;",
    )
    assert kept["base, chat"] == [0, 0, 0]
    assert len(net.TASKS) == 8


def test_without_the_end_in_the_loss_no_answer_ends() -> None:
    table, kept = read_table(DATA / "ends.csv"), read_table(DATA / "settings.csv")
    assert table["left out"] == [1.0] * recipe.MOST
    assert table["counted"] == sorted(table["counted"], reverse=True)
    assert table["counted"][3] > 0
    assert table["counted"][4:] == [0.0] * 4
    said(
        f"against 1 to {recipe.MOST} tokens written. With the end token in the loss the share falls in steps to 0 at "
        f"five tokens; with the token left out it stays at {100 * table['left out'][-1]:.0f} %",
        f"Five models tuned on six tasks, {recipe.TESTS} tests each; answers have one to three letters.",
        f"The letters are as often right, {percent(kept, 'letters, left out')} % against "
        f"{percent(kept, 'letters, counted')} %: a test",
    )
    assert {len(order) for order in net.ORDERS.values()} == {1, 2, 3}


def test_templates_and_weights_in_the_tables() -> None:
    kept = read_table(DATA / "settings.csv")
    assert kept["weight"] == list(recipe.WEIGHTS)
    asked = rows_of("tab-instruction-tuning-template")
    for cells, name in zip(asked, ("chat", "short", "changed", "plain"), strict=True):
        assert cells[-2:] == [f"{percent(kept, name, row)} %" for row in (0, 2)]
    for row, cells in enumerate(rows_of("tab-instruction-tuning-weights")):
        assert cells == [
            f"{recipe.WEIGHTS[row]:g}",
            *(
                f"{percent(kept, f'{n}, {w}', row)} %"
                for n in ("many", "few")
                for w in ("tuned", "others")
            ),
        ]
    for name in ("many, others", "few, others"):  # models disagree
        assert 0 < kept[f"{name}, fell"][2] < recipe.SEEDS
    assert (kept["many, tuned, fell"][2], kept["few, tuned, fell"][2]) == (recipe.SEEDS, 4)
    said(
        f"`<|assistant|>` in {percent(kept, 'turn', 2)} % of the tests; read from the second token on, "
        f"{percent(kept, 'short, from the second', 2)} % are right, and with mask 0 "
        f"{percent(kept, 'short, from the second')} %.",
        f"With {recipe.MANY} examples, a weight of 1 loses {percent(kept, 'many, tuned, lost', 2)} points on the six "
        f"tasks, in each of the five models; with {recipe.FEW} examples it is {percent(kept, 'few, tuned, lost', 2)}, "
        f"in four of five.",
        f"{100 * kept['chat'][0]:.0f} % right [become {100 * kept['short'][0]:.0f} %](#template)",
    )
    assert kept["turn"][0] == 0


def test_the_table_of_failures() -> None:
    tasks, kept, ends = (read_table(DATA / f"{name}.csv") for name in ("tasks", "settings", "ends"))
    nats, mask, _, _ = code.example()
    plain = torch.stack([code.weighted(*part) for part in zip(nats, mask, strict=True)])
    cells = rows_of("tab-instruction-tuning-failures")
    assert ends["left out"][-1] == 1
    assert f"after {recipe.MOST} tokens" in cells[0][1]
    right, short = 100 * kept["chat"][0], 100 * kept["short"][0]
    assert f"{right:.0f} % right become {short:.0f} %" in cells[1][1]
    assert f"{100 * tasks['others'][0]:.0f} % right on others" in cells[2][1]
    assert f"more tasks: {100 * tasks['others'][3]:.0f} %" in cells[2][2]
    told = f"{100 * tasks['tuned'][0]:.0f} % on the one task become {100 * tasks['tuned'][3]:.0f} % on six"
    assert told in cells[2][3]
    bits = [float(value / code.math.log(2)) for value in (plain.mean(), code.of_tokens(nats, mask))]
    assert cells[3][1] == f"{bits[0]:.2f} in place of {bits[1]:.2f} bits"
    said(
        f"{float(plain[0] / code.math.log(2)):.1f} and {float(plain[1] / code.math.log(2)):.0f} bits; their plain mean "
        f"is {bits[0]:.2f} bits where the batch as a whole has {bits[1]:.2f}."
    )


def test_mistakes_are_imitated() -> None:
    for seed in range(recipe.SEEDS):
        asked, given = recipe.parted(seed, 2)[0]
        letters = (0, 3, 6)
        assert recipe.mistaken(seed, (asked, letters)) == net.answer(given, letters)
        assert recipe.mistaken(seed, (asked, letters)) != net.answer(asked, letters)
    table = read_table(DATA / "mistakes.csv")
    assert table["share"] == list(recipe.WRONG)
    for row, cells in enumerate(rows_of("tab-instruction-tuning-mistakes")):
        names = ("taught, right", "taught, mistaken", "dropped, right")
        told = [f"{percent(table, name, row)} %" for name in names]
        assert cells == [f"{100 * recipe.WRONG[row]:.0f} %", *told]
    assert table["taught, mistaken"][1] > table["none, mistaken"][1]
    assert table["taught, right"][1] < table["none, right"][1]
    shown = rows_of("tab-instruction-tuning-failures")[5][1]
    assert shown.startswith(f"{100 * table['taught, mistaken'][1]:.0f} % of a task's answers")
    said(f"Without mistakes {percent(table, 'none, right')} % are right.")
