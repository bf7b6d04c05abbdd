"""Exercises of lesson 19, mixed precision; on the CPU, as in the lesson."""

from __future__ import annotations

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from primer.exercises import Exercise, Mistake

# -- 19-1 -----------------------------------------------------------------------------------------


def _types() -> tuple[torch.dtype, ...]:
    w = torch.ones(3, 2, requires_grad=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        h = torch.ones(4, 3) @ w
        s = h + torch.ones(4, 2)
        e = F.mse_loss(h, torch.zeros(4, 2))
    (gradient,) = torch.autograd.grad(e, w)
    return h.dtype, s.dtype, e.dtype, gradient.dtype


# -- 19-2 -----------------------------------------------------------------------------------------


def _factor(gradients: Tensor) -> float:
    """Go through the powers of 2; what rounds to 65504 or less, that is below 65520, is stored."""
    largest = gradients.abs().max().item()
    return next(2.0**power for power in range(16, -200, -1) if largest * 2.0**power < 65520)


def _halved(gradients: Tensor, wide: bool = False, one_sign: bool = False) -> float:
    """Halve as the solution does, with a slip if asked for."""
    factor = 65536.0
    while True:
        scaled = gradients * factor
        scaled = scaled if wide else scaled.half()
        if not (scaled == torch.inf if one_sign else scaled.isinf()).any():
            return factor
        factor /= 2


def _gradients() -> Iterator[tuple[Tensor]]:
    yield (torch.tensor([1e-6, -3e-8, 0.0]),)
    yield (torch.tensor([[0.5, 3.0], [-1e-3, 2.0]]),)
    yield (torch.tensor([0.1, -40.0]),)
    yield (torch.tensor([1e6, 1.0]),)
    yield (torch.tensor([1.0]),)  # 65536 itself is too much


EXERCISES = (
    Exercise(
        id="19-1",
        title=("預測 autocast 的型別", "Predict the types under autocast"),
        task=(
            "autocast（CPU、bfloat16）裡：h 是 x @ w，s 是 h 加上 float32 的張量，"
            "e 是 h 的 mse_loss；h、s、e 和 w.grad 的 dtype 各是什麼？",
            "Under autocast (CPU, bfloat16), h is x @ w, s is h plus a float32 tensor and e is the "
            "mse_loss of h: what are the dtypes of h, s, e and w.grad?",
        ),
        truth=_types,
        hint=(
            "矩陣乘法 16 位元，損失 float32，加法照型別提升，梯度跟著參數。",
            "Products in 16 bits, losses in float32, additions by promotion, gradients like their "
            "parameter.",
        ),
        mistakes=(
            Mistake(
                "加法不在 autocast 的名單上：bfloat16 加 float32，照型別提升得到 float32。",
                "Addition is not on autocast's list: bfloat16 plus float32 promotes to float32.",
                wrong=(torch.bfloat16, torch.bfloat16, torch.float32, torch.float32),
            ),
            Mistake(
                "梯度的型別跟著參數，參數還是 float32。",
                "A gradient has the type of its parameter, and that is still float32.",
                wrong=(torch.bfloat16, torch.float32, torch.float32, torch.bfloat16),
            ),
            Mistake(
                "損失容易捨入出錯，autocast 用 float32 算它。",
                "A loss suffers from rounding, so autocast computes it in float32.",
                wrong=(torch.bfloat16, torch.float32, torch.bfloat16, torch.float32),
            ),
            Mistake(
                "autocast 會把矩陣乘法的輸入換成 bfloat16，h 也就是 bfloat16。",
                "Autocast converts what goes into a matrix product to bfloat16, so h is bfloat16.",
                wrong=(torch.float32,) * 4,
            ),
            Mistake(
                "autocast 不是全部都換：只有名單上的運算用 bfloat16。",
                "Autocast does not convert everything: only operations on its list use bfloat16.",
                wrong=(torch.bfloat16,) * 4,
            ),
        ),
    ),
    Exercise(
        id="19-2",
        title=("找倍數", "Find the factor"),
        task=(
            "寫 find_factor(gradients)：從 65536.0 開始減半，直到梯度乘上倍數、換成 float16 後"
            "沒有 inf。",
            "Write find_factor(gradients): halve from 65536.0 until the gradients times the "
            "factor, converted to float16, hold no inf.",
        ),
        name="find_factor",
        truth=_factor,
        cases=_gradients,
        hint=(
            "先乘、再 .half()、再看 isfinite().all()；不行就減半，再看一次。",
            "Multiply, then .half(), then isfinite().all(); if not, halve and look again.",
        ),
        mistakes=(
            Mistake(
                "負的梯度也會溢位，變成 -inf。",
                "Negative gradients overflow as well, to -inf.",
                wrong=lambda gradients: _halved(gradients, one_sign=True),
            ),
            Mistake(
                "float32 裝得下，不表示 float16 裝得下：先 .half() 再看。",
                "What fits into float32 need not fit into float16: call .half() before you look.",
                wrong=lambda gradients: _halved(gradients, wide=True),
            ),
            Mistake(
                "這是多減半了一次：先看再減半，沒有 inf 就停。",
                "This halves once too often: look first, and stop where there is no inf.",
                wrong=lambda gradients: _factor(gradients) / 2,
            ),
            Mistake(
                "只減半一次不一定夠，要用 while，不是 if。",
                "Halving once may not be enough: use while, not if.",
                wrong=lambda gradients: max(_factor(gradients), 32768.0),
            ),
        ),
    ),
)
