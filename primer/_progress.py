"""How far a training run is, shown where someone watches."""

from __future__ import annotations

import importlib
import sys
import warnings
from typing import Any

from primer._batches import Batches


class Progress:
    """A bar in a terminal or a notebook; lines where tqdm is missing; nothing elsewhere."""

    def __init__(self, wanted: bool, epochs: int, batches: Batches) -> None:
        self.shown = wanted and _someone_watches()
        self.epochs, self.batches = epochs, batches
        self.epoch = 0
        self.bar: Any = None

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *error: object) -> None:
        if self.bar is not None:
            self.bar.close()

    def start(self, epoch: int) -> None:
        self.epoch = epoch
        if self.shown and self.bar is None:
            self.bar = _make_bar(len(self.batches), epoch - 1, self.epochs)
        if self.bar is not None:
            self.bar.set_description(f"訓練週期 · epoch {epoch}/{self.epochs}")

    def step(self) -> None:
        if self.bar is not None:
            self.bar.update()

    def finish(self, row: dict[str, float]) -> None:
        shown = {name: f"{value:.4g}" for name, value in row.items() if name != "learning_rate"}
        if self.bar is not None:
            self.bar.set_postfix(shown)
        elif self.shown:
            text = "  ".join(f"{name} {value}" for name, value in shown.items())
            print(f"訓練週期 · epoch {self.epoch}/{self.epochs}  {text}", file=sys.stderr)


def _someone_watches() -> bool:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is not None and "IPKernelApp" in shell.config:
        return True  # a notebook
    return sys.stderr is not None and sys.stderr.isatty()


def _make_bar(steps: int, done: int, epochs: int) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a notebook without widgets: the bar is text then
            tqdm = importlib.import_module("tqdm.auto")
    except ImportError:
        return None
    return tqdm.tqdm(total=steps * epochs or None, initial=steps * done, unit="batch", leave=True)
