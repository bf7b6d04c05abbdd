"""What a page offers runs in a fresh environment after the one line that the page shows."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from urllib.parse import unquote, urljoin

import pytest
from bs4 import BeautifulSoup
from torch_builds import torch_builds

ROOT = Path(__file__).parents[2]
LESSONS = [
    path.relative_to(ROOT / "gallery").with_suffix("").as_posix()
    for path in sorted((ROOT / "gallery").glob("*/[0-9][0-9]_*.py"))
]
# After the line has been run there is no network to rescue a file that does not carry all it needs.
OFFLINE = {
    "http_proxy": "http://127.0.0.1:9",
    "https_proxy": "http://127.0.0.1:9",
    "PIP_NO_INDEX": "1",
    "UV_OFFLINE": "1",
    "MPLBACKEND": "agg",
    "PYTHONIOENCODING": "utf-8",
}
RUN_NOTEBOOK = """
import sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], 4)
NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
print("\\n".join(output.get("text", "") for output in notebook.cells[0].outputs))
"""


def run(*command: str | Path, cwd: Path, env: dict[str, str] | None = None) -> str:
    """Run a command that must succeed; give what it printed."""
    # Names of this environment must not reach the fresh one.
    outer = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**outer, **(env or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-6000:]}"
    return done.stdout


@pytest.fixture(scope="session")
def uv() -> Path:
    """Give the program uv, whose cache makes a fresh environment cheap."""
    found = shutil.which("uv")
    if found is None:
        from uv import find_uv_bin

        found = find_uv_bin()
    return Path(found)


@pytest.fixture(scope="session")
def environment(uv: Path, tmp_path_factory: pytest.TempPathFactory):
    """Give a maker of fresh environments, one for each line that a page shows."""
    made: dict[str, Path] = {}
    _version, backend = torch_builds(ROOT / "noxfile.py")[os.environ.get("TORCH_BUILD", "default")]
    backend_of_build = {"UV_TORCH_BACKEND": backend} if backend else {}

    def environment(line: str, folder: Path) -> Path:
        if line not in made:
            home = tmp_path_factory.mktemp("environment")
            run(uv, "venv", "--seed", "--python", sys.executable, home / "venv", cwd=home)
            python = home / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
            pip, *arguments = line.split()
            assert pip == "pip"
            run(uv, "pip", *arguments, "--python", python, cwd=folder, env=backend_of_build)
            made[line] = python
        return made[line]

    return environment


@pytest.fixture(params=LESSONS)
def lesson(request, site: Path, tmp_path: Path, environment) -> tuple[Path, Path]:
    """Take home what a page offers; give the folder and the environment's Python."""
    page = site / "lessons" / f"{request.param}.html"
    soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html5lib")
    for link in soup.select("a[download]"):
        target = Path(unquote(urljoin(page.as_uri(), link["href"]).removeprefix("file://")))
        shutil.copy(target, tmp_path)
    return tmp_path, environment(soup.select_one(".pip-line").get_text().strip(), tmp_path)


def test_the_script_runs(lesson: tuple[Path, Path]):
    folder, python = lesson
    (script,) = folder.glob("*.py")
    run(python, "-W", "error", script.name, cwd=folder, env=OFFLINE)


def test_the_notebook_runs(lesson: tuple[Path, Path], uv: Path):
    folder, python = lesson
    run(uv, "pip", "install", "nbclient", "ipykernel", "--python", python, cwd=folder)
    (notebook,) = folder.glob("*.ipynb")
    installed = run(python, "-c", RUN_NOTEBOOK, notebook.name, cwd=folder, env=OFFLINE)
    assert "ERROR" not in installed, "the first cell finds all that it names"


def test_the_zip_carries_all_that_the_lesson_needs(lesson: tuple[Path, Path], uv: Path):
    folder, python = lesson
    (script,) = folder.glob("*.py")
    with zipfile.ZipFile(folder / f"{script.stem}.zip") as archive:
        archive.extractall(folder)
    inside = folder / script.stem
    assert (inside / script.name).read_bytes() == script.read_bytes()
    command = [uv, "pip", "install", "-r", "requirements.txt", "--python", python]
    run(*command, cwd=inside, env=OFFLINE)


def test_the_course_zip_carries_every_lesson(site: Path, tmp_path: Path, environment, uv: Path):
    with zipfile.ZipFile(site / "downloads/torch-primer-lessons.zip") as archive:
        archive.extractall(tmp_path)
    (folder,) = tmp_path.iterdir()
    assert [str(p.relative_to(folder).with_suffix("")) for p in sorted(folder.glob("*/*.py"))] == (
        LESSONS
    )
    python = environment("pip install -r requirements.txt", folder)
    run(
        python,
        "-c",
        "import torch, primer; primer.describe(torch.ones(2))",
        cwd=folder,
        env=OFFLINE,
    )
