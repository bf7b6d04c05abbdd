"""Training in several processes: who they are, and how they share the work.

Under ``torchrun`` each process holds a copy of the model. `deal` gives every process its share of
each batch and `DistributedDataParallel` averages the gradients, so that together they take the
step that one process would take alone.
"""

from __future__ import annotations

import atexit
import os
import time
from collections.abc import Callable, Iterator, Sequence, Sized
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import Sampler

T = TypeVar("T")


@dataclass(frozen=True)
class Processes:
    """The processes that train together, as this one sees them."""

    device: torch.device
    rank: int = 0
    count: int = 1

    @classmethod
    def join(cls, name: str | torch.device) -> Processes:
        """Meet the others, if ``torchrun`` or the caller started any, and choose a device.

        Each process takes its own GPU: there, ``"cuda"`` means ``cuda:LOCAL_RANK``.
        """
        from primer.device import VARIABLE, select

        if name == "auto":
            name = os.environ.get(VARIABLE) or "auto"
        started = dist.is_available() and dist.is_initialized()
        launched = dist.is_available() and dist.is_torchelastic_launched()
        if not started and not (launched and int(os.environ["WORLD_SIZE"]) > 1):
            return cls(select(name))
        gpus = torch.cuda.device_count()
        if gpus and str(name) in ("auto", "cuda"):
            local = os.environ.get("LOCAL_RANK") or dist.get_rank() % gpus
            device = select(f"cuda:{local}")
        else:
            device = select("cpu" if name == "auto" else name)  # gloo knows no other accelerator
        if device.type == "cuda":
            torch.cuda.set_device(device)
        if not started:
            dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
            atexit.register(_leave)
        return cls(device, dist.get_rank(), dist.get_world_size())

    @property
    def first(self) -> bool:
        """Whether this process is the one that writes files and shows progress."""
        return self.rank == 0

    def wrap(self, model: nn.Module) -> nn.Module:
        """Return the module to train: it averages gradients over the processes."""
        if self.count == 1 or isinstance(model, DistributedDataParallel):
            return model
        if not self.first:  # each draws its own dropout masks, even after the same seed
            torch.manual_seed(int(torch.empty((), dtype=torch.int64).random_()) + self.rank)
        gpus = [self.device] if self.device.type == "cuda" else None
        return DistributedDataParallel(model, device_ids=gpus)

    def from_first(self, make: Callable[[], T]) -> T:
        """Let the first process make a value, and give it to all."""
        if self.count == 1:
            return make()
        box: list[Any] = [make() if self.first else None]
        dist.broadcast_object_list(box, src=0)
        value: T = box[0]
        return value

    def gather(self, value: T) -> list[T]:
        """Collect one value from each process."""
        if self.count == 1:
            return [value]
        box: list[Any] = [None] * self.count
        dist.all_gather_object(box, value)
        return box

    def total(self, numbers: Sequence[float]) -> list[float]:
        """Add up numbers over the processes, each by its place."""
        return [sum(column) for column in zip(*self.gather(list(numbers)), strict=True)]


def _leave() -> None:
    if dist.is_initialized():
        # A thread of gloo may still hold the last tensors, and needs Python's lock to let go of
        # them; destroying the group keeps that lock while it waits for the thread. Without this
        # pause torch 2.4 hung in one exit out of five; without destroying, it crashed at times.
        time.sleep(0.1)
        dist.destroy_process_group()


class Deal(Sampler[Any]):
    """Deal each batch of indices among the processes, like cards: every n-th to each.

    The first process draws the batches, in the order in which it would use them alone, so that
    all see the same ones. A batch too short to go round leaves some processes with a borrowed
    sample, which counts for nothing: all have to take part in every step.

    Parameters
    ----------
    batches : iterable of sequences
        The batches of indices of the whole data set; iterated anew for every epoch.
    processes : Processes
        Who shares them.
    """

    def __init__(self, batches: Any, processes: Processes) -> None:
        self.batches = batches
        self.processes = processes
        self.sizes: list[tuple[int, int]] = []  # of each batch: samples here, samples in all

    def __iter__(self) -> Iterator[Any]:
        rank, count = self.processes.rank, self.processes.count
        batches = self.processes.from_first(lambda: list(self.batches))
        self.sizes = [(len(batch[rank::count]), len(batch)) for batch in batches]
        for batch in batches:
            share = batch[rank::count]
            yield share if len(share) else batch[:1]

    def __len__(self) -> int:
        batches: Sized = self.batches
        return len(batches)
