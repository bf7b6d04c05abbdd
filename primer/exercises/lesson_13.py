"""Exercises of lesson 13, the training loop."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.sgd import SGD
from torch.utils.data import DataLoader, TensorDataset

from primer.exercises import Exercise, Mistake
from primer.exercises._compare import Words

# -- 13-1 -----------------------------------------------------------------------------------------


def _step(
    update: bool = True, stale: bool = False, after: bool = False, ascend: bool = False
) -> Callable[..., float]:
    """Make a step of linear regression in closed form, right or spoilt."""

    def answer(
        model: nn.Linear, loss_function: object, optimizer: SGD, inputs: Tensor, targets: Tensor
    ) -> float:
        with torch.no_grad():
            rest = inputs @ model.weight.T + model.bias - targets
            value = rest.square().mean().item()
            slopes = [2 / len(rest) * (rest.T @ inputs), 2 / len(rest) * rest.sum(dim=0)]
            rate = optimizer.param_groups[0]["lr"] * (-1 if ascend else 1)
            for parameter, slope in zip(model.parameters(), slopes, strict=True):
                old = parameter.grad if stale else None
                parameter.sub_(update * rate * (slope if old is None else slope + old))
            if after:
                value = (inputs @ model.weight.T + model.bias - targets).square().mean().item()
        return value

    return answer


def _right_step(
    model: nn.Linear, loss_function: object, optimizer: SGD, inputs: Tensor, targets: Tensor
) -> float:
    return _step()(model, loss_function, optimizer, inputs, targets)


def _regressions() -> Iterator[tuple[nn.Linear, nn.Module, SGD, Tensor, Tensor]]:
    random = torch.Generator().manual_seed(13)
    for features, rate in ((1, 0.1), (3, 0.05)):
        model = nn.Linear(features, 1)
        for parameter in model.parameters():
            parameter.data = torch.randn(parameter.shape, generator=random)
            parameter.grad = torch.full_like(parameter, 2.0)  # left from an earlier batch
        inputs = torch.randn(6, features, generator=random)
        targets = torch.randn(6, 1, generator=random)
        yield model, nn.MSELoss(), SGD(model.parameters(), lr=rate), inputs, targets


def _loss_and_parameters(output: object, model: nn.Linear, *others: object) -> object:
    if isinstance(output, Tensor):
        output = Words("張量，不是 float", "a tensor, not a float")
    return output, model.weight.detach().clone(), model.bias.detach().clone()


def _as_tensor(*arguments: Any) -> Tensor:
    return torch.tensor(_right_step(*arguments))


# -- 13-2 -----------------------------------------------------------------------------------------


def _mean(model: nn.Module, loss_function: nn.Module, loader: DataLoader[Any]) -> float:
    """Take all samples at once: their mean is the mean of one large batch."""
    return _of_batches(model, loss_function, _one_batch(loader))


def _one_batch(loader: DataLoader[Any]) -> list[tuple[Tensor, Tensor]]:
    inputs, targets = (torch.cat(parts) for parts in zip(*loader, strict=True))
    return [(inputs, targets)]


def _of_batches(
    model: nn.Module, loss_function: nn.Module, batches: Any, training: bool = False
) -> float:
    """Give the plain mean of the batches' losses."""
    model.train(training)
    with torch.no_grad():
        losses = [loss_function(model(inputs), targets).item() for inputs, targets in batches]
    return math.fsum(losses) / len(losses)


def _sum_of(weigh: Callable[[Tensor], int]) -> Callable[..., float]:
    def wrong(model: nn.Module, loss_function: nn.Module, loader: DataLoader[Any]) -> float:
        return sum(_of_batches(model, loss_function, [b]) * weigh(b[1]) for b in loader)

    return wrong


def _to_measure() -> Iterator[tuple[nn.Module, nn.Module, DataLoader[Any]]]:
    random = torch.Generator().manual_seed(14)
    for rows, layers in ((10, 0), (9, 1)):
        linear = nn.Linear(2, 3)
        for parameter in linear.parameters():
            parameter.data = torch.randn(parameter.shape, generator=random)
        # Dropout of everything shows which mode the model is in, and is the same each time.
        model = nn.Sequential(*[nn.Dropout(1.0)] * layers, linear)
        inputs = 2 * torch.randn(rows, 2, generator=random)
        targets = torch.randint(3, (rows,), generator=random)
        yield model, nn.CrossEntropyLoss(), DataLoader(TensorDataset(inputs, targets), batch_size=4)


