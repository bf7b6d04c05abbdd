"""Check all that the project claims to print, on the torch build that is installed.

    python tests/gallery/verify.py BUILD [--device cuda] [--lesson 09] [--update] [--jobs 2]

BUILD is an id of the table in ``noxfile.py``, and the installed torch must be that build; or it is
``installed``, and the record is named after the torch that is there.

It runs the examples in ``primer``'s docstrings, those of the pages, every lesson, and the published
solution of every exercise. A run of all that came to its end is recorded in
``docs/_data/verified/BUILD.json``, passed or not; the page "verified" is drawn from these records.
``--update`` rewrites the expected outputs instead, and shows what changed.

Where there is a torch but no Sphinx, bring the list of what is to be run from where there is one::

    python tests/gallery/verify.py installed --write-plan plan.json
    python tests/gallery/verify.py installed --plan plan.json --record-to FOLDER
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import expectations
import runner
from page_examples import page_examples, pages
from runner import LIMIT, MEMORY, ROOT, Run, lessons, run, shown, steps

sys.path.insert(0, str(ROOT / "docs/_ext"))
from torch_builds import torch_builds

RECORDS = ROOT / "docs/_data/verified"
INSTALLED = "installed"
DEVICES = ("auto", "cpu", "cuda", "mps")
# An accelerator's libraries alone are some GiB of every process.
MEMORY_BESIDE_ACCELERATOR = 4 * MEMORY
DOCSTRINGS = [
    *("-m", "pytest", "-q", "-o", "addopts=", "-p", "no:cacheprovider", "--doctest-modules"),
    *("-W", "ignore:Unknown config option", "primer"),  # of a plugin that this run does not need
]
PRIMER, PAGES = "primer 的範例 · examples of primer", "網頁的範例 · examples of the pages"
ENVIRONMENT = """
import json, platform, sys
from importlib.metadata import PackageNotFoundError, version
import torch
from primer.device import select

def installed(name):
    try:
        return version(name)
    except PackageNotFoundError:
        return None

accelerator, wheel = None, "CPU"
if torch.version.hip:
    wheel = f"ROCm {torch.version.hip}"
elif torch.version.cuda:
    wheel = f"CUDA {torch.version.cuda}"
elif torch.backends.mps.is_built():
    wheel = "MPS"
if torch.cuda.is_available():
    accelerator = torch.cuda.get_device_name(0)
elif torch.backends.mps.is_available():
    accelerator = "Apple MPS"
try:
    device = str(select("auto"))
except (RuntimeError, ValueError) as error:
    sys.exit(str(error))
