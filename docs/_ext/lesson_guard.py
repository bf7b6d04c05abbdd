"""Run every lesson as if it were the only one, and stop one that hangs or eats memory.

Usage, in ``conf.py``::

    extensions = ["lesson_guard", "sphinx_gallery.gen_gallery"]
    sphinx_gallery_conf = {
        "reset_modules": ("matplotlib", "lesson_guard.guard"),
        "reset_modules_order": "both",
    }
    lesson_seconds = 300  # what a lesson may take
    lesson_memory = 4096  # MiB that it may hold, together with the processes that it starts

sphinx-gallery runs all lessons in one process. Before each of them, and after it, `guard` puts back
what a lesson can change for all that come later: seeds, default types, switches, warnings, the
environment. Nothing in Python can stop a lesson that waits for ever, so one past a limit ends the
build, with its file and line; the lessons that had come to their end need not run again.
"""

from __future__ import annotations

import contextlib
import decimal
import os
import random
import sys
import threading
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

if TYPE_CHECKING:
    from collections.abc import Callable

    from sphinx.application import Sphinx
    from sphinx.config import Config

SECONDS, MEMORY = 300, 4096
INTERVAL = 0.1  # seconds between two looks
START = Path.cwd()  # a lesson runs in its own folder

limits = {"seconds": SECONDS, "memory": MEMORY}
restore: list[Callable[[], None]] = []  # puts back what stood before the first lesson
running: list[threading.Event] = []  # the watch of the lesson that runs; set means it has ended


def guard(gallery_conf: dict[str, Any], fname: str | None, when: str) -> None:
    """Reset the state, and watch the lesson `fname` from "before" until "after"."""
    while running:
        running.pop().set()
    if not restore:
        restore.extend(remember())
    for put_back in restore:
        put_back()
    if fname and when == "before":
        ended = threading.Event()
        running.append(ended)
        lesson = Path(fname).name
        main = threading.get_ident()
        # Measured here: a lesson may have eaten before a thread gets its first turn.
        arguments = (lesson, main, ended, held())
        threading.Thread(target=watch, args=arguments, daemon=True).start()


# -- State -------------------------------------------------------------------------------------


def remember() -> list[Callable[[], None]]:
    """Look at all that a lesson might change; give the functions that put it back."""
    import numpy as np
    import torch

    environ = dict(os.environ)
    filters = warnings.filters[:]
    context = decimal.getcontext().copy()
    printed, errors = np.get_printoptions(), np.geterr()
    torch_state = [
        (torch.set_default_dtype, torch.get_default_dtype()),
        (torch.set_grad_enabled, torch.is_grad_enabled()),
        (torch.set_num_threads, torch.get_num_threads()),
        (torch.set_anomaly_enabled, torch.is_anomaly_enabled()),
        (torch.set_float32_matmul_precision, torch.get_float32_matmul_precision()),
        (torch.use_deterministic_algorithms, torch.are_deterministic_algorithms_enabled()),
    ]
    benchmark = torch.backends.cudnn.benchmark

    def put_back_python() -> None:
        os.environ.clear()
        os.environ.update(environ)
        warnings.filters[:] = filters
        warnings._filters_mutated()  # as catch_warnings does: what was decided is forgotten
        decimal.setcontext(context.copy())
        random.seed(0)

    def put_back_numpy() -> None:
        np.random.seed(0)  # noqa: NPY002 - the generator that a lesson may have touched
        np.set_printoptions(**printed)
        np.seterr(**errors)

    def put_back_torch() -> None:
        for setter, value in torch_state:
            setter(value)
        torch.set_default_device(None)
        torch.set_printoptions(profile="default")
        torch.backends.cudnn.benchmark = benchmark
        torch.manual_seed(0)
        if "torch._dynamo" in sys.modules:
            torch.compiler.reset()

    return [put_back_python, put_back_numpy, put_back_torch]


# -- Limits ------------------------------------------------------------------------------------


def watch(lesson: str, thread: int, ended: threading.Event, before: float) -> None:
    """Stop the build if the lesson does not end in time, or takes too much memory."""
    started = time.monotonic()
    while not ended.wait(INTERVAL):
        if time.monotonic() - started > limits["seconds"]:
            limit = f"{limits['seconds']:g}"
            stop(
                place(lesson, thread),
                f"這一課跑超過 {limit} 秒的上限，建置已停止 · "
                f"this lesson ran past the limit of {limit} s, and the build was stopped",
            )
        if held() - before > limits["memory"]:
            limit = f"{limits['memory']:g}"
            stop(
                place(lesson, thread),
                f"這一課用的記憶體超過 {limit} MiB 的上限，建置已停止 · this lesson took more "
                f"memory than the limit of {limit} MiB, and the build was stopped",
            )


def held() -> float:
    """Give the MiB of memory that this process and those below it hold."""
    total = 0
    this = psutil.Process()
    for process in (this, *this.children(recursive=True)):
        with contextlib.suppress(psutil.Error):
            total += process.memory_info().rss
    return total / 2**20


def place(lesson: str, thread: int) -> str:
    """Name the line of the lesson that the thread has reached."""
    frame = sys._current_frames().get(thread)
    while frame and Path(frame.f_code.co_filename).name != lesson:
        frame = frame.f_back
    if frame is None:  # between two cells
        return lesson
    return f"{os.path.relpath(frame.f_code.co_filename, START)}:{frame.f_lineno}"


def stop(where: str, said: str) -> None:
    """End this process and those below it: what hangs in C hears no exception."""
    stream = sys.__stderr__ or sys.stderr  # a lesson's output is caught
    print(f"\n{where}: ERROR: {said}", file=stream, flush=True)
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            process.kill()
    os._exit(2)


def take_limits(app: Sphinx, config: Config) -> None:
    """Keep the settings where the watch finds them."""
    limits.update(seconds=config.lesson_seconds, memory=config.lesson_memory)


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the settings; sphinx-gallery calls `guard` by its name."""
    app.add_config_value("lesson_seconds", SECONDS, "", int)
    app.add_config_value("lesson_memory", MEMORY, "", int)
    app.connect("config-inited", take_limits)
    return {"version": "1.0", "parallel_read_safe": True, "parallel_write_safe": True}