# -- 13-3 -----------------------------------------------------------------------------------------

_ENOUGH = Words("至少 95 % 答對", "at least 95 % right")
_SOME = Words("答對的不到 95 %", "fewer than 95 % right")
_GUESSING = Words("和亂猜差不多", "about as good as guessing")
_SHAPE = Words("輸出不是每點三個分數", "something else than three scores a point")

_TENSOR = Words("張量，不是模型", "a tensor, not a model")
_TURNS = {120: 1.0, 100: 2.2}  # points an arm: angle, in radians

Model = Callable[[Tensor], Any]


def _pinwheel(count: int, turned: float, random: torch.Generator) -> tuple[Tensor, Tensor]:
    radius = 0.2 + 0.8 * torch.rand(3, count, generator=random)
    start = 2 * math.pi / 3 * torch.arange(3)[:, None] + turned
    angle = start + 2.5 * radius + 0.25 * torch.randn(3, count, generator=random)
    places = 3 * torch.stack([radius * angle.cos(), radius * angle.sin()], dim=-1)
    return places.reshape(-1, 2), torch.arange(3).repeat_interleave(count)


def _turned() -> Iterator[tuple[Tensor, Tensor]]:
    for count, turned in _TURNS.items():
        yield _pinwheel(count, turned, torch.Generator().manual_seed(count))


def _nearest(inputs: Tensor, targets: Tensor) -> Model:
    """Answer by a vote of the 15 nearest points."""

    def scores(points: Tensor) -> Tensor:
        near = torch.cdist(points, inputs).topk(15, largest=False).indices
        return nn.functional.one_hot(targets[near], 3).sum(dim=1).float()

    return scores


