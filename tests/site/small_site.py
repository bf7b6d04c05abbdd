"""A site of a few lessons with the project's own settings and extensions, built in seconds.

The settings, extensions, templates and static files are those of ``docs``; only the pages are few.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

HEADER = """\
{title}
{rule}

這裡有幾課。

A few lessons stand here.
"""

# Figures, diagrams, a set whose order follows the hash seed if anyone prints it, and links.
LESSON = '''\
r"""
第 {number} 課 · Lesson {number}
================================

用 :class:`primer.diagram.Diagram` 畫圖，:math:`w_{number}`。

A drawing with :class:`primer.diagram.Diagram`, :math:`w_{number}`.
"""

import matplotlib.pyplot as plt

from primer.diagram import Diagram

fig, ax = plt.subplots(figsize=(2, 1))
ax.plot([0, {number}])
fig.set_label("一條線 · A line\\n上升的線 · A rising line")

# %%
# 小節 · A section
# ----------------
#
# 接著是圖。
#
# Now a diagram.

words = {{"甲", "乙", "丙", str({number})}}
print(len(words), {number})
Diagram("""flowchart LR
  accTitle: 圖 · Drawing
  accDescr: 甲到乙 · From a to b
  A["甲 · A"] --> B["乙 · B"]""")
'''

INDEX = """\
# 小網站 · A small site

這一頁很短。

This page is short.

```{toctree}
lessons/index
reference
verified
```
"""

VERIFIED = """\
# 紀錄 · Records

```{verified}
```
"""

REFERENCE = """\
圖表 · Diagrams
===============

.. include:: note.txt

.. automodule:: primer.diagram
   :members:

.. minigallery:: primer.diagram.Diagram
"""


def make(root: Path, count: int = 2, lesson: str = LESSON) -> Path:
    """Write the project of a small site; give its root."""
    skip = shutil.ignore_patterns("_build", "lessons", "reference", "*.md", "__pycache__", "*.mo")
    shutil.copytree(ROOT / "docs", root / "docs", ignore=skip)
    shutil.copytree(ROOT / "primer", root / "primer", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "noxfile.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, root)
    write(root / "docs/index.md", INDEX)
    write(root / "docs/reference.rst", REFERENCE)
    write(root / "docs/verified.md", VERIFIED)
    write(root / "docs/note.txt", "說明。\n\nA note.\n")
    rule = "=" * 40
    write(root / "gallery/GALLERY_HEADER.rst", HEADER.format(title="課程 · Lessons", rule=rule))
    for number in range(1, count + 1):
        part = root / f"gallery/{(number - 1) // 20 + 1}_part"
        if number % 20 == 1:
            title = f"第 {number} 部分 · Part {number}"
            write(part / "GALLERY_HEADER.rst", HEADER.format(title=title, rule="-" * 40))
        write(part / f"{number % 100:02d}_lesson_{number}.py", lesson.format(number=number))
    return root


def write(path: Path, text: str) -> None:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


def command(root: Path, *options: str) -> list[str]:
    """Give the command that builds the site."""
    return [sys.executable, str(root / "docs/build.py"), "-q", *options]


def environment(**variables: str) -> dict[str, str]:
    """Give the environment of a build."""
    return {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONUTF8": "1", **variables}


def build(root: Path, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Build the site; what it prints is in the result."""
    return subprocess.run(
        command(root, *options),
        env=environment(**variables),
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )


def pages(root: Path) -> dict[str, str]:
    """Fingerprint every file of the built site."""
    site = root / "docs/_build/html"
    return {
        path.relative_to(site).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(site.rglob("*"))
        if path.is_file()
    }


def differences(one: Path, two: Path) -> list[str]:
    """Say which files of two sites are not the same."""
    first, second = pages(one), pages(two)
    return [
        f"{name}: {'differs' if name in first and name in second else 'in one site only'}"
        for name in sorted(first.keys() | second.keys())
        if first.get(name) != second.get(name)
    ]
