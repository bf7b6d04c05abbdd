"""A lesson finds the state that the first one found, and one past its limits ends the build."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

CONF = f"""
import sys
sys.path.insert(0, {str(ROOT / "docs/_ext")!r})
extensions = ["lesson_guard", "sphinx_gallery.gen_gallery"]
lesson_memory = 500
sphinx_gallery_conf = {{
    "examples_dirs": "../gallery",
    "gallery_dirs": "lessons",
    "filename_pattern": r"\\d\\d_",
    "within_subsection_order": "FileNameSortKey",
    "reset_modules": ("matplotlib", "lesson_guard.guard"),
    "reset_modules_order": "both",
    "abort_on_example_error": True,
    "show_signature": False,
}}
"""

LOOK = """
import decimal
import os
import random
import warnings

import numpy as np
import matplotlib
import torch

print("draws", random.random(), np.random.rand(), torch.rand(1).item())
print("types", torch.get_default_dtype(), torch.empty(1).device, matplotlib.rcParams["lines.linewidth"])
print("switches", torch.is_grad_enabled(), torch.are_deterministic_algorithms_enabled())
print("more", torch.is_anomaly_enabled(), torch.get_num_threads(), torch.backends.cudnn.benchmark)
print("precision", torch.get_float32_matmul_precision(), decimal.getcontext().prec, np.geterr())
print("prints", torch.tensor([1 / 3]), np.array([1 / 3]))
print("warnings", len(warnings.filters), os.environ.get("SPOILT"))
"""  # noqa: E501

SPOIL = """
torch.set_default_dtype(torch.float64)
torch.set_default_device("meta")
torch.set_grad_enabled(False)
torch.use_deterministic_algorithms(True)
torch.set_anomaly_enabled(True)
torch.set_num_threads(torch.get_num_threads() + 1)
torch.backends.cudnn.benchmark = True
torch.set_float32_matmul_precision("medium")
torch.set_printoptions(precision=1, sci_mode=True)
np.set_printoptions(precision=1)
np.seterr(all="ignore")
matplotlib.rcParams["lines.linewidth"] = 9
decimal.getcontext().prec = 3
os.environ["SPOILT"] = "yes"
warnings.simplefilter("error")
warnings.filterwarnings("ignore", "spoilt")
"""

TITLE = '"""\nLesson\n======\n\nText.\n"""\n'


def build(folder: Path, *options: str, **lessons: str) -> subprocess.CompletedProcess[str]:
    """Write a gallery of lessons, and build it in a process that they may end."""
    (folder / "docs").mkdir()
    (folder / "docs/conf.py").write_text(CONF, encoding="utf-8")
    (folder / "docs/index.rst").write_text("Home\n====\n\n.. toctree::\n\n   lessons/index\n")
    (folder / "gallery").mkdir()
    (folder / "gallery/GALLERY_HEADER.rst").write_text("Gallery\n=======\n")
    for name, code in lessons.items():
        path = folder / f"gallery/{name.removeprefix('_')}.py"
        path.write_text(TITLE + code, encoding="utf-8")
    # No HTML: what the lessons printed stands in the pages that sphinx-gallery writes.
    command = [sys.executable, "-m", "sphinx", "-b", "dummy", *options, "docs", "docs/_build"]
    environ = {**os.environ, "MPLBACKEND": "agg"}
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environ)


def printed(folder: Path, lesson: str) -> str:
    """Give what a lesson printed."""
    page = (folder / f"docs/lessons/{lesson}.rst").read_text(encoding="utf-8")
    return page.partition(".. code-block:: none\n")[2].partition(".. ")[0].strip()


def test_a_lesson_does_not_disturb_the_next(tmp_path: Path):
    done = build(tmp_path, _01_first=LOOK + SPOIL, _02_second=LOOK)
    assert done.returncode == 0, done.stderr
    first, second = printed(tmp_path, "01_first"), printed(tmp_path, "02_second")
    assert "switches True False" in first
    assert second == first


@pytest.mark.parametrize(
    ("seconds", "code", "line", "said"),
    [
        (
            10,
            "\nimport time\n\n\ndef wait():\n    time.sleep(600)\n\n\nwait()\n",
            "12",
            "這一課跑超過 10 秒的上限，建置已停止 · this lesson ran past the limit of 10 s",
        ),
        (
            600,
            "\nimport time\n\n\ndef eat():\n    eaten = b'x' * 10**9\n    time.sleep(600)\n\n\n"
            "eat()\n",
            "(12|13)",
            "這一課用的記憶體超過 500 MiB 的上限，建置已停止 · this lesson took more memory",
        ),
    ],
    ids=["time", "memory"],
)
def test_a_lesson_past_a_limit_ends_the_build_and_is_named(tmp_path, seconds, code, line, said):
    limit = ("-D", f"lesson_seconds={seconds}")
    done = build(tmp_path, *limit, _01_first="print('done')\n", _02_second=code)
    assert done.returncode == 2
    named = rf"^gallery.02_second\.py:{line}: ERROR: {said}"
    assert re.search(named, done.stderr, re.MULTILINE), done.stderr
    assert "done" in printed(tmp_path, "01_first"), "what had come to its end is kept"
