"""See how a tensor lies in memory: what it is, when `view` works, which cell each index reads.

A tensor is a storage (a row of cells), plus a shape and strides that say which cell each index
reads: index ``(i, j)`` reads cell ``offset + i * stride[0] + j * stride[1]``. Everything in this
module follows from that one sentence.
"""

from __future__ import annotations

import html
import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import torch

from primer._messages import both

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["TensorInfo", "ViewReport", "describe", "draw_memory", "explain_view"]

_NAMES = ("純量 · scalar", "向量 · vector", "矩陣 · matrix")
_HAN_DIGITS = "零一二三四五六七八九十"
_LARGEST_INT = 2**63 - 1

_MOST_CELLS = 24  # more could not be read on a projected slide
# Okabe and Ito's colours: told apart by colour-blind readers too.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")


@dataclass(frozen=True)
class TensorInfo:
    """What `describe` found; prints as aligned text, shows as a table in a notebook.

    Attributes
    ----------
    name : str
        What a tensor with this many dimensions is called, in both languages.
    shape, strides : tuple of int
        One number a dimension; strides are counted in elements, not in bytes.
    dtype : torch.dtype
    device : torch.device
    contiguous : bool
        True when reading the elements in index order reads the cells from left to right.
    bytes : int
        Number of elements times the bytes of one element.
    storage_bytes : int
        Bytes of the whole storage, which other tensors may share. Smaller than `bytes` when
        several indices read one cell. On the ``meta`` device nothing is stored: there it is what
        the storage would take.
    requires_grad, is_leaf : bool
    """

    name: str
    shape: tuple[int, ...]
    dtype: torch.dtype
    device: torch.device
    strides: tuple[int, ...]
    contiguous: bool
    bytes: int
    storage_bytes: int
    requires_grad: bool
    is_leaf: bool

    def _rows(self) -> list[tuple[str, str, str]]:
        return [
            ("shape", str(self.shape), "形狀"),
            ("dtype", str(self.dtype), "資料型別"),
            ("device", str(self.device), "裝置"),
            ("strides", str(self.strides), "步幅"),
            ("contiguous", str(self.contiguous), "連續"),
            ("bytes", str(self.bytes), "位元組"),
            ("storage bytes", str(self.storage_bytes), "儲存空間的位元組"),
            ("requires_grad", str(self.requires_grad), "要算梯度"),
            ("is_leaf", str(self.is_leaf), "葉張量"),
        ]

    def __str__(self) -> str:
        # The Chinese column comes last: Han characters are not two columns wide in every font,
        # and so nothing that must line up stands behind them.
        rows = self._rows()
        term, value = (max(len(row[column]) for row in rows) for column in (0, 1))
        lines = [f"{en:<{term}}  {what:<{value}}  {zh}" for en, what, zh in rows]
        return "\n".join([self.name, *lines])

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr><th scope="row"><span lang="zh-TW">{zh}</span> · {en}</th>'
            f"<td><code>{html.escape(what)}</code></td></tr>"
            for en, what, zh in self._rows()
        )
        return f'<table class="tensor-info"><caption>{self.name}</caption>{rows}</table>'


@dataclass(frozen=True)
class ViewReport:
    """Whether `view` works, and why; `str` says it in both languages.

    Attributes
    ----------
    works : bool
        Would ``tensor.view(shape)`` work?
    shape : tuple of int
        The shape asked for, with -1 worked out.
    strides : tuple of int or None
        Strides of the view, in elements; None when there is no such view.
    blocked : tuple of (int, int)
        Pairs of the tensor's dimensions that the shape would have to merge, though their strides
        do not join; empty when `works`.
    copied_bytes : int
        Bytes that ``tensor.reshape(shape)`` would copy; 0 when `works`.
    reason : str
        Two lines: why, in Chinese and in English.
    """

    works: bool
    shape: tuple[int, ...]
    strides: tuple[int, ...] | None
    blocked: tuple[tuple[int, int], ...]
    copied_bytes: int
    reason: str

    def __str__(self) -> str:
        return self.reason

    def _repr_html_(self) -> str:
        zh, en = (html.escape(line) for line in self.reason.split("\n"))
        return f'<p lang="zh-TW">{zh}</p><p>{en}</p>'


