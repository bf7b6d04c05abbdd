"""``fit`` under torchrun: two gloo processes take the steps that one process takes alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

SCRIPT = Path(__file__).with_name("distributed_script.py")


def launch(processes, folder, *options):
    """Run the same script, alone or under torchrun; return what each process wrote."""
    folder.mkdir(exist_ok=True)
    environment = {k: v for k, v in os.environ.items() if k not in ("RANK", "WORLD_SIZE")}
    environment |= {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    alone = [sys.executable]
    together = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node"]
    start = alone if processes == 1 else [*together, str(processes)]
    done = subprocess.run(
        [*start, str(SCRIPT), str(folder), *options],
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    found = [torch.load(folder / f"rank{rank}.pt", weights_only=True) for rank in range(processes)]
    return found, done


def assert_same(left, right, tolerance=1e-6):
    for name, value in left["model"].items():
        torch.testing.assert_close(value, right["model"][name], rtol=0, atol=tolerance)
    assert left["history"].keys() == right["history"].keys()
    for name, values in left["history"].items():
        assert values == pytest.approx(right["history"][name], abs=tolerance), name


# 101 samples in batches of 16 or 10: the last batch has 5 samples or 1, which no two can share.
@pytest.mark.parametrize(
    ("data", "batch"), [("tensors", "10"), ("loader", "16"), ("workers", "10")]
)
def test_two_processes_reach_the_parameters_of_one(tmp_path, data, batch):
    (alone,), _ = launch(1, tmp_path / "one", data, batch)
    (first, second), _ = launch(2, tmp_path / "two", data, batch)
    assert alone["steps"] == first["steps"] == second["steps"]
    assert first["samples"] + second["samples"] == pytest.approx(alone["samples"], abs=3)
    assert first["samples"] < 0.6 * alone["samples"]  # the work is really shared
    assert_same(alone, first)
    assert_same(first, second, tolerance=0)


def test_a_distributed_sampler_of_ones_own(tmp_path):
    (alone,), _ = launch(1, tmp_path / "one", "sampler", "16")
    (first, second), _ = launch(2, tmp_path / "two", "sampler", "8")
    assert_same(alone, first)
    assert_same(first, second, tolerance=0)
    assert len({tuple(order) for order in first["orders"]}) == 3  # set_epoch: a new order each


def test_only_the_first_process_writes_and_each_draws_its_own_masks(tmp_path):
    (first, second), done = launch(2, tmp_path / "two", "dropout", "16")
    assert first["wrote"]
    assert not second["wrote"]
    assert first["mask"] != second["mask"]
    assert sorted(path.name for path in (tmp_path / "two").iterdir()) == [
        "rank0.pt",
        "rank1.pt",
        "run.pt",
    ]
    assert "epoch" not in done.stderr


def test_an_interrupted_run_goes_on_to_the_same_numbers(tmp_path):
    (whole, _), _ = launch(2, tmp_path / "whole", "dropout", "16")
    launch(2, tmp_path / "parts", "dropout", "16", "--epochs", "1")
    (first, second), _ = launch(2, tmp_path / "parts", "dropout", "16", "--resume")
    assert_same(whole, first, tolerance=0)
    assert_same(first, second, tolerance=0)


def test_the_result_of_two_goes_on_alone(tmp_path):
    launch(2, tmp_path / "run", "tensors", "16", "--epochs", "1")
    (alone,), _ = launch(1, tmp_path / "run", "tensors", "16", "--resume")
    (whole,), _ = launch(1, tmp_path / "whole", "tensors", "16")
    assert_same(whole, alone)


def test_evaluate_waits_for_nobody(tmp_path):
    (first, second), _ = launch(2, tmp_path / "two", "tensors", "16", "--evaluate-first-only")
    assert first["evaluated"] == pytest.approx(first["history"]["validation_loss"][-1], abs=1e-6)
    assert second["evaluated"] is None


def test_a_stream_is_refused_with_a_way_out(tmp_path):
    folder = tmp_path / "two"
    with pytest.raises(AssertionError, match="DataLoader 需要能取編號的 Dataset") as caught:
        launch(2, folder, "stream", "16")
    assert "use such a dataset, or a DistributedSampler of your own" in str(caught.value)
