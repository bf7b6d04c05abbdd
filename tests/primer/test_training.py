"""Training against hand-written loops and closed forms; interruptions, bad files, bad input."""

import io
import math
import os
import pickle
import re
import resource
import signal
import subprocess
import sys
import tarfile
import zipfile
from itertools import chain
from pathlib import Path

import matplotlib as mpl
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.utils.data import DataLoader, Dataset, IterableDataset, TensorDataset

from primer import _processes, training
from primer._meter import Meter
from primer.mlp import MLP
from primer.training import (
    CheckpointError,
    History,
    NonFiniteLossError,
    accuracy,
    evaluate,
    fit,
    load_checkpoint,
    predict,
    save_checkpoint,
)

mpl.use("agg")
HERE = Path(__file__).parent
X = torch.randn(101, 10, generator=torch.Generator().manual_seed(0))
Y = X[:, :3].argmax(dim=1)
LOSS = nn.CrossEntropyLoss()
HAN = re.compile(r"[\u4e00-\u9fff]")


def make(seed=0, kind=torch.optim.SGD, **options):
    torch.manual_seed(seed)
    model = MLP(10, 3, hidden=(6, 4))
    return model, kind(model.parameters(), **({"lr": 0.1} | options))


def train(model, optimizer, epochs=3, data=None, **options):
    pair = (X, Y) if data is None else data
    options = {"loss": LOSS, "device": "cpu"} | options
    return fit(model, pair, optimizer=optimizer, epochs=epochs, **options)


def same(left, right):
    mine, yours = left.state_dict(), right.state_dict()
    return mine.keys() == yours.keys() and all(torch.equal(mine[k], yours[k]) for k in mine)


# The numbers --------------------------------------------------------------------------------


def test_a_loop_by_hand_takes_the_same_steps_and_counts_the_same():
    model, optimizer = make(momentum=0.9)
    torch.manual_seed(3)
    history = train(
        model,
        optimizer,
        data=DataLoader(TensorDataset(X, Y), batch_size=16, shuffle=True),
        validation=(X[:50], Y[:50]),
        metrics={"accuracy": accuracy},
    )
    other, optimizer = make(momentum=0.9)
    torch.manual_seed(3)
    rows = []
    for _ in range(3):
        losses, right = [], 0
        for inputs, targets in DataLoader(TensorDataset(X, Y), batch_size=16, shuffle=True):
            optimizer.zero_grad()
            scores = other(inputs)
            loss = nn.functional.cross_entropy(scores, targets)
            losses += [loss.item()] * len(inputs)  # once for each sample
            right += (scores.argmax(1) == targets).sum().item()
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            held_out = nn.functional.cross_entropy(other(X[:50]), Y[:50]).item()
        rows.append((sum(losses) / 101, right / 101, held_out))
    assert same(model, other)
    expected = list(zip(*rows, strict=True))
    assert history["loss"] == pytest.approx(expected[0], rel=1e-12)
    assert history["accuracy"] == pytest.approx(expected[1], rel=1e-6)
    assert history["validation_loss"] == pytest.approx(expected[2], rel=1e-5)
    assert history["learning_rate"] == [0.1] * 3
    assert history.epochs == 3


def test_the_short_last_batch_counts_for_what_it_is():
    values = torch.tensor([[0.0], [0.0], [0.0], [9.0]])
    data = DataLoader(TensorDataset(values, torch.zeros(4, 1)), batch_size=3)
    # The mean over samples is 81/4; the mean of the two batch means would be 81/2.
    assert evaluate(nn.Identity(), data, loss=nn.MSELoss()) == {"loss": 81 / 4}
    distance = {"distance": lambda p, t: (p - t).abs().mean().item()}
    assert evaluate(nn.Identity(), data, metrics=distance) == {"distance": 9 / 4}


def test_a_straight_line_is_found():
    x = torch.linspace(-1, 1, 64).unsqueeze(1)
    model = nn.Linear(1, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3)
    train(model, optimizer, 60, (x, 3 * x + 2), loss=nn.MSELoss(), batch_size=64)
    assert (model.weight.item(), model.bias.item()) == pytest.approx((3, 2), abs=1e-2)


def test_tensors_are_shuffled_anew_and_cut_by_batch_size():
    seen = []

    class Spy(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.ones(()))

        def forward(self, inputs):
            seen.append(inputs.flatten().tolist())
            return inputs * self.scale

    numbers = torch.arange(10.0).unsqueeze(1)
    spy = Spy()
    optimizer = torch.optim.SGD(spy.parameters(), lr=0.0)
    train(spy, optimizer, 2, (numbers, numbers), loss=nn.MSELoss(), batch_size=4)
    assert [len(batch) for batch in seen] == [4, 4, 2] * 2
    first, second = [*chain(*seen[:3])], [*chain(*seen[3:])]
    assert sorted(first) == sorted(second) == list(range(10))
    assert first != second
    assert first != sorted(first)


def test_evaluate_and_predict_keep_order_mode_and_gradients():
    model = nn.Sequential(nn.Dropout(0.5), nn.Flatten())
    model[1].eval()
    inputs = torch.arange(70.0).reshape(35, 2).requires_grad_()
    found = predict(model, inputs, batch_size=4)
    assert torch.equal(found, inputs)  # dropout is off, and the order is kept
    assert not found.requires_grad
    loader = DataLoader(TensorDataset(inputs.detach(), inputs.detach()), batch_size=8)
    assert torch.equal(predict(model, loader), inputs)
    assert torch.equal(predict(model, DataLoader(inputs.detach(), batch_size=8)), inputs)
    assert evaluate(model, loader, loss=nn.MSELoss()) == {"loss": 0.0}
    assert [part.training for part in model.modules()] == [True, True, False]


