"""Compare an answer with the truth, and show values in a line.

Nothing here imports PyTorch: where it has not been imported, nothing is a tensor.
"""

from __future__ import annotations

import math
import reprlib
import sys
from dataclasses import dataclass
from numbers import Real
from typing import Any

Pair = tuple[str, str]  # the same text in Chinese and in English


@dataclass(frozen=True)
class Words:
    """Something that was seen of an output, in words rather than in numbers."""

    zh: str
    en: str


_short = reprlib.Repr()
_short.maxstring = _short.maxother = 80
_short.maxset = _short.maxlist = _short.maxtuple = 12


def is_tensor(value: object) -> bool:
    """Say whether a value is a tensor."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def _plain(tensor: Any) -> bool:
    """Say whether a tensor holds real numbers, one beside the other, that can be read."""
    return str(tensor.layout) == "torch.strided" and not (
        tensor.is_meta or tensor.is_complex() or tensor.is_quantized
    )


def show(value: Any) -> str:
    """Write a value in one line: small tensors by their numbers, large ones by their shape.

    >>> show((1.0, "text", None))
    "(1, 'text', None)"
    """
    if is_tensor(value):
        if _plain(value) and value.numel() <= 12:
            return f"tensor({show(value.detach().tolist())})"
        return f"tensor[{', '.join(map(str, value.shape))}]"
    if isinstance(value, tuple):
        inner = ", ".join(map(show, value))
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, list) and len(value) <= 12:
        return f"[{', '.join(map(show, value))}]"
    if isinstance(value, float):
        return f"{value:.5g}"
    if callable(value) and hasattr(value, "__name__"):
        return str(value.__name__)
    return _short.repr(value)


def difference(got: Any, expected: Any) -> Pair | None:
    """Say in both languages how an answer differs from the truth; ``None`` where it does not.

    Tensors may have any dtype and be off by 1e-4 of their value; a list may stand for a tuple or
    a set, and a tensor of one element for a number.
    """
    if is_tensor(expected):
        if expected.ndim == 0 and isinstance(got, (Real, bool)):
            got = expected.new_tensor(float(got))
        if not is_tensor(got) or not _plain(got):
            return _kind(got, "張量", "a tensor")
        if got.shape != expected.shape:
            shapes = tuple(got.shape), tuple(expected.shape)
            return (
                f"形狀是 {shapes[0]}，應為 {shapes[1]}",
                f"the shape is {shapes[0]}, expected {shapes[1]}",
            )
        return _elements(got.detach().double().cpu(), expected.detach().double())
    if isinstance(expected, Words):
        if isinstance(got, Words) and got == expected:
            return None
        zh, en = (
            (f"「{got.zh}」", got.en) if isinstance(got, Words) else (f" {show(got)}", show(got))
        )
        return f"得到{zh}，應為「{expected.zh}」", f"got {en}, expected {expected.en}"
    if isinstance(expected, (tuple, list)):
        if not isinstance(got, (tuple, list)):
            return _kind(got, f"{len(expected)} 項的 tuple", f"a tuple of {len(expected)}")
        if len(got) != len(expected):
            return (
                f"有 {len(got)} 項，應為 {len(expected)} 項",
                f"it has {len(got)} items, expected {len(expected)}",
            )
        for number, (one, other) in enumerate(zip(got, expected, strict=True), start=1):
            if found := difference(one, other):
                return f"第 {number} 項：{found[0]}", f"item {number}: {found[1]}"
        return None
    one = is_tensor(got) and _plain(got) and got.numel() == 1
    if one or (type(got).__module__ == "numpy" and getattr(got, "size", 0) == 1):
        got = got.item()
    if isinstance(expected, set):
        group = isinstance(got, (set, frozenset, list, tuple))
        if not group or not all(isinstance(item, str) for item in got):
            return _kind(got, "名稱的集合", "a set of names")
        return None if set(got) == expected else _value(set(got), expected)
    if isinstance(expected, float):
        if not isinstance(got, (Real, bool)):
            return _kind(got, "數", "a number")
        near = math.isclose(got, expected, rel_tol=1e-4, abs_tol=1e-6)
        return None if near else _value(got, expected)
    # True == 1 in Python, but not as an answer.
    return None if type(got) is type(expected) and got == expected else _value(got, expected)


def _elements(got: Any, expected: Any) -> Pair | None:
    """Compare two tensors of one shape; of a large one, name the first element that differs."""
    wrong = ~got.isclose(expected, 1e-4, 1e-6)
    if not wrong.any():
        return None
    if expected.numel() <= 12:
        return _value(got, expected)
    index = tuple(wrong.nonzero()[0].tolist())
    zh, en = _value(got[index].item(), expected[index].item())
    return f"索引 {show(list(index))}：{zh}", f"index {show(list(index))}: {en}"


def _value(got: object, expected: object) -> Pair:
    return f"得到 {show(got)}，應為 {show(expected)}", f"got {show(got)}, expected {show(expected)}"


def _kind(got: object, zh: str, en: str) -> Pair:
    if got is None:
        return "得到 None，可能忘了 return", "got None: perhaps there is no return"
    kind = type(got).__name__
    return f"得到 {kind} {show(got)}，應為{zh}", f"got {kind} {show(got)}, expected {en}"
