"""Time ``fit`` against the plain loop, Lightning and skorch: same model, data, steps and CPU.

    python tests/bench/bench_fit.py [--rounds 15] [--epochs 4]

The four take turns, in a new order each round. What counts is the processor time of this one
thread. Shown are the best round and the median, and the ratio to the plain loop: of the best rounds
(which other work on the machine disturbs least), and round by round with its quartiles. Lightning
and skorch are left out, and said to be, where they are not installed. All have to end with the same
weights.
"""

from __future__ import annotations

import argparse
import logging
import random
import statistics
import time
import warnings
from collections.abc import Callable, Iterator
from importlib.util import find_spec

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from primer.mlp import MLP
from primer.training import fit

FEATURES, CLASSES, SAMPLES, BATCH = 50, 3, 6400, 64
Runner = Callable[[nn.Module, int], None]


def data() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(SAMPLES, FEATURES, generator=generator)
    return inputs, inputs[:, :CLASSES].argmax(dim=1)


def loader() -> DataLoader[tuple[Tensor, ...]]:
    return DataLoader(TensorDataset(*data()), batch_size=BATCH)


def optimizer_of(model: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.Adam(model.parameters(), lr=1e-3)


def plain(model: nn.Module, epochs: int) -> None:
    """Train with the loop that a careful tutorial would write."""
    batches, loss, optimizer = loader(), nn.CrossEntropyLoss(), optimizer_of(model)
    model.train()
    for _ in range(epochs):
        total = 0.0
        for inputs, targets in batches:
            optimizer.zero_grad()
            value = loss(model(inputs), targets)
            value.backward()
            optimizer.step()
            total += value.item() * len(inputs)


def primer_fit(model: nn.Module, epochs: int) -> None:
    loss, optimizer = nn.CrossEntropyLoss(), optimizer_of(model)
    fit(
        model, loader(), loss=loss, optimizer=optimizer, epochs=epochs, device="cpu", progress=False
    )


def plain_tensors(model: nn.Module, epochs: int) -> None:
    """Do the same without a data loader: rows drawn by hand."""
    (inputs, targets), loss, optimizer = data(), nn.CrossEntropyLoss(), optimizer_of(model)
    model.train()
    torch.manual_seed(0)
    for _ in range(epochs):
        total = 0.0
        for rows in torch.randperm(len(inputs)).split(BATCH):
            optimizer.zero_grad()
            value = loss(model(inputs[rows]), targets[rows])
            value.backward()
            optimizer.step()
            total += value.item() * len(rows)


def primer_tensors(model: nn.Module, epochs: int) -> None:
    loss, optimizer = nn.CrossEntropyLoss(), optimizer_of(model)
    torch.manual_seed(0)
    pair = data()
    fit(
        model,
        pair,
        loss=loss,
        optimizer=optimizer,
        epochs=epochs,
        batch_size=BATCH,
        device="cpu",
        progress=False,
    )


def lightning(model: nn.Module, epochs: int) -> None:
    import lightning as pl

    for name in ("lightning.pytorch", "lightning.fabric"):  # importing it turns its talk on
        logging.getLogger(name).setLevel(logging.ERROR)

    class Module(pl.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.model, self.loss = model, nn.CrossEntropyLoss()

        def training_step(self, batch: list[Tensor], index: int) -> Tensor:
            value: Tensor = self.loss(self.model(batch[0]), batch[1])
            self.log("loss", value, on_step=False, on_epoch=True, batch_size=len(batch[0]))
            return value

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return optimizer_of(self.model)

    trainer = pl.Trainer(
        max_epochs=epochs,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(Module(), loader())


def skorch(model: nn.Module, epochs: int) -> None:
    from skorch import NeuralNet

    net = NeuralNet(
        model,
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.Adam,
        lr=1e-3,
        max_epochs=epochs,
        batch_size=BATCH,
        train_split=None,
        verbose=0,
        device="cpu",
    )
    inputs, targets = data()
    net.fit(inputs, targets)


def compare(runners: dict[str, Runner], rounds: int, epochs: int) -> Iterator[str]:
    """Run all in turns; yield the lines of the table. The first runner is the measure."""
    times: dict[str, list[float]] = {name: [] for name in runners}
    finals: dict[str, Tensor] = {}
    for turn in range(-1, rounds):  # the first round only warms up
        for name in random.sample(list(runners), len(runners)):
            torch.manual_seed(0)
            model = MLP(FEATURES, CLASSES)
            start = time.process_time()
            runners[name](model, epochs)
            if turn >= 0:
                times[name].append(time.process_time() - start)
            finals[name] = torch.cat([p.detach().flatten() for p in model.parameters()])
    first = next(iter(runners))
    for name, final in finals.items():
        torch.testing.assert_close(final, finals[first], msg=f"{name} trained something else")
    yield f"{'':<14}{'best s':>10}{'median s':>10}{'best ×':>10}{'median ×':>10}{'quartiles':>16}"
    for name, own in times.items():
        ratios = [a / b for a, b in zip(own, times[first], strict=True)]
        low, middle, high = statistics.quantiles(ratios, n=4)
        yield (
            f"{name:<14}{min(own):>10.3f}{statistics.median(own):>10.3f}"
            f"{min(own) / min(times[first]):>10.3f}{middle:>10.3f}{f'{low:.3f}–{high:.3f}':>16}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--epochs", type=int, default=4)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)

    runners: dict[str, Runner] = {"plain loop": plain, "primer.fit": primer_fit}
    for name, runner in (("lightning", lightning), ("skorch", skorch)):
        if find_spec(name):
            runners[name] = runner
        else:
            print(f"{name}: not installed, left out")
    print(f"MLP 50-30-20-3, Adam, batches of {BATCH}, {SAMPLES // BATCH} steps an epoch")
    print(f"\nA DataLoader, {options.rounds} rounds of {options.epochs} epochs")
    print("\n".join(compare(runners, options.rounds, options.epochs)))
    # A difference of a few percent shows only over many rounds, side by side.
    closer = 5 * options.rounds
    print(f"\nThe same, closer: {closer} rounds of {options.epochs} epochs")
    two: dict[str, Runner] = {"plain loop": plain, "primer.fit": primer_fit}
    print("\n".join(compare(two, closer, options.epochs)))
    print(f"\nA pair of tensors, {closer} rounds of {options.epochs} epochs")
    two = {"plain loop": plain_tensors, "primer.fit": primer_tensors}
    print("\n".join(compare(two, closer, options.epochs)))


if __name__ == "__main__":
    main()