def test_train_mode_while_training_and_what_was_before_after():
    modes = []

    class Spy(nn.Linear):
        def forward(self, inputs):
            modes.append((self.training, torch.is_grad_enabled()))
            return super().forward(inputs)

    model = nn.Sequential(Spy(10, 3), nn.Dropout(0.1))
    model.eval()
    model[1].train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    train(model, optimizer, 1, batch_size=101, validation=(X, Y))
    assert modes == [(True, True), (False, False)]
    assert [part.training for part in model.modules()] == [False, False, True]
    with pytest.raises(ValueError, match="float64"):
        train(model, optimizer, 1, (X.double(), Y))
    assert [part.training for part in model.modules()] == [False, False, True]


def test_batch_size_is_for_the_data_given_as_tensors():
    own = torch.Generator()  # else the loader would draw a seed from the global one
    held_out = DataLoader(TensorDataset(X, Y), batch_size=7, generator=own)
    (model, optimizer), (other, optimizer_2) = make(), make()
    torch.manual_seed(1)
    mixed = train(model, optimizer, 2, batch_size=16, validation=held_out)
    torch.manual_seed(1)
    both = train(other, optimizer_2, 2, batch_size=16, validation=(X, Y))
    assert same(model, other)
    assert mixed["validation_loss"] == pytest.approx(both["validation_loss"], rel=1e-5)


def test_nested_batches_reach_the_model_as_they_are():
    class Two(nn.Linear):
        def forward(self, inputs):
            return super().forward(inputs["left"] + inputs["right"][0])

    rows = [({"left": x, "right": [x]}, y) for x, y in zip(X, Y, strict=True)]
    model = Two(10, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    history = train(model, optimizer, 2, DataLoader(rows, batch_size=20))
    assert history["loss"][1] < history["loss"][0]
    assert predict(model, DataLoader(rows, batch_size=20)).shape == (101, 3)


def test_a_stream_without_length():
    class Stream(IterableDataset):
        def __iter__(self):
            yield from zip(X, Y, strict=True)

    model, optimizer = make()
    other, optimizer_2 = make()
    ordered = DataLoader(TensorDataset(X, Y), batch_size=16)
    train(model, optimizer, 2, DataLoader(Stream(), batch_size=16))
    train(other, optimizer_2, 2, ordered)
    assert same(model, other)


def test_fit_again_goes_on_from_where_the_model_is():
    model, optimizer = make(kind=torch.optim.Adam, lr=0.01)
    other, optimizer_2 = make(kind=torch.optim.Adam, lr=0.01)
    data = DataLoader(TensorDataset(X, Y), batch_size=16)
    train(model, optimizer, 2, data)
    train(model, optimizer, 3, data)
    train(other, optimizer_2, 5, data)
    assert same(model, other)


def test_reading_late_as_on_an_accelerator_changes_nothing(monkeypatch):
    model, optimizer = make()
    now = train(model, optimizer, metrics={"accuracy": accuracy, "one": lambda p, t: 1})
    build = Meter.__init__

    def late(self, *args):
        build(self, *args)
        self.on_cpu = False

    monkeypatch.setattr(Meter, "__init__", late)
    monkeypatch.setattr("primer._meter.READ_EVERY", 4)
    model, optimizer = make()
    later = train(model, optimizer, metrics={"accuracy": accuracy, "one": lambda p, t: 1})
    assert later.columns == {k: pytest.approx(v, rel=1e-7) for k, v in now.columns.items()}
    spoilt = X.clone()
    spoilt[70] = math.nan
    data = DataLoader(TensorDataset(spoilt, Y), batch_size=16)
    with pytest.raises(NonFiniteLossError, match="batch 5") as caught:
        train(model, optimizer, 1, data)
    assert (caught.value.epoch, caught.value.batch) == (1, 5)


@given(st.integers(1, 40), st.integers(1, 45), st.integers(0, 2**31))
@settings(deadline=None, max_examples=40)
def test_means_do_not_depend_on_the_batch_size(rows, batch_size, seed):
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(rows, 2, generator=generator, dtype=torch.float64)
    targets = torch.randn(rows, 2, generator=generator, dtype=torch.float64)
    found = evaluate(nn.Identity(), (inputs, targets), loss=nn.MSELoss(), batch_size=batch_size)
    assert found["loss"] == pytest.approx(((inputs - targets) ** 2).mean().item(), rel=1e-12)


def test_accuracy_is_a_count():
    scores = torch.tensor([[1.0, 0.0], [0.0, 1.0], [3.0, 2.0]])
    assert accuracy(scores, torch.tensor([0, 1, 1])).item() == pytest.approx(2 / 3)
    maps = torch.stack([torch.zeros(1, 2, 2), torch.ones(1, 2, 2)], dim=1)
    assert accuracy(maps, torch.tensor([[[1, 1], [1, 0]]])).item() == 0.75


# Scheduler and early stopping ---------------------------------------------------------------


def test_the_scheduler_steps_once_an_epoch():
    model, optimizer = make(lr=0.8)
    history = train(
        model, optimizer, 4, scheduler=torch.optim.lr_scheduler.StepLR(optimizer, 2, 0.5)
    )
    assert history["learning_rate"] == [0.8, 0.8, 0.4, 0.4]


def test_a_plateau_is_judged_by_the_validation_loss():
    model, optimizer = make(lr=1e-12)  # nothing gets better
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, factor=0.5, eps=0)
    history = train(model, optimizer, 3, validation=(X, Y), scheduler=plateau)
    assert history["learning_rate"] == pytest.approx([1e-12, 1e-12, 5e-13])


