"""A build that is killed, or meets a full disk or damaged files, spoils nothing and says why."""

import ctypes
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest
from small_site import build, command, differences, environment, make, pages, write

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kills and limits are POSIX")

KILLS = int(os.environ.get("PRIMER_KILLS", "3"))  # nox -s reproduce asks for ten


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Build a small site once, without a fault; note how long it took."""
    root = make(tmp_path_factory.mktemp("finished") / "site")
    started = time.monotonic()
    result = build(root)
    assert result.returncode == 0, result.stderr
    return root, time.monotonic() - started


@pytest.fixture
def copy(finished, tmp_path):
    """Give a copy of the finished site, which Sphinx takes for another one."""
    root = tmp_path / "site"
    shutil.copytree(finished[0], root)
    return root


def said(result):
    """Give what a build that failed told its reader."""
    assert result.returncode != 0
    assert "Traceback (most recent call last)" not in result.stderr.split("不能寫入")[-1]
    return result.stderr


# -- Kills -----------------------------------------------------------------------------------


@pytest.mark.timeout(900)
def test_a_build_killed_at_random_moments_ends_as_if_it_had_not_been(finished, tmp_path):
    whole, seconds = finished
    root = make(tmp_path / "site")
    moments = random.Random(5)
    for _ in range(KILLS):
        process = subprocess.Popen(
            command(root),
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            process.wait(moments.uniform(0.2, 1) * seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        site = root / "docs/_build/html"
        assert not site.exists() or differences(whole, root) == [], "whole or not at all"
    result = build(root)
    assert result.returncode == 0, result.stderr
    assert differences(whole, root) == []


def stop_at(root, name, handler_of="builder-inited", priority=500):
    """Have the build of `root` kill itself at one moment; give how to undo it."""
    conf = root / "docs/conf.py"
    before = conf.read_text(encoding="utf-8")
    lines = [
        "import os, signal",
        "def setup(app):",
        f"    app.connect({handler_of!r}, lambda *_: os.kill(os.getpid(), signal.SIGKILL),",
        f"                priority={priority})",
    ]
    write(conf, before + "\n" + "\n".join(lines) + "\n")
    return lambda: write(conf, before)


def test_a_page_read_but_not_written_before_a_kill_is_written_by_the_next_build(copy, tmp_path):
    # Sphinx then holds the page for up to date: what it depends on has not changed since.
    source = copy / "primer/diagram.py"
    source.write_text(
        source.read_text(encoding="utf-8").replace('"""', '"""Changed words. ', 1),
        encoding="utf-8",
    )
    undo = stop_at(copy, "read", "env-check-consistency", 999)
    assert build(copy).returncode == -signal.SIGKILL
    undo()
    assert build(copy).returncode == 0
    page = copy / "docs/_build/html/reference.html"
    assert "Changed words" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("at", ["before", "between", "after"])
def test_a_publication_that_was_killed_is_undone_or_done(copy, at):
    before = pages(copy)
    folder = copy / "docs/_build"
    if at == "before":
        write(folder / "fresh/index.html", "half")
    elif at == "between":
        (folder / "html").rename(folder / "previous")
        write(folder / "fresh/index.html", "whole")
    else:
        write(folder / "previous/index.html", "old")
    # The next build fails before it publishes anything.
    write(copy / "docs/index.md", "# 沒有英文\n")
    result = build(copy)
    assert "上一次的成果保持原樣" in said(result)
    assert "the last good one is untouched" in result.stderr
    assert pages(copy) == before


# -- Disks -----------------------------------------------------------------------------------


def test_a_disk_that_fills_while_building_is_named(copy):
    before = pages(copy)
    conf = copy / "docs/conf.py"
    text = conf.read_text(encoding="utf-8")
    # From here on no file can grow beyond a few bytes, whoever runs this.
    full = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000))"
    lines = f"def setup(app):\n    app.connect('env-updated', lambda *_: exec({full!r}))\n"
    write(conf, f"{text}\n{lines}")
    result = build(copy)
    words = said(result)
    assert "不能寫入" in words
    assert "請騰出磁碟空間" in words
    assert "Free some disk space" in words
    assert pages(copy) == before
    write(conf, text)
    assert build(copy).returncode == 0
    assert pages(copy) == before


def without_override():
    """Let the permissions of a folder hold for root too (CAP_DAC_OVERRIDE is 1)."""
    ctypes.CDLL(None).prctl(24, 1, 0, 0, 0)


@pytest.mark.parametrize("folder", ["docs/_build", "docs/lessons/1_part"])
def test_a_read_only_folder_is_named(copy, folder):
    before = pages(copy)
    place = copy / folder
    write(
        copy / "gallery/1_part/03_lesson_3.py", (copy / "gallery/1_part/02_lesson_2.py").read_text()
    )
    place.chmod(0o555)
    try:
        result = subprocess.run(
            command(copy),
            env=environment(),
            capture_output=True,
            encoding="utf-8",
            preexec_fn=without_override,
        )
    finally:
        place.chmod(0o755)
    words = said(result)
    assert f"不能寫入 {place}" in words
    assert f"Cannot write to {place}" in words
    assert pages(copy) == before


# -- Damaged caches --------------------------------------------------------------------------


def damage_lessons(root):
    for path in (root / "docs/lessons").rglob("*"):
        if path.suffix in {".md5", ".rst", ".json", ".png", ".examples"}:
            path.chmod(0o644)
            path.write_bytes(b"garbage {")


def damage_doctrees(root):
    for path in (root / "docs/_build/staging/doctrees").rglob("*"):
        if path.is_file():
            path.write_bytes(b"garbage {")


def damage_one_doctree(root):
    (root / "docs/_build/staging/doctrees/index.doctree").write_bytes(b"")


def damage_pages(root):
    shutil.rmtree(root / "docs/_build/staging/html")


@pytest.mark.parametrize(
    "damage", [damage_lessons, damage_doctrees, damage_one_doctree, damage_pages]
)
def test_damaged_caches_are_made_again(copy, damage):
    before = pages(copy)
    damage(copy)
    result = build(copy)
    assert result.returncode == 0, result.stderr
    assert pages(copy) == before


def test_the_seal_does_not_outlive_a_failed_build(copy):
    seal = copy / "docs/_build/staging/doctrees/seal.json"
    assert json.loads(seal.read_text(encoding="utf-8"))
    index = copy / "docs/index.md"
    text = index.read_text(encoding="utf-8")
    write(index, text + "\n只有中文。\n")
    for _ in range(2):
        assert "docs/index.md" in said(build(copy)), "the warning is repeated"
        assert not seal.exists()
    write(index, text)
    assert build(copy).returncode == 0
