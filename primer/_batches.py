"""Batches for `primer.training`: from tensors or a data loader, shared among processes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, DistributedSampler, IterableDataset

from primer._checks import Data, wrong_type
from primer._messages import both
from primer._nested import brief, map_tensors, tensors_in
from primer._processes import Deal, Processes

BATCH_SIZE = 32  # of data given as tensors


class Cuts:
    """Cut row numbers into batches, in a new random order each time if asked."""

    def __init__(self, rows: int, batch_size: int, shuffle: bool) -> None:
        self.rows, self.batch_size, self.shuffle = rows, batch_size, shuffle

    def __iter__(self) -> Iterator[Tensor]:
        order = torch.randperm(self.rows) if self.shuffle else torch.arange(self.rows)
        return iter(order.split(self.batch_size))

    def __len__(self) -> int:
        return math.ceil(self.rows / self.batch_size)


class Batches:
    """The batches of this process, on its device.

    Attributes
    ----------
    count : int
        How many samples of the batch handed out last count here; a borrowed one does not.
    """

    def __init__(
        self, data: Data, batch_size: int | None, processes: Processes, shuffle: bool = False
    ) -> None:
        self.data = data
        self.processes = processes
        self.count = 0
        self.number = -1  # of the batch handed out last
        self.deal: Deal | None = None
        self.source: Any = data
        several = processes.count > 1
        if isinstance(data, tuple):
            self.source = Cuts(len(data[0]), batch_size or BATCH_SIZE, shuffle)
            if several:
                self.source = self.deal = Deal(self.source, processes)
        elif several and not isinstance(data.sampler, DistributedSampler):
            self.deal = Deal(data.batch_sampler, processes)
            self.source = _deal_loader(data, self.deal)

    def __len__(self) -> int:
        try:
            return len(self.source)
        except TypeError:  # a stream does not know its end
            return 0

    @property
    def generators(self) -> list[torch.Generator]:
        """The random number generators that decide the order of the samples."""
        if isinstance(self.data, tuple):
            return []  # the global one does
        batches = self.data.batch_sampler
        owners = (self.data, self.data.sampler, batches, getattr(batches, "sampler", None))
        found = [getattr(owner, "generator", None) for owner in owners]
        return [generator for generator in found if isinstance(generator, torch.Generator)]

    def start(self, epoch: int) -> None:
        """Tell the samplers that want to know which epoch, from 1, begins."""
        if isinstance(self.data, DataLoader):
            for sampler in (self.data.sampler, self.data.batch_sampler):
                set_epoch = getattr(sampler, "set_epoch", None)
                if callable(set_epoch):
                    set_epoch(epoch - 1)

    def raw(self) -> Iterator[Any]:
        """Yield the batches as they come."""
        if isinstance(self.data, tuple):
            inputs, targets = self.data
            return ((inputs[rows], targets[rows]) for rows in self.source)
        return iter(self.source)

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        for number, batch in enumerate(self.raw()):
            self.number = number
            if not isinstance(batch, (tuple, list)) or len(batch) != 2:
                raise wrong_type(
                    batch,
                    ("一個批次", "a batch"),
                    "一對 (inputs, targets)；請檢查 Dataset 的 __getitem__",
                    "a pair (inputs, targets); look at the __getitem__ of the dataset",
                )
            inputs, targets = batch
            if self.deal:
                self.count = self.deal.sizes[self.number][0]
            else:
                self.count = _samples(targets)
            yield self.move(inputs), self.move(targets)

    def move(self, value: Any) -> Any:
        """Bring the tensors of a batch to the device."""
        try:
            return map_tensors(self._to_device, value)
        except torch.cuda.OutOfMemoryError:
            raise
        except (RuntimeError, TypeError) as error:
            got, place = brief(value), self.processes.device
            raise ValueError(
                both(
                    f"無法把 {got} 搬到 {place}；請檢查資料所在的裝置。原本的訊息：{error}",
                    f"could not bring {got} to {place}; look where the data are. It said: {error}",
                )
            ) from error

    def _to_device(self, tensor: Tensor) -> Tensor:
        return tensor.to(self.processes.device, non_blocking=True)

    def weigh(self, loss: Tensor) -> Tensor:
        """Scale the loss so that the average over processes is the average over samples.

        The averages differ only where a batch could not be dealt evenly.
        """
        if self.deal:
            here, everywhere = self.deal.sizes[self.number]
            if here * self.processes.count != everywhere:
                return loss * (here * self.processes.count / everywhere)
        return loss


def _samples(targets: Any) -> int:
    first = targets if isinstance(targets, Tensor) else next(tensors_in(targets), None)
    return first.shape[0] if first is not None and first.ndim else 1


def _deal_loader(loader: DataLoader[Any], deal: Deal) -> DataLoader[Any]:
    """Make a loader like the given one for the batches that are dealt to this process."""
    if loader.batch_sampler is None or isinstance(loader.dataset, IterableDataset):
        raise ValueError(
            both(
                "多個行程共用資料時，DataLoader 需要能取編號的 Dataset 與 batch_size；"
                "請改用這樣的 Dataset，或自行設定 DistributedSampler。",
                "to share data among processes, the DataLoader needs a dataset that takes indices, "
                "and a batch_size; use such a dataset, or a DistributedSampler of your own.",
            )
        )
    return DataLoader(
        loader.dataset,
        batch_sampler=deal,
        num_workers=loader.num_workers,
        collate_fn=loader.collate_fn,
        pin_memory=loader.pin_memory,
        timeout=loader.timeout,
        worker_init_fn=loader.worker_init_fn,
        multiprocessing_context=loader.multiprocessing_context,
        generator=loader.generator,
        prefetch_factor=loader.prefetch_factor,
        persistent_workers=loader.persistent_workers,
    )