class Planned(nn.Module):
    """Its validation loss follows a plan, whatever it learns."""

    def __init__(self, plan):
        super().__init__()
        self.epoch = nn.Parameter(torch.tensor(0.0))
        self.plan = plan

    def forward(self, inputs):
        if self.training:
            return self.epoch.expand(len(inputs))
        return torch.full((len(inputs),), self.plan[round(self.epoch.item()) - 1]) ** 0.5


def planned(plan, **options):
    model = Planned(plan)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    # The gradient is -1: each epoch is one step, which adds 1.
    one = (torch.zeros(1), torch.zeros(1))

    def loss(predictions, targets):
        return -predictions.mean() if model.training else predictions.square().mean()

    return model, fit(
        model, one, loss=loss, optimizer=optimizer, validation=one, device="cpu", **options
    )


def test_early_stopping_gives_back_the_best_weights():
    model, history = planned([5.0, 3.0, 4.0, 3.0, 2.0, 9.0, 9.0, 9.0, 9.0], epochs=9, patience=3)
    assert history["validation_loss"] == pytest.approx([5, 3, 4, 3, 2, 9, 9, 9])
    assert history.best_epoch == 5
    assert model.epoch.item() == 5


def test_patience_gives_back_the_best_weights_where_epochs_run_out_too():
    model, history = planned([5.0, 3.0, 4.0], epochs=3, patience=5)
    assert (history.epochs, model.epoch.item()) == (3, 2)


def test_without_patience_the_last_weights_stay():
    model, history = planned([5.0, 3.0, 4.0], epochs=3)
    assert (history.best_epoch, model.epoch.item()) == (2, 3)


def test_early_stopping_goes_on_in_a_resumed_run(tmp_path):
    plan = [5.0, 2.0, 4.0, 4.0, 4.0, 4.0, 4.0]
    whole, expected = planned(plan, epochs=7, patience=3)
    options = {"patience": 3, "checkpoint": tmp_path / "run.pt", "resume": True}
    planned(plan, epochs=3, **options)
    model, history = planned(plan, epochs=7, **options)
    assert history == expected
    assert history.epochs == 5
    assert model.epoch.item() == whole.epoch.item() == 2
    again, history = planned(plan, epochs=7, **options)  # a run that is through stays as it is
    assert (history, again.epoch.item()) == (expected, 2)
    loaded = Planned(plan)
    load_checkpoint(tmp_path / "run.pt", loaded)
    assert loaded.epoch.item() == 5
    load_checkpoint(tmp_path / "run.pt", loaded, best=True)
    assert loaded.epoch.item() == 2


# NaN ----------------------------------------------------------------------------------------


def test_nan_stops_with_epoch_batch_and_checkpoint(tmp_path):
    inputs = X.clone()
    data = DataLoader(TensorDataset(inputs, Y), batch_size=16)
    model, optimizer = make()
    path = tmp_path / "run.pt"
    train(model, optimizer, 1, data, checkpoint=path)
    good = {name: value.clone() for name, value in model.state_dict().items()}
    inputs[40] = math.inf
    with pytest.raises(NonFiniteLossError) as caught:
        train(model, optimizer, 3, data, checkpoint=path, resume=True)
    error = caught.value
    assert (error.epoch, error.batch, error.checkpoint) == (2, 3, path)
    zh, en = str(error).split("\n")
    assert "第 2 個訓練週期第 3 個批次" in zh
    assert "epoch 2, batch 3: the training loss is nan" in en
    assert str(path) in zh
    assert str(path) in en
    load_checkpoint(path, model)
    assert all(torch.equal(value, good[name]) for name, value in model.state_dict().items())


def test_nan_without_checkpoint_says_so(tmp_path):
    model, optimizer = make(lr=1e30)
    with pytest.raises(NonFiniteLossError, match="there is no checkpoint") as caught:
        train(model, optimizer, 9, checkpoint=tmp_path / "run.pt")
    assert caught.value.checkpoint is None
    assert caught.value.epoch == 1


def test_parameters_that_the_last_step_spoilt_are_not_saved(tmp_path):
    model = nn.Linear(10, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=math.inf)
    with pytest.raises(NonFiniteLossError, match="a parameter became NaN or infinite"):
        train(model, optimizer, 1, batch_size=101, checkpoint=tmp_path / "run.pt")
    assert list(tmp_path.iterdir()) == []


def test_nan_in_validation_is_named():
    bad = X.clone()
    bad[100] = math.nan
    model, optimizer = make()
    with pytest.raises(NonFiniteLossError, match="batch 4: the validation loss is nan"):
        train(model, optimizer, 2, validation=(bad, Y))


# Checkpoints --------------------------------------------------------------------------------


def test_killed_again_and_again_it_reaches_the_same_numbers(tmp_path):
    command = [sys.executable, str(HERE / "killed_script.py")]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    whole.mkdir()
    parts.mkdir()
    subprocess.run(
        [*command, str(whole)], env=environment, check=True, timeout=120, capture_output=True
    )

    reached = []
    for samples in (90, 700, 310, 1000, 640, None):  # an epoch asks for 300
        process = subprocess.Popen([*command, str(parts)], env=environment, stdout=subprocess.PIPE)
        if samples:
            process.stdout.read(samples)
            process.send_signal(signal.SIGKILL)
        process.communicate(timeout=120)
        assert process.returncode == (-signal.SIGKILL if samples else 0)
        if (parts / "run.pt").exists():  # readable at any moment
            state = torch.load(parts / "run.pt", weights_only=True)
            reached.append(len(state["history"]["loss"]))
    assert len({*reached, 12}) > 3, reached  # it was cut in different epochs
    expected, found = (
        torch.load(folder / "result.pt", weights_only=True) for folder in (whole, parts)
    )
    assert found["history"] == expected["history"]
    assert torch.equal(found["next"], expected["next"])
    for name, value in expected["model"].items():
        assert torch.equal(found["model"][name], value), name
    assert not (parts / "run.pt.tmp").exists()


