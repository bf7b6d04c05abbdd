"""Exercises of lesson 07, the NumPy bridge.

NumPy is imported where it is used: without it, the other exercises still run.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from primer.device import select
from primer.exercises import Exercise, Mistake
from primer.exercises._compare import Words

_SHARED = Words("共用記憶體", "sharing memory")
_COPIED = Words("獨立的一份", "memory of its own")


# -- 07-1 -----------------------------------------------------------------------------------------


def _who_follows() -> tuple[float, float, float]:
    import numpy as np

    array = np.zeros(3)
    shared = torch.from_numpy(array)
    copied = torch.tensor(array)
    array[0] = 1
    array = array + 1
    return float(array[0]), shared[0].item(), copied[0].item()


# -- 07-2 -----------------------------------------------------------------------------------------


def _number_by_number(array: Any) -> Tensor:
    return torch.tensor(array.tolist(), dtype=torch.float32)


def _arrays() -> Iterator[tuple[Any]]:
    import numpy as np

    yield (np.array([0.5, 1.5, -2.0]),)
    yield (np.array([[1.0, 2.0, 3.0]], dtype=np.float32),)
    yield (np.array([0, 128, 255], dtype=np.uint8),)
    yield (np.array([10, 20, 30], dtype=np.int64)[::-1],)
    yield (np.array([0.1, 0.2, 0.3, 0.4], dtype=np.float32)[::-2],)


def _tensor_seen(output: object, array: Any) -> object:
    """Note the values and the dtype, then change the array and see whether the tensor follows."""
    if not isinstance(output, Tensor):
        return output
    before = output.detach().clone()
    array += 1
    dtype = str(output.dtype)
    return before, Words(dtype, dtype), _COPIED if torch.equal(before, output) else _SHARED


# -- 07-3 -----------------------------------------------------------------------------------------


def _values(x: Tensor) -> object:
    import numpy as np

    return np.array(x.tolist(), dtype=np.float32)


def _tensors() -> Iterator[tuple[Tensor]]:
    yield (torch.tensor([1.0, 2.0]),)
    yield (torch.tensor([[0.5, -1.0, 4.0]], requires_grad=True),)
    yield (torch.tensor([3.0, 5.0], requires_grad=True) * 2,)
    yield (torch.tensor([1.0, -0.5], dtype=torch.bfloat16),)
    yield (torch.tensor([2.0, 7.0], device=select(), requires_grad=True),)


def _array_seen(output: object, x: Tensor) -> object:
    """Note what came out, then change the tensor and see whether the array follows."""
    import numpy as np

    if output is None:
        return None
    asks = (
        Words("x 要求梯度", "x requires grad")
        if x.requires_grad
        else Words("x 不要求梯度", "x does not require grad")
    )
    if not isinstance(output, np.ndarray):
        kind = type(output).__name__
        return Words(f"{kind} 物件", f"an object of type {kind}"), asks, None, None
    before = torch.tensor(output.tolist())
    with torch.no_grad():
        x += 1
    follows = not torch.equal(before, torch.tensor(output.tolist()))
    what = Words(f"{output.dtype} 的 NumPy 陣列", f"a NumPy array of {output.dtype}")
    return what, asks, before, _SHARED if follows else _COPIED


EXERCISES = (
    Exercise(
        id="07-1",
        title=("誰跟著變", "Who follows?"),
        task=(
            "array = np.zeros(3)；shared = torch.from_numpy(array)；copied = torch.tensor(array)；"
            "array[0] = 1；array = array + 1。array[0]、shared[0]、copied[0] 各是多少？",
            "array = np.zeros(3); shared = torch.from_numpy(array); copied = torch.tensor(array); "
            "array[0] = 1; array = array + 1. What are array[0], shared[0] and copied[0]?",
        ),
        truth=_who_follows,
        hint=(
            "一行一行走：這一行寫進原來的記憶體，還是造了新的陣列？",
            "Go line by line: does it write into the old memory, or make a new array?",
        ),
        mistakes=(
            Mistake(
                "array + 1 造了新的陣列，shared 還在讀舊的那一塊。",
                "array + 1 makes a new array; shared still reads the old memory.",
                wrong=(2, 2, 0),
            ),
            Mistake(
                "from_numpy 共用記憶體，shared 看得到 array[0] = 1。",
                "from_numpy shares memory: shared sees array[0] = 1.",
                wrong=(2, 0, 0),
            ),
            Mistake(
                "torch.tensor 複製：之後的改動 copied 都看不到。",
                "torch.tensor copies: copied sees none of the later changes.",
                wrong=(2, 1, 1),
            ),
            Mistake(
                "最後一行讓名字 array 指到新的陣列，裡面每個數字都多 1。",
                "The last line gives the name array to a new array with 1 added to each number.",
                wrong=(1, 1, 0),
            ),
        ),
    ),
    Exercise(
        id="07-2",
        title=("過橋，轉型別，不共用", "Cross, convert, share nothing"),
        task=(
            "寫 to_tensor(array)：從 NumPy 陣列做出 float32 張量，不共用記憶體。",
            "Write to_tensor(array): make a float32 tensor of a NumPy array, sharing no memory.",
        ),
        name="to_tensor",
        truth=_number_by_number,
        cases=_arrays,
        observe=_tensor_seen,
        hint=(
            "先在 NumPy 這邊複製並轉成 float32，再過橋。",
            "Copy and convert to float32 on NumPy's side, then cross.",
        ),
        mistakes=(
            Mistake(
                "陣列的步幅是負的，張量不能有；先複製，例如 array.copy()。",
                "The array has a negative stride, which no tensor can have; copy it first, for "
                "instance with array.copy().",
                error="ValueError: At least one stride",
            ),
            Mistake(
                "資料型別跟著過來了；要指定 float32。",
                "The data type came along; ask for float32.",
                wrong=torch.tensor,
            ),
            Mistake(
                "from_numpy 既不轉型別，也不複製；兩件都要做。",
                "from_numpy neither converts nor copies; both are needed.",
                wrong=torch.from_numpy,
            ),
            Mistake(
                "陣列已經是 float32 時，.float() 不複製，張量還是共用記憶體。",
                "When the array is float32 already, .float() copies nothing: memory is still "
                "shared.",
                wrong=lambda array: torch.from_numpy(array).float(),
            ),
        ),
    ),
    Exercise(
        id="07-3",
        title=("留住現在的值", "Keep the value of now"),
        task=(
            "寫 snapshot(x)：把張量 x 現在的值存成 float32 的 NumPy 陣列，之後 x 變了也不變。",
            "Write snapshot(x): keep the present values of the tensor x in a float32 NumPy array "
            "that does not follow when x changes.",
        ),
        name="snapshot",
        truth=_values,
        cases=_tensors,
        observe=_array_seen,
        hint=(
            "依序解決：不再記錄、搬回主記憶體、轉成 float32、變成陣列、複製。",
            "One thing after another: stop recording, come to main memory, convert to float32, "
            "become an array, copy.",
        ),
        mistakes=(
            Mistake(
                "x 可能要求梯度；過橋前先 detach()。",
                "x may require grad; call detach() before crossing.",
                error=r"RuntimeError: Can't call numpy\(\)",
            ),
            Mistake(
                "NumPy 沒有 bfloat16；先 .float()。",
                "NumPy has no bfloat16; call .float() first.",
                error="TypeError: Got unsupported ScalarType",
            ),
            Mistake(
                "x 可能在 GPU 上；先 .cpu()。",
                "x may be on a GPU; call .cpu() first.",
                error="TypeError: can't convert .* device type tensor",
            ),
            Mistake(
                "只有葉張量能改 requires_grad，而且 x 不該被改動；用 detach()。",
                "Only leaf tensors can change requires_grad, and x is not to be changed; use "
                "detach().",
                error="RuntimeError: you can only change requires_grad",
            ),
            Mistake(
                "還共用著記憶體：x 一變，陣列也變。最後加上 .copy()。",
                "Memory is still shared: when x changes, so does the array. End with .copy().",
                wrong=lambda x: x.detach().cpu().float().numpy(),
            ),
            Mistake(
                "這還是張量，要再變成 NumPy 陣列。",
                "This is still a tensor; make it a NumPy array.",
                wrong=lambda x: x.detach().clone(),
            ),
        ),
    ),
)