def _on_new_points(model: Any, inputs: Tensor, targets: Tensor) -> object:
    """Say how many new points of the same pinwheel a model gets right."""
    if isinstance(model, Tensor):
        return _TENSOR
    if not callable(model):
        return model
    places, arms = _pinwheel(400, _TURNS[len(targets) // 3], torch.Generator().manual_seed(99))
    if isinstance(model, nn.Module):
        model.eval()
    with torch.no_grad():
        scores = model(places)
    if not isinstance(scores, Tensor) or scores.shape != (len(places), 3):
        return _SHAPE
    share = (scores.argmax(dim=1) == arms).double().mean().item()
    return _ENOUGH if share >= 0.95 else _SOME if share > 0.45 else _GUESSING


def _straight(inputs: Tensor, targets: Tensor) -> Model:
    """Answer by the nearest centre: the borders are straight lines."""
    centres = torch.stack([inputs[targets == arm].mean(dim=0) for arm in range(3)])
    return lambda points: -torch.cdist(points, centres)


EXERCISES = (
    Exercise(
        id="13-1",
        title=("走一步", "One step"),
        task=(
            "寫 train_step(model, loss_function, optimizer, inputs, targets)：更新一次參數，"
            "回傳更新之前的損失，要 float。",
            "Write train_step(model, loss_function, optimizer, inputs, targets): update the "
            "parameters once, and return the loss from before the update as a float.",
        ),
        name="train_step",
        truth=_right_step,
        cases=_regressions,
        observe=_loss_and_parameters,
        hint=(
            "五行：前向、損失、zero_grad、backward、step。",
            "Five lines: forward, loss, zero_grad, backward, step.",
        ),
        mistakes=(
            Mistake(
                "參數沒有動：要有 backward 和 step，zero_grad 不能放在它們之間。",
                "No parameter moved: there have to be backward and step, and zero_grad must not "
                "stand between them.",
                wrong=_step(update=False),
            ),
            Mistake(
                "舊的梯度還在：backward 之前先 zero_grad。",
                "Old gradients are still there: zero_grad before backward.",
                wrong=_step(stale=True),
            ),
            Mistake(
                "這是更新之後的損失；要回傳更新之前的那一個。",
                "This is the loss after the update; return the one from before.",
                wrong=_step(after=True),
            ),
            Mistake(
                "回傳的是張量：用 loss.item() 拿數字。",
                "This returns a tensor: loss.item() gives the number.",
                wrong=_as_tensor,
            ),
            Mistake(
                "方向反了：損失愈走愈高。",
                "The wrong way: the loss climbs.",
                wrong=_step(ascend=True),
            ),
        ),
    ),
    Exercise(
        id="13-2",
        title=("整份資料的損失", "The loss over all data"),
        task=(
            "寫 mean_loss(model, loss_function, loader)：不訓練，回傳所有樣本的平均損失。",
            "Write mean_loss(model, loss_function, loader): without training, return the mean loss "
            "over all samples.",
        ),
        name="mean_loss",
        truth=_mean,
        cases=_to_measure,
        hint=(
            "每批的平均乘上那一批的點數，加起來，再除以總點數；先說 model.eval()。",
            "Multiply the mean of each batch by its size, add up, divide by all; say model.eval() "
            "first.",
        ),
        mistakes=(
            Mistake(
                "直接平均了各批的損失，短的那批算得太重：先乘上點數。",
                "This is the plain mean of the batches, where the short one weighs too much: "
                "multiply by the sizes first.",
                wrong=_of_batches,
            ),
            Mistake(
                "忘了 model.eval()：Dropout 還在丟東西。",
                "model.eval() is missing: dropout is still at work.",
                wrong=lambda model, loss_function, loader: _of_batches(
                    model, loss_function, _one_batch(loader), training=True
                ),
            ),
            Mistake(
                "直接平均各批，而且忘了 model.eval()。",
                "This is the plain mean of the batches, and model.eval() is missing, too.",
                wrong=lambda model, loss_function, loader: _of_batches(
                    model, loss_function, loader, training=True
                ),
            ),
            Mistake(
                "這是總和：最後除以總點數。",
                "This is the sum: divide by the number of samples.",
                wrong=_sum_of(len),
            ),
            Mistake(
                "這是各批損失的總和：乘上點數再加，最後除以總點數。",
                "This is the sum of the batches' losses: multiply by the sizes, add up, divide by "
                "the number of samples.",
                wrong=_sum_of(lambda targets: 1),
            ),
        ),
    ),
    Exercise(
        id="13-3",
        title=("學會風車", "Learn the pinwheel"),
        task=(
            "寫 learn(inputs, targets)：從風車的點訓練出模型並回傳，對新的點至少答對 95 %。",
            "Write learn(inputs, targets): train a model on the points of a pinwheel and return "
            "it; it has to be right on at least 95 % of new points.",
        ),
        name="learn",
        truth=_nearest,
        cases=_turned,
        observe=_on_new_points,
        hint=(
            "看看損失曲線：還在降就多訓練幾遍，或把學習率加大。",
            "Look at the loss curve: if it still falls, train longer or raise the learning rate.",
        ),
        mistakes=(
            Mistake(
                "和亂猜差不多：backward 和 step 都有嗎？最佳化器拿的是這個模型的參數嗎？"
                "學習率太大或太小？",
                "About as good as guessing: are backward and step there? Does the optimizer hold "
                "this model's parameters? Is the learning rate far too large or small?",
                wrong=lambda inputs, targets: lambda points: torch.zeros(len(points), 3),
            ),
            Mistake(
                "直線分不開彎的葉子：要有隱藏層和活化函數；有的話，就多訓練幾遍。",
                "Straight lines do not separate curved arms: use a hidden layer with an activation "
                "function; if there is one, train longer.",
                wrong=_straight,
            ),
            Mistake(
                "模型的輸出要是 (n, 3)：每片葉子一個分數。",
                "The model's output has to be (n, 3): one score an arm.",
                wrong=lambda inputs, targets: lambda points: torch.zeros(len(points)),
            ),
            Mistake(
                "要回傳模型本身，不是它的輸出。",
                "Return the model itself, not its output.",
                wrong=lambda inputs, targets: torch.zeros(len(inputs), 3),
            ),
        ),
    ),
)
