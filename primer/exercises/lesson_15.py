"""Exercises of lesson 15, evaluation."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from primer.exercises import Exercise, Mistake
from primer.exercises._compare import Words

# -- 15-1 -----------------------------------------------------------------------------------------

Scores = tuple[float, float, float]

_NAN = Words("有 nan", "nan among them")
_NUMBERS = Words("都是數", "numbers only")


def _counts(predictions: Tensor, labels: Tensor) -> tuple[int, int, int, int]:
    """Count one by one: true positives, false positives, false negatives, true negatives."""
    pairs = list(zip(predictions.tolist(), labels.tolist(), strict=True))
    kinds = ((True, True), (True, False), (False, True), (False, False))
    tp, fp, fn, tn = (pairs.count(kind) for kind in kinds)
    return tp, fp, fn, tn


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _graded(predictions: Tensor, labels: Tensor) -> Scores:
    """Compute F1 from the counts themselves, not from the other two."""
    tp, fp, fn, _ = _counts(predictions, labels)
    return _share(tp, tp + fp), _share(tp, tp + fn), _share(tp, tp + (fp + fn) / 2)


def _without_nan(output: object, predictions: Tensor, labels: Tensor) -> object:
    """Say first whether all are numbers: nan is not equal to itself."""
    if not isinstance(output, (tuple, list)) or len(output) != 3:
        return output
    plain = [
        item.item() if isinstance(item, Tensor) and item.numel() == 1 else item for item in output
    ]
    nan = any(isinstance(item, float) and item != item for item in plain)
    kept = tuple(0.0 if isinstance(item, float) and item != item else item for item in plain)
    return _NAN if nan else _NUMBERS, kept


def _with_nan(predictions: Tensor, labels: Tensor) -> Scores:
    hits = (predictions & labels).sum()
    precision, recall = hits / predictions.sum(), hits / labels.sum()
    f1 = 2 * precision * recall / (precision + recall)
    return precision.item(), recall.item(), f1.item()


def _swapped(predictions: Tensor, labels: Tensor) -> Scores:
    precision, recall, f1 = _graded(predictions, labels)
    return recall, precision, f1


def _mean(predictions: Tensor, labels: Tensor) -> Scores:
    precision, recall, _ = _graded(predictions, labels)
    return precision, recall, (precision + recall) / 2


def _accuracy(predictions: Tensor, labels: Tensor) -> Scores:
    tp, fp, fn, tn = _counts(predictions, labels)
    _, recall, f1 = _graded(predictions, labels)
    return _share(tp + tn, tp + fp + fn + tn), recall, f1


def _among_negatives(predictions: Tensor, labels: Tensor) -> Scores:
    return _graded(~predictions, ~labels)


def _percent(predictions: Tensor, labels: Tensor) -> Scores:
    precision, recall, f1 = _graded(predictions, labels)
    return 100 * precision, 100 * recall, 100 * f1


def _answers() -> Iterator[tuple[Tensor, Tensor]]:
    for predictions, labels in (
        ("1100000001", "1010000010"),
        ("1111100000", "1100000000"),
        ("0000000000", "0100000010"),  # never says yes
        ("0100000000", "0000000000"),  # nothing to find
        ("1000", "0110"),  # never right
    ):
        yield (
            torch.tensor([int(character) == 1 for character in predictions]),
            torch.tensor([int(character) == 1 for character in labels]),
        )


# -- 15-2 -----------------------------------------------------------------------------------------


def _by_ranks(scores: Tensor, labels: Tensor) -> float:
    """Compute the AUC from ranks, as Mann and Whitney's U: ties share the mean of their ranks."""
    ranks = [
        (scores < score).sum().item() + ((scores == score).sum().item() + 1) / 2
        for score in scores[labels]
    ]
    positives = len(ranks)
    u = sum(ranks) - positives * (positives + 1) / 2
    return float(u / (positives * (len(scores) - positives)))


def _pairs(worth: Callable[[Tensor], Tensor]) -> Callable[[Tensor, Tensor], Tensor]:
    """Make the answer that gives ``worth(gap)`` to each pair and takes the mean."""

    def wrong(scores: Tensor, labels: Tensor) -> Tensor:
        gaps = scores[labels].unsqueeze(1) - scores[~labels]
        return worth(gaps).double().mean()

    return wrong


def _wins(scores: Tensor, labels: Tensor) -> float:
    return _by_ranks(scores, labels) * int(labels.sum()) * int((~labels).sum())


