"""How the cost of a build grows with the number of lessons, here and with other tools.

    python tests/bench/bench_scale.py [--sizes 10 100 1000] [--peers [NAME …]] [--peer-size 10]

Synthetic sites of small lessons (two paragraphs in each language, two cells, no torch) are built
cold, again without a change, and again after an edit of one lesson. Printed are seconds by the
clock, seconds of processor time (which other work on the machine disturbs least), the peak memory
of the largest process, and the exponent of growth: the slope of log processor time over log
lessons, where 1 is as fast as the site grows and 0 not at all.

``--peers`` builds the same scripts with other tools, each in an environment of its own that uv
makes; one that cannot be installed or does not build is said to be so. The tools differ in what
they do: only this site checks that languages are paired and packs downloads with a wheel, and
MyST-NB shows the comments of such scripts as code.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "site"))
from small_site import command, environment, make

LESSON = '''\
"""
第 {number} 課 · Lesson {number}
================================

一句話，說明這一課。

A sentence about this lesson.
"""

values = [{number} * i for i in range(10)]
print(values)

# %%
# 小節 · A section
# ----------------
#
# 接著把它們加起來。
#
# Then they are added up.

sum(values)
'''
EDIT = "\n# %%\n# 完。\n#\n# The end.\n\nprint('end')\n"
RUNS = ("cold", "no change", "one edit")

GALLERY = """\
project = "peer"
extensions = ["sphinx_gallery.gen_gallery"]
html_theme = {theme!r}
sphinx_gallery_conf = {{
    "examples_dirs": "../gallery", "gallery_dirs": "lessons", "filename_pattern": r"[\\\\/]\\d\\d_",
}}
"""
MYST_NB = """\
project = "peer"
extensions = ["myst_nb"]
nb_custom_formats = {".py": ["jupytext.reads", {"fmt": "py:percent"}]}
nb_execution_mode = "cache"
exclude_patterns = ["conf.py"]
"""
MKDOCS = """\
site_name: peer
theme: {name: material}
nav: [{Home: index.md}, {Lessons: lessons}]
plugins:
  - gallery:
      examples_dirs: gallery
      gallery_dirs: docs/lessons
      filename_pattern: '[\\\\/]\\d\\d_'
"""
SPHINX = ("-m", "sphinx", "-q", "-b", "html", "docs", "html")
PEERS = {  # name: what to install, settings file, its text, how to build
    "sphinx-gallery, alabaster": (
        ["sphinx-gallery"],
        "docs/conf.py",
        GALLERY.format(theme="alabaster"),
        SPHINX,
    ),
    "sphinx-gallery, pydata": (
        ["sphinx-gallery", "pydata-sphinx-theme"],
        "docs/conf.py",
        GALLERY.format(theme="pydata_sphinx_theme"),
        SPHINX,
    ),
    "MyST-NB": (["myst-nb", "jupytext"], "docs/conf.py", MYST_NB, SPHINX),
    "mkdocs-gallery": (
        ["mkdocs-gallery", "mkdocs-material"],
        "mkdocs.yml",
        MKDOCS,
        ("-m", "mkdocs", "-q", "build"),
    ),
}


class Measure(NamedTuple):
    """What one build cost."""

    seconds: float
    processor: float
    memory: float  # MiB


def timed(line: list[str], folder: Path, **variables: str) -> Measure:
    """Run a command and measure it."""
    started = time.perf_counter()
    process = subprocess.Popen(
        line,
        cwd=folder,
        env=environment(**variables),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    errors = process.stderr.read().decode(errors="replace")
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    if status:
        raise RuntimeError(errors.strip()[-1000:])
    return Measure(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def three_runs(line: list[str], root: Path, scripts: Path) -> list[Measure]:
    """Build cold, without a change, and after an edit of the first lesson."""
    results = []
    for name in RUNS:
        if name == "one edit":
            with min(scripts.rglob("[0-9]*.py")).open("a", encoding="utf-8") as script:
                script.write(EDIT)
        results.append(timed(line, root))
    return results


def show(name: str, size: int, results: list[Measure]) -> None:
    """Print one line."""
    cells = "".join(
        f"{m.seconds:>10.1f} s{m.processor:>8.1f} s{m.memory:>6.0f} MiB" for m in results
    )
    print(f"{name:<28}{size:>5}{cells}", flush=True)


def ours(size: int, folder: Path) -> list[Measure]:
    """Measure this project's own build."""
    root = make(folder, size, LESSON)
    return three_runs(command(root), root, root / "gallery")


def peer(name: str, size: int, folder: Path) -> list[Measure]:
    """Measure another tool on the same scripts."""
    packages, settings, text, module = PEERS[name]
    root = make(folder / "source", size, LESSON)
    scripts = root / ("docs/gallery" if name == "MyST-NB" else "gallery")
    shutil.rmtree(root / "docs")
    (root / "docs").mkdir()
    if name == "MyST-NB":
        (root / "gallery").rename(scripts)
        for header in scripts.rglob("*.rst"):
            header.unlink()
        toctree = "```{toctree}\n:glob:\ngallery/*/*\n```\n"
    else:
        toctree = "```\n```\n"
    (root / settings).write_text(text, encoding="utf-8")
    index = root / "docs/index.md"
    if "sphinx_gallery" in text:
        index = root / "docs/index.rst"
        toctree = ".. toctree::\n\n   lessons/index\n"
    index.write_text(f"Index\n=====\n\n{toctree}", encoding="utf-8")
    if settings == "mkdocs.yml":
        for header in (root / "gallery").rglob("GALLERY_HEADER.rst"):
            header.rename(header.with_name("README.md"))
    uv = [sys.executable, "-m", "uv", "-q"]
    venv = folder / "venv"
    python = venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    timed([*uv, "venv", str(venv)], folder)
    timed([*uv, "pip", "install", "--python", str(python), "matplotlib", *packages], folder)
    return three_runs([str(python), *module], root, scripts)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", type=int, nargs="+", default=[10, 100, 1000])
    parser.add_argument("--peers", nargs="*", choices=list(PEERS), metavar="NAME")
    parser.add_argument("--peer-size", type=int, default=10)
    arguments = parser.parse_args()
    print(f"{'':<28}{'':>5}" + "".join(f"{run:>30}" for run in RUNS), flush=True)
    measured = []
    with tempfile.TemporaryDirectory() as folder:
        for size in arguments.sizes:
            measured.append(ours(size, Path(folder, str(size))))
            show("this project", size, measured[-1])
        if len(measured) > 1:
            cost = np.log([[run.processor for run in row] for row in measured])
            slopes = np.polyfit(np.log(arguments.sizes), cost, 1)[0]
            print(f"{'exponent of growth':<33}" + "".join(f"{slope:>30.2f}" for slope in slopes))
        names = arguments.peers if arguments.peers else list(PEERS)
        for index, name in enumerate(names if arguments.peers is not None else []):
            try:
                place = Path(folder, f"peer-{index}")
                place.mkdir()
                show(name, arguments.peer_size, peer(name, arguments.peer_size, place))
            except RuntimeError as error:
                print(f"{name:<28}沒有建成 · did not build: {error}", flush=True)


if __name__ == "__main__":
    main()
