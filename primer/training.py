"""Train a model, and say truthfully how it went.

The heart is `_train_epoch`: the five lines of every PyTorch training loop. `fit` puts around it
what a real run needs: counting by sample, validation, early stopping, checkpoints from which an
interrupted run goes on to the same numbers, and several processes under ``torchrun``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LRScheduler
from torch.optim.optimizer import Optimizer
from torch.utils.data import DataLoader

from primer import _files
from primer._batches import Batches
from primer._checks import (
    Data,
    Loss,
    Metric,
    check_arguments,
    check_callable,
    check_data,
    check_flags,
    check_metrics,
    check_module,
    check_states,
    no_batches,
    wrong_type,
)
from primer._files import CheckpointError
from primer._messages import both
from primer._meter import Meter
from primer._nested import brief, tensors_in
from primer._processes import Processes
from primer._progress import Progress
from primer._run import Run
from primer._table import table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "CheckpointError",
    "History",
    "NonFiniteLossError",
    "accuracy",
    "evaluate",
    "fit",
    "load_checkpoint",
    "predict",
    "save_checkpoint",
]


class NonFiniteLossError(ArithmeticError):
    """The loss, or a parameter, became NaN or infinite.

    Attributes
    ----------
    epoch, batch : int
        Where it was first seen, counted from 1.
    checkpoint : pathlib.Path or None
        The last checkpoint in which all numbers are finite.
    """

    def __init__(self, what: tuple[str, str], epoch: int, batch: int, checkpoint: Path | None):
        self.epoch, self.batch, self.checkpoint = epoch, batch, checkpoint
        kept = f"{str(checkpoint)!r}" if checkpoint else ""
        super().__init__(
            both(
                f"第 {epoch} 個訓練週期第 {batch} 個批次：{what[0]}。"
                "請先降低學習率，並檢查資料裡有沒有 NaN 或無限大；"
                + (f"最後一份完好的檢查點：{kept}。" if kept else "沒有可用的檢查點。"),
                f"epoch {epoch}, batch {batch}: {what[1]}. Lower the learning rate first, and look "
                "for NaN or infinity in the data; "
                + (f"the last good checkpoint is {kept}." if kept else "there is no checkpoint."),
            )
        )


@dataclass
class History:
    """What each epoch measured.

    Attributes
    ----------
    columns : dict of str to list of float
        ``"loss"``, ``"learning_rate"``, each metric by its name, and with ``"validation_"`` in
        front what was measured on the validation data. One number an epoch.

    Examples
    --------
    >>> history = History({"loss": [1.5, 0.5], "validation_loss": [1.4, 0.9]})
    >>> history["loss"], history.epochs, history.best_epoch
    ([1.5, 0.5], 2, 2)
    >>> print(history)
    epoch    loss  validation_loss
        1   1.500            1.400
        2  0.5000           0.9000
    """

    columns: dict[str, list[float]] = field(default_factory=dict)

    @property
    def epochs(self) -> int:
        """How many epochs were trained."""
        return len(self.columns.get("loss", ()))

    @property
    def best_epoch(self) -> int | None:
        """The epoch, from 1, with the lowest validation loss; None without validation."""
        losses = self.columns.get("validation_loss")
        return losses.index(min(losses)) + 1 if losses else None

    def __getitem__(self, name: str) -> list[float]:
        try:
            return self.columns[name]
        except (KeyError, TypeError):
            names = ", ".join(self.columns) or "–"
            raise KeyError(
                both(
                    f"紀錄裡沒有 {name!r}；有的是：{names}。",
                    f"nothing is recorded as {name!r}; there is: {names}.",
                )
            ) from None

    def __str__(self) -> str:
        rows = [["epoch", *self.columns]]
        rows += [
            [str(number), *(f"{value:#.4g}" for value in values)]
            for number, values in enumerate(zip(*self.columns.values(), strict=True), start=1)
        ]
        return table(rows, right=range(len(rows[0])))

    def plot(self) -> Figure:
        """Draw the learning curves.

        Returns
        -------
        matplotlib.figure.Figure
            Loss, and beside it the metrics if there are any, against the epoch. The label of the
            figure holds its caption and its alternative text, in both languages.

        Raises
        ------
        ValueError
            If nothing was trained yet.
        ImportError
            If matplotlib is not installed.

        Examples
        --------
        >>> figure = History({"loss": [1.5, 0.5]}).plot()
        >>> [axes.get_ylabel() for axes in figure.axes]
        ['loss']
        """
        if not self.epochs:
            raise ValueError(
                both(
                    "紀錄是空的，沒有東西可畫；請先用 epochs=1 以上訓練。",
                    "the history is empty, so there is nothing to draw; train for one epoch first.",
                )
            )
        try:
            from matplotlib import pyplot as plt
            from matplotlib.ticker import MaxNLocator
        except ImportError as error:
            raise ImportError(
                both(
                    "畫圖需要 matplotlib；請執行 pip install matplotlib。",
                    "drawing needs matplotlib; run pip install matplotlib.",
                )
            ) from error
        names = [n for n in self.columns if not n.startswith("validation_")]
        names = [n for n in names if n != "learning_rate"]
        panels = [["loss"], [n for n in names if n != "loss"]]
        panels = [panel for panel in panels if panel]
        figure, grid = plt.subplots(
            ncols=len(panels), figsize=(5 * len(panels), 3.4), layout="constrained", squeeze=False
        )
        epochs = range(1, self.epochs + 1)
        for axes, panel in zip(grid[0], panels, strict=True):
            for name in panel:
                of = f"{name}, " if len(panel) > 1 else ""
                mark = "o" if self.epochs == 1 else ""
                (line,) = axes.plot(epochs, self.columns[name], marker=mark, label=f"{of}training")
                if f"validation_{name}" in self.columns:
                    style = {"color": line.get_color(), "linestyle": "--", "marker": mark}
                    values = self.columns[f"validation_{name}"]
                    axes.plot(epochs, values, label=f"{of}validation", **style)
            axes.set(xlabel="epoch", ylabel=panel[0] if len(panel) == 1 else "metric")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.spines[["top", "right"]].set_visible(False)
            axes.legend(frameon=False)
        figure.set_label("\n".join(self._captions()))
        return figure

    def _captions(self) -> tuple[str, str]:
        shown = [n for n in self.columns if n != "learning_rate"]
        zh = "；".join(_change(n, self.columns[n], "從", "到") for n in shown)
        en = "; ".join(_change(n, self.columns[n], "from", "to") for n in shown)
        return (
            "學習曲線：實線是訓練資料，虛線是驗證資料 · "
            "Learning curves: solid on the training data, dashed on the validation data"
            if "validation_loss" in self.columns
            else "學習曲線：每個訓練週期量到的數值 · Learning curves: what each epoch measured",
            f"{self.epochs} 個訓練週期的折線圖。{zh}。"
            f" · Line chart over {self.epochs} epochs. {en}.",
        )


def _change(name: str, values: list[float], start: str, end: str) -> str:
    return f"{name} {start} {values[0]:.3g} {end} {values[-1]:.3g}"


def fit(
    model: nn.Module,
    train: Data,
    *,
    loss: Loss,
    optimizer: Optimizer,
    epochs: int,
    validation: Data | None = None,
    metrics: Mapping[str, Metric] | None = None,
    device: str | torch.device = "auto",
    progress: bool = True,
    checkpoint: str | PathLike[str] | None = None,
    resume: bool = False,
    batch_size: int | None = None,
    scheduler: LRScheduler | None = None,
    patience: int | None = None,
) -> History:
    """Train a model.

    Parameters
    ----------
    model : torch.nn.Module
        Called with the inputs of a batch. It is moved to `device` and stays there.
    train : DataLoader or (Tensor, Tensor)
        Batches of ``(inputs, targets)``; or all inputs and all targets, with one sample a row,
        which are shuffled anew for every epoch and cut into batches.
    loss : callable
        ``loss(predictions, targets)``: the mean over the batch, as a tensor without dimensions.
    optimizer : torch.optim.Optimizer
        Made from the parameters of `model`.
    epochs : int
        How many epochs in all, those before a resumed run included.
    validation : DataLoader or (Tensor, Tensor), optional
        Measured after each epoch, never trained on.
    metrics : mapping of str to callable, optional
        More to measure, such as ``{"accuracy": accuracy}``: each takes ``(predictions, targets)``
        and returns the mean over the batch.
    device : str or torch.device, default "auto"
        As in `primer.device.select`.
    progress : bool, default True
        Show a bar (with tqdm if it is installed) in terminals and notebooks. Nothing is shown
        where the output goes to a file.
    checkpoint : path, optional
        Written after each epoch, whole or not at all.
    resume : bool, default False
        Go on from `checkpoint` where that file exists, and start afresh where not: so the same
        command can be given until the run is through.
    batch_size : int, optional
        Samples in a batch of data given as tensors, 32 by default. The whole data at once is
        ``batch_size=len(inputs)``.
    scheduler : LRScheduler, optional
        Stepped after each epoch; ``ReduceLROnPlateau`` is shown the validation loss.
    patience : int, optional
        Stop when the validation loss has not improved for so many epochs. The model then ends
        with the weights of its best epoch, also where `epochs` ran out first.

    Returns
    -------
    History
        Loss, learning rate and metrics of each epoch.

    Raises
    ------
    TypeError, ValueError
        If an argument is unusable, or the model and the loss cannot take a batch.
    NonFiniteLossError
        If the loss becomes NaN or infinite. Training stops there.
    CheckpointError
        If the checkpoint to resume from is damaged or belongs to another model.
    OSError
        If the checkpoint cannot be written.

    Notes
    -----
    Averages are weighted by the number of samples, so a short last batch counts for what it is.

    A resumed run reaches the same numbers, bit for bit, as one that was never interrupted, since
    the states of the random number generators are kept as well: those of Python, NumPy, PyTorch
    and the data loader. (Random augmentation inside ``persistent_workers`` is out of reach.)

    Under ``torchrun`` the script runs unchanged. Each batch is dealt out among the processes, so
    the batch size stays what it is, and the parameters come out as in one process but for
    rounding. A data loader with a ``DistributedSampler`` is used as it is, after its
    ``set_epoch``. The first process writes the checkpoints.

    A loss on a GPU is read every 50 batches only, since reading makes the CPU wait: the error for
    a NaN names the right batch, but a little later.

    Examples
    --------
    >>> _ = torch.manual_seed(0)
    >>> x = torch.linspace(-1, 1, 100).unsqueeze(1)
    >>> model = nn.Linear(1, 1)
    >>> sgd = torch.optim.SGD(model.parameters(), lr=0.1)
    >>> history = fit(model, (x, 3 * x + 2), loss=nn.MSELoss(), optimizer=sgd, epochs=30)
    >>> print(f"{model.weight.item():.2f} {model.bias.item():.2f}")
    3.00 2.00
    >>> history["loss"][-1] < history["loss"][0]
    True
    """
    check_flags(progress=progress, resume=resume)
    check_arguments(model, loss, optimizer, epochs, validation, scheduler, patience)
    metrics = check_metrics(metrics)
    train = check_data(train, "train", batch_size)
    if validation is not None:
        own_size = None if isinstance(validation, DataLoader) else batch_size
        validation = check_data(validation, "validation", own_size)
    path = None if checkpoint is None else _files.check_place(checkpoint)
    if resume and path is None:
        raise ValueError(
            both(
                "resume=True 需要知道從哪裡接續；請給 checkpoint='run.pt'。",
                "resume=True has to know what to go on from; pass checkpoint='run.pt'.",
            )
        )

    processes = Processes.join(device)
    core = model.module if isinstance(model, nn.parallel.DistributedDataParallel) else model
    _move(core, optimizer, processes.device)
    batches = Batches(train, batch_size, processes, shuffle=True)
    held_out = None if validation is None else Batches(validation, batch_size, processes)
    run = Run(History(), core, optimizer, scheduler, processes, [batches, held_out])

    with _modes_restored(core), Progress(progress and processes.first, epochs, batches) as bar:
        network = processes.wrap(model)
        if resume and path is not None and processes.from_first(path.is_file):
            run.resume(path, need_best=patience is not None)
        while run.history.epochs < epochs and not run.stalled(patience):
            epoch = run.history.epochs + 1
            guard = Guard(epoch, path if run.saved else None)
            batches.start(epoch)
            bar.start(epoch)
            meter = Meter(loss, metrics, processes, guard)
            _train_epoch(network, batches, optimizer, meter, bar)
            row = meter.means() | {"learning_rate": float(optimizer.param_groups[0]["lr"])}
            if held_out is not None:
                judge = Meter(
                    loss, metrics, processes, replace(guard, phase=("驗證", "validation"))
                )
                _measure(core, held_out, judge)
                row |= {f"validation_{name}": mean for name, mean in judge.means().items()}
            run.record(row, keep_best=patience is not None)
            if path is not None:
                guard.check_parameters(core, meter.batch)
                run.save(path)
            bar.finish(row)
        if run.best is not None:
            core.load_state_dict(run.best)
    return run.history


def evaluate(
    model: nn.Module,
    data: Data,
    *,
    loss: Loss | None = None,
    metrics: Mapping[str, Metric] | None = None,
    device: str | torch.device | None = None,
    batch_size: int | None = None,
) -> dict[str, float]:
    """Measure a model on data, without training it.

    Parameters
    ----------
    model : torch.nn.Module
        Run in evaluation mode and without gradients, then put back into the mode it was in.
    data : DataLoader or (Tensor, Tensor)
        As `train` in `fit`; never shuffled here.
    loss : callable, optional
        ``loss(predictions, targets)``, as in `fit`; measured under the name ``"loss"``.
    metrics : mapping of str to callable, optional
        As in `fit`. A number that is no mean over samples, such as F1, cannot be averaged over
        batches: compute it from `predict`.
    device : str or torch.device, optional
        Where to compute; the model is moved there. By default where it already is.
    batch_size : int, optional
        Samples in a batch of data given as tensors, 32 by default.

    Returns
    -------
    dict of str to float
        The mean over all samples of each thing measured.

    Raises
    ------
    TypeError, ValueError
        If an argument is unusable, or the model cannot take a batch.

    Notes
    -----
    Under ``torchrun`` each process measures all of the data it is given by itself, so that a call
    in one process only does not wait for the others.

    Examples
    --------
    >>> targets = torch.tensor([0, 1, 1])
    >>> logits = torch.tensor([[2.0, 0.0], [0.0, 2.0], [2.0, 0.0]])
    >>> result = evaluate(nn.Identity(), (logits, targets), metrics={"accuracy": accuracy})
    >>> print(f"{result['accuracy']:.3f}")
    0.667
    """
    check_module(model)
    metrics = check_metrics(metrics)
    if loss is not None:
        check_callable(loss, "loss")
    elif not metrics:
        raise ValueError(
            both(
                "沒有要量的東西；請給 loss 或 metrics，例如 metrics={'accuracy': accuracy}。",
                "there is nothing to measure; pass loss or metrics, such as "
                "metrics={'accuracy': accuracy}.",
            )
        )
    data = check_data(data, "data", batch_size)
    alone = Processes(_place(model, device))
    meter = Meter(loss, metrics, alone)
    with _modes_restored(model):
        _measure(model, Batches(data, batch_size, alone), meter)
    return meter.means()


def predict(
    model: nn.Module,
    inputs: Tensor | DataLoader[Any],
    *,
    device: str | torch.device | None = None,
    batch_size: int | None = None,
) -> Tensor:
    """Return what a model predicts, in the order of its inputs.

    Parameters
    ----------
    model : torch.nn.Module
        Run in evaluation mode and without gradients, then put back into the mode it was in.
    inputs : Tensor or DataLoader
        One sample a row; or batches. Of a batch that is a tuple or a list, the first item is
        taken for the inputs, so a loader of ``(inputs, targets)`` serves too. Do not shuffle it.
    device : str or torch.device, optional
        Where to compute; the model is moved there. By default where it already is.
    batch_size : int, optional
        Rows in a batch of inputs given as a tensor, 32 by default.

    Returns
    -------
    Tensor
        The predictions of all batches, one after the other, on the CPU.

    Raises
    ------
    TypeError, ValueError
        If an argument is unusable, or the model cannot take a batch.

    Examples
    --------
    >>> predict(nn.Flatten(), torch.zeros(100, 2, 3)).shape
    torch.Size([100, 6])
    """
    check_module(model)
    if isinstance(inputs, Tensor):
        data = check_data((inputs, inputs), "inputs", batch_size)
    elif isinstance(inputs, DataLoader):
        data = check_data(inputs, "inputs", batch_size)
    else:
        raise wrong_type(inputs, "inputs", "張量或 DataLoader", "a tensor or a DataLoader")
    batches = Batches(data, batch_size, Processes(_place(model, device)))
    found = []
    with _modes_restored(model), torch.no_grad():
        model.eval()
        for batch in batches.raw():
            first = batch[0] if isinstance(batch, (tuple, list)) and batch else batch
            predictions = _forward(model, batches.move(first))
            if not isinstance(predictions, Tensor) or predictions.ndim == 0:
                raise wrong_type(
                    predictions,
                    ("模型的輸出", "the output of the model"),
                    "每列一個樣本的張量",
                    "a tensor with one sample a row",
                )
            found.append(predictions.cpu())
    if not found:
        raise no_batches("inputs")
    return torch.cat(found)


def accuracy(predictions: Tensor, targets: Tensor) -> Tensor:
    """Return the share of samples whose highest score belongs to the right class.

    Parameters
    ----------
    predictions : Tensor
        Scores, shape ``(samples, classes, ...)``, any floating dtype.
    targets : Tensor
        The right classes, shape ``(samples, ...)``, integers.

    Returns
    -------
    Tensor
        A number from 0 to 1, float32, without dimensions.

    Raises
    ------
    TypeError
        If one of them is not a tensor.
    ValueError
        If the shapes do not belong together, or there are no samples.

    Examples
    --------
    >>> accuracy(torch.tensor([[2.0, 1.0], [0.0, 3.0]]), torch.tensor([0, 0]))
    tensor(0.5000)
    """
    for name, value in (("predictions", predictions), ("targets", targets)):
        if not isinstance(value, Tensor):
            raise wrong_type(value, name, "張量", "a tensor")
    fits = predictions.ndim >= 2 and targets.shape == predictions.shape[:1] + predictions.shape[2:]
    if not fits or not predictions.numel() or targets.is_floating_point():
        got = f"{brief(predictions)}, {brief(targets)}"
        raise ValueError(
            both(
                f"accuracy 需要形狀 (N, C) 的分數與形狀 (N,) 的整數類別，收到的是 {got}；"
                "二元分類請先把分數排成兩欄，或改用自己的指標。",
                "accuracy needs scores of shape (samples, classes) and integer classes of shape "
                f"(samples,), got {got}; for two classes give two columns of scores.",
            )
        )
    return (predictions.argmax(dim=1) == targets).float().mean()


def save_checkpoint(
    path: str | PathLike[str],
    model: nn.Module,
    optimizer: Optimizer | None = None,
    *,
    scheduler: LRScheduler | None = None,
    history: History | None = None,
) -> None:
    """Save all that is needed to go on training later.

    The file takes its name only when it is complete on the disk: an older one of that name stays
    whole until then. `fit` writes the same kind of file.

    Parameters
    ----------
    path : str or path
        The file to write; its folder has to exist.
    model : torch.nn.Module
        Its parameters and buffers are saved, not its code.
    optimizer : torch.optim.Optimizer, optional
        Its state, such as the momentum of each parameter.
    scheduler : LRScheduler, optional
        Its state.
    history : History, optional
        What was measured so far.

    Raises
    ------
    TypeError
        If an argument has the wrong type, or a state holds more than data.
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> model, other = nn.Linear(3, 2), nn.Linear(3, 2)
    >>> with TemporaryDirectory() as folder:
    ...     save_checkpoint(Path(folder) / "run.pt", model)
    ...     _ = load_checkpoint(Path(folder) / "run.pt", other)
    >>> torch.equal(model.weight, other.weight)
    True
    """
    check_module(model)
    check_states(optimizer, scheduler)
    if history is not None and not isinstance(history, History):
        raise wrong_type(history, "history", "History", "a History")
    alone = Processes(_place(model, None))
    run = Run(history or History(), model, optimizer, scheduler, alone)
    run.save(_files.check_place(path))


def load_checkpoint(
    path: str | PathLike[str],
    model: nn.Module,
    optimizer: Optimizer | None = None,
    *,
    scheduler: LRScheduler | None = None,
    best: bool = False,
    random_state: bool = False,
) -> History:
    """Load what `save_checkpoint` or `fit` saved. A file can only ever give data, never run code.

    The model stays as it was when the file does not fit.

    Parameters
    ----------
    path : str or path
        The file to read.
    model : torch.nn.Module
        Takes the parameters and buffers, on the device where it is.
    optimizer : torch.optim.Optimizer, optional
        Takes its state.
    scheduler : LRScheduler, optional
        Takes its state.
    best : bool, default False
        Load the weights of the best epoch instead of the last, if `fit` kept them for its
        `patience`.
    random_state : bool, default False
        Also put the random number generators where they were on saving.

    Returns
    -------
    History
        What was measured until then.

    Raises
    ------
    TypeError
        If an argument has the wrong type.
    FileNotFoundError
        If there is no such file.
    CheckpointError
        If the file is damaged, holds code, or belongs to another model or optimizer.

    Examples
    --------
    >>> load_checkpoint("nowhere/run.pt", nn.Linear(3, 2))
    Traceback (most recent call last):
        ...
    FileNotFoundError: 找不到資料夾 'nowhere'；請先建立它，或改用別的路徑。
    there is no folder 'nowhere'; create it first, or choose another.
    """
    check_module(model)
    check_states(optimizer, scheduler)
    check_flags(best=best, random_state=random_state)
    alone = Processes(_place(model, None))
    run = Run(History(), model, optimizer, scheduler, alone)
    run.load(_files.read(_files.check_place(path)), best=best, random_state=random_state)
    return run.history


def _train_epoch(
    model: nn.Module, batches: Batches, optimizer: Optimizer, meter: Meter, bar: Progress
) -> None:
    model.train()
    for inputs, targets in batches:
        optimizer.zero_grad()
        predictions = _forward(model, inputs)
        loss = meter.measure(predictions, targets, batches.count)
        batches.weigh(loss).backward()
        optimizer.step()
        bar.step()


def _measure(model: nn.Module, batches: Batches, meter: Meter) -> None:
    model.eval()
    with torch.no_grad():
        for inputs, targets in batches:
            meter.measure(_forward(model, inputs), targets, batches.count)


def _forward(model: nn.Module, inputs: Any) -> Any:
    try:
        return model(inputs)
    except torch.cuda.OutOfMemoryError:
        raise
    except Exception as error:
        kind = type(model).__name__
        raise ValueError(
            both(
                f"{kind} 無法處理這批輸入 {brief(inputs)}：請核對形狀、資料型別與裝置。"
                f"原本的訊息：{error}",
                f"{kind} could not take the inputs {brief(inputs)}: check their shape, dtype and "
                f"device. It said: {error}",
            )
        ) from error


@contextmanager
def _modes_restored(model: nn.Module) -> Iterator[None]:
    """Put each module back into the mode, training or evaluation, that it was in."""
    modes = [(part, part.training) for part in model.modules()]
    try:
        yield
    finally:
        for part, training in modes:
            part.training = training


@dataclass(frozen=True)
class Guard:
    """Watches over the numbers of one epoch."""

    epoch: int
    checkpoint: Path | None  # the last good one
    phase: tuple[str, str] = ("訓練", "training")

    def check_loss(self, loss: float, batch: int) -> None:
        """Stop where the loss of a batch is no number to go on from."""
        if not math.isfinite(loss):
            what = f"{self.phase[0]}損失是 {loss}", f"the {self.phase[1]} loss is {loss}"
            raise NonFiniteLossError(what, self.epoch, batch, self.checkpoint)

    def check_parameters(self, model: nn.Module, batch: int) -> None:
        """Keep a model that its last step has spoilt out of the checkpoint."""
        flags = [p.isfinite().all() for p in model.parameters()]
        if not all(flag.item() for flag in flags):
            what = "參數裡出現 NaN 或無限大", "a parameter became NaN or infinite"
            raise NonFiniteLossError(what, self.epoch, batch, self.checkpoint)


def _place(model: nn.Module, device: str | torch.device | None) -> torch.device:
    """Return where to compute, and put the model there."""
    if device is None:
        tensors = chain(model.parameters(), model.buffers())
        return next((tensor.device for tensor in tensors), torch.device("cpu"))
    from primer.device import select

    chosen = select(device)
    model.to(chosen)
    return chosen


def _move(model: nn.Module, optimizer: Optimizer, device: torch.device) -> None:
    """Put a model on the device, and the state of its optimizer after it."""
    model.to(device)
    if any(t.device.type != device.type for t in tensors_in([*optimizer.state.values()])):
        optimizer.load_state_dict(optimizer.state_dict())  # it copies to where the parameters are
