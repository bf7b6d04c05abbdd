"""The state of a training run: what a checkpoint holds, and how it is put back."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau
from torch.optim.optimizer import Optimizer

from primer import _files
from primer._batches import Batches
from primer._files import CheckpointError
from primer._messages import both
from primer._nested import brief, map_tensors
from primer._processes import Processes

if TYPE_CHECKING:
    from primer.training import History


class Run:
    """What has to be kept for a run to go on: exactly this is in a checkpoint."""

    def __init__(
        self,
        history: History,
        model: nn.Module,
        optimizer: Optimizer | None,
        scheduler: LRScheduler | None,
        processes: Processes,
        data: Iterable[Batches | None] = (),
    ) -> None:
        self.history = history
        self.model, self.optimizer, self.scheduler = model, optimizer, scheduler
        self.processes = processes
        found = [generator for batches in data if batches for generator in batches.generators]
        self.generators = list({id(generator): generator for generator in found}.values())
        self.best: dict[str, Any] | None = None  # the weights of the best epoch
        self.saved = False  # whether a checkpoint of this run exists

    def record(self, row: dict[str, float], keep_best: bool) -> None:
        """Take note of an epoch; let the scheduler do its step."""
        for name, value in row.items():
            self.history.columns.setdefault(name, []).append(value)
        if keep_best and self.history.best_epoch == self.history.epochs:
            self.best = {k: map_tensors(_copy, v) for k, v in self.model.state_dict().items()}
        if isinstance(self.scheduler, ReduceLROnPlateau):
            self.scheduler.step(row.get("validation_loss", row["loss"]))
        elif self.scheduler:
            self.scheduler.step()

    def stalled(self, patience: int | None) -> bool:
        """Whether the validation loss has not improved for ``patience`` epochs."""
        best = self.history.best_epoch
        return patience is not None and best is not None and self.history.epochs - best >= patience

    def save(self, path: Path) -> None:
        """Write a checkpoint; the first process does."""
        random_states = self.processes.gather(_random_state(self.processes.device, self.generators))
        if self.processes.first:
            _files.write(
                {
                    "model": self.model.state_dict(),
                    "optimizer": _named_state(self.optimizer),
                    "scheduler": _named_state(self.scheduler),
                    "history": self.history.columns,
                    "best": self.best,
                    "random": random_states,
                },
                path,
            )
        self.saved = True

    def resume(self, path: Path, need_best: bool) -> None:
        """Go on from a checkpoint; the first process reads it for all."""
        state = self.processes.from_first(lambda: _files.read(path))
        if need_best and state["history"] and not state["best"]:
            raise CheckpointError(
                both(
                    f"{str(path)!r} 是沒有 patience 的訓練留下的，裡面沒有最佳權重；"
                    "請用 patience=None 接續，或換一個檔名重新開始。",
                    f"{str(path)!r} is of a run without patience and holds no best weights; go on "
                    "with patience=None, or start afresh under another name.",
                )
            )
        self.load(state, best=False, random_state=True)
        self.saved = True

    def load(self, state: dict[str, Any], best: bool, random_state: bool) -> None:
        """Take over a state, after making sure that all of it fits."""
        weights = state["best"] if best else state["model"]
        if best and weights is None:
            raise CheckpointError(
                both(
                    "檢查點裡沒有最佳權重；只有 fit(..., patience=...) 會保留它，請用 best=False。",
                    "the checkpoint holds no best weights; only fit(..., patience=...) keeps them. "
                    "Use best=False.",
                )
            )
        try:
            columns = {name: [*map(float, v)] for name, v in state["history"].items()}
            _check_fits(self.model.state_dict(), weights)
            for part, own in (("optimizer", self.optimizer), ("scheduler", self.scheduler)):
                _check_same_class(part, own, state[part])
            if random_state and self.processes.rank < len(state["random"]):
                own_state = state["random"][self.processes.rank]
                _set_random_state(own_state, self.processes.device, self.generators)
            if self.optimizer:
                self.optimizer.load_state_dict(state["optimizer"]["state"])
            if self.scheduler:
                self.scheduler.load_state_dict(state["scheduler"]["state"])
            self.model.load_state_dict(weights)  # last: it stays as it was if anything fails
        except CheckpointError:
            raise
        except Exception as error:  # the contents may be anything
            raise CheckpointError(
                both(
                    f"檢查點的內容與這次的模型、最佳化器不合：{error}。請用建立它的同一份設定。",
                    f"the checkpoint does not fit this model and optimizer: {error}. Use the "
                    "settings that it was made with.",
                )
            ) from error
        self.history.columns, self.best = columns, state["best"]


def _copy(tensor: Tensor) -> Tensor:
    return tensor.detach().clone()


def _named_state(part: Any) -> dict[str, Any] | None:
    return None if part is None else {"class": type(part).__name__, "state": part.state_dict()}


def _random_state(device: torch.device, generators: list[torch.Generator]) -> dict[str, Any]:
    state: dict[str, Any] = {"python": random.getstate(), "torch": torch.get_rng_state()}
    if device.type != "cpu":
        state[device.type] = getattr(torch, device.type).get_rng_state()
    if "numpy" in sys.modules:
        name, keys, *rest = sys.modules["numpy"].random.get_state()
        state["numpy"] = [name, keys.tolist(), *rest]
    state["generators"] = [generator.get_state() for generator in generators]
    return state


def _set_random_state(
    state: dict[str, Any], device: torch.device, generators: list[torch.Generator]
) -> None:
    random.setstate(state["python"])
    torch.set_rng_state(state["torch"])
    if device.type in state:
        getattr(torch, device.type).set_rng_state(state[device.type])
    if "numpy" in state and "numpy" in sys.modules:
        sys.modules["numpy"].random.set_state(tuple(state["numpy"]))
    for generator, own in zip(generators, state["generators"], strict=False):
        generator.set_state(own)


def _check_fits(own: Mapping[str, Any], saved: Mapping[str, Any]) -> None:
    """Compare two state dicts before anything is changed."""
    faults = [f"− {name}" for name in own if name not in saved]
    faults += [f"+ {name}" for name in saved if name not in own]
    faults += [
        f"{name}: {brief(saved[name])} → {brief(own[name])}"
        for name in own
        if name in saved
        and getattr(own[name], "shape", None) != getattr(saved[name], "shape", None)
    ]
    if faults:
        listed = "; ".join(faults[:5]) + (" …" if len(faults) > 5 else "")
        raise CheckpointError(
            both(
                f"檢查點屬於另一個模型（−：檔案沒有；+：模型沒有；→：形狀不同）：{listed}。"
                "請用建立它的同一個模型。",
                "the checkpoint is of another model (−: not in the file; +: not in the model; "
                f"→: other shape): {listed}. Use the model that it was made with.",
            )
        )


def _check_same_class(part: str, own: object, saved: Mapping[str, Any] | None) -> None:
    name = saved["class"] if saved else None
    if own is not None and name != type(own).__name__:
        raise CheckpointError(
            both(
                f"檢查點裡的 {part} 是 {name}，這次給的是 {type(own).__name__}；請用同一種。",
                f"the {part} in the checkpoint is {name}, and yours is {type(own).__name__}; "
                "use the same kind.",
            )
        )
