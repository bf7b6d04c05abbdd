"""Plain-text tables whose columns line up although a Han character takes two columns."""

from __future__ import annotations

from collections.abc import Sequence
from unicodedata import east_asian_width


def width(text: str) -> int:
    """Count the terminal columns that a text takes.

    Examples
    --------
    >>> width("形狀 shape")
    10
    """
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def table(rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    """Align rows of cells.

    Parameters
    ----------
    rows : sequence of sequence of str
        The cells; every row has the same length.
    right : sequence of int, optional
        The columns whose cells stand at the right edge: numbers.

    Returns
    -------
    str
        One line a row, no trailing blanks.

    Examples
    --------
    >>> print(table([["層", "數"], ["layer", "10"]], right=[1]))
    層     數
    layer  10
    """
    widths = [max(width(cell) for cell in column) for column in zip(*rows, strict=True)]

    def place(cell: str, column: int) -> str:
        blank = " " * (widths[column] - width(cell))
        return blank + cell if column in right else cell + blank

    lines = ("  ".join(place(cell, i) for i, cell in enumerate(row)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)
