"""The lines that one writes oneself: a reward that checks a boxed number, and a vote."""

from docs.training.reasoning import practice


def test_the_reward_is_one_for_the_known_number_in_the_last_box() -> None:
    texts = [r"\boxed{4}, no: \boxed{5}", r"\boxed{5.0}", r"\boxed{4}", "5", r"\boxed{ -5 }"]
    assert practice.right(texts, ["5"] * 5, prompts=None) == [1.0, 1.0, 0.0, 0.0, 0.0]
    assert practice.right([r"\boxed{-5}"], ["-5"]) == [1.0]


def test_the_vote_counts_ends_and_leaves_out_answers_without_one() -> None:
    texts = [r"\boxed{5}", r"no box", r"\boxed{2} \boxed{5}", r"\boxed{2}"]
    assert practice.most_frequent(texts) == "5"
    assert practice.most_frequent(["nothing"]) is None
