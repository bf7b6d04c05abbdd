"""A build that is killed, or meets a full disk or damaged files, spoils nothing and says why."""

import ctypes
import os
import random
import runpy
import shutil
import signal
import subprocess
import sys
import time

import pytest
from small_site import ROOT, build, command, differences, environment, make, pages, write

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


def test_a_page_read_but_not_written_before_a_kill_is_written_by_the_next_build(copy):
    # Sphinx then holds the page for up to date: what it depends on has not changed since.
    write(copy / "docs/note.txt", "改過了。\n\nChanged words.\n")
    conf = copy / "docs/conf.py"
    before = conf.read_text(encoding="utf-8")
    kill = "lambda *_: os.kill(os.getpid(), 9)"
    write(conf, f"{before}\ndef setup(app):\n    app.connect('env-check-consistency', {kill})\n")
    assert build(copy).returncode == -signal.SIGKILL
    write(conf, before)
    assert build(copy).returncode == 0
    page = copy / "docs/_build/html/reference.html"
    assert "Changed words" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("folders", "left"),
    [
        ({"html": "last", "fresh": "half"}, "last"),
        ({"previous": "last", "fresh": "new"}, "last"),
        ({"html": "new", "previous": "last"}, "new"),
    ],
)
def test_a_publication_that_was_killed_is_undone_or_done(tmp_path, folders, left):
    for name, text in folders.items():
        write(tmp_path / name / "index.html", text)
    script = runpy.run_path(str(ROOT / "docs/build.py"))
    script["recover"](tmp_path / "html")
    assert (tmp_path / "html/index.html").read_text() == left
    write(tmp_path / "staging/html/index.html", "next")
    write(tmp_path / "staging/html/.buildinfo", "no part of the site")
    script["publish"](tmp_path / "staging/html", tmp_path / "html")
    assert (tmp_path / "html/index.html").read_text() == "next"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["html", "staging"]
    assert [path.name for path in (tmp_path / "html").iterdir()] == ["index.html"]


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


def without_override():
    """Let the permissions of a folder hold for root too (CAP_DAC_OVERRIDE is 1)."""
    ctypes.CDLL(None).prctl(24, 1, 0, 0, 0)


@pytest.mark.parametrize("folder", ["docs/_build", "docs/lessons/1_part"])
def test_a_read_only_folder_is_named(copy, folder):
    before = pages(copy)
    place = copy / folder
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


def damage_everything(root):
    for path in (root / "docs/lessons").rglob("*"):
        if path.suffix in {".md5", ".rst", ".json", ".png", ".examples"}:
            path.chmod(0o644)
            path.write_bytes(b"garbage {")
    for path in (root / "docs/_build/staging").rglob("*"):
        if path.is_file():
            path.write_bytes(b"garbage {")


def damage_one_doctree(root):
    (root / "docs/_build/staging/doctrees/index.doctree").write_bytes(b"")


@pytest.mark.parametrize("damage", [damage_everything, damage_one_doctree])
def test_damaged_caches_are_made_again(copy, damage):
    before = pages(copy)
    damage(copy)
    result = build(copy)
    assert result.returncode == 0, result.stderr
    assert pages(copy) == before


def test_a_build_with_a_warning_spoils_nothing_and_is_not_trusted(copy):
    before = pages(copy)
    seal = copy / "docs/_build/staging/doctrees/seal.json"
    assert seal.is_file()
    write(copy / "docs/note.txt", "只有中文。\n")
    words = said(build(copy))
    assert "docs/note.txt" in words
    assert "上一次的成果保持原樣" in words
    assert "the last good one is untouched" in words
    assert pages(copy) == before
    assert not seal.exists(), "so that the next build warns again"
