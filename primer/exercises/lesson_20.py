"""Exercises of lesson 20, distributed training."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.utils.data import DistributedSampler

from primer.exercises import Exercise, Mistake

# -- 20-1 -----------------------------------------------------------------------------------------


def _orders() -> Iterator[tuple[list[int], int, int]]:
    for rank in range(2):
        yield [5, 2, 7, 0, 3, 1, 6, 4], rank, 2
    for rank in range(3):
        yield [4, 1, 3, 0, 6, 2, 5], rank, 3


def _sampled(order: list[int], rank: int, world: int) -> list[int]:
    """Let PyTorch's own sampler deal the positions."""
    positions: DistributedSampler[int] = DistributedSampler(
        range(len(order)),  # type: ignore[arg-type]
        num_replicas=world,
        rank=rank,
        shuffle=False,
    )
    return [order[position] for position in positions]


def _filled(order: list[int], world: int, tail: bool = False) -> list[int]:
    missing = -len(order) % world
    return order + (order[len(order) - missing :] if tail else order[:missing])


def _block(order: list[int], rank: int, world: int) -> list[int]:
    size = math.ceil(len(order) / world)
    return order[rank * size : (rank + 1) * size]


_NOT_BLOCKS = (
    "這是切成連續的幾段；發牌是輪流，一人一個：[rank::world]。",
    "These are blocks, one after the other; dealing goes round, one to each: [rank::world].",
)

# -- 20-2 -----------------------------------------------------------------------------------------


def _shares() -> Iterator[tuple[list[Tensor], list[int]]]:
    yield [torch.tensor([1.0, -2.0]), torch.tensor([9.0, 6.0])], [60, 4]
    yield (
        [torch.tensor([[3.0]]), torch.tensor([[-1.0]]), torch.tensor([[0.5]])],
        [3, 5, 8],
    )


def _each_sample_once(gradients: list[Tensor], sizes: list[int]) -> Tensor:
    """Write down each gradient as often as it has samples, and take the mean of the list."""
    repeated = [g for g, size in zip(gradients, sizes, strict=True) for _ in range(size)]
    return torch.stack(repeated).mean(dim=0)


def _weighted(
    weigh: Callable[[int], float], divide: Callable[[list[int]], float]
) -> Callable[..., Tensor]:
    """Make the answer that weighs each gradient and divides the sum."""

    def wrong(gradients: list[Tensor], sizes: list[int]) -> Tensor:
        parts = [weigh(size) * g for g, size in zip(gradients, sizes, strict=True)]
        return torch.stack(parts).sum(dim=0) / divide(sizes)

    return wrong


EXERCISES = (
    Exercise(
        id="20-1",
        title=("發牌", "Deal"),
        task=(
            "寫 share(order, rank, world)：輪流發 order 裡的編號，回傳行程 rank 拿到的清單；"
            "不夠分就把開頭的幾個接在最後，讓每份一樣多。",
            "Write share(order, rank, world): deal the numbers in order, one to each in turn, and "
            "return the list of process rank; where they do not go round, append the first few, "
            "so that all shares are equal.",
        ),
        name="share",
        truth=_sampled,
        cases=_orders,
        hint=(
            "先補到 world 的倍數，再從第 rank 個開始，每隔 world 個取一個。",
            "First fill up to a multiple of world, then take every world-th from place rank on.",
        ),
        mistakes=(
            Mistake(
                "不夠分的時候，每份不一樣多：少的人先做完，多的人會一直等。先把開頭的幾個補在最後。",
                "Where they do not go round the shares are unequal: some finish early, and the "
                "others wait for them for ever. Append the first few before dealing.",
                wrong=lambda order, rank, world: order[rank::world],
            ),
            Mistake(
                "多出來的被丟掉了，有些樣本沒人看到；DistributedSampler 預設是補，不是丟。",
                "Those left over are dropped, and nobody sees them; by default DistributedSampler "
                "fills up instead.",
                wrong=lambda order, rank, world: order[: len(order) // world * world][rank::world],
            ),
            Mistake(
                *_NOT_BLOCKS,
                wrong=lambda order, rank, world: _block(_filled(order, world), rank, world),
            ),
            Mistake(*_NOT_BLOCKS, wrong=_block),
            Mistake(
                "補的是開頭的幾個，不是最後的幾個。",
                "Fill up with the first few, not the last few.",
                wrong=lambda order, rank, world: _filled(order, world, tail=True)[rank::world],
            ),
        ),
    ),
    Exercise(
        id="20-2",
        title=("不一樣多也要對", "Right for unequal shares, too"),
        task=(
            "寫 combine(gradients, sizes)：gradients[i] 是 sizes[i] 個樣本的平均損失的梯度；"
            "回傳所有樣本合起來的平均損失的梯度。",
            "Write combine(gradients, sizes): gradients[i] is the gradient of the mean loss over "
            "sizes[i] samples; return the gradient of the mean loss over all samples.",
        ),
        name="combine",
        truth=_each_sample_once,
        cases=_shares,
        hint=(
            "每個樣本的份量要相同：梯度先乘樣本數，加起來，再除以總樣本數。",
            "Each sample counts the same: multiply by the number of samples, add up, and divide by "
            "the number of all.",
        ),
        mistakes=(
            Mistake(
                "直接平均，只有每份一樣多才對；這裡 4 個樣本的份量和 60 個一樣重。",
                "A plain mean is right for equal shares only; here 4 samples weigh as much as 60.",
                wrong=_weighted(lambda size: 1, len),
            ),
            Mistake(
                "這是總和；梯度要平均，不然行程愈多步子愈大。",
                "This is the sum; take the mean, or the steps grow with the number of processes.",
                wrong=_weighted(lambda size: 1, lambda sizes: 1),
            ),
            Mistake(
                "乘了樣本數，還要除以總樣本數。",
                "Multiplied by the numbers of samples, it still has to be divided by that of all.",
                wrong=_weighted(lambda size: size, lambda sizes: 1),
            ),
            Mistake(
                "除以的是總樣本數，不是行程數。",
                "Divide by the number of all samples, not by that of the processes.",
                wrong=_weighted(lambda size: size, len),
            ),
            Mistake(
                "方向反了：樣本愈多的，份量要愈重。",
                "The other way round: more samples weigh more.",
                wrong=_weighted(
                    lambda size: 1 / size, lambda sizes: sum(1 / size for size in sizes)
                ),
            ),
        ),
    ),
)
