"""Exercises of lesson 01, supervised learning."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from primer.exercises import Exercise, Mistake
from primer.exercises._compare import Words

# -- 01-1 -----------------------------------------------------------------------------------------


def _label(weights: Tensor, bias: Tensor, inputs: Tensor) -> Tensor:
    """Label one point after the other, in plain Python."""
    first, second = weights.tolist()
    scores = [first * x + second * y + bias.item() for x, y in inputs.tolist()]
    return torch.tensor([1 if score > 0 else 0 for score in scores])


def _models() -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    random = torch.Generator().manual_seed(1)
    for weights, bias in (([1.0, -2.0], 0.5), ([-1.5, 0.5], -1.0), ([0.2, 3.0], 2.0)):
        inputs = 2 * torch.randn(20, 2, generator=random)
        yield torch.tensor(weights), torch.tensor(bias), inputs
    # Scores of exactly 0, then a single point.
    yield torch.tensor([1.0, -1.0]), torch.tensor(1.0), torch.tensor([[1.0, 2.0], [3.0, 1.0]])
    yield torch.tensor([1.0, 1.0]), torch.tensor(-1.0), torch.tensor([[2.0, 2.0]])


# -- 01-2 -----------------------------------------------------------------------------------------


def _share(predictions: Tensor, labels: Tensor) -> float:
    pairs = list(zip(predictions.tolist(), labels.tolist(), strict=True))
    return sum(1 for one, other in pairs if one == other) / len(pairs)


def _labelled() -> Iterator[tuple[Tensor, Tensor]]:
    yield torch.tensor([1, 0, 1, 1]), torch.tensor([1, 0, 0, 1])
    yield torch.tensor([0, 0, 1, 0, 0]), torch.tensor([0, 1, 1, 1, 1])
    yield torch.tensor([1, 1, 0]), torch.tensor([1, 1, 0])
    yield torch.tensor([2, 1, 0, 2]), torch.tensor([2, 0, 1, 1])  # more than two classes


# -- 01-3 -----------------------------------------------------------------------------------------

_ENOUGH = Words("至少 95 % 標對", "at least 95 % right")
_REVERSED = Words("幾乎全標反了", "nearly all labels the wrong way round")
_BIAS = Words("方向對，門檻偏了", "right direction, wrong threshold")
_TOO_FEW = Words("不到 95 % 標對", "fewer than 95 % right")


def _nearest_mean(inputs: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Separate the two clouds half-way between their centres: best when they are round."""
    zero, one = (inputs[labels == label].mean(dim=0) for label in (0, 1))
    return one - zero, (zero @ zero - one @ one) / 2


def _clouds() -> Iterator[tuple[Tensor, Tensor]]:
    random = torch.Generator().manual_seed(3)
    for centres in (
        [[4.0, 1.0], [8.0, 5.0]],
        [[-3.0, 6.0], [2.0, 10.0]],
        [[9.0, -4.0], [4.0, -9.0]],
    ):
        labels = torch.arange(2).repeat(100)
        yield torch.tensor(centres)[labels] + torch.randn(200, 2, generator=random), labels


def _on_new_points(output: object, inputs: Tensor, labels: Tensor) -> object:
    """Say how many new points of the same two clouds a model labels right."""
    if not (isinstance(output, (tuple, list)) and len(output) == 2):
        return output
    weights, bias = (torch.as_tensor(part).detach().float() for part in output)
    if weights.shape != (2,) or bias.numel() != 1:
        return tuple(output)
    noise = torch.randn(1000, 2, generator=torch.Generator().manual_seed(4))
    truth = torch.arange(2).repeat(500)
    centres = torch.stack([inputs[labels == label].mean(dim=0) for label in (0, 1)])
    scores = (centres[truth] + noise) @ weights

    def right(threshold: Tensor) -> float:
        return float(((scores > threshold) == (truth == 1)).double().mean())

    share = right(-bias)
    if share >= 0.95:
        return _ENOUGH
    if share <= 0.05:
        return _REVERSED
    between = (centres @ weights).mean()
    return _BIAS if right(between) >= 0.95 else _TOO_FEW


