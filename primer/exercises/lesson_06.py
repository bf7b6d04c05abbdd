"""Exercises of lesson 06, operations."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from primer.exercises import Exercise, Mistake

# -- 06-1 -----------------------------------------------------------------------------------------


def _sum_shape() -> tuple[int, ...]:
    return tuple((torch.zeros(4, 1, 3) + torch.zeros(5, 1)).shape)


# -- 06-2 -----------------------------------------------------------------------------------------


def _mean_of_kept(x: Tensor, mask: Tensor) -> Tensor:
    """Average row by row, in a plain loop."""
    return torch.stack([row[kept].mean() for row, kept in zip(x, mask, strict=True)])


def _masked() -> Iterator[tuple[Tensor, Tensor]]:
    x = torch.tensor([[1.0, 2.0, 6.0], [4.0, 8.0, 0.0]])
    yield x, torch.tensor([[True, False, True], [True, True, False]])
    yield x, torch.ones(2, 3, dtype=torch.bool)
    square = torch.tensor([[1.0, -3.0], [5.0, 9.0]])
    yield square, torch.tensor([[True, True], [False, True]])
    tall = torch.arange(8.0).reshape(4, 2)
    yield tall, torch.tensor([[True, False], [False, True], [True, True], [False, True]])


# -- 06-3 -----------------------------------------------------------------------------------------


def _pair_by_pair(a: Tensor, b: Tensor) -> Tensor:
    """Take every pair in turn, in plain loops."""
    rows = [[sum((p - q) ** 2 for p, q in zip(s, t, strict=True)) for t in b] for s in a]
    return torch.tensor(rows)


def _point_sets() -> Iterator[tuple[Tensor, Tensor]]:
    a = torch.tensor([[0.0, 0.0], [3.0, 4.0], [1.0, -1.0]])
    yield a, torch.tensor([[0.0, 1.0], [3.0, 0.0]])
    yield a, a + torch.tensor([1.0, 2.0])  # as many points on both sides
    yield a[:1], a
    yield torch.tensor([[1.0], [4.0]]), torch.tensor([[2.0], [2.5], [-1.0], [0.0]])


EXERCISES = (
    Exercise(
        id="06-1",
        title=("預測形狀", "Predict the shape"),
        task=(
            "a 的形狀是 (4, 1, 3)，b 的是 (5, 1)；a + b 的形狀是什麼？",
            "a has shape (4, 1, 3) and b has (5, 1); what is the shape of a + b?",
        ),
        truth=_sum_shape,
        hint=(
            "把兩個形狀靠右對齊，上下寫成兩列，再一行一行看。",
            "Write the two shapes one above the other, lined up at the right; go column by column.",
        ),
        mistakes=(
            Mistake(
                "兩個形狀不是接起來，而是靠右對齊，一個維度對一個維度。",
                "The shapes are not joined but lined up at the right, dimension by dimension.",
                wrong=(4, 1, 3, 5, 1),
            ),
            Mistake(
                "b 的 5 對到 a 的 1，所以 a 也要展開成 5。",
                "The 5 of b meets a 1 of a, so a is stretched to 5 as well.",
                wrong=(4, 1, 3),
            ),
            Mistake(
                "大小是 1 的維度跟著另一邊展開：最後一維是 3 對 1，得到 3。",
                "A size of 1 stretches to the other side's: the last sizes, 3 and 1, give 3.",
                wrong=(4, 5, 1),
            ),
            Mistake(
                "b 少的維度當成 1，但 a 的 4 還在。",
                "The dimension that b lacks counts as 1, but the 4 of a remains.",
                wrong=(5, 3),
            ),
        ),
    ),
    Exercise(
        id="06-2",
        title=("只平均有效的格子", "Average the valid cells only"),
        task=(
            "寫 masked_mean(x, mask)：二維張量 x 的每一列，只平均 mask 為 True 的格子。",
            "Write masked_mean(x, mask): for each row of the 2-D tensor x, the mean over the cells "
            "where mask is True.",
        ),
        name="masked_mean",
        truth=_mean_of_kept,
        cases=_masked,
        hint=(
            "一列的平均 = 有效格子的總和 ÷ 有效格子的個數；兩個都用 dim=1 加總。",
            "The mean of a row is the sum of its valid cells over their number; sum both with "
            "dim=1.",
        ),
        mistakes=(
            Mistake(
                "無效的格子也算進個數了；要除以 mask.sum(dim=1)。",
                "The invalid cells count in the number; divide by mask.sum(dim=1).",
                wrong=lambda x, mask: (x * mask).mean(dim=1),
            ),
            Mistake(
                "x[mask] 排成一維，分不出誰在哪一列；先用乘法把無效的格子變成 0。",
                "x[mask] is 1-D and forgets the rows; multiply the invalid cells by 0 instead.",
                wrong=lambda x, mask: x[mask].mean(),
            ),
            Mistake(
                "x[mask] 只剩一個維度，沒有 dim=1；先用乘法把無效的格子變成 0。",
                "x[mask] has one dimension, so no dim=1; multiply the invalid cells by 0 instead.",
                error="IndexError: Dimension out of range",
            ),
            Mistake(
                "dim=0 把列加掉，得到每一行的平均；這裡要加掉的是第 1 維。",
                "dim=0 sums the rows away and gives a mean of each column; sum dimension 1 away.",
                wrong=lambda x, mask: (x * mask).sum(dim=0) / mask.sum(dim=0),
            ),
            Mistake(
                "這是總和，還沒除以有效格子的個數。",
                "This is the sum; divide it by the number of valid cells.",
                wrong=lambda x, mask: (x * mask).sum(dim=1),
            ),
            Mistake(
                "mask 沒有用到。",
                "The mask is not used.",
                wrong=lambda x, mask: x.mean(dim=1),
            ),
            Mistake(
                "一列要一個數字；這裡不需要 keepdim。",
                "One number a row is asked for; no keepdim here.",
                wrong=lambda x, mask: (x * mask).sum(1, keepdim=True) / mask.sum(1, keepdim=True),
            ),
        ),
    ),
    Exercise(
        id="06-3",
        title=("每一對的距離", "The distance of every pair"),
        task=(
            "寫 square_distances(a, b)：a 是 (n, d)，b 是 (m, d)，"
            "回傳 (n, m)：a[i] 到 b[j] 距離的平方。",
            "Write square_distances(a, b): a is (n, d), b is (m, d); return (n, m), the squared "
            "distance from a[i] to b[j].",
        ),
        name="square_distances",
        truth=_pair_by_pair,
        cases=_point_sets,
        hint=(
            "先想形狀：怎麼讓 (n, d) 和 (m, d) 廣播成 (n, m, d)？再加掉 d。",
            "Shapes first: how do (n, d) and (m, d) broadcast to (n, m, d)? Then sum d away.",
        ),
        mistakes=(
            Mistake(
                "(n, d) 減 (m, d) 對不上；替 a 加一個維度：a[:, None]。",
                "(n, d) minus (m, d) do not match; give a another dimension: a[:, None].",
                error="RuntimeError: The size of tensor",
            ),
            Mistake(
                "列和行對調了：a 的點要排成列，b 的點排成行。",
                "Rows and columns are swapped: the points of a make the rows, those of b the "
                "columns.",
                wrong=lambda a, b: ((a - b[:, None]) ** 2).sum(dim=-1),
            ),
            Mistake(
                "這是距離；題目要平方，不要開根號。",
                "This is the distance; its square is asked for, so take no root.",
                wrong=torch.cdist,
            ),
            Mistake(
                "還留著第三個維度；平方之後把 d 加掉。",
                "The third dimension is still there; sum d away after squaring.",
                wrong=lambda a, b: (a[:, None] - b) ** 2,
            ),
            Mistake(
                "先加再平方了；每個座標的差要先平方，再加起來。",
                "This sums before squaring; square each difference first, then sum.",
                wrong=lambda a, b: (a[:, None] - b).sum(dim=-1) ** 2,
            ),
        ),
    ),
)