@pytest.mark.parametrize("step", ["torch.save", "os.fsync", "pathlib.Path.replace"])
def test_an_interruption_while_writing_leaves_the_old_file(tmp_path, monkeypatch, step):
    path = tmp_path / "run.pt"
    model, optimizer = make()
    train(model, optimizer, 1, checkpoint=path)
    before = path.read_bytes()

    def interrupt(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(step, interrupt)
    with pytest.raises(KeyboardInterrupt):
        train(model, optimizer, 2, checkpoint=path, resume=True)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["run.pt"]


SCHEDULERS = {
    "StepLR": lambda o: torch.optim.lr_scheduler.StepLR(o, 2),
    "MultiStepLR": lambda o: torch.optim.lr_scheduler.MultiStepLR(o, [2, 3]),
    "CosineAnnealingLR": lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, 5),
    "OneCycleLR": lambda o: torch.optim.lr_scheduler.OneCycleLR(o, 0.1, total_steps=9),
    "LambdaLR": lambda o: torch.optim.lr_scheduler.LambdaLR(o, lambda epoch: 0.9**epoch),
    "ReduceLROnPlateau": lambda o: torch.optim.lr_scheduler.ReduceLROnPlateau(o, patience=0),
    "SequentialLR": lambda o: torch.optim.lr_scheduler.SequentialLR(
        o,
        [torch.optim.lr_scheduler.ConstantLR(o), torch.optim.lr_scheduler.ExponentialLR(o, 0.5)],
        [2],
    ),
}


# SequentialLR of torch 2.4 calls its own parts in a way that torch deprecates.
@pytest.mark.filterwarnings("ignore:The epoch parameter:UserWarning")
@pytest.mark.parametrize("name", SCHEDULERS)
@pytest.mark.parametrize("kind", [torch.optim.SGD, torch.optim.AdamW])
def test_any_scheduler_and_optimizer_resume(tmp_path, name, kind):
    def run(epochs, resume):
        model, optimizer = make(kind=kind)
        history = train(
            model,
            optimizer,
            epochs,
            scheduler=SCHEDULERS[name](optimizer),
            checkpoint=tmp_path / f"{resume}.pt",
            resume=resume,
        )
        return model, history

    torch.manual_seed(0)
    model, history = run(5, resume=False)
    run(3, resume=True)
    resumed, history_2 = run(5, resume=True)
    assert history_2 == history
    assert same(model, resumed)


def test_the_random_numbers_after_a_run_are_those_of_an_uninterrupted_one(tmp_path):
    model, optimizer = make()
    train(model, optimizer, 4)
    expected = torch.rand(3)
    model, optimizer = make()
    train(model, optimizer, 2, checkpoint=tmp_path / "run.pt")
    torch.manual_seed(99)
    model, optimizer = make(seed=1)
    train(model, optimizer, 4, checkpoint=tmp_path / "run.pt", resume=True)
    assert torch.equal(torch.rand(3), expected)


def test_save_and_load_by_hand(tmp_path):
    model, optimizer = make(kind=torch.optim.Adam)
    history = train(model, optimizer, 2)
    path = tmp_path / "run.pt"
    save_checkpoint(path, model, optimizer, history=history)
    expected = torch.rand(2)
    other, optimizer_2 = make(seed=5, kind=torch.optim.Adam)
    assert load_checkpoint(path, other, optimizer_2, random_state=True) == history
    assert torch.equal(torch.rand(2), expected)
    assert same(model, other)
    data = DataLoader(TensorDataset(X, Y), batch_size=16)
    train(model, optimizer, 1, data)
    train(other, optimizer_2, 1, data)
    assert same(model, other)


def test_the_file_keeps_ordinary_permissions(tmp_path):
    previous = os.umask(0o022)
    try:
        save_checkpoint(tmp_path / "run.pt", nn.Linear(1, 1))
    finally:
        os.umask(previous)
    assert (tmp_path / "run.pt").stat().st_mode & 0o777 == 0o644


def test_a_full_disk_leaves_the_old_file_whole(tmp_path):
    path = tmp_path / "run.pt"
    save_checkpoint(path, nn.Linear(3, 2))
    before = path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(OSError, match="left any older one as it was") as caught:
            save_checkpoint(path, nn.Linear(1000, 1000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    bilingual(caught.value)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["run.pt"]


def test_a_draft_that_a_killed_run_left_is_taken_over(tmp_path):
    (tmp_path / "run.pt.tmp").write_bytes(b"half a file")
    save_checkpoint(tmp_path / "run.pt", nn.Linear(3, 2))
    assert [p.name for p in tmp_path.iterdir()] == ["run.pt"]


class Bomb:
    """What a malicious file holds: loading it runs a command."""

    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return os.mkdir, (str(self.target),)


def malicious_zip(path, target):
    """A file of the present format with a pickle of its own inside."""
    torch.save({"a": 1}, path)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, content in parts.items():
            evil = pickle.dumps(Bomb(target), protocol=2)
            archive.writestr(name, evil if name.endswith("data.pkl") else content)


def malicious_tar(path, target):
    """The oldest format, in which weights_only was not safe before torch 2.6."""
    with tarfile.open(path, "w") as archive:
        for name in ("storages", "tensors", "pickle"):
            content = pickle.dumps(Bomb(target))
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


MALICIOUS = {
    "zip": malicious_zip,
    "torch.save": lambda path, target: torch.save({"model": Bomb(target)}, path),
    "old torch.save": lambda path, target: torch.save(
        Bomb(target), path, _use_new_zipfile_serialization=False
    ),
    "pickle": lambda path, target: path.write_bytes(pickle.dumps(Bomb(target))),
    "tar": malicious_tar,
}


@pytest.mark.parametrize("kind", MALICIOUS)
def test_a_malicious_file_runs_nothing(tmp_path, kind):
    target, path = tmp_path / "pwned", tmp_path / "run.pt"
    MALICIOUS[kind](path, target)
    model, optimizer = make()
    before = [p.clone() for p in model.parameters()]
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(path, model)
    bilingual(caught.value)
    with pytest.raises(CheckpointError):
        train(model, optimizer, checkpoint=path, resume=True)
    assert not target.exists()
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))
    if kind in ("zip", "torch.save"):  # the bomb is live: an unsafe load sets it off
        torch.load(path, weights_only=False)
        assert target.exists()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # newer releases discourage TorchScript