EXERCISES = (
    Exercise(
        id="01-1",
        title=("預測標籤", "Predict labels"),
        task=(
            "寫 predict(weights, bias, inputs)：分數 inputs·weights + bias 大於 0 的點"
            "標為 1，其餘標為 0。",
            "Write predict(weights, bias, inputs): label a point 1 where the score "
            "inputs·weights + bias is above 0, else 0.",
        ),
        name="predict",
        truth=_label,
        cases=_models,
        hint=(
            "先算分數：每個點的兩個特徵各乘以權重，相加後再加偏差；再拿分數和 0 比。",
            "First the scores: each feature times its weight, summed, plus the bias; then "
            "compare them with 0.",
        ),
        mistakes=(
            Mistake(
                "偏差 bias 沒有加進分數。",
                "The bias is missing from the score.",
                wrong=lambda weights, bias, inputs: inputs @ weights > 0,
            ),
            Mistake(
                "0 和 1 對調了：分數大於 0 的才是 1。",
                "0 and 1 are swapped: a score above 0 means 1.",
                wrong=lambda weights, bias, inputs: inputs @ weights + bias <= 0,
            ),
            Mistake(
                "這是分數，還不是標籤：再和 0 比較。",
                "These are the scores, not labels yet: compare them with 0.",
                wrong=lambda weights, bias, inputs: inputs @ weights + bias,
            ),
            Mistake(
                "這是機率，還不是標籤：大於 0.5 的才是 1。",
                "These are probabilities, not labels yet: 1 where they are above 0.5.",
                wrong=lambda weights, bias, inputs: torch.sigmoid(inputs @ weights + bias),
            ),
            Mistake(
                "0.5 是機率的門檻；分數的門檻是 0。",
                "0.5 is the threshold of a probability; that of a score is 0.",
                wrong=lambda weights, bias, inputs: inputs @ weights + bias > 0.5,
            ),
            Mistake(
                "分數剛好是 0 的點標為 0：用 >，不用 >=。",
                "A score of exactly 0 gets the label 0: use >, not >=.",
                wrong=lambda weights, bias, inputs: inputs @ weights + bias >= 0,
            ),
            Mistake(
                "順序是 inputs @ weights：(n, 2) 乘 (2,) 得 (n,)。",
                "The order is inputs @ weights: (n, 2) times (2,) gives (n,).",
                error=r"RuntimeError: .*(size|shape|inconsistent)",
            ),
        ),
    ),
    Exercise(
        id="01-2",
        title=("算準確率", "Measure accuracy"),
        task=(
            "寫 accuracy(predictions, labels)：回傳猜對的比例，介於 0 到 1。",
            "Write accuracy(predictions, labels): return the share of right ones, 0 to 1.",
        ),
        name="accuracy",
        truth=_share,
        cases=_labelled,
        hint=(
            "逐一比較兩個張量，數出相等的個數，再除以總數。",
            "Compare the two tensors one by one, count the equal ones, divide by how many.",
        ),
        mistakes=(
            Mistake(
                "這是猜對的個數，還要除以總數。",
                "This is how many are right; divide by how many there are.",
                wrong=lambda predictions, labels: (predictions == labels).double().sum(),
            ),
            Mistake(
                "這是百分比；要的是 0 到 1 的比例。",
                "This is a percentage; the answer is a share from 0 to 1.",
                wrong=lambda predictions, labels: 100 * _share(predictions, labels),
            ),
            Mistake(
                "這是錯誤率：1 減去準確率。",
                "This is the error rate: 1 minus the accuracy.",
                wrong=lambda predictions, labels: 1 - _share(predictions, labels),
            ),
            Mistake(
                "這是逐一比較的結果，還要取平均。",
                "This says which are right; take the mean.",
                wrong=lambda predictions, labels: predictions == labels,
            ),
            Mistake(
                "布林張量不能直接取平均：先轉成浮點數。",
                "A boolean tensor has no mean: make it floating point first.",
                error=r"RuntimeError: mean\(\)",
            ),
        ),
    ),
    Exercise(
        id="01-3",
        title=("從資料學出模型", "Learn a model from data"),
        task=(
            "寫 learn(inputs, labels)：從兩團點學出 (weights, bias)，新的點至少 95 % 標對。",
            "Write learn(inputs, labels): from two clouds of points learn (weights, bias) that "
            "label at least 95 % of new points right.",
        ),
        name="learn",
        truth=_nearest_mean,
        cases=_clouds,
        observe=_on_new_points,
        hint=(
            "權重可取兩團中心的差，從標籤 0 指向標籤 1；偏差讓分數在兩個中心的中點等於 0。",
            "Take the difference of the two centres, from label 0 to label 1, as weights; choose "
            "the bias so that the score is 0 half-way between them.",
        ),
        mistakes=(
            Mistake(
                "方向是對的，偏差不對：分數應在兩個中心的中點等於 0，而兩團不在原點兩側。",
                "The direction is right, the bias is not: the score is 0 half-way between the "
                "centres, and the clouds do not lie around the origin.",
                wrong=lambda inputs, labels: (_nearest_mean(inputs, labels)[0], 0.0),
            ),
            Mistake(
                "方向反了：標籤 1 的點分數才要大於 0。",
                "The direction is reversed: points of label 1 have scores above 0.",
                wrong=lambda inputs, labels: tuple(-part for part in _nearest_mean(inputs, labels)),
            ),
        ),
    ),
)
