"""Devices: chosen by name, refused with a reason, seeded, waited for and timed."""

import os
import random
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from primer import device
from primer.device import available, seed_everything, select, synchronize, timed


@pytest.fixture
def two_gpus(monkeypatch):
    """Let PyTorch report two GPUs and nothing else."""
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


@pytest.fixture
def apple(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)


@pytest.fixture
def cpu_only(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    if hasattr(torch, "xpu"):
        monkeypatch.setattr(torch.xpu, "is_available", lambda: False)


# -- select ---------------------------------------------------------------------------------------


def test_auto_takes_something_that_works():
    assert torch.ones(3, device=select()).sum().item() == 3


def test_every_available_device_can_be_selected_and_used():
    for one in available():
        assert select(str(one)) == one
        assert torch.ones(2, device=one).sum().item() == 2


@pytest.mark.parametrize("name", ["cpu", "cpu:0", torch.device("cpu")])
def test_cpu(name):
    assert select(name) == torch.device("cpu")


@pytest.mark.usefixtures("two_gpus")
def test_gpus():
    assert select("auto") == torch.device("cuda", 0)
    assert select("cuda") == torch.device("cuda")
    assert select("cuda:1") == torch.device("cuda", 1)
    assert [str(one) for one in available()] == ["cuda:0", "cuda:1", "cpu"]
    with pytest.raises(RuntimeError, match="there is cuda:0, cuda:1, cpu"):
        select("cuda:2")


@pytest.mark.usefixtures("apple")
def test_mps():
    assert select("auto") == torch.device("mps")
    assert select("mps") == torch.device("mps")
    assert select("mps:0") == torch.device("mps:0")
    with pytest.raises(RuntimeError, match="no device cuda here; there is mps, cpu"):
        select("cuda")


@pytest.mark.usefixtures("cpu_only")
@pytest.mark.parametrize("name", ["cuda", "cuda:1", "mps", "xpu"])
def test_absent_devices_are_refused_with_the_way_out(name):
    assert select("auto") == torch.device("cpu")
    with pytest.raises(RuntimeError) as caught:
        select(name)
    zh, en = str(caught.value).splitlines()
    assert f"沒有裝置 {name}" in zh
    assert f"no device {name}" in en
    assert "primer doctor" in en


@pytest.mark.usefixtures("two_gpus")
@pytest.mark.parametrize(
    ("value", "chosen"),
    [("cpu", "cpu"), ("cuda", "cuda:0"), ("cuda:1", "cuda:1"), ("auto", "cuda:0"), ("", "cuda:0")],
)
def test_the_environment_says_what_auto_means(monkeypatch, value, chosen):
    monkeypatch.setenv("PRIMER_DEVICE", value)
    assert select("auto") == torch.device(chosen)
    assert select("cuda:1") == torch.device("cuda:1"), "what is named is taken"


@pytest.mark.usefixtures("cpu_only")
def test_an_environment_that_cannot_be_met_is_refused_by_its_name(monkeypatch):
    monkeypatch.setenv("PRIMER_DEVICE", "cuda")
    with pytest.raises(
        RuntimeError, match=r"no device cuda \(PRIMER_DEVICE\).*Unset PRIMER_DEVICE"
    ):
        select("auto")
    monkeypatch.setenv("PRIMER_DEVICE", "gpu")
    with pytest.raises(ValueError, match=r"Unknown device 'gpu' \(PRIMER_DEVICE\)"):
        select("auto")


@pytest.mark.parametrize(
    "name", ["gpu", "", "cuda:", "cuda:x", "cuda:-1", "CPU", "meta", "cuda:1:2"]
)
def test_unknown_names(name):
    with pytest.raises(ValueError, match="Unknown device") as caught:
        select(name)
    assert repr(name) in str(caught.value)


@pytest.mark.parametrize("name", [None, 0, True, ["cpu"], b"cpu"])
def test_other_types(name):
    with pytest.raises(TypeError, match=type(name).__name__):
        select(name)


@settings(deadline=None)
@given(st.one_of(st.text(), st.integers().map("cuda:{}".format), st.from_regex(r"[a-z]+:\d+")))
def test_any_text_gives_a_device_or_a_clear_error(name):
    try:
        assert select(name) in available()
    except (ValueError, RuntimeError) as error:
        assert "\n" in str(error)  # noqa: PT017 (both languages)


# -- seed_everything ------------------------------------------------------------------------------


def draws():
    return random.random(), np.random.rand(), torch.rand(1).item()  # noqa: NPY002 (it is seeded)


@pytest.mark.parametrize("seed", [0, 7, 2**32 - 1])
def test_same_seed_same_numbers(seed):
    seed_everything(seed)
    first = draws()
    assert draws() != first
    seed_everything(seed)
    assert draws() == first


def test_seeds_differ():
    seed_everything(1)
    first = draws()
    seed_everything(2)
    assert all(one != other for one, other in zip(first, draws(), strict=True))


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_seed_out_of_range(seed):
    with pytest.raises(ValueError, match=str(seed)):
        seed_everything(seed)


@pytest.mark.parametrize("seed", [None, 1.0, "1", True])
def test_seed_of_another_type(seed):
    with pytest.raises(TypeError, match=type(seed).__name__):
        seed_everything(seed)


def test_deterministic_algorithms(monkeypatch):
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    try:
        seed_everything(0, deterministic=True)
        assert torch.are_deterministic_algorithms_enabled()
        assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
    finally:
        torch.use_deterministic_algorithms(False)
        os.environ.pop("CUBLAS_WORKSPACE_CONFIG", None)


def test_numpy_is_not_imported_for_its_seed():
    code = (
        "import sys\n"
        "class NoNumPy:\n"
        "    def find_spec(self, name, *rest):\n"
        "        if name == 'numpy': raise ModuleNotFoundError(name=name)\n"
        "sys.meta_path.insert(0, NoNumPy())\n"
        "from primer.device import seed_everything\n"
        "seed_everything(0); print('numpy' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True
    )
    assert done.stdout.strip() == "False", done.stderr


# -- synchronize and timed ------------------------------------------------------------------------


def test_the_right_device_is_waited_for(monkeypatch, two_gpus):
    waited = []
    monkeypatch.setattr(torch.cuda, "synchronize", waited.append)
    synchronize("cuda:1")
    synchronize("cpu")
    assert waited == [torch.device("cuda", 1)]


def test_apple_is_waited_for(monkeypatch, apple):
    waited = []
    monkeypatch.setattr(torch.mps, "synchronize", lambda: waited.append("mps"))
    synchronize("mps")
    assert waited == ["mps"]


def test_clock_is_read_only_when_the_device_is_done(monkeypatch):
    events = []

    def read_clock():
        events.append("clock")
        return 5.0 * len(events)

    monkeypatch.setattr(device, "synchronize", events.append)
    monkeypatch.setattr(device.time, "perf_counter", read_clock)
    with timed("cpu") as watch:
        events.append("block")
    cpu = torch.device("cpu")
    assert events == [cpu, "clock", "block", cpu, "clock"]
    assert watch.seconds == 15.0  # from the second event to the fifth


def test_seconds_are_unknown_until_the_block_ends():
    with timed("cpu") as watch:
        assert watch.seconds != watch.seconds
    assert watch.seconds >= 0


def test_time_is_taken_even_if_the_block_fails():
    watch = timed("cpu")
    with pytest.raises(ZeroDivisionError), watch:
        _ = 1 / 0
    assert watch.seconds >= 0


@pytest.mark.parametrize("call", [synchronize, timed])
def test_unknown_devices_are_refused(call):
    with pytest.raises(ValueError, match="Unknown device 'gpu'"):
        call("gpu")