def test_a_torchscript_file_is_not_even_opened(tmp_path, monkeypatch):
    """Such a file holds code, and torch 2.4 would load it in spite of weights_only."""
    path = tmp_path / "run.pt"
    torch.jit.save(torch.jit.trace(nn.Linear(3, 2), torch.zeros(1, 3)), path)
    opened = []
    monkeypatch.setattr(torch.jit, "load", lambda *args, **options: opened.append(args))
    monkeypatch.setattr("warnings.warn", lambda *args, **options: None)
    with pytest.raises(CheckpointError):
        load_checkpoint(path, nn.Linear(3, 2))
    assert not opened


def test_every_truncation_is_noticed(tmp_path):
    path = tmp_path / "run.pt"
    model, optimizer = make()
    save_checkpoint(path, model, optimizer)
    whole = path.read_bytes()
    model, optimizer = make(seed=5)
    before = [p.clone() for p in model.parameters()]
    for length in [0, 1, 4, 100, len(whole) // 2, len(whole) - 1000, len(whole) - 1]:
        path.write_bytes(whole[:length])
        with pytest.raises(CheckpointError) as caught:
            load_checkpoint(path, model, optimizer)
        bilingual(caught.value)
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))


@given(st.data())
@settings(deadline=None, max_examples=60)
def test_a_damaged_file_gives_a_checkpoint_error_or_whole_data(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("damaged") / "run.pt"
    model, optimizer = make()
    save_checkpoint(path, model, optimizer)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    try:
        load_checkpoint(path, model, optimizer)
    except CheckpointError as error:
        bilingual(error)


PLAIN = st.recursive(
    st.one_of(st.none(), st.integers(), st.floats(), st.text(max_size=3), st.just(torch.ones(2))),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)


@given(st.sampled_from(["model", "optimizer", "scheduler", "history", "best", "random"]), PLAIN)
@settings(deadline=None, max_examples=120)
def test_a_file_with_other_contents_changes_nothing(tmp_path_factory, key, content):
    path = tmp_path_factory.mktemp("other") / "run.pt"
    model, optimizer = make()
    save_checkpoint(path, model, optimizer)
    state = torch.load(path, weights_only=True) | {key: content}
    torch.save(state, path)
    other, optimizer = make(seed=5)
    before = [p.clone() for p in other.parameters()]
    try:
        load_checkpoint(path, other, optimizer, random_state=True)
    except CheckpointError as error:
        bilingual(error)
        assert all(torch.equal(a, b) for a, b in zip(before, other.parameters(), strict=True))
    else:
        assert same(other, model)


def test_another_model_is_named_and_left_alone(tmp_path):
    path = tmp_path / "run.pt"
    save_checkpoint(path, MLP(10, 3, hidden=(7, 4)))
    model, _ = make()
    before = [p.clone() for p in model.parameters()]
    with pytest.raises(CheckpointError, match=r"layers.0.weight: .*\[7, 10\] → .*\[6, 10\]"):
        load_checkpoint(path, model)
    save_checkpoint(path, nn.Linear(10, 3))
    with pytest.raises(CheckpointError, match=r"− layers.0.weight.*; \+ |− layers.0.weight"):
        load_checkpoint(path, model)
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))


def test_what_does_not_belong_together_is_refused(tmp_path):
    path = tmp_path / "run.pt"
    model, sgd = make()
    train(model, sgd, 1, checkpoint=path)
    _, adam = make(kind=torch.optim.Adam)
    plateau = torch.optim.lr_scheduler.StepLR(sgd, 2)
    with pytest.raises(CheckpointError, match="is SGD, and yours is Adam"):
        load_checkpoint(path, model, adam)
    with pytest.raises(CheckpointError, match="is None, and yours is StepLR"):
        load_checkpoint(path, model, sgd, scheduler=plateau)
    with pytest.raises(CheckpointError, match="no best weights"):
        load_checkpoint(path, model, best=True)
    with pytest.raises(CheckpointError, match="patience"):
        train(model, sgd, 2, checkpoint=path, resume=True, patience=1, validation=(X, Y))
    torch.save(model.state_dict(), path)
    with pytest.raises(CheckpointError, match="bare state_dict"):
        load_checkpoint(path, model)


def test_a_state_that_could_not_be_loaded_is_not_saved(tmp_path):
    class Keeps(nn.Module):
        def get_extra_state(self):
            return {"when": Path("now")}

        def set_extra_state(self, state):
            pass

    with pytest.raises(TypeError, match=r"\['when'\]") as caught:
        save_checkpoint(tmp_path / "run.pt", Keeps())
    bilingual(caught.value)
    assert list(tmp_path.iterdir()) == []


# History ------------------------------------------------------------------------------------


