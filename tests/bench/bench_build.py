"""Seconds and memory of a build, bytes and requests of a lesson page.

Run by ``nox -s bench``; builds a copy of the tree, so the working copy stays as it is.
"""

import gzip
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

from bs4 import BeautifulSoup

ROOT = Path(__file__).parents[2]


def build(tree: Path) -> tuple[float, float]:
    """Build the site once; return seconds and the peak memory in MiB."""
    command = [sys.executable, "-m", "sphinx", "-q", "-n", "-b", "html", "docs", "html"]
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=tree)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit("the build failed · 建置失敗")
    return time.perf_counter() - started, usage.ru_maxrss / 1024


def page_weight(page: Path) -> tuple[float, float, int, int]:
    """Return KiB gz without and with figures, the number of requests, and of foreign ones."""
    html = page.read_bytes()
    loads = "script[src], img[src], link[rel~=stylesheet], link[rel~=icon]"
    tags = BeautifulSoup(html, "html5lib").select(loads)
    addresses = {tag.get("src") or tag.get("href") for tag in tags}
    foreign = {address for address in addresses if urlsplit(address).netloc}
    text, figures = len(gzip.compress(html)), 0
    for address in addresses - foreign:
        data = (page.parent / urlsplit(address).path).read_bytes()
        if address.endswith((".png", ".jpg", ".webp")):
            figures += len(data)
        else:
            text += len(gzip.compress(data))
    return text / 1024, (text + figures) / 1024, len(addresses) + 1, len(foreign)


def main() -> None:
    """Print the two tables."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        skip = shutil.ignore_patterns(".git", ".nox", "_build", "lessons", "*_cache", "__pycache__")
        shutil.copytree(ROOT, tree, ignore=skip)
        lessons = sorted(tree.glob("gallery/*/[0-9]*.py"))
        print(f"{len(lessons)} lessons, {os.cpu_count()} cores")
        print(f"{'build':<20}{'seconds':>8}{'MiB':>8}")
        for name in ("cold", "no change", "no change", "one lesson edited"):
            if name == "one lesson edited":
                with lessons[0].open("a", encoding="utf-8") as script:
                    script.write("\n# %%\n# 完。\n#\n# The end.\n")
            seconds, memory = build(tree)
            print(f"{name:<20}{seconds:>8.2f}{memory:>8.0f}")
        print(f"\n{'lesson page':<40}{'KiB gz':>8}{'+figures':>10}{'requests':>10}{'foreign':>9}")
        for page in sorted(tree.glob("html/lessons/*/[0-9]*.html")):
            text, whole, requests, foreign = page_weight(page)
            print(f"{page.stem:<40}{text:>8.1f}{whole:>10.1f}{requests:>10}{foreign:>9}")


if __name__ == "__main__":
    main()
