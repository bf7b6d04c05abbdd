"""Exercises of lesson 05, shape and memory."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import torch
from torch import Tensor

from primer.exercises import Exercise, Mistake
from primer.exercises._compare import Words


def _same_storage(a: Tensor, b: Tensor) -> bool:
    return a.untyped_storage().data_ptr() == b.untyped_storage().data_ptr()


# -- 05-1 -----------------------------------------------------------------------------------------


def _transposed_strides() -> tuple[int, ...]:
    return torch.arange(24).reshape(4, 6).t().stride()


# -- 05-2 -----------------------------------------------------------------------------------------


def _numbers(nested: object) -> Iterator[float]:
    if isinstance(nested, list):
        for item in nested:
            yield from _numbers(item)
    elif isinstance(nested, (int, float)):
        yield nested


def _flat(x: Tensor) -> Tensor:
    """Flatten by the rule of strides, with neither ``view`` nor ``reshape``.

    One stride reaches every element when each dimension's stride is the next one's stride times
    the next one's size; dimensions of size 1 do not count.
    """
    steps = [(size, step) for size, step in zip(x.shape, x.stride(), strict=True) if size > 1]
    if all(step == after * size for (_, step), (size, after) in pairwise(steps)):
        return x.as_strided((x.numel(),), (steps[-1][1] if steps else 1,))
    return torch.tensor(list(_numbers(x.tolist())), dtype=x.dtype)


def _tensors() -> Iterator[tuple[Tensor]]:
    table = torch.arange(6.0).reshape(2, 3)
    block = torch.arange(24.0).reshape(2, 3, 4)
    yield (table,)
    yield (table.t(),)
    yield (torch.arange(10.0)[::2],)
    yield (table[:, 1],)
    yield (block[1:],)
    yield (block.transpose(0, 1),)
    yield (torch.arange(3.0).expand(2, 3),)
    yield (torch.tensor(5.0),)


def _memory(output: object, x: Tensor) -> object:
    if not isinstance(output, Tensor):
        return output
    shares = _same_storage(output, x)
    return output, Words("共用記憶體", "sharing memory") if shares else Words("複製", "copying")


# -- 05-3 -----------------------------------------------------------------------------------------


def _shared(a: Tensor, b: Tensor) -> bool:
    """Ask PyTorch's own record of which tensor a view was made from."""
    first, second = (x if x._base is None else x._base for x in (a, b))
    return first is second


def _pairs() -> Iterator[tuple[Tensor, Tensor]]:
    x = torch.arange(6.0).reshape(2, 3)
    for other in (x, x.t(), x[1:], x[:, 2], x.view(6)):
        yield x, other
    yield x[:1], x[1:]  # one storage, no common element
    yield x, x.clone()
    yield x, x + 0
    yield x.t(), x.t().reshape(6)
    yield torch.zeros(3), torch.zeros(3)


EXERCISES = (
    Exercise(
        id="05-1",
        title=("預測步幅", "Predict the strides"),
        task=(
            "x = torch.arange(24).reshape(4, 6)；x.t().stride() 是什麼？",
            "x = torch.arange(24).reshape(4, 6); what is x.t().stride()?",
        ),
        truth=_transposed_strides,
        hint=(
            "沿著一個維度走一步，在記憶體裡要跳過幾個元素？轉置不搬動任何元素。",
            "How many elements does one step along a dimension pass in memory? A transpose moves "
            "no element.",
        ),
        mistakes=(
            Mistake(
                "這是 x 自己的步幅；轉置會把兩個步幅對調。",
                "These are the strides of x itself; the transpose swaps them.",
                wrong=(6, 1),
            ),
            Mistake(
                "這是複製成連續之後的步幅；t() 不複製。",
                "These are the strides of a contiguous copy; t() copies nothing.",
                wrong=(4, 1),
            ),
            Mistake(
                "步幅數的是元素，不是位元組；int64 的一個元素占 8 個位元組。",
                "Strides count elements, not bytes; one int64 element takes 8 bytes.",
                wrong=(8, 48),
            ),
            Mistake(
                "這是 x.t() 的形狀，不是步幅。",
                "This is the shape of x.t(), not its strides.",
                wrong=(6, 4),
            ),
        ),
    ),
    Exercise(
        id="05-2",
        title=("攤平，能不複製就不複製", "Flatten, copying only when needed"),
        task=(
            "寫 flatten(x)：把任何張量變成一維；能用檢視就共用記憶體，不能才複製。",
            "Write flatten(x): make any tensor 1-D; share memory where a view can, copy only "
            "where none can.",
        ),
        name="flatten",
        truth=_flat,
        cases=_tensors,
        observe=_memory,
        hint=(
            "哪一個方法在 view 可行時回傳檢視，不可行時才複製？",
            "Which method returns a view where one is possible and copies only otherwise?",
        ),
        mistakes=(
            Mistake(
                "view 從不複製，所以不連續的張量會讓它失敗。改用 reshape。",
                "view never copies, so it fails on tensors that are not contiguous. Use reshape.",
                error="RuntimeError: view size",
            ),
            Mistake(
                "contiguous 複製得太早：x[::2] 不連續，卻仍能以檢視攤平。",
                "contiguous copies too soon: x[::2] is not contiguous, yet a view can flatten it.",
                wrong=lambda x: x.contiguous().view(-1),
            ),
            Mistake(
                "每次都複製了；連續的張量用檢視就夠。",
                "This always copies; a contiguous tensor needs only a view.",
                wrong=lambda x: x.clone().reshape(-1),
            ),
            Mistake(
                "順序反了：先走完最後一個維度，再走前一個。",
                "The order is reversed: go through the last dimension first.",
                wrong=lambda x: x.permute(*reversed(range(x.ndim))).reshape(-1),
            ),
        ),
    ),
    Exercise(
        id="05-3",
        title=("兩個張量共用記憶體嗎", "Do two tensors share memory?"),
        task=(
            "寫 shares_memory(a, b)：兩個張量建立在同一塊儲存空間上時回傳 True。",
            "Write shares_memory(a, b): True when both tensors stand on the same storage.",
        ),
        name="shares_memory",
        truth=_shared,
        cases=_pairs,
        hint=(
            "張量背後的儲存空間是 a.untyped_storage()；比較兩塊的位址。",
            "The storage behind a tensor is a.untyped_storage(); compare the two addresses.",
        ),
        mistakes=(
            Mistake(
                "data_ptr 是第一個元素的位址，x[1:] 從別的位址開始。要比儲存空間的位址。",
                "data_ptr is the address of the first element, and x[1:] starts elsewhere. "
                "Compare the addresses of the storages.",
                wrong=lambda a, b: a.data_ptr() == b.data_ptr(),
            ),
            Mistake(
                "數值相同不代表共用：複本的數值也相同。",
                "Equal values need not be shared: a copy has them too.",
                wrong=torch.equal,
            ),
            Mistake(
                "數值相同不代表共用，形狀不同的也能共用。",
                "Equal values need not be shared, and tensors of different shapes may be.",
                error="RuntimeError: The size of tensor a|must match",
            ),
            Mistake(
                "is 只問是不是同一個 Python 物件；檢視是另一個物件，卻共用記憶體。",
                "is asks for the same Python object; a view is another object on shared memory.",
                wrong=lambda a, b: a is b,
            ),
        ),
    ),
)