def test_the_figure_shows_the_numbers_and_speaks_both_languages():
    from matplotlib import pyplot as plt

    model, optimizer = make()
    history = train(model, optimizer, 4, validation=(X, Y), metrics={"accuracy": accuracy})
    figure = history.plot()
    loss, score = figure.axes
    for axes, name in ((loss, "loss"), (score, "accuracy")):
        solid, dashed = axes.lines
        assert list(solid.get_xdata()) == [1, 2, 3, 4]
        assert list(solid.get_ydata()) == history[name]
        assert list(dashed.get_ydata()) == history[f"validation_{name}"]
        assert (solid.get_linestyle(), dashed.get_linestyle()) == ("-", "--")
        assert [text.get_text() for text in axes.get_legend().texts] == ["training", "validation"]
        assert (axes.get_xlabel(), axes.get_ylabel()) == ("epoch", name)
        assert all(tick == int(tick) for tick in axes.get_xticks())
    caption, alt = figure.get_label().split("\n")
    for line in (caption, alt):
        zh, en = line.split(" · ")
        assert HAN.search(zh)
        assert not HAN.search(en)
    assert f"to {history['accuracy'][-1]:.3g}" in alt
    assert figure.number in plt.get_fignums()  # open, so that a notebook shows it
    plt.close(figure)


def test_a_single_epoch_is_seen_as_points():
    from matplotlib import pyplot as plt

    figure = History({"loss": [1.0]}).plot()
    assert figure.axes[0].lines[0].get_marker() == "o"
    plt.close(figure)


def test_the_history_explains_what_it_has():
    history = History({"loss": [0.5, 1e-7]})
    assert str(history).splitlines() == ["epoch       loss", "    1     0.5000", "    2  1.000e-07"]
    with pytest.raises(KeyError, match="there is: loss") as caught:
        history["accuracy"]
    assert HAN.search(str(caught.value))
    assert history.best_epoch is None
    assert History().epochs == 0
    with pytest.raises(ValueError, match="empty") as caught:
        History().plot()
    bilingual(caught.value)


# Progress -----------------------------------------------------------------------------------


class Screen(io.StringIO):
    def isatty(self):
        return True


def test_silent_where_nobody_watches(capfd):
    model, optimizer = make()
    train(model, optimizer, 2)
    assert capfd.readouterr() == ("", "")


def test_a_bar_in_a_terminal(monkeypatch):
    pytest.importorskip("tqdm")
    monkeypatch.setattr(sys, "stderr", Screen())
    model, optimizer = make()
    train(model, optimizer, 2, batch_size=51)
    shown = sys.stderr.getvalue()
    assert "訓練週期 · epoch 2/2" in shown
    assert "4/4" in shown
    assert "loss=" in shown


def test_lines_where_tqdm_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    monkeypatch.setattr(sys, "stderr", Screen())
    model, optimizer = make()
    history = train(model, optimizer, 2)
    assert sys.stderr.getvalue().splitlines() == [
        f"訓練週期 · epoch {n}/2  loss {history['loss'][n - 1]:.4g}" for n in (1, 2)
    ]
    sys.stderr = Screen()
    train(model, optimizer, 2, progress=False)
    assert sys.stderr.getvalue() == ""


def test_a_notebook_watches(monkeypatch):
    class Shell:
        config = {"IPKernelApp": {}}  # noqa: RUF012

    class IPython:
        get_ipython = staticmethod(lambda: Shell)

    monkeypatch.setitem(sys.modules, "IPython", IPython)
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    train(*make(), 1)
    assert "epoch 1/1" in sys.stderr.getvalue()


# Devices ------------------------------------------------------------------------------------


def test_the_device_is_chosen_by_primer_device(monkeypatch):
    asked = []

    def select(name="auto"):
        asked.append(name)
        return torch.device("cpu")

    monkeypatch.setattr("primer.device.select", select)
    model, optimizer = make()
    train(model, optimizer, 1, device="auto")
    evaluate(model, (X, Y), loss=LOSS)
    predict(model, X, device="cuda:1")
    assert asked == ["auto", "cuda:1"]


def test_a_gpu_is_taken_by_local_rank(monkeypatch):
    chosen = []
    monkeypatch.setattr(_processes.dist, "is_initialized", lambda: True)
    monkeypatch.setattr(_processes.dist, "get_rank", lambda: 6)
    monkeypatch.setattr(_processes.dist, "get_world_size", lambda: 8)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    monkeypatch.setattr(torch.cuda, "set_device", lambda device: None)
    monkeypatch.setattr(
        "primer.device.select", lambda name: chosen.append(name) or torch.device(name)
    )
    join = _processes.Processes.join
    assert join("auto") == join("cuda") == _processes.Processes(torch.device("cuda:2"), 6, 8)
    monkeypatch.setenv("LOCAL_RANK", "3")
    assert join("auto").device == torch.device("cuda:3")
    assert join("cpu").device == torch.device("cpu")


def test_the_state_of_the_optimizer_follows_the_model(monkeypatch):
    model, optimizer = make(kind=torch.optim.Adam)
    train(model, optimizer, 1)
    loaded = []
    monkeypatch.setattr(optimizer, "load_state_dict", loaded.append)
    training._move(model, optimizer, torch.device("cpu"))
    assert not loaded  # it is there already
    for state in optimizer.state.values():
        state["exp_avg"] = state["exp_avg"].to("meta")
    training._move(model, optimizer, torch.device("cpu"))
    assert len(loaded) == 1


# Bad input ----------------------------------------------------------------------------------


def bilingual(error):
    lines = str(error).split("\n")
    assert len(lines) >= 2, f"not ours: {error!r}"
    assert HAN.search(lines[0]), lines
    assert not HAN.search(lines[1]), lines