def describe(tensor: torch.Tensor) -> TensorInfo:
    """Say what a tensor is and how it lies in memory.

    Parameters
    ----------
    tensor : torch.Tensor
        Any dense tensor: any shape, dtype and device. It is not copied.

    Returns
    -------
    TensorInfo

    Raises
    ------
    TypeError
        Not a tensor, or one without strides (sparse, nested).

    Examples
    --------
    >>> import torch
    >>> print(describe(torch.arange(6.0).reshape(2, 3).T))
    矩陣 · matrix
    shape          (3, 2)         形狀
    dtype          torch.float32  資料型別
    device         cpu            裝置
    strides        (1, 3)         步幅
    contiguous     False          連續
    bytes          24             位元組
    storage bytes  24             儲存空間的位元組
    requires_grad  False          要算梯度
    is_leaf        True           葉張量
    """
    _require_strided(tensor, "describe")
    return TensorInfo(
        name=_name(tensor.ndim),
        shape=tuple(tensor.shape),
        dtype=tensor.dtype,
        device=tensor.device,
        strides=tensor.stride(),
        contiguous=tensor.is_contiguous(),
        bytes=tensor.numel() * tensor.element_size(),
        storage_bytes=tensor.untyped_storage().nbytes(),
        requires_grad=tensor.requires_grad,
        is_leaf=tensor.is_leaf,
    )


def explain_view(tensor: torch.Tensor, *shape: int | Sequence[int]) -> ViewReport:
    """Say whether ``tensor.view(shape)`` works, and why, without asking PyTorch to try.

    Parameters
    ----------
    tensor : torch.Tensor
        Any dense tensor.
    *shape : int, or one sequence of int
        The shape asked for, as `torch.Tensor.view` takes it. One size may be -1.

    Returns
    -------
    ViewReport

    Raises
    ------
    TypeError
        Not a dense tensor, or sizes that are not integers.
    ValueError
        A shape that no tensor of so many elements can take: `reshape` would fail as well.

    Notes
    -----
    Two neighbouring dimensions *i* and *j* can be merged when
    ``stride[i] == shape[j] * stride[j]``: the last element of one row then lies right before the
    first element of the next. Where that does not hold there is a seam, and the new shape must
    have a boundary at the same place, counted in elements. Dimensions of size 1 are never
    stepped along, so their strides do not matter.

    Examples
    --------
    >>> import torch
    >>> b = torch.tensor([[1, 2, 3], [4, 5, 6]])
    >>> print(explain_view(b, 3, 2))
    可以：view(3, 2) 只把步幅從 (3, 1) 換成 (2, 1)，不複製資料。
    Works: view(3, 2) only changes the strides, from (3, 1) to (2, 1); nothing is copied.
    >>> report = explain_view(b.T, 6)
    >>> report.works, report.blocked, report.copied_bytes
    (False, ((0, 1),), 48)
    """
    _require_strided(tensor, "explain_view")
    sizes = _resolve(tensor, shape)
    asked = ", ".join(map(str, sizes)) if sizes else "()"

    # Boundaries of the new shape: how many rows lie before each of its dimensions.
    boundaries = {math.prod(sizes[:k]) for k in range(len(sizes) + 1)}
    strides = tensor.stride()
    steps = [d for d, size in enumerate(tensor.shape) if size != 1] if tensor.numel() else []
    blocked = tuple(
        (i, j)
        for i, j in pairwise(steps)
        if strides[i] != tensor.shape[j] * strides[j]
        and math.prod(tensor.shape[: i + 1]) not in boundaries
    )
    if not blocked:
        new = tensor.detach().view(sizes).stride()
        return ViewReport(
            works=True,
            shape=sizes,
            strides=new,
            blocked=(),
            copied_bytes=0,
            reason=both(
                f"可以：view({asked}) 只把步幅從 {strides} 換成 {new}，不複製資料。",
                f"Works: view({asked}) only changes the strides, from {strides} to {new}; "
                "nothing is copied.",
            ),
        )

    copied = tensor.numel() * tensor.element_size()
    needs = [
        f"stride[{i}] = shape[{j}] × stride[{j}] = {tensor.shape[j]} × {strides[j]} "
        f"= {tensor.shape[j] * strides[j]}"
        for i, j in blocked
    ]
    zh = "；".join(
        f"第 {i}、{j} 維要接得上，得 {need}，但實際是 {strides[i]}"
        for (i, j), need in zip(blocked, needs, strict=True)
    )
    en = "; ".join(
        f"to merge dimensions {i} and {j} takes {need}, but it is {strides[i]}"
        for (i, j), need in zip(blocked, needs, strict=True)
    )
    return ViewReport(
        works=False,
        shape=sizes,
        strides=None,
        blocked=blocked,
        copied_bytes=copied,
        reason=both(
            f"不行：view({asked}) {zh}。改用 reshape({asked})，會複製 {copied} 位元組。",
            f"Fails: view({asked}): {en}. Use reshape({asked}), which copies {copied} bytes.",
        ),
    )


