# /// script
# requires-python = ">=3.10"
# dependencies = ["nox[uv]>=2025.2.9"]
# ///
"""Every command of the project. ``nox -s docs`` and ``nox -s tests`` are the two to know.

``TORCH_BUILD=cpu nox -s docs`` uses another torch build of the table below.
"""

import os
import sys
from pathlib import Path

import nox
from nox.command import CommandFailed

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "uv"
nox.options.reuse_venv = "yes"
nox.options.error_on_missing_interpreters = True

# id: (version, uv's torch backend). Without a backend the wheel comes from PyPI and follows the
# platform: CUDA 12.1 on Linux x86-64, MPS on Apple silicon, CPU on Windows and Linux aarch64.
TORCH_BUILDS = {
    "default": ("2.4.1", None),
    "cpu": ("2.4.1", "cpu"),
    "cu118": ("2.4.1", "cu118"),
    "cu121": ("2.4.1", "cu121"),
    "cu124": ("2.4.1", "cu124"),
    "rocm6.1": ("2.4.1", "rocm6.1"),
    "mps": ("2.4.1", None),
    "2.4.0": ("2.4.0", None),  # the article's
    "newest": ("2.13.0", None),
}
BUILD = os.environ.get("TORCH_BUILD", "default")

# torch 2.4 has wheels up to CPython 3.12 and Sphinx 9 starts at 3.11: outside, uv brings 3.12.
PYTHON = None if (3, 11) <= sys.version_info < (3, 13) else "3.12"
if PYTHON:
    print(
        f"這個 Python 是 {sys.version_info[0]}.{sys.version_info[1]}，torch 2.4 與 Sphinx 9 需要 "
        "3.11 或 3.12：由 uv 準備 3.12；沒有網路時請先自行安裝。\n"
        f"This Python is {sys.version_info[0]}.{sys.version_info[1]}; torch 2.4 and Sphinx 9 need "
        "3.11 or 3.12: uv brings 3.12; without a network, install it first.",
        file=sys.stderr,
    )

PYPROJECT = nox.project.load_toml("pyproject.toml")
CONSTRAINTS = ".ci/constraints.txt"
SITE = Path("docs/_build/html")
ENV = {"OMP_NUM_THREADS": "1"}  # the lessons' tensors are small: more threads only wait


def install_torch(session: nox.Session, build: str, *groups: str) -> None:
    """Install ``primer``, one torch build and dependency groups; stop unless the build is it."""
    if build not in TORCH_BUILDS:
        ids = ", ".join(TORCH_BUILDS)
        session.error(
            f"沒有 {build!r} 這個組建，可選：{ids}\nno build {build!r}; choose from {ids}"
        )
    version, backend = TORCH_BUILDS[build]
    try:
        session.install(
            "--editable=.",
            f"torch=={version}",
            *nox.project.dependency_groups(PYPROJECT, *groups),
            f"--constraint={CONSTRAINTS}",
            env={"UV_TORCH_BACKEND": backend} if backend else {},
        )
    except CommandFailed:
        session.error(
            f"torch {version} 的 {build} 組建裝不起來（原因見上）：請用 TORCH_BUILD 換一個組建，"
            "或把 wheel 檔放進資料夾並以 UV_FIND_LINKS 指向它。\n"
            f"The {build} build of torch {version} could not be installed (reason above): choose "
            "another build with TORCH_BUILD, or point UV_FIND_LINKS at a folder with its wheel."
        )
    session.run("python", "tests/assert_torch.py", version, backend or "", silent=True)


def build_site(session: nox.Session, *options: str) -> None:
    """Build the site; what readers see changes only after a build without warnings."""
    session.run("python", "docs/build.py", *options, env=ENV)


@nox.session(python=PYTHON)
def docs(session: nox.Session) -> None:
    """Build the site; after ``--``: Sphinx's options, ``--shard 2/5`` or ``--merge FOLDER …``."""
    install_torch(session, BUILD, "docs")
    build_site(session, *session.posargs)
    if "--shard" not in session.posargs:
        session.log(f"打開 · open {(SITE / 'index.html').resolve()}")