class Single(Dataset):
    def __len__(self):
        return 4

    def __getitem__(self, index):
        return X[index]


def bad_calls():
    model, optimizer = make()
    stranger = torch.optim.SGD(nn.Linear(2, 2).parameters(), lr=0.1)
    fixed = torch.zeros(1, requires_grad=True)
    cases = {
        "model class": (TypeError, {"model": MLP}),
        "model none": (TypeError, {"model": None}),
        "list of arrays": (TypeError, {"train": [X.numpy(), Y.numpy()]}),
        "one tensor": (TypeError, {"train": X}),
        "three tensors": (TypeError, {"train": (X, Y, Y)}),
        "no tensors": (TypeError, {"train": None}),
        "lengths": (ValueError, {"train": (X, Y[:-1])}),
        "empty": (ValueError, {"train": (X[:0], Y[:0])}),
        "scalars": (ValueError, {"train": (torch.tensor(1.0), torch.tensor(1))}),
        "features": (ValueError, {"train": (X[:, :9], Y)}),
        "integers": (ValueError, {"train": (X.long(), Y)}),
        "elsewhere": (ValueError, {"train": (X.to("meta"), Y)}),
        "float targets": (ValueError, {"train": (X, Y.float())}),
        "class out of range": (ValueError, {"train": (X, Y + 3)}),
        "empty loader": (ValueError, {"train": DataLoader(TensorDataset(X[:0], Y[:0]))}),
        "all dropped": (
            ValueError,
            {"train": DataLoader(TensorDataset(X, Y), batch_size=200, drop_last=True)},
        ),
        "no pairs": (TypeError, {"train": DataLoader(Single())}),
        "validation": (TypeError, {"validation": X}),
        "empty validation": (ValueError, {"validation": (X[:0], Y[:0])}),
        "loss class": (TypeError, {"loss": nn.CrossEntropyLoss}),
        "loss none": (TypeError, {"loss": None}),
        "vector loss": (ValueError, {"loss": nn.CrossEntropyLoss(reduction="none")}),
        "number loss": (TypeError, {"loss": lambda p, t: 1.0}),
        "detached loss": (ValueError, {"loss": lambda p, t: LOSS(p.detach(), t)}),
        "failing loss": (ValueError, {"loss": lambda p: p}),
        "optimizer none": (TypeError, {"optimizer": None}),
        "optimizer class": (TypeError, {"optimizer": torch.optim.SGD}),
        "other model's": (ValueError, {"optimizer": stranger}),
        "lbfgs": (TypeError, {"optimizer": torch.optim.LBFGS(model.parameters())}),
        "epochs -1": (ValueError, {"epochs": -1}),
        "epochs 1.5": (TypeError, {"epochs": 1.5}),
        "epochs true": (TypeError, {"epochs": True}),
        "metrics list": (TypeError, {"metrics": [accuracy]}),
        "metric name": (TypeError, {"metrics": {1: accuracy}}),
        "metric taken": (ValueError, {"metrics": {"loss": accuracy}}),
        "metric prefix": (ValueError, {"metrics": {"validation_x": accuracy}}),
        "metric none": (TypeError, {"metrics": {"x": None}}),
        "metric vector": (ValueError, {"metrics": {"x": lambda p, t: p}}),
        "metric text": (TypeError, {"metrics": {"x": lambda p, t: "high"}}),
        "metric fails": (ValueError, {"metrics": {"x": lambda p, t: 1 / 0}}),
        "device": (ValueError, {"device": "gpu"}),
        "device type": (TypeError, {"device": 3}),
        "no such device": (RuntimeError, {"device": "cuda:99"}),
        "batch_size 0": (ValueError, {"batch_size": 0}),
        "batch_size text": (TypeError, {"batch_size": "32"}),
        "batch_size twice": (
            ValueError,
            {"train": DataLoader(TensorDataset(X, Y)), "batch_size": 8},
        ),
        "patience alone": (ValueError, {"patience": 2}),
        "patience 0": (ValueError, {"patience": 0, "validation": (X, Y)}),
        "scheduler": (TypeError, {"scheduler": 0.1}),
        "other scheduler": (
            ValueError,
            {"scheduler": torch.optim.lr_scheduler.StepLR(stranger, 1)},
        ),
        "resume text": (TypeError, {"resume": "yes"}),
        "progress none": (TypeError, {"progress": None}),
        "resume from nothing": (ValueError, {"resume": True}),
        "checkpoint number": (TypeError, {"checkpoint": 3}),
        "checkpoint folder": (OSError, {"checkpoint": HERE}),
        "checkpoint nowhere": (FileNotFoundError, {"checkpoint": HERE / "no" / "run.pt"}),
        "frozen parameter": (
            ValueError,
            {"loss": lambda p, t: (p.detach() + fixed.detach()).mean()},
        ),
    }
    arguments = {
        "model": model,
        "train": (X, Y),
        "loss": LOSS,
        "optimizer": optimizer,
        "epochs": 1,
        "device": "cpu",
    }
    for name, (error, changes) in cases.items():
        yield pytest.param(error, arguments | changes, id=name)


@pytest.mark.parametrize(("error", "arguments"), [*bad_calls()])
def test_fit_explains_bad_input(error, arguments):
    arguments = dict(arguments)
    with pytest.raises(error) as caught:
        fit(arguments.pop("model"), arguments.pop("train"), **arguments)
    bilingual(caught.value)


