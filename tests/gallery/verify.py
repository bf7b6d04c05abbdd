"""Check all that the project claims to print, on the torch build that is installed.

    python tests/gallery/verify.py BUILD [--lesson 09] [--update] [--jobs 2]

It runs the examples in ``primer``'s docstrings, those of the pages, every lesson, and the published
solution of every exercise. A run of all that came to its end is recorded in
``docs/_data/verified/BUILD.json``, passed or not; the page "verified" is drawn from these records.
``--update`` rewrites the expected outputs instead, and shows what changed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path

import expectations
from runner import ROOT, Run, lessons, run, shown

RECORDS = ROOT / "docs/_data/verified"
DOCTESTS = {
    "primer 的範例 · examples of primer": ["--doctest-modules", "primer"],
    "網頁的範例 · examples of the pages": ["tests/gallery/test_page_examples.py"],
}
ENVIRONMENT = """
import json, platform, numpy, torch
device = "CPU"
if torch.cuda.is_available():
    device = ("ROCm: " if torch.version.hip else "CUDA: ") + torch.cuda.get_device_name(0)
elif torch.backends.mps.is_available():
    device = "MPS"
print(json.dumps({
    "python": platform.python_version(), "torch": torch.__version__, "numpy": numpy.__version__,
    "platform": f"{platform.system()} {platform.machine()}", "device": device,
}))
"""


def environment() -> dict[str, str]:
    """Ask the installed torch for versions and device, in a process of its own."""
    answer = subprocess.run(
        [sys.executable, "-c", ENVIRONMENT], check=True, capture_output=True, text=True
    )
    return dict(json.loads(answer.stdout))


def commit() -> str | None:
    """Name the commit, with ``-dirty`` where files differ from it; None outside git."""
    command = ["git", "describe", "--always", "--dirty", "--exclude=*", "--abbrev=12"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return answer.stdout.strip() or None


def check_doctests() -> dict[str, str]:
    """Run the docstrings' and the pages' examples; give what pytest said of each that failed."""
    results = {}
    for name, arguments in DOCTESTS.items():
        command = [sys.executable, "-m", "pytest", "-q", "-o", "addopts=", *arguments]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        results[name] = done.stdout[-4000:] + done.stderr[-4000:] if done.returncode else ""
        print(f"{name}  {'✗' if done.returncode else '✓'}", flush=True)
    return results


def check_lessons(scripts: list[Path], jobs: int, update: bool) -> tuple[list[Run], dict]:
    """Run the lessons, `jobs` at a time, with a line for each as it ends."""
    runs, problems = [], {}
    with ThreadPoolExecutor(jobs) as pool:
        for number, result in enumerate(pool.map(run, scripts), 1):
            path = expectations.path_of(result.script)
            if update and not result.error:
                print(expectations.save(result, path) or f"= {shown(path)}")
            found = expectations.differences(result, path)
            runs.append(result)
            problems[result.script] = found
            print(
                f"[{number:{len(str(len(scripts)))}}/{len(scripts)}] {shown(result.script):<50} "
                f"{'✗' if found else '✓'} {result.seconds:6.1f} s",
                flush=True,
            )
    return runs, problems


def write_record(build: str, record: dict, folder: Path = RECORDS) -> Path:
    """Write a build's record, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{build}.json"
    temporary = path.with_suffix(".new")
    temporary.write_text(json.dumps(record, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    temporary.replace(path)
    return path


def main(arguments: list[str] | None = None) -> int:
    """Run the checks that the command line asks for; 1 if anything failed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("build", help="組建代號 · id of the torch build, as in noxfile.py")
    parser.add_argument(
        "--lesson", metavar="NN", action="append", help="只跑這一課 · only this one"
    )
    parser.add_argument("--update", action="store_true", help="重寫預期輸出 · rewrite expectations")
    parser.add_argument("--jobs", type=int, default=max(1, (os.cpu_count() or 1) // 2))
    options = parser.parse_args(arguments)

    started = time.perf_counter()
    chosen = tuple(options.lesson or [""])
    scripts = [path for path in lessons() if path.name.startswith(chosen)]
    if not scripts:
        parser.error(f"沒有這一課 · no such lesson: {' '.join(chosen)} (gallery/*/NN_*.py)")
    whole = not options.lesson and not options.update
    doctests = check_doctests() if whole else {}
    runs, problems = check_lessons(scripts, options.jobs, options.update)

    failures = [text for text in doctests.values() if text]
    failures += [text for found in problems.values() for text in found]
    if not options.lesson:
        for orphan in expectations.orphans(scripts):
            if options.update:
                orphan.unlink()
                print(f"- {shown(orphan)}")
            else:
                failures.append(f"{shown(orphan)}: 沒有對應的課程 · it has no lesson")
    if whole:
        record = {
            "build": options.build,
            "date": datetime.now(timezone.utc).date().isoformat(),
            "commit": commit(),
            "seconds": round(time.perf_counter() - started, 1),
            **environment(),
            "doctests": {name: not text for name, text in doctests.items()},
            "lessons": {
                result.script.relative_to(ROOT / "gallery").with_suffix("").as_posix(): {
                    "seconds": round(result.seconds, 1),
                    "problems": problems[result.script],
                }
                for result in runs
            },
        }
        print(f"→ {shown(write_record(options.build, record))}")
    for text in failures:
        print(f"\n{text}", file=sys.stderr)
    failed = sum(bool(found) for found in problems.values())
    print(f"\n{len(runs) - failed} ✓  {failed} ✗  {time.perf_counter() - started:.1f} s")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
