"""Exercises of lesson 16, overfitting."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from primer.exercises import Exercise, Mistake
from primer.exercises._compare import Words

# -- 16-1 -----------------------------------------------------------------------------------------


def _stopped(losses: list[float], patience: int) -> tuple[int, int]:
    """Ask at each epoch whether the last ``patience`` were no better than all before."""
    last = len(losses)
    for epoch in range(patience + 1, len(losses) + 1):
        if min(losses[epoch - patience : epoch]) >= min(losses[: epoch - patience]):
            last = epoch
            break
    return losses.index(min(losses[:last])) + 1, last


def _from_zero(losses: list[float], patience: int) -> tuple[int, int]:
    best, last = _stopped(losses, patience)
    return best - 1, last - 1


def _swapped(losses: list[float], patience: int) -> tuple[int, int]:
    best, last = _stopped(losses, patience)
    return last, best


def _best_of_all(losses: list[float], patience: int) -> tuple[int, int]:
    return losses.index(min(losses)) + 1, _stopped(losses, patience)[1]


def _weights_of_last(losses: list[float], patience: int) -> tuple[int, int]:
    last = _stopped(losses, patience)[1]
    return last, last


def _one_late(losses: list[float], patience: int) -> tuple[int, int]:
    return _stopped(losses, patience + 1)


def _watched(
    losses: list[float], patience: int, *, previous: bool = False, reset: bool = True, tie: bool
) -> tuple[int, int]:
    """Count epochs without progress, in one of the wrong ways."""
    best, waited, epoch = 1, 0, 1
    for epoch in range(2, len(losses) + 1):
        loss, lowest = losses[epoch - 1], losses[best - 1]
        better = loss < (losses[epoch - 2] if previous else lowest) or (tie and loss == lowest)
        if loss < lowest or (tie and better):
            best = epoch
        waited = (0 if reset else waited) if better else waited + 1
        if waited == patience:
            break
    return best, epoch


def _against_previous(losses: list[float], patience: int) -> tuple[int, int]:
    return _watched(losses, patience, previous=True, tie=False)


def _never_reset(losses: list[float], patience: int) -> tuple[int, int]:
    return _watched(losses, patience, reset=False, tie=False)


def _ties_count(losses: list[float], patience: int) -> tuple[int, int]:
    return _watched(losses, patience, tie=True)


def _curves() -> Iterator[tuple[list[float], int]]:
    yield [2.0, 1.5, 1.2, 1.3, 1.4, 1.1, 0.9], 2  # would have fallen further
    yield [2.0, 1.5, 1.6, 1.4, 1.5, 1.2, 1.3, 1.4], 3  # never stops
    yield [2.0, 1.0, 1.4, 1.3, 1.2, 1.1, 0.8], 3  # falls, but not below the lowest
    yield [1.0, 0.5, 0.5, 0.5, 0.5, 0.6], 3  # equal is not lower
    yield [3.0, 3.1, 2.0], 1


# -- 16-2 -----------------------------------------------------------------------------------------

_SAME = Words("整列或整行一起丟", "whole rows or columns dropped together")
_EACH = Words("每個元素各自丟", "each element dropped by itself")
_CHANGED = Words("改動了 x", "x was changed")
_KEPT = Words("沒有改動 x", "x was left as it was")


def _statistics(output: object, x: Tensor, p: float, training: bool) -> object:
    """Say of an output what is not chance: how much is 0, and by what the rest was multiplied."""
    readable = (
        isinstance(output, Tensor)
        and output.shape == x.shape
        and output.layout == torch.strided
        and not (output.is_meta or output.is_complex())
    )
    if not isinstance(output, Tensor) or not readable:
        return output
    output = output.detach().double()
    if not torch.equal(x, _ones_and_twos()):
        return _CHANGED, _EACH, 0.0, 0.0, 0.0
    kept = output != 0
    if not kept.all() and ((kept == kept[0]).all() or (kept == kept[:, :1]).all()):
        return _KEPT, _SAME, 0.0, 0.0, 0.0
    # The share of 40,000 elements has a standard deviation of 0.0025; ten of them round away.
    dropped = round((~kept).double().mean().item() / 0.05) * 0.05
    factors = (output / x)[kept].tolist() or [0.0]
    return _KEPT, _EACH, dropped, min(factors), max(factors)


def _ones_and_twos() -> Tensor:
    return torch.ones(200, 200, dtype=torch.float64).tril() + 1


def _dropout(x: Tensor, p: float, training: bool) -> Tensor:
    """Multiply by a mask of Bernoulli draws."""
    return x * torch.full_like(x, 1 - p).bernoulli() / (1 - p) if training else x


def _unscaled(x: Tensor, p: float, training: bool) -> Tensor:
    return x * (torch.rand_like(x) >= p) if training else x


def _scaled_later(x: Tensor, p: float, training: bool) -> Tensor:
    return _unscaled(x, p, training) if training else x * (1 - p)


def _p_kept(x: Tensor, p: float, training: bool) -> Tensor:
    return x * (torch.rand_like(x) < p) / (1 - p) if training else x


def _p_kept_and_divided(x: Tensor, p: float, training: bool) -> Tensor:
    return x * (torch.rand_like(x) < p) / (p or 1.0) if training else x


def _divided_by_p(x: Tensor, p: float, training: bool) -> Tensor:
    return x * (torch.rand_like(x) >= p) / (p or 1.0) if training else x


def _always(x: Tensor, p: float, training: bool) -> Tensor:
    return _dropout(x, p, True)


def _reversed(x: Tensor, p: float, training: bool) -> Tensor:
    return _dropout(x, p, not training)


def _by_columns(x: Tensor, p: float, training: bool) -> Tensor:
    return x * (torch.rand(x.shape[1], dtype=x.dtype) >= p) / (1 - p) if training else x


def _in_place(x: Tensor, p: float, training: bool) -> Tensor:
    return x.copy_(_dropout(x, p, training))


def _settings() -> Iterator[tuple[Tensor, float, bool]]:
    for p, training in ((0.5, True), (0.2, True), (0.2, False), (0.0, True)):
        yield _ones_and_twos(), p, training


EXERCISES = (
    Exercise(
        id="16-1",
        title=("什麼時候停", "When to stop"),
        task=(
            "寫 stop(losses, patience)：連續 patience 個週期都沒有低於目前最低的驗證損失就停；"
            "回傳 (best, last)，都從 1 數起。",
            "Write stop(losses, patience): stop as soon as patience epochs in a row were not below "
            "the lowest validation loss so far; return (best, last), both counted from 1.",
        ),
        name="stop",
        truth=_stopped,
        cases=_curves,
        hint=(
            "記住最低的那一週期 best；走到 epoch 時，epoch - best 就是已經等了幾個週期。",
            "Remember the lowest epoch, best; at any epoch, epoch - best is how long you waited.",
        ),
        mistakes=(
            Mistake(
                "週期從 1 數起，這是從 0 數的。",
                "Epochs count from 1; these count from 0.",
                wrong=_from_zero,
            ),
            Mistake(
                "順序反了：先是要保留的週期，再是停下的週期。",
                "The other order: first the epoch to keep, then the one after which it ends.",
                wrong=_swapped,
            ),
            Mistake(
                "best 看到停下之後的週期去了；停了就不會有後面的損失。",
                "best comes from after the stop; once training ends, there are no later losses.",
                wrong=_best_of_all,
            ),
            Mistake(
                "要保留的是最低的那一週期，不是最後一週期。",
                "Keep the epoch with the lowest loss, not the last one.",
                wrong=_weights_of_last,
            ),
            Mistake(
                "多等了一個週期：等滿 patience 個就停。",
                "One epoch too long: stop when patience epochs have been waited for.",
                wrong=_one_late,
            ),
            Mistake(
                "比的是前一個週期；要比的是目前最低的。",
                "This compares with the epoch before; compare with the lowest so far.",
                wrong=_against_previous,
            ),
            Mistake(
                "有了新的最低，就要重新數起；這裡把分散的都加在一起了。",
                "A new lowest starts the count again; here, epochs that are apart add up.",
                wrong=_never_reset,
            ),
            Mistake(
                "和最低的一樣不算進步，要更低才算。",
                "As low as the lowest is no progress; it has to be lower.",
                wrong=_ties_count,
            ),
        ),
    ),
    Exercise(
        id="16-2",
        title=("自己寫丟棄法", "Dropout by hand"),
        task=(
            "寫 dropout(x, p, training)：訓練時每個元素各自以機率 p 變成 0，留下的除以 1 - p；"
            "不是訓練時原樣回傳。不可改動 x。",
            "Write dropout(x, p, training): in training, each element by itself becomes 0 with "
            "probability p, what remains is divided by 1 - p; otherwise return x. Leave x "
            "unchanged.",
        ),
        name="dropout",
        truth=_dropout,
        cases=_settings,
        observe=_statistics,
        hint=(
            "torch.rand_like(x) >= p 有 1 - p 的機率是 True；乘上它，再除以 1 - p。",
            "torch.rand_like(x) >= p is True with probability 1 - p; multiply by it, then divide "
            "by 1 - p.",
        ),
        mistakes=(
            Mistake(
                "留下的沒有放大，訓練時的平均就變小了：除以 1 - p。",
                "What remains was not made larger, so the mean shrinks in training: divide by "
                "1 - p.",
                wrong=_unscaled,
            ),
            Mistake(
                "預測時才乘 1 - p 是另一種寫法；這裡要在訓練時除，預測時原樣回傳。",
                "To multiply by 1 - p in prediction is another convention; here, divide in "
                "training and return x as it is otherwise.",
                wrong=_scaled_later,
            ),
            Mistake(
                "p 是丟掉的機率，這裡成了留下的機率。",
                "p is the probability to drop; here it became the one to keep.",
                wrong=_p_kept,
            ),
            Mistake(
                "p 是丟掉的機率，這裡成了留下的機率。",
                "p is the probability to drop; here it became the one to keep.",
                wrong=_p_kept_and_divided,
            ),
            Mistake(
                "除錯了：留下的比例是 1 - p，要除以它，不是除以 p。",
                "The wrong divisor: the share that remains is 1 - p, so divide by that, not by p.",
                wrong=_divided_by_p,
            ),
            Mistake(
                "不是訓練時也丟了：先看 training。",
                "This drops outside training too: look at training first.",
                wrong=_always,
            ),
            Mistake(
                "反了：training 是 True 才丟。",
                "The other way round: drop when training is True.",
                wrong=_reversed,
            ),
            Mistake(
                "整列或整行一起丟了；遮罩的形狀要和 x 一樣。",
                "Whole rows or columns are dropped together; the mask needs the shape of x.",
                wrong=_by_columns,
            ),
            Mistake(
                "x 被改掉了；產生新的張量，不要用 x[...] = 0 或 x *= …。",
                "x was changed; make a new tensor instead of x[...] = 0 or x *= ….",
                wrong=_in_place,
            ),
        ),
    ),
)
