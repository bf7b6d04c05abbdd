"""Train a little: run by test_distributed.py, alone and under torchrun, unchanged."""

import argparse
import os
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import (
    DataLoader,
    Dataset,
    DistributedSampler,
    IterableDataset,
    TensorDataset,
)

from primer import _files
from primer.mlp import MLP
from primer.training import accuracy, evaluate, fit

torch.set_num_threads(1)


class Stream(IterableDataset):
    def __iter__(self):
        yield from zip(X, Y, strict=True)


class Noted(Dataset):
    """Rows of the data that note in which order they were asked for."""

    def __init__(self):
        self.order = []

    def __len__(self):
        return len(X)

    def __getitem__(self, index):
        self.order.append(index)
        return X[index], Y[index]


class Counted(nn.Module):
    """Count the training steps and the samples that come past."""

    def __init__(self, inner):
        super().__init__()
        self.inner, self.steps, self.samples = inner, 0, 0

    def forward(self, inputs):
        if self.training:
            self.steps += 1
            self.samples += len(inputs)
        return self.inner(inputs)


parser = argparse.ArgumentParser()
parser.add_argument("folder", type=Path)
parser.add_argument("data")
parser.add_argument("batch", type=int)
parser.add_argument("--epochs", type=int, default=3)
parser.add_argument("--resume", action="store_true")
parser.add_argument("--evaluate-first-only", action="store_true")
options = parser.parse_args()

generator = torch.Generator().manual_seed(7)
X = torch.randn(101 if options.data != "sampler" else 96, 10, generator=generator)
Y = X[:, :3].argmax(dim=1)
rank = int(os.environ.get("RANK", "0"))

torch.manual_seed(0)
layers = [MLP(10, 3, hidden=(6, 4))]
if options.data == "dropout":
    layers.insert(0, nn.Dropout(0.3))
model = Counted(nn.Sequential(*layers))
noted = Noted()
batch_size = None
if options.data in ("tensors", "dropout"):
    train, batch_size = (X, Y), options.batch
elif options.data == "sampler":
    count = int(os.environ.get("WORLD_SIZE", "1"))
    sampler = DistributedSampler(noted, num_replicas=count, rank=rank, seed=3)
    train = DataLoader(noted, batch_size=options.batch, sampler=sampler)
elif options.data == "stream":
    train = DataLoader(Stream(), batch_size=options.batch)
else:
    own = torch.Generator().manual_seed(5)
    workers = 2 if options.data == "workers" else 0
    train = DataLoader(
        TensorDataset(X, Y),
        batch_size=options.batch,
        shuffle=True,
        generator=own,
        num_workers=workers,
    )

wrote = []
write = _files.write
_files.write = lambda state, path: (wrote.append(path), write(state, path))
held_out = (X[:33], Y[:33]) if batch_size else DataLoader(TensorDataset(X[:33], Y[:33]), 8)
history = fit(
    model,
    train,
    loss=nn.CrossEntropyLoss(),
    optimizer=torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9),
    epochs=options.epochs,
    validation=held_out,
    metrics={"accuracy": accuracy},
    checkpoint=options.folder / "run.pt",
    resume=options.resume,
    batch_size=batch_size,
)
evaluated = None
if rank == 0 or not options.evaluate_first_only:
    evaluated = evaluate(model, (X[:33], Y[:33]), loss=nn.CrossEntropyLoss())["loss"]
torch.save(
    {
        "model": model.state_dict(),
        "history": history.columns,
        "steps": model.steps,
        "samples": model.samples,
        "wrote": bool(wrote),
        "mask": torch.rand(8).tolist(),
        "evaluated": evaluated,
        "orders": [noted.order[i : i + 48] for i in range(0, len(noted.order), 48)],
    },
    options.folder / f"rank{rank}.pt",
)
