"""Tensors inside tuples, lists and dicts: find them, change them, say what they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from torch import Tensor


def tensors_in(value: Any) -> Iterator[Tensor]:
    """Yield every tensor of a nested value, in order.

    Examples
    --------
    >>> import torch
    >>> [tuple(t.shape) for t in tensors_in({"a": torch.zeros(2), "b": [torch.zeros(3, 4), None]})]
    [(2,), (3, 4)]
    """
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from tensors_in(item)
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from tensors_in(item)


def map_tensors(function: Callable[[Tensor], Tensor], value: Any) -> Any:
    """Apply a function to every tensor of a nested value; keep the nesting.

    Examples
    --------
    >>> import torch
    >>> map_tensors(torch.Tensor.numel, (torch.zeros(2, 3), {"mask": None}))
    (6, {'mask': None})
    """
    if isinstance(value, Tensor):
        return function(value)
    if isinstance(value, Mapping):
        return {key: map_tensors(function, item) for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):  # a namedtuple
        return type(value)(*(map_tensors(function, item) for item in value))
    if isinstance(value, (tuple, list)):
        return type(value)(map_tensors(function, item) for item in value)
    return value


def brief(value: Any) -> str:
    """Say in a few characters what a value is, for an error message.

    Examples
    --------
    >>> import torch
    >>> brief((torch.zeros(32, 50), torch.zeros(32, dtype=torch.int64)))
    '(float32 [32, 50], int64 [32])'
    >>> brief([1, 2])
    'list'
    """
    if isinstance(value, Tensor):
        place = "" if value.device.type == "cpu" else f" {value.device}"
        return f"{str(value.dtype).removeprefix('torch.')} {list(value.shape)}{place}"
    if isinstance(value, tuple):
        return "(" + ", ".join(brief(item) for item in value) + ")"
    if isinstance(value, Mapping) and any(True for _ in tensors_in(value)):
        return "{" + ", ".join(f"{key}: {brief(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list) and any(True for _ in tensors_in(value)):
        return "[" + ", ".join(brief(item) for item in value) + "]"
    return type(value).__name__
