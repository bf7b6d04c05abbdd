"""How every message of the package is put together: a Chinese line, then the English one."""

from __future__ import annotations


def both(zh: str, en: str) -> str:
    """Join the Chinese and the English line of one message.

    Parameters
    ----------
    zh, en : str
        The same statement in both languages: what came, what was expected, what to do.

    Returns
    -------
    str
        The two lines, Chinese first.

    Examples
    --------
    >>> print(both("收到 0 個元素。", "Got 0 elements."))
    收到 0 個元素。
    Got 0 elements.
    """
    return f"{zh}\n{en}"