def draw_memory(tensor: torch.Tensor) -> Figure:
    """Draw which cell of the storage each index reads.

    The upper row holds the elements in index order (the last index runs fastest), the lower row
    the cells of the storage. Parallel lines: contiguous. Crossing lines: transposed. Cells
    without a line: sliced away. Several lines into one cell: expanded.

    Parameters
    ----------
    tensor : torch.Tensor
        A dense tensor of 1 to 24 elements that lie within 24 cells. On the ``meta`` device the
        cells are drawn empty.

    Returns
    -------
    matplotlib.figure.Figure
        Its label holds a bilingual caption and, on the second line, a bilingual text alternative.

    Raises
    ------
    TypeError
        Not a dense tensor.
    ValueError
        Nothing to draw, or too much.
    ImportError
        Matplotlib is not installed.

    Examples
    --------
    >>> import torch
    >>> figure = draw_memory(torch.arange(6).reshape(2, 3).T)
    >>> print(figure.get_label().splitlines()[0])
    索引順序與儲存空間：形狀 (3, 2)、步幅 (1, 3) · Index order and storage: shape (3, 2), strides (1, 3)
    """  # noqa: E501 (a caption is one line)
    _require_strided(tensor, "draw_memory")
    if not 1 <= tensor.numel() <= _MOST_CELLS:
        raise ValueError(
            both(
                f"draw_memory 畫得下 1 到 {_MOST_CELLS} 個元素，收到 {tensor.numel()} 個，"
                f"形狀 {tuple(tensor.shape)}。請取一小片，例如 tensor[:3, :4]。",
                f"draw_memory has room for 1 to {_MOST_CELLS} elements, got {tensor.numel()}, "
                f"shape {tuple(tensor.shape)}. Take a small piece such as tensor[:3, :4].",
            )
        )
    indices = torch.ones(tensor.shape).nonzero().tolist()
    strides = tensor.stride()
    offset = tensor.storage_offset()
    cells = [offset + sum(i * s for i, s in zip(index, strides, strict=True)) for index in indices]
    stored = tensor.untyped_storage().nbytes() // tensor.element_size()
    first, last = (0, stored - 1) if stored <= _MOST_CELLS else (min(cells), max(cells))
    if last - first >= _MOST_CELLS:
        raise ValueError(
            both(
                f"draw_memory 畫得下 {_MOST_CELLS} 格儲存空間，"
                f"這個張量散在 {last - first + 1} 格裡。"
                "請取更小的一片，或先 .contiguous()。",
                f"draw_memory has room for {_MOST_CELLS} cells of storage, this tensor is spread "
                f"over {last - first + 1}. Take a smaller piece, or call .contiguous() first.",
            )
        )
    try:
        from matplotlib import pyplot as plt
        from matplotlib.colors import to_rgba
        from matplotlib.patches import Rectangle
    except ImportError as error:
        raise ImportError(
            both(
                "draw_memory 需要 Matplotlib：請執行 pip install matplotlib。",
                "draw_memory needs Matplotlib: run pip install matplotlib.",
            )
        ) from error

    texts = _texts(tensor, first, last)
    drawn = last - first + 1
    width = max(len(cells), drawn, 6)  # in cells
    longest = max(map(len, texts.values()), default=0)
    inches = max(0.62, 0.13 * longest)  # a cell
    figure, axes = plt.subplots(
        figsize=(inches * width + 1.2, 3.4), layout="constrained", facecolor="white"
    )

    def cell(x: float, y: float, text: str, colour: str | None) -> None:
        paint = to_rgba(colour, 0.3) if colour else "#F2F2F2"
        edge = colour or "#A6A6A6"
        axes.add_patch(Rectangle((x - 0.45, y - 0.3), 0.9, 0.6, facecolor=paint, edgecolor=edge))
        axes.text(x, y, text, ha="center", va="center", size=12, color="#1A1A1A")

    # Both rows are centred, so that the shorter one does not hang at the left.
    top = (width - len(cells)) / 2
    bottom = (width - drawn) / 2 - first
    colour_of: dict[int, str] = {}
    for k, (where, position) in enumerate(zip(indices, cells, strict=True)):
        colour = _COLOURS[where[0] % len(_COLOURS)] if where else _COLOURS[0]
        colour_of.setdefault(position, colour)
        axes.plot([top + k, bottom + position], [1.68, 0.32], color=colour, linewidth=2)
        cell(top + k, 2, texts.get(position, ""), colour)
        axes.text(top + k, 2.5, ",".join(map(str, where)), ha="center", va="center", size=9)
    for position in range(first, last + 1):
        cell(bottom + position, 0, texts.get(position, ""), colour_of.get(position))
        axes.text(bottom + position, -0.5, str(position), ha="center", va="center", size=9)

    axes.set(xlim=(-0.6, width - 0.4), ylim=(-0.75, 2.75), xticks=[], yticks=[0, 2])
    axes.set_yticklabels(["storage\ncell", "index\norder"], size=11)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    title = f"shape {tuple(tensor.shape)}   strides {strides}   offset {offset}"
    axes.set_title(title, size=12, family="monospace")
    figure.set_label(_memory_label(tensor, cells, drawn))
    return figure


