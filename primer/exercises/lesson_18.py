"""Exercises of lesson 18, devices; the meta device stands in for a second one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_map

from primer.exercises import Exercise, Mistake

# -- 18-1 -----------------------------------------------------------------------------------------


def _move(batch: Any, device: str) -> Any:
    return tree_map(lambda leaf: leaf.to(device) if isinstance(leaf, Tensor) else leaf, batch)


def _flat_move(batch: Any, device: str) -> Any:
    """Move the tensors of the outermost container only."""
    if isinstance(batch, Tensor):
        return batch.to(device)
    if isinstance(batch, dict):
        return {key: _flat_move_one(value, device) for key, value in batch.items()}
    return type(batch)(_flat_move_one(value, device) for value in batch)


def _flat_move_one(value: Any, device: str) -> Any:
    return value.to(device) if isinstance(value, Tensor) else value


def _listed(batch: Any, device: str) -> Any:
    """Turn tuples into lists on the way."""
    if isinstance(batch, dict):
        return {key: _listed(value, device) for key, value in batch.items()}
    if isinstance(batch, (list, tuple)):
        return [_listed(value, device) for value in batch]
    return _flat_move_one(batch, device)


def _places(output: Any, batch: Any, device: str) -> str:
    """Write a batch with the place and shape of each tensor instead of its numbers."""
    if isinstance(output, Tensor):
        return f"{output.device.type}{list(output.shape)}"
    if isinstance(output, dict):
        inner = (f"{key}: {_places(value, batch, device)}" for key, value in output.items())
        return f"{{{', '.join(inner)}}}"
    if isinstance(output, (list, tuple)):
        written = ", ".join(_places(value, batch, device) for value in output)
        return f"[{written}]" if isinstance(output, list) else f"({written})"
    return repr(output)


def _batches() -> Iterator[tuple[Any, str]]:
    x, y = torch.zeros(4, 3), torch.zeros(4)
    yield x, "meta"
    yield (x, y), "meta"
    yield {"x": x, "name": "tea"}, "meta"
    yield {"views": [x, (y, 7)], "kept": None}, "meta"
    yield [x, {"y": y}], "cpu"


# -- 18-2 -----------------------------------------------------------------------------------------


def _devices_of(model: nn.Module) -> set[str]:
    """Look into each module's own tables, where parameters and buffers are kept."""
    tables = [
        table for module in model.modules() for table in (module._parameters, module._buffers)
    ]
    return {t.device.type for table in tables for t in table.values() if t is not None}


def _models() -> Iterator[tuple[nn.Module]]:
    yield (nn.Linear(3, 2),)
    yield (nn.BatchNorm1d(3, affine=False),)  # buffers only
    yield (nn.Linear(3, 2, device="meta"),)
    yield (nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 1, device="meta")),)
    forgotten = nn.BatchNorm1d(3, device="meta")
    forgotten.running_mean = torch.zeros(3)
    yield (forgotten,)


EXERCISES = (
    Exercise(
        id="18-1",
        title=("整批搬過去", "Move a whole batch"),
        task=(
            "寫 move(batch, device)：把 list、tuple、dict 裡每一層的張量搬到 device，其他不動。",
            "Write move(batch, device): move the tensors at every depth of lists, tuples and "
            "dicts to device; leave anything else alone.",
        ),
        name="move",
        truth=_move,
        cases=_batches,
        observe=_places,
        hint=(
            "張量就搬；容器就對裡面每一項再呼叫 move；其他原樣回傳。",
            "Move a tensor; call move on each item of a container; return anything else as it is.",
        ),
        mistakes=(
            Mistake(
                "張量的 to 回傳新的張量，原來的不動：要把回傳值留下來。",
                "A tensor's to returns a new tensor and leaves the old one: keep what it returns.",
                wrong=lambda batch, device: batch,
            ),
            Mistake(
                "只搬了最外層。容器裡還可能有容器：對每一項再呼叫 move 一次。",
                "Only the outermost level moved. Containers may hold containers: call move on each "
                "item.",
                wrong=_flat_move,
            ),
            Mistake(
                "tuple 變成了 list。容器要照舊，用 type(batch)(...) 建回去。",
                "Tuples became lists. Keep the containers: build them with type(batch)(...).",
                wrong=_listed,
            ),
            Mistake(
                "不是每樣東西都有 to：字串、數字和 None 原樣回傳。",
                "Not everything has a to: return strings, numbers and None as they are.",
                error="AttributeError: '(str|int|NoneType)' object has no attribute 'to'",
            ),
            Mistake(
                "容器沒有 to：先看是不是 list、tuple 或 dict，再處理裡面的每一項。",
                "Containers have no to: look for list, tuple and dict first, then take each item.",
                error="AttributeError: '(list|tuple|dict)' object has no attribute 'to'",
            ),
        ),
    ),
    Exercise(
        id="18-2",
        title=("模型在哪裡", "Where is the model?"),
        task=(
            '寫 devices_of(model)：回傳參數與緩衝區所在的裝置種類，例如 {"cpu"}。',
            "Write devices_of(model): the set of the types of device of its parameters and "
            'buffers, such as {"cpu"}.',
        ),
        name="devices_of",
        truth=_devices_of,
        cases=_models,
        hint=(
            "把 model.parameters() 與 model.buffers() 都走一遍，收集 tensor.device.type。",
            "Go through model.parameters() and model.buffers() and collect tensor.device.type.",
        ),
        mistakes=(
            Mistake(
                "漏了緩衝區：BatchNorm 的 running_mean 不在 parameters() 裡。",
                "Buffers are missing: a BatchNorm's running_mean is not in parameters().",
                wrong=lambda model: {p.device.type for p in model.parameters()},
            ),
            Mistake(
                "只看了第一個參數。模型可能分住在兩個裝置上，也可能沒有參數。",
                "Only the first parameter was looked at. A model may be on two devices, or have no "
                "parameters.",
                wrong=lambda model: {p.device.type for p in list(model.parameters())[:1]},
            ),
            Mistake(
                "這個模型沒有參數，只有緩衝區：next(model.parameters()) 拿不到東西。",
                "This model has buffers and no parameters: next(model.parameters()) finds nothing.",
                error="StopIteration",
            ),
        ),
    ),
)