names = ("numpy", "matplotlib", "scikit-learn")
print(json.dumps({
    "versions": {
        "python": platform.python_version(), "torch": torch.__version__,
        **{name: installed(name) for name in names},
    },
    "wheel": wheel, "platform": f"{platform.system()} {platform.machine()}",
    "accelerator": accelerator, "device": device,
}))
"""


# -- What is there -----------------------------------------------------------------------------


def variables(device: str) -> dict[str, str]:
    """Give the environment variables that make a process compute on a device."""
    chosen = {"PRIMER_DEVICE": device}
    if device == "cpu":  # hidden, so that no lesson meets a GPU by another way
        chosen |= {"CUDA_VISIBLE_DEVICES": "", "HIP_VISIBLE_DEVICES": ""}
    return chosen


def environment(device: str = "auto") -> dict[str, Any]:
    """Ask the installed torch for versions and device, in a process of its own."""
    answer = subprocess.run(
        [sys.executable, "-c", ENVIRONMENT],
        env=runner.environment({"PRIMER_DEVICE": device}),
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode:
        sys.exit(answer.stderr.strip())
    return dict(json.loads(answer.stdout.splitlines()[-1]))


def require(build: str) -> None:
    """Stop unless the installed torch is the build that the table of ``noxfile.py`` names so."""
    builds = torch_builds(ROOT / "noxfile.py")
    if build not in builds:
        ids = ", ".join((*builds, INSTALLED))
        sys.exit(f"沒有 {build!r} 這個組建，可選：{ids}\nno build {build!r}; choose from {ids}")
    version, backend = builds[build]
    check = [sys.executable, ROOT / "tests/assert_torch.py", version, backend or ""]
    if subprocess.run(check, check=False).returncode:
        sys.exit(1)


def commit() -> str | None:
    """Name the commit, with ``-dirty`` where files differ from it; None outside git."""
    command = ["git", "describe", "--always", "--dirty", "--exclude=*", "--abbrev=12"]
    try:
        answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    except OSError:  # no git here
        return None
    return answer.stdout.strip() or None


# -- What is to be run -------------------------------------------------------------------------


def make_plan(scripts: list[Path]) -> dict[str, Any]:
    """List the steps of the lessons and the examples of the pages, as JSON can hold them."""
    planned, examples = {}, {}
    for script in scripts:
        try:
            blocks, error = steps(script), ""
        except ValueError as problem:
            blocks, error = [], str(problem)
        planned[shown(script)] = {"sha256": _digest(script), "steps": blocks, "error": error}
    for page in pages(ROOT / "docs"):
        if text := page_examples(page):
            examples[shown(page)] = text
    return {"commit": commit(), "lessons": planned, "pages": examples}


def read_plan(path: Path, scripts: list[Path]) -> dict[str, Any]:
    """Read a plan made elsewhere; stop if it was made from other lessons."""
    plan = dict(json.loads(path.read_text(encoding="utf-8")))
    stale = [
        shown(script)
        for script in scripts
        if plan["lessons"].get(shown(script), {}).get("sha256") != _digest(script)
    ]
    if stale:
        sys.exit(
            f"{path}: 這份清單和課程不符，請用 --write-plan 重做 · "
            f"made from other lessons, make it again with --write-plan: {', '.join(stale)}"
        )
    return plan


def _digest(script: Path) -> str:
    return hashlib.sha256(script.read_text(encoding="utf-8").encode()).hexdigest()


# -- The checks --------------------------------------------------------------------------------


def check_doctests(plan: dict[str, Any], device: str) -> dict[str, str]:
    """Run the docstrings' and the pages' examples; give what was said of each that failed."""
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "plan.json")
        path.write_text(json.dumps(plan), encoding="utf-8")
        here = Path(__file__).parent
        commands = {PRIMER: DOCSTRINGS, PAGES: [here / "page_examples.py", path]}
        for name, arguments in commands.items():
            done = subprocess.run(
                [sys.executable, *arguments],
                cwd=ROOT,
                env=runner.environment(variables(device)),
                capture_output=True,
                text=True,
                check=False,
            )
            said = done.stdout[-4000:] + done.stderr[-4000:]
            results[name] = f"{name}\n{said}" if done.returncode else ""
            print(f"{name}  {mark(not done.returncode)}", flush=True)
    return results


def check_lessons(
    scripts: list[Path], plan: dict[str, Any], options: argparse.Namespace
) -> Iterator[tuple[Run, list[str]]]:
    """Run the lessons, some at a time, with a line for each as it ends."""

    def one(script: Path) -> Run:
        planned = plan["lessons"][shown(script)]
        if planned["error"]:
            return Run(script, error=planned["error"])
        return run(
            *(script, options.limit, options.memory, planned["steps"], variables(options.device))
        )

    with ThreadPoolExecutor(options.jobs) as pool:
        for number, result in enumerate(pool.map(one, scripts), 1):
            path = expectations.path_of(result.script)
            if options.update and not result.error:
                print(expectations.save(result, path) or f"= {shown(path)}")
            found = expectations.differences(result, path)
            print(
                f"[{number:{len(str(len(scripts)))}}/{len(scripts)}] {shown(result.script):<50} "
                f"{mark(not found)} {result.seconds:6.1f} s",
                flush=True,
            )
            for problem in found:
                print(f"\n{problem}\n", flush=True)
            yield result, found


def mark(passed: bool) -> str:
    """Write a result as a sign."""
    return "✓" if passed else "✗"


# -- What is said and kept ---------------------------------------------------------------------


def name_of(script: Path) -> str:
    """Name a lesson as its page is named."""
    return script.relative_to(ROOT / "gallery").with_suffix("").as_posix()


def summary(checked: list[tuple[Run, list[str]]]) -> str:
    """Draw the table that ends a run."""
    lines = [f"{'':42} {'blocks':>7} {'solutions':>9} {'s':>6} {'MiB':>6}"]
    for result, found in checked:
        solutions = sum(block.key.startswith("solution") for block in result.blocks)
        lines.append(
            f"{mark(not found)} {name_of(result.script):<40} "
            f"{len(result.blocks) - solutions:>7} {solutions:>9} {result.seconds:6.1f} "
            f"{result.memory or '–':>6}"
        )
    return "\n".join(lines)


def make_record(
    build: str,
    there: dict[str, Any],
    plan: dict[str, Any],
    doctests: dict[str, str],
    checked: list[tuple[Run, list[str]]],
    seconds: float,
) -> dict[str, Any]:
    """Put together what a run of everything found."""
    results = {
        name_of(result.script): {
            "seconds": round(result.seconds, 1),
            "cpu_seconds": result.cpu_seconds and round(result.cpu_seconds, 1),
            "memory_mib": result.memory,
            "problems": [portable(text) for text in found],
        }
        for result, found in checked
    }
    failed = sorted(name for name, result in results.items() if result["problems"])
    return {
        "build": build,
        **there,
        "date": datetime.now(timezone.utc).date().isoformat(),
        "commit": plan["commit"],
        "seconds": round(seconds, 1),
        "doctests": {name: not text for name, text in doctests.items()},
        "passed": len(results) - len(failed),
        "failed": failed,
        "lessons": results,
    }


def portable(text: str) -> str:
    """Take the folders of this machine out of a message."""
    for folder, name in ((sys.prefix, "…"), (ROOT, "."), (tempfile.gettempdir(), "…")):
        text = text.replace(str(folder), name)
    return text


def write_record(record: dict[str, Any], folder: Path) -> Path:
    """Write a build's record, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{record['build']}.json"
    temporary = path.with_suffix(".new")
    temporary.write_text(json.dumps(record, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    temporary.replace(path)
    return path


def parse(arguments: list[str] | None) -> tuple[argparse.Namespace, list[Path]]:
    """Read the command line; give the options and the lessons that they choose."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    add = parser.add_argument
    add("build", help="組建代號 · id of the torch build, as in noxfile.py; or: installed")
    add("--device", choices=DEVICES, default="auto", help="在哪裡算 · what the lessons compute on")
    add("--lesson", metavar="NN", action="append", help="只跑這一課 · only this one")
    add("--update", action="store_true", help="重寫預期輸出 · rewrite expectations")
    add("--jobs", type=int, default=max(1, (os.cpu_count() or 1) // 2))
    add("--limit", type=float, default=LIMIT, help="一課的秒數上限 · seconds a lesson may take")
    add("--memory", type=float, help="一課的 MiB 上限 · MiB that a lesson may hold")
    add("--plan", type=Path, metavar="FILE", help="要跑的清單 · what to run, made elsewhere")
    add("--write-plan", type=Path, metavar="FILE", help="只寫下清單 · write that list, run nothing")
    add("--record-to", type=Path, metavar="FOLDER", default=RECORDS)
    options = parser.parse_args(arguments)
    chosen = tuple(options.lesson or [""])
    scripts = [path for path in lessons() if path.name.startswith(chosen)]
    if not scripts:
        parser.error(f"沒有這一課 · no such lesson: {' '.join(chosen)} (gallery/*/NN_*.py)")
    return options, scripts


def main(arguments: list[str] | None = None) -> int:
    """Run the checks that the command line asks for; 1 if anything failed."""
    started = time.perf_counter()
    options, scripts = parse(arguments)
    if options.write_plan:
        text = json.dumps(make_plan(scripts), ensure_ascii=False, indent=1)
        options.write_plan.write_text(text + "\n", encoding="utf-8")
        return 0
    if options.build != INSTALLED:
        require(options.build)
    there = environment(options.device)
    print(f"torch {there['versions']['torch']} · {there['device']} · {there['accelerator'] or '–'}")
    if options.memory is None:
        options.memory = MEMORY_BESIDE_ACCELERATOR if there["accelerator"] else MEMORY
    if runner.psutil is None:
        print("沒有 psutil，不量也不限制記憶體 · no psutil: memory is not limited, nor measured")
    plan = read_plan(options.plan, scripts) if options.plan else make_plan(scripts)

    whole = not options.lesson and not options.update
    doctests = check_doctests(plan, options.device) if whole else {}
    checked = list(check_lessons(scripts, plan, options))
    failures = [text for text in doctests.values() if text]
    if not options.lesson:
        for orphan in expectations.orphans(scripts):
            if options.update:
                orphan.unlink()
                print(f"- {shown(orphan)}")
            else:
                failures.append(f"{shown(orphan)}: 沒有對應的課程 · it has no lesson")
    for text in failures:
        print(f"\n{text}", file=sys.stderr)

    seconds = time.perf_counter() - started
    failed = sum(bool(found) for _result, found in checked)
    print(f"\n{summary(checked)}\n\n{len(checked) - failed} ✓  {failed} ✗  {seconds:.1f} s")
    if whole:
        build = there["versions"]["torch"] if options.build == INSTALLED else options.build
        record = make_record(build, there, plan, doctests, checked, seconds)
        print(f"→ {shown(write_record(record, options.record_to))}")
    return 1 if failures or failed else 0


if __name__ == "__main__":
    sys.exit(main())