def _name(ndim: int) -> str:
    if ndim < len(_NAMES):
        return _NAMES[ndim]
    han = _HAN_DIGITS[ndim] if ndim < len(_HAN_DIGITS) else f" {ndim} "
    return f"{han}維張量 · {ndim}-D tensor".strip()


def _require_strided(tensor: object, function: str) -> None:
    if not isinstance(tensor, torch.Tensor):
        raise TypeError(
            both(
                f"{function} 需要 torch.Tensor，收到 {type(tensor).__name__}。"
                "可先用 torch.tensor(...) 做成張量。",
                f"{function} expects a torch.Tensor, got {type(tensor).__name__}. "
                "Make a tensor first with torch.tensor(...).",
            )
        )
    if tensor.layout is not torch.strided or tensor.is_nested:
        kind = "nested" if tensor.is_nested else str(tensor.layout)
        raise TypeError(
            both(
                f"{function} 需要有步幅的稠密張量，收到 {kind}。可先用 .to_dense() 轉換。",
                f"{function} expects a dense tensor, which has strides, got {kind}. "
                "Convert it first with .to_dense().",
            )
        )


def _resolve(tensor: torch.Tensor, shape: tuple[Any, ...]) -> tuple[int, ...]:
    """Check the shape asked for and work out -1."""
    asked = shape[0] if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape
    try:
        if not shape or any(isinstance(size, bool) for size in asked):
            raise TypeError
        sizes = tuple(operator.index(size) for size in asked)
    except TypeError:
        raise TypeError(
            both(
                f"形狀要由整數組成，收到 {shape}。例如 explain_view(tensor, 3, 2)。",
                f"A shape is made of integers, got {shape}. Example: explain_view(tensor, 3, 2).",
            )
        ) from None
    known = math.prod(size for size in sizes if size != -1)
    open_sizes = sizes.count(-1)
    # Strides are products of sizes: even beside a 0 they must fit in 64 bits.
    too_large = math.prod(size for size in sizes if size > 0) > _LARGEST_INT
    if any(size < -1 for size in sizes) or too_large or open_sizes > 1:
        raise ValueError(
            both(
                f"每個大小要是 0 到 2**63 - 1 的整數，連乘起來也是，至多一個 -1；收到 {sizes}。",
                "Sizes are integers from 0 to 2**63 - 1, multiplied together too, at most one of "
                f"them -1; got {sizes}.",
            )
        )
    if open_sizes and known and tensor.numel() % known == 0:
        sizes = tuple(tensor.numel() // known if size == -1 else size for size in sizes)
    elif open_sizes or known != tensor.numel():
        zh, en = ("，-1 推不出來", ", and -1 cannot be worked out") if open_sizes else ("", "")
        raise ValueError(
            both(
                f"形狀 {tuple(tensor.shape)} 有 {tensor.numel()} 個元素，"
                f"放不進形狀 {sizes}{zh}。各維相乘要等於 {tensor.numel()}。",
                f"Shape {tuple(tensor.shape)} has {tensor.numel()} elements, which do not fit "
                f"shape {sizes}{en}. Its sizes must multiply to {tensor.numel()}.",
            )
        )
    return sizes


def _texts(tensor: torch.Tensor, first: int, last: int) -> dict[int, str]:
    """Read the cells from `first` to `last` and write each value short."""
    if tensor.is_meta:
        return {}
    flat = tensor.detach().as_strided((last - first + 1,), (1,), first).cpu()
    flat = flat.dequantize() if flat.is_quantized else flat
    if flat.is_floating_point() or flat.is_complex():
        values = [f"{value:.3g}" for value in flat.tolist()]
    else:
        values = [str(value) for value in flat.tolist()]
    return dict(enumerate(values, start=first))


def _memory_label(tensor: torch.Tensor, cells: list[int], drawn: int) -> str:
    """Caption and text alternative, each in both languages on one line."""
    shape, strides = tuple(tensor.shape), tensor.stride()
    seen = [("上排是依索引順序的元素，下排是儲存格", "Elements in index order above, cells below")]
    if all(after == before + 1 for before, after in pairwise(cells)):
        seen.append(
            ("連線平行，依序讀相鄰的格子", "parallel lines read neighbouring cells in turn")
        )
    if any(after < before for before, after in pairwise(cells)):
        seen.append(("連線交錯，讀的順序與儲存順序不同", "lines cross: cells are not read in turn"))
    if len(set(cells)) < len(cells):
        seen.append(("好幾條線連到同一格", "several lines end in one cell"))
    if unread := drawn - len(set(cells)):
        seen.append((f"沒有線的格子：{unread}", f"cells without a line: {unread}"))
    zh, en = ("；".join(z for z, _ in seen), "; ".join(e for _, e in seen))
    return (
        f"索引順序與儲存空間：形狀 {shape}、步幅 {strides} · "
        f"Index order and storage: shape {shape}, strides {strides}\n{zh}。 · {en}."
    )