@pytest.mark.parametrize(
    ("error", "call"),
    [
        (TypeError, lambda: evaluate(None, (X, Y), loss=LOSS)),
        (ValueError, lambda: evaluate(MLP(10, 3), (X, Y))),
        (TypeError, lambda: evaluate(MLP(10, 3), X, loss=LOSS)),
        (ValueError, lambda: evaluate(MLP(9, 3), (X, Y), loss=LOSS)),
        (ValueError, lambda: evaluate(MLP(10, 3), (X, Y[:5]), loss=LOSS)),
        (TypeError, lambda: evaluate(MLP(10, 3), (X, Y), loss="mse")),
        (ValueError, lambda: evaluate(MLP(10, 3), (X, Y), loss=LOSS, device="tpu")),
        (TypeError, lambda: predict(nn.Linear, X)),
        (TypeError, lambda: predict(MLP(10, 3), X.numpy())),
        (ValueError, lambda: predict(MLP(9, 3), X)),
        (ValueError, lambda: predict(MLP(10, 3), X[:0])),
        (TypeError, lambda: predict(nn.LSTM(10, 3), X)),
        (ValueError, lambda: predict(MLP(10, 3), DataLoader(X[:0]))),
        (TypeError, lambda: accuracy([1], [1])),
        (ValueError, lambda: accuracy(X, Y.float())),
        (ValueError, lambda: accuracy(X, Y[:3])),
        (ValueError, lambda: accuracy(X[:0], Y[:0])),
        (ValueError, lambda: accuracy(Y, Y)),
        (TypeError, lambda: save_checkpoint(3, MLP(10, 3))),
        (TypeError, lambda: save_checkpoint(HERE / "x.pt", 3)),
        (TypeError, lambda: save_checkpoint(HERE / "x.pt", MLP(10, 3), "sgd")),
        (TypeError, lambda: save_checkpoint(HERE / "x.pt", MLP(10, 3), scheduler=1)),
        (TypeError, lambda: save_checkpoint(HERE / "x.pt", MLP(10, 3), history=[1])),
        (FileNotFoundError, lambda: save_checkpoint("a\0b/x.pt", MLP(10, 3))),
        (OSError, lambda: save_checkpoint("", MLP(10, 3))),
        (FileNotFoundError, lambda: load_checkpoint(HERE / "none.pt", MLP(10, 3))),
        (OSError, lambda: load_checkpoint(HERE, MLP(10, 3))),
        (CheckpointError, lambda: load_checkpoint(__file__, MLP(10, 3))),
    ],
)
def test_the_others_explain_bad_input_too(error, call):
    with pytest.raises(error) as caught:
        call()
    bilingual(caught.value)


def test_fit_inside_no_grad_says_so():
    with torch.no_grad(), pytest.raises(ValueError, match="no_grad") as caught:
        train(*make(), 1)
    bilingual(caught.value)


def test_bad_arguments_are_noticed_before_any_work(tmp_path):
    model, optimizer = make()
    before = [p.clone() for p in model.parameters()]
    with pytest.raises(FileNotFoundError):
        train(model, optimizer, 1, checkpoint=tmp_path / "no" / "run.pt")
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))


def test_no_epochs_is_no_error():
    model, optimizer = make()
    assert train(model, optimizer, 0) == History()


ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.floats(),
    st.sampled_from(["", "auto", "cpu", "gpu", "meta", "run", "\0", "cuda:-1", "é"]),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.sampled_from(["", "loss", "x"]), st.sampled_from([None, 1, len, accuracy])),
    st.sampled_from([nn.ReLU, nn.ReLU(), nn.MSELoss(), nn.Linear(10, 3), len, print, object()]),
    st.sampled_from([X, Y, X[:0], torch.tensor(1.0), (X, Y), (X, X), (Y, X), [X, Y], (X[:0], Y)]),
    st.sampled_from([DataLoader(X), DataLoader(TensorDataset(X, Y), 64), torch.device("cpu")]),
)
ARGUMENTS = [
    "model",
    "train",
    "loss",
    "optimizer",
    "epochs",
    "validation",
    "metrics",
    "device",
    "checkpoint",
    "resume",
    "batch_size",
    "scheduler",
    "patience",
]


@given(st.dictionaries(st.sampled_from(ARGUMENTS), ANYTHING, min_size=1, max_size=3))
@settings(deadline=None, max_examples=300)
def test_nothing_but_explained_errors_escapes(tmp_path_factory, changes):
    model, optimizer = make()
    arguments = {"model": model, "train": (X, Y), "loss": LOSS, "optimizer": optimizer, "epochs": 1}
    arguments |= {"device": "cpu", "progress": False} | changes
    if isinstance(arguments.get("checkpoint"), str) and arguments["checkpoint"]:
        arguments["checkpoint"] = (
            str(tmp_path_factory.mktemp("any")) + "/" + arguments["checkpoint"]
        )
    try:
        fit(arguments.pop("model"), arguments.pop("train"), **arguments)
    except (TypeError, ValueError, OSError, RuntimeError, NonFiniteLossError) as error:
        bilingual(error)


@given(ANYTHING, ANYTHING, ANYTHING, ANYTHING)
@settings(deadline=None, max_examples=200)
def test_nothing_but_explained_errors_escapes_the_others(tmp_path_factory, a, b, c, d):
    path = tmp_path_factory.mktemp("any") / "run.pt"
    for call in (
        lambda: evaluate(nn.Linear(10, 3), a, loss=b, metrics=c, batch_size=d),
        lambda: evaluate(a, (X, Y), loss=LOSS, device=b),
        lambda: predict(nn.Linear(10, 3), a, batch_size=b),
        lambda: predict(a, X, device=b),
        lambda: accuracy(a, b),
        lambda: save_checkpoint(path, a, b, scheduler=c, history=d),
        lambda: load_checkpoint(path if b is None else a, nn.Linear(10, 3), c, scheduler=d),
    ):
        try:
            call()
        except (TypeError, ValueError, OSError, RuntimeError) as error:
            bilingual(error)