def _scored() -> Iterator[tuple[Tensor, Tensor]]:
    yield torch.tensor([3.0, 1.5, 1.5, 0.0, -2.0]), torch.tensor([True, True, False, False, True])
    yield torch.tensor([0.2, 0.9, 0.4, 0.9]), torch.tensor([False, True, False, False])
    yield torch.zeros(6), torch.tensor([True, False, False, True, False, False])
    generator = torch.Generator().manual_seed(15)
    labels = torch.rand(60, generator=generator) < 0.2
    noise = torch.randn(60, generator=generator)
    yield ((noise + labels).round(decimals=1), labels)


EXERCISES = (
    Exercise(
        id="15-1",
        title=("三個分數", "Three scores"),
        task=(
            "寫 grade(predictions, labels)：兩個布林張量，回傳 (precision, recall, f1)；"
            "分母是 0 的分數就是 0。",
            "Write grade(predictions, labels) for two boolean tensors: return (precision, recall, "
            "f1); a score whose denominator is 0 is 0.",
        ),
        name="grade",
        truth=_graded,
        cases=_answers,
        observe=_without_nan,
        hint=(
            "先數 TP（說對的）、FP（多說的）、FN（漏掉的）：精確率除以 TP + FP，"
            "召回率除以 TP + FN。",
            "First count TP (right), FP (too many) and FN (missed): precision is out of TP + FP, "
            "recall out of TP + FN.",
        ),
        mistakes=(
            Mistake(
                "有一組資料從來沒說「是」，分母是 0，得到 nan：先看分母，是 0 就給 0。",
                "In one case yes is never said: the denominator is 0 and the result nan. Look at "
                "the denominator first, and give 0 where it is 0.",
                wrong=_with_nan,
            ),
            Mistake(
                "有一組資料從來沒說「是」，分母是 0：先看分母，是 0 就給 0。",
                "In one case yes is never said, and the denominator is 0: look at the denominator "
                "first, and give 0 where it is 0.",
                error="ZeroDivisionError",
            ),
            Mistake(
                "兩個對調了：除以「說是的」是精確率，除以「真的是的」是召回率。",
                "The two are swapped: out of those called positive is precision, out of those that "
                "are positive is recall.",
                wrong=_swapped,
            ),
            Mistake(
                "F1 是調和平均 2PR / (P + R)，不是 (P + R) / 2。",
                "F1 is the harmonic mean 2PR / (P + R), not (P + R) / 2.",
                wrong=_mean,
            ),
            Mistake(
                "第一個是準確率，把真陰性也算進去了；精確率只看說「是」的那些。",
                "The first is accuracy, which counts true negatives; precision looks only at those "
                "called positive.",
                wrong=_accuracy,
            ),
            Mistake(
                "這是以 False 當陽性算的；True 才是陽性。",
                "This takes False for the positive class; True is.",
                wrong=_among_negatives,
            ),
            Mistake(
                "這是百分數；要的是 0 到 1。",
                "These are per cent; a number from 0 to 1 is asked for.",
                wrong=_percent,
            ),
        ),
    ),
    Exercise(
        id="15-2",
        title=("一對一對地比", "Pair by pair"),
        task=(
            "寫 auc(scores, labels)：每個陽性和每個陰性比，回傳陽性分數較高的比例；同分算半次。",
            "Write auc(scores, labels): compare each positive with each negative and return the "
            "share of pairs in which the positive scores higher; a tie counts one half.",
        ),
        name="auc",
        truth=_by_ranks,
        cases=_scored,
        hint=(
            "scores[labels] 是陽性的分數，scores[~labels] 是陰性的；用 unsqueeze(1) 廣播成一張表，"
            "每格是一對。",
            "scores[labels] are the positives' scores, scores[~labels] the negatives'; broadcast "
            "them with unsqueeze(1) to a table with a pair in each place.",
        ),
        mistakes=(
            Mistake(
                "同分的沒有算：兩個分數一樣時，算半次。",
                "Ties count nothing here: where two scores are equal, add one half.",
                wrong=_pairs(lambda gaps: gaps > 0),
            ),
            Mistake(
                "同分的算成贏了：只算半次。",
                "Ties count as won here: they count one half.",
                wrong=_pairs(lambda gaps: gaps >= 0),
            ),
            Mistake(
                "方向反了：要的是陽性比較高的比例。",
                "The other way round: count the pairs in which the positive is higher.",
                wrong=lambda scores, labels: 1 - _by_ranks(scores, labels),
            ),
            Mistake(
                "這是贏了幾對；再除以一共有幾對。",
                "This is how many pairs were won; divide by how many there are.",
                wrong=_wins,
            ),
            Mistake(
                "兩類的個數不同，不能一個對一個地減；用 unsqueeze(1) 讓每個都和每個比。",
                "The classes differ in size, so they cannot be taken one by one: unsqueeze(1) lets "
                "each meet each.",
                error="The size of tensor",
            ),
        ),
    ),
)