@nox.session(python=PYTHON, default=False)
def serve(session: nox.Session) -> None:
    """Rebuild while you write; the browser reloads by itself."""
    install_torch(session, BUILD, "docs", "serve")
    session.run(
        *("sphinx-autobuild", "docs", "docs/_build/serve", "-n"),
        *("-D", "content_security=0"),  # it writes the line that reloads into the page
        *("--watch", "gallery", "--watch", "primer", "--ignore", "*/lessons/*", "--ignore", "*.mo"),
        *session.posargs,
    )


@nox.session(python=PYTHON)
def tests(session: nox.Session) -> None:
    """Build the site, then run every test but the browser's; arguments go to pytest."""
    install_torch(session, BUILD, "docs", "test")
    if not session.posargs:
        build_site(session)
    everything = ["-n", "auto", "--dist", "loadfile", "--ignore=tests/browser"]
    session.run("pytest", *(session.posargs or everything), env=ENV)


@nox.session(python=PYTHON, default=False)
def doctest(session: nox.Session) -> None:
    """Run the examples in primer's docstrings and on the pages."""
    install_torch(session, BUILD, "docs", "test")
    session.run("pytest", "--doctest-modules", "primer", "tests/gallery/test_page_examples.py")


@nox.session(python=PYTHON, default=False)
@nox.parametrize("build", [nox.param(build, id=build) for build in TORCH_BUILDS])
def verify(session: nox.Session, build: str) -> None:
    """Check all that is printed anywhere on one torch build; ``-- --update`` rewrites it.

    More after ``--``: ``--device cpu``, ``--lesson 09``, ``--jobs 2``; see tests/gallery/verify.py.
    """
    install_torch(session, build, "docs", "test")
    session.run("python", "tests/gallery/verify.py", build, *session.posargs, env=ENV)


@nox.session(python=PYTHON, default=False)
def browser(session: nox.Session) -> None:
    """Test the built site in a real Chromium (``CHROMIUM`` names it if it is not on PATH)."""
    install_torch(session, BUILD, "docs", "test", "browser")
    build_site(session)
    everything = ["-n", "auto", "--dist", "loadfile", "tests/browser"]
    session.run("pytest", *(session.posargs or everything))


@nox.session(python=PYTHON, default=False)
def screenshot(session: nox.Session) -> None:
    """Take the README's picture of a lesson page from the built site."""
    session.install(
        *nox.project.dependency_groups(PYPROJECT, "browser"), f"--constraint={CONSTRAINTS}"
    )
    session.run("python", "tests/browser/take_screenshot.py")


@nox.session(python=PYTHON, default=False)
def reproduce(session: nox.Session) -> None:
    """Build the whole site twice, compare every byte; then kill a small build ten times."""
    install_torch(session, BUILD, "docs", "test")
    session.run("python", "tests/site/reproduce.py", env=ENV)
    faults = ["tests/site/test_faults.py", "-k", "random_moments"]
    session.run("pytest", *faults, env={**ENV, "PRIMER_KILLS": "10"})


@nox.session(python=PYTHON)
def lint(session: nox.Session) -> None:
    """Check style and types."""
    install_torch(session, BUILD, "lint")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("mypy")


@nox.session(python=PYTHON, default=False)
def bench(session: nox.Session) -> None:
    """Measure; name one file of tests/bench to run it alone. Nothing here can fail a test."""
    install_torch(session, BUILD, "docs", "test", "bench", "browser")
    for script in session.posargs or sorted(map(str, Path("tests/bench").glob("bench_*.py"))):
        session.run("python", script)


@nox.session(python=PYTHON, default=False)
def linkcheck(session: nox.Session) -> None:
    """Ask every outside link whether it still answers (needs the network)."""
    install_torch(session, BUILD, "docs")
    session.run("python", "-m", "sphinx", "-b", "linkcheck", "docs", "docs/_build/linkcheck")
