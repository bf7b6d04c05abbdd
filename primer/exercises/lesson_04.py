"""Exercises of lesson 04, data types."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from primer.exercises import Exercise, Mistake
from primer.exercises._compare import Words

# -- 04-1 -----------------------------------------------------------------------------------------


def _promoted() -> tuple[torch.dtype, ...]:
    return (
        (torch.tensor([6, 4]) / 2).dtype,
        (torch.tensor([6, 4]) * torch.ones(2, dtype=torch.float16)).dtype,
        (torch.ones(2) + torch.tensor(1.0, dtype=torch.float64)).dtype,
    )


# -- 04-2 -----------------------------------------------------------------------------------------


def _pixels(x: Tensor) -> Tensor:
    """Round number by number, in plain Python."""
    numbers = [min(max(math.floor(v * 255 + 0.5), 0), 255) for v in x.flatten().tolist()]
    return torch.tensor(numbers, dtype=torch.uint8).reshape(x.shape)


def _greys() -> Iterator[tuple[Tensor]]:
    # No number halfway between two pixels: ties may go either way.
    yield (torch.tensor([0.0, 0.15, 0.75, 1.0]),)
    yield (torch.tensor([[0.25, 0.999], [0.003, 0.6]]),)
    yield (torch.tensor([-0.2, 0.31, 1.3]),)
    yield (torch.tensor([0.05, 0.45], dtype=torch.float64),)


def _with_dtype(output: object, x: Tensor) -> object:
    if not isinstance(output, Tensor):
        return output
    dtype = str(output.dtype).removeprefix("torch.")
    return output, Words(f"型別 {dtype}", f"dtype {dtype}")


# -- 04-3 -----------------------------------------------------------------------------------------


def _unchanged(x: Tensor, dtype: torch.dtype) -> bool:
    """Compare as Python numbers, which are compared exactly, even an int with a float."""
    return bool(x.to(dtype).tolist() == x.tolist())


def _conversions() -> Iterator[tuple[Tensor, torch.dtype]]:
    yield torch.tensor([0.5, 0.25, 3.0]), torch.float16
    yield torch.tensor([0.5, 0.1]), torch.float16
    yield torch.tensor([2048.0, 2049.0]), torch.float16
    yield torch.tensor([1e5, 1.0]), torch.float16
    yield torch.tensor([256, 255]), torch.bfloat16
    yield torch.tensor([257, 255]), torch.bfloat16
    yield torch.tensor([0.1, 0.2]), torch.float64
    yield torch.tensor([2.0, -3.0]), torch.int64
    yield torch.tensor([2.5, -3.0]), torch.int64
    yield torch.tensor([2**24 + 1]), torch.float32
    yield torch.tensor([100, 127]), torch.int8


EXERCISES = (
    Exercise(
        id="04-1",
        title=("預測型別", "Predict the types"),
        task=(
            "torch.tensor([6, 4]) / 2、torch.tensor([6, 4]) * torch.ones(2, dtype=torch.float16)、"
            "torch.ones(2) + torch.tensor(1.0, dtype=torch.float64) 的 dtype 各是什麼？",
            "What are the dtypes of torch.tensor([6, 4]) / 2, of torch.tensor([6, 4]) * "
            "torch.ones(2, dtype=torch.float16), and of torch.ones(2) + torch.tensor(1.0, "
            "dtype=torch.float64)?",
        ),
        truth=_promoted,
        hint=(
            "先比類別：布林 < 整數 < 浮點數；類別相同，再看是不是零維，最後比位元。",
            "Compare the categories first: bool < integer < float. If they agree, ask whether one "
            "is 0-D; only then count bits.",
        ),
        mistakes=(
            Mistake(
                "/ 一定得到浮點數，除得盡也一樣；要整數得用 //。",
                "/ always gives floats, even where nothing is left over; // gives integers.",
                wrong=(torch.int64, torch.float16, torch.float32),
            ),
            Mistake(
                "零維張量的類別沒有比較高，不會改變別人的型別。",
                "A 0-D tensor of no higher category does not change the other's type.",
                wrong=(torch.float32, torch.float16, torch.float64),
            ),
            Mistake(
                "整數遇到 float16 就是 float16；位元多少不管，只看類別。",
                "Integers that meet float16 become float16: the category counts, not the bits.",
                wrong=(torch.float32, torch.float32, torch.float32),
            ),
            Mistake(
                "整數遇到 float16 不會變成 float64；位元多少不管，只看類別。",
                "Integers that meet float16 do not become float64: the category counts, not the "
                "bits.",
                wrong=(torch.float32, torch.float64, torch.float32),
            ),
        ),
    ),
    Exercise(
        id="04-2",
        title=("變成像素", "Make pixels"),
        task=(
            "寫 to_pixels(x)：把 0 到 1 的浮點數變成 0 到 255 的 uint8，取最近的整數，"
            "超出範圍的當成 0 或 1。",
            "Write to_pixels(x): make floats from 0 to 1 into uint8 from 0 to 255, the nearest "
            "integers; what lies outside counts as 0 or 1.",
        ),
        name="to_pixels",
        truth=_pixels,
        cases=_greys,
        observe=_with_dtype,
        hint=(
            "四步：限制在 0 到 1，乘 255，取最近的整數，最後才換型別。",
            "Four steps: limit to 0 to 1, times 255, the nearest integer, and the type last.",
        ),
        mistakes=(
            Mistake(
                "換成整數只會切掉小數；先 round()。",
                "Converting to integers merely cuts off; round() first.",
                wrong=lambda x: (x.clamp(0, 1) * 255).to(torch.uint8),
            ),
            Mistake(
                "數字對了，型別還是浮點數；最後要 .to(torch.uint8)。",
                "The numbers are right, but still floats; end with .to(torch.uint8).",
                wrong=lambda x: (x.clamp(0, 1) * 255).round(),
            ),
            Mistake(
                "數字對了，型別是 int64；像素要 uint8。",
                "The numbers are right, but int64; pixels are uint8.",
                wrong=lambda x: (x.clamp(0, 1) * 255).round().to(torch.int64),
            ),
            Mistake(
                "超出 0 到 255 的數字存不進 uint8；換型別之前先 clamp。",
                "uint8 cannot hold what is outside 0 to 255; clamp before you convert.",
                wrong=lambda x: (x * 255).round().to(torch.uint8),
            ),
            Mistake(
                "太早換型別：0 到 1 的小數一換成整數，就只剩 0 和 1。先乘 255。",
                "Converted too soon: as integers, fractions of 1 are only 0 or 1. Multiply by 255 "
                "first.",
                wrong=lambda x: x.clamp(0, 1).to(torch.uint8) * 255,
            ),
            Mistake(
                "白是 255，不是 256；uint8 存不下 256。",
                "White is 255, not 256; uint8 cannot hold 256.",
                wrong=lambda x: (x.clamp(0, 1) * 256).round().to(torch.uint8),
            ),
        ),
    ),
    Exercise(
        id="04-3",
        title=("存進去，拿得回來嗎", "Does it survive?"),
        task=(
            "寫 survives(x, dtype)：x 的數字換成 dtype 之後一個都沒變，就回傳 True。",
            "Write survives(x, dtype): True when no number of x changes on conversion to dtype.",
        ),
        name="survives",
        truth=_unchanged,
        cases=_conversions,
        hint=(
            "換過去，再換回 x 原來的型別，然後和 x 比。",
            "Convert, convert back to the type of x, then compare with x.",
        ),
        mistakes=(
            Mistake(
                "int64 遇到 float32 會先換成 float32，兩邊一起捨入。比之前先換回 x.dtype。",
                "int64 that meets float32 is converted first, so both sides are rounded. Convert "
                "back to x.dtype before you compare.",
                wrong=lambda x, dtype: bool((x.to(dtype) == x).all()),
            ),
            Mistake(
                "夠近不等於沒變；這一題要完全一樣。",
                "Close is not unchanged; this exercise asks for exactly the same.",
                wrong=lambda x, dtype: torch.allclose(x.to(dtype).to(x.dtype), x, atol=0),
            ),
            Mistake(
                "allclose 不替你換型別，而且夠近不等於沒變；換回 x.dtype，再用 equal。",
                "allclose converts nothing for you, and close is not unchanged; convert back to "
                "x.dtype and use equal.",
                error="RuntimeError: .* did not match",
            ),
            Mistake(
                "每個數字都要沒變，不是有一個就好：用 all，不用 any。",
                "No number may change, and one that survives is not enough: use all, not any.",
                wrong=lambda x, dtype: bool((x.to(dtype).to(x.dtype) == x).any()),
            ),
            Mistake(
                "每個數字一個答案；這一題只要一個 True 或 False，最後加 .all()。",
                "This answers for each number; a single True or False is asked for: add .all().",
                wrong=lambda x, dtype: x.to(dtype).to(x.dtype) == x,
            ),
        ),
    ),
)
