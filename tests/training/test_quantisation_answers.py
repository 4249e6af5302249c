"""The answers to the tasks of docs/training/quantisation.md, each computed."""

import pytest
import torch

from docs.training.quantisation import quantisation as code
from tests.answers.plugin import Bench
from tests.draws import normal
from tests.training.test_quantisation import ROW, TEXTS, whole


@pytest.mark.answer("answer-quantisation-row")
def test_the_row_to_try(answer: Bench) -> None:
    w = torch.tensor([[0.9, -0.35, 0.5, 0.12]]).double()
    q, scale = code.absmax(w, 3)
    wrong = [0.225, *(torch.round(w / 0.225) + 0.0)[0].tolist()]
    answer("answer-quantisation-row").is_([float(scale), *(q[0] + 0.0).tolist()], wrong)


@pytest.mark.answer("answer-quantisation-zero")
def test_exercise_1_zero(answer: Bench) -> None:
    q, scale, zero = code.affine(torch.tensor([-1.2, 1.7, 4.8]).double(), 4)
    right = [float(scale), float(zero), float((q - zero)[1] * scale)]
    step = 6 / 16  # as if sixteen codes had sixteen steps
    answer("answer-quantisation-zero").is_(
        right, [step, round(1.2 / step), step * round(1.7 / step)]
    )


@pytest.mark.answer("answer-quantisation-bytes")
def test_exercise_2_bits(answer: Bench) -> None:
    answer("answer-quantisation-bytes").is_([4 + 8 / 16, 4 + 16 / 128], [4, 4])


@pytest.mark.answer("answer-quantisation-rotation")
def test_exercise_3_rotation(answer: Bench) -> None:
    x = torch.zeros(16).double()
    x[0] = 32
    answer("answer-quantisation-rotation").is_(float((x @ code.hadamard(16)).max()), 32 / 16)


@pytest.mark.answer("answer-quantisation-same")
def test_exercise_4_same(answer: Bench) -> None:
    x, w = normal(9, 4), normal(3, 4, seed=1)
    s = torch.tensor([10.0, 1, 1, 1])
    torch.testing.assert_close((x / s) @ (w * s).T, x @ w.T)
    assert not torch.allclose(x.clamp(-1, 1) @ w.T, x @ w.T)
    answer("answer-quantisation-same").is_(
        "Dividing a large input by 10 and multiplying its weights by 10."
    )


@pytest.mark.answer("answer-quantisation-steps")
def test_exercise_5_steps(answer: Bench) -> None:
    w = normal(1, 64)
    ratio = float(code.absmax(w, 4)[1] / code.absmax(w, 8)[1])
    answer("answer-quantisation-steps").is_([ratio, ratio**2], [16, 256])


@pytest.mark.answer("answer-quantisation-uniform")
def test_exercise_6_uniform(answer: Bench) -> None:
    generator = torch.Generator().manual_seed(0)
    u = torch.rand(64, 1024, generator=generator, dtype=torch.float64) * 2 - 1
    draws = torch.randn(64, 1024, generator=torch.Generator().manual_seed(0)).double()
    right, wrong = (
        [float((code.quantise(x, code.FORMATS[n]) - x).norm() / x.norm()) for n in ("NF4", "int4")]
        for x in (u, draws)
    )
    answer("answer-quantisation-uniform").is_(right, wrong)


@pytest.mark.answer("answer-quantisation-feedback")
def test_exercise_7_feedback(answer: Bench) -> None:
    h = TEXTS.T @ TEXTS / len(TEXTS)
    made = (code.quantise(ROW, whole(4)), code.gptq(ROW, h, whole(4), damp=1e-6))
    answer("answer-quantisation-feedback").is_([float(code.output_error(ROW, m, h)) for m in made])
