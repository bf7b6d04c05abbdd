"""Exercises of lesson 17, choosing hyperparameters."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator

import torch
from torch import Tensor

from primer.exercises import Exercise, Mistake

# -- 17-1 -----------------------------------------------------------------------------------------


def _by_exponent(u: Tensor, low: float, high: float) -> Tensor:
    """Mix the exponents of ten, one number after another."""
    first, last = math.log10(low), math.log10(high)
    values = [10 ** (first + (last - first) * share) for share in u.flatten().tolist()]
    return torch.tensor(values, dtype=u.dtype).reshape(u.shape)


def _shares() -> Iterator[tuple[Tensor, float, float]]:
    yield torch.tensor([0.0, 0.5, 1.0]), 0.0001, 1.0
    yield torch.tensor([[0.25, 0.75], [0.1, 0.9]]), 2.0, 32.0
    yield torch.tensor(0.3), 0.5, 3.0


def _log(u: Tensor, low: float, high: float, log: float = 1.0) -> Tensor:
    """Stay on the log scale; ``log`` is the logarithm of its base."""
    return (math.log(low) + (math.log(high) - math.log(low)) * u) / log


# -- 17-2 -----------------------------------------------------------------------------------------


def _in_numbers(a: Tensor, b: Tensor) -> tuple[float, float]:
    """Work on plain numbers, with the standard library."""
    gaps = [p - q for p, q in zip(a.tolist(), b.tolist(), strict=True)]
    return statistics.fmean(gaps), statistics.stdev(gaps) / math.sqrt(len(gaps))


def _scores() -> Iterator[tuple[Tensor, Tensor]]:
    a = torch.tensor([0.92, 0.88, 0.95, 0.90], dtype=torch.float64)
    yield a, torch.tensor([0.90, 0.85, 0.94, 0.89], dtype=torch.float64)
    yield a[:3], torch.tensor([0.91, 0.94, 0.93], dtype=torch.float64)
    yield a[:2], a[:2] + torch.tensor([0.5, 0.1], dtype=torch.float64)


def _unpaired(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    return (a - b).mean(), ((a.var() + b.var()) / len(a)).sqrt()


def _error(a: Tensor, b: Tensor, correction: int = 1) -> Tensor:
    gap = a - b
    return gap.std(correction=correction) / math.sqrt(len(gap))


EXERCISES = (
    Exercise(
        id="17-1",
        title=("在對數上均勻地抽", "Draw evenly on the log scale"),
        task=(
            "寫 log_uniform(u, low, high)：把 0 到 1 的 u 在對數上均勻地換到 low 到 high。",
            "Write log_uniform(u, low, high): map u, from 0 to 1, to low to high, evenly on the "
            "log scale.",
        ),
        name="log_uniform",
        truth=_by_exponent,
        cases=_shares,
        hint=(
            "先把 low 和 high 取對數，用 u 在中間內插，再取指數換回來。",
            "Take logarithms of low and high, go the share u of the way, then exponentiate.",
        ),
        mistakes=(
            Mistake(
                "這是在原本的尺度上均勻：從 0.0001 到 1，九成都會抽到 0.1 以上。",
                "This is even on the plain scale: from 0.0001 to 1, nine in ten lie above 0.1.",
                wrong=lambda u, low, high: low + (high - low) * u,
            ),
            Mistake(
                "這還是對數；最後取指數換回來。",
                "This is still the logarithm; take the exponential at the end.",
                wrong=_log,
            ),
            Mistake(
                "這還是對數；最後取指數換回來。",
                "This is still the logarithm; take the exponential at the end.",
                wrong=lambda u, low, high: _log(u, low, high, math.log(10)),
            ),
            Mistake(
                "底不一樣：用 log 就配 exp，用 log10 就配 10 的次方。",
                "Two bases are mixed: log goes with exp, log10 with powers of 10.",
                wrong=lambda u, low, high: 10 ** _log(u, low, high),
            ),
            Mistake(
                "兩端對調了：u 是 0 時應得到 low。",
                "The ends are swapped: where u is 0, low should come out.",
                wrong=lambda u, low, high: _by_exponent(1 - u, low, high),
            ),
        ),
    ),
    Exercise(
        id="17-2",
        title=("差距與誤差", "Gap and error"),
        task=(
            "寫 compare(a, b)：同一串種子的兩組分數，回傳 a - b 的平均與它的標準誤。",
            "Write compare(a, b): from the scores of two settings with the same seeds, return the "
            "mean of a - b and its standard error.",
        ),
        name="compare",
        truth=_in_numbers,
        cases=_scores,
        hint=(
            "先一個種子一個種子地相減，再對這些差算平均，以及標準差除以 √n。",
            "Subtract seed by seed first; of these gaps take the mean, and the standard deviation "
            "over √n.",
        ),
        mistakes=(
            Mistake(
                "這是標準差，說的是單一個種子；平均的標準誤還要除以 √n。",
                "This is the standard deviation, of a single seed; that of the mean is over √n.",
                wrong=lambda a, b: ((a - b).mean(), (a - b).std()),
            ),
            Mistake(
                "要除以 √n，不是 n。",
                "Divide by √n, not by n.",
                wrong=lambda a, b: ((a - b).mean(), (a - b).std() / len(a)),
            ),
            Mistake(
                "把兩組當成不相干的了；同種子先相減，共同的運氣才會抵銷。",
                "This takes the two as unrelated; subtract seed by seed, so that shared luck "
                "cancels.",
                wrong=_unpaired,
            ),
            Mistake(
                "標準差的分母要用 n - 1；torch 的 std 預設就是，NumPy 的要寫 ddof=1。",
                "The deviation has n - 1 below: the default of std in torch, ddof=1 in NumPy.",
                wrong=lambda a, b: ((a - b).mean(), _error(a, b, correction=0)),
            ),
            Mistake(
                "正負號反了：是 a 減 b。",
                "The sign is reversed: a minus b.",
                wrong=lambda a, b: ((b - a).mean(), _error(a, b)),
            ),
        ),
    ),
)
