"""Run code that may never end, and come back in time.

The code runs in a thread of its own; when its time is over, CPython raises an exception inside
that thread. This works in scripts and notebooks on Linux, macOS and Windows, which signals and
child processes do not.

Its limits: the exception arrives between two Python instructions, so one endless call into C
(``time.sleep``, a huge matrix product) cannot be ended; the caller still comes back in time, and
the call is left behind. Neither memory nor files are guarded: an answer is trusted code.
"""

from __future__ import annotations

import contextvars
import ctypes
import sys
import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class _Stop(SystemExit):
    """Ends the thread; ``except Exception`` lets it pass, and threads die of it silently."""


def run(call: Callable[[], T], seconds: float) -> T:
    """Call a function and give what it returns, unless it takes too long.

    Parameters
    ----------
    call : callable
        Called without arguments, in another thread.
    seconds : float
        The longest time to wait.

    Returns
    -------
    object
        What ``call`` returned.

    Raises
    ------
    TimeoutError
        The time is over.
    BaseException
        Whatever ``call`` raised.

    Examples
    --------
    >>> run(lambda: 6 * 7, seconds=10)
    42
    """
    values: list[T] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            values.append(call())
        except BaseException as error:
            errors.append(error)

    context = contextvars.copy_context()
    thread = threading.Thread(target=context.run, args=(work,), daemon=True)
    thread.start()
    try:
        end = time.monotonic() + seconds
        while thread.is_alive() and time.monotonic() < end:
            thread.join(0.05)  # short, so that Ctrl-C is heard on every system
        late = thread.is_alive()
    finally:
        _stop(thread)
    if late:
        raise TimeoutError(f"{seconds:g} s")
    if errors:
        raise errors[0]
    return values[0]


def _stop(thread: threading.Thread) -> None:
    report = sys.unraisablehook

    def report_others(unraisable: sys.UnraisableHookArgs) -> None:
        if not issubclass(unraisable.exc_type, _Stop):
            report(unraisable)

    # Where it meets a finalizer, Python prints the exception and goes on: we ask again, silently.
    sys.unraisablehook = report_others
    try:
        for _ in range(20):  # an answer that catches everything is asked again, then left behind
            if not thread.is_alive():
                return
            ident = ctypes.c_ulong(thread.ident or 0)
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ident, ctypes.py_object(_Stop))
            thread.join(0.05)
    finally:
        sys.unraisablehook = report
