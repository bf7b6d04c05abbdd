"""Exercises of lesson 03, scalars to 3-D tensors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from primer.exercises import Exercise, Mistake

Rows = list[list[int]]

# -- 03-1 -----------------------------------------------------------------------------------------


def _bracket_shape() -> tuple[int, ...]:
    return tuple(torch.tensor([[[1, 2], [3, 4], [5, 6]]]).shape)


# -- 03-2 -----------------------------------------------------------------------------------------


def _shape(nested: Any) -> tuple[int, ...]:
    return tuple(torch.tensor(nested).shape)


def _nested() -> Iterator[tuple[Any]]:
    yield ([[24, 28, 25], [23, 27, 24]],)
    yield (5,)
    yield ([5],)
    yield ([[1.5], [2.5], [3.5]],)
    yield ([[[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]]] * 2,)
    yield ([[[[0, 1]]]],)


def _without_brackets_of_one(nested: Any) -> tuple[int, ...]:
    return tuple(size for size in _shape(nested) if size > 1)


# -- 03-3 -----------------------------------------------------------------------------------------


def _padded(rows: Rows) -> Tensor:
    return pad_sequence([torch.tensor(row) for row in rows], batch_first=True)


def _ragged() -> Iterator[tuple[Rows]]:
    yield ([[24, 28, 25], [23, 27]],)
    yield ([[1], [2, 3, 4, 5], [6, 7]],)
    yield ([[1, 2], [3, 4]],)
    yield ([[7, 8, 9]],)


def _padded_left(rows: Rows) -> Tensor:
    longest = max(map(len, rows))
    return torch.tensor([[0] * (longest - len(row)) + row for row in rows])


def _cut(rows: Rows) -> Tensor:
    shortest = min(map(len, rows))
    return torch.tensor([row[:shortest] for row in rows])


EXERCISES = (
    Exercise(
        id="03-1",
        title=("看括號說形狀", "Tell the shape from the brackets"),
        task=(
            "torch.tensor([[[1, 2], [3, 4], [5, 6]]]) 的形狀是什麼？",
            "What is the shape of torch.tensor([[[1, 2], [3, 4], [5, 6]]])?",
        ),
        truth=_bracket_shape,
        hint=(
            "從最外層的括號開始，一層一層數：這一層裡有幾項？",
            "Begin at the outermost bracket and go inwards: how many items has this level?",
        ),
        mistakes=(
            Mistake(
                "最外層的括號也是一個維度，裡面只有 1 張表。",
                "The outermost bracket is a dimension too; it holds 1 table.",
                wrong=(3, 2),
            ),
            Mistake(
                "順序反了：形狀從最外層寫到最裡層。",
                "The order is reversed: a shape goes from the outermost level to the innermost.",
                wrong=(2, 3, 1),
            ),
            Mistake(
                "表有三列，每列兩個數字：先列後行。",
                "The table has three rows of two numbers: rows first, then columns.",
                wrong=(1, 2, 3),
            ),
            Mistake(
                "這是數字的個數 numel()，不是形狀。",
                "This is how many numbers there are, numel(), not the shape.",
                wrong=(6,),
            ),
        ),
    ),
    Exercise(
        id="03-2",
        title=("自己算形狀", "Work out the shape yourself"),
        task=(
            "寫 shape_of(nested)：不用 PyTorch，回傳數字或巢狀清單做成張量之後的形狀。",
            "Write shape_of(nested): without PyTorch, the shape of the tensor that a number or a "
            "nested list makes.",
        ),
        name="shape_of",
        truth=_shape,
        cases=_nested,
        hint=(
            "清單的形狀 = 自己的長度，後面接第一項的形狀；數字的形狀是 ()。",
            "The shape of a list is its length, then the shape of its first item; that of a number "
            "is ().",
        ),
        mistakes=(
            Mistake(
                "順序反了：最外層的長度寫在最前面。",
                "The order is reversed: the length of the outermost level comes first.",
                wrong=lambda nested: _shape(nested)[::-1],
            ),
            Mistake(
                "大小是 1 的維度也要寫出來。",
                "Dimensions of size 1 belong to the shape too.",
                wrong=_without_brackets_of_one,
            ),
            Mistake(
                "巢狀不只兩層，也可能一層都沒有；讓函式呼叫自己，一層層往裡走。",
                "There may be more than two levels, or none; let the function call itself and go "
                "inwards level by level.",
                error=r"TypeError: (object of type '(int|float)' has no len|'(int|float)' object)",
            ),
        ),
    ),
    Exercise(
        id="03-3",
        title=("補齊", "Fill up"),
        task=(
            "寫 pad(rows)：把長短不一的清單做成二維張量，短的在右邊補 0。",
            "Write pad(rows): make a 2-D tensor of lists of different lengths, the short ones "
            "filled with 0 on the right.",
        ),
        name="pad",
        truth=_padded,
        cases=_ragged,
        hint=(
            "先找出最長的長度；再替每一列補上所差的幾個 0。",
            "Find the greatest length first; then give each row the zeros that it lacks.",
        ),
        mistakes=(
            Mistake(
                "長短不齊的清單做不成張量；先把每一列補到一樣長。",
                "A ragged list makes no tensor; fill every row up to one length first.",
                error="ValueError: expected sequence of length",
            ),
            Mistake(
                "0 補在左邊了，應該補在右邊。",
                "The zeros stand on the left; they belong on the right.",
                wrong=_padded_left,
            ),
            Mistake(
                "這樣會把長的截短，丟掉資料；要把短的補長。",
                "This cuts the long rows and loses data; fill up the short ones instead.",
                wrong=_cut,
            ),
            Mistake(
                "所有數字接成一排了；每個清單要自成一列。",
                "All numbers stand in one row; each list needs a row of its own.",
                wrong=lambda rows: torch.tensor([number for row in rows for number in row]),
            ),
        ),
    ),
)
