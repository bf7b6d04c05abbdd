"""Run a lesson block by block, as the site's build does, and keep what each block printed.

`run` starts each lesson in a process of its own, so that none can disturb the next: this file
again, as ``python runner.py LESSON.py PLAN EVENTS``, which runs the blocks listed in the file PLAN
and appends one line to the file EVENTS before and after each. What is in EVENTS still says where
the lesson was when it hung or the process died.

A block's output is what it printed, then the caption of each figure it drew, then the value of its
last expression: the Mermaid text of a diagram, the ``repr`` of anything else but None.

A line that rightly differs from machine to machine says so to its reader, and is not compared::

    print(f"{seconds:.3f} s")  # 依機器而異 · depends on the machine
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import textwrap
import time
import traceback
import warnings
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

try:
    import psutil
except ImportError:  # on a borrowed machine: memory is then neither measured nor limited
    psutil = None

Step = tuple[str, int, str]
ROOT = Path(__file__).parents[2]
GALLERY = ROOT / "gallery"
LIMIT = 120.0  # seconds a lesson may take; 2 is usual
MEMORY = 4096.0  # MiB that it may hold; 500 are usual
INTERVAL = 0.05  # seconds between two looks at its memory
MASK = re.compile(r"#.*\bdepends on the machine\b")
REFUSED = "公布的解答沒有通過 · the published solution does not pass"
SOLUTION = re.compile(
    r"^\.\. admonition:: 解答 · Solution[ ]*\n((?:[ ]+.*\n|[ ]*\n)*)", re.MULTILINE
)
CODE = re.compile(
    r"^([ ]*)\.\. code-block:: python[ ]*\n[ ]*\n((?:\1[ ]+.*\n|[ ]*\n)+)", re.MULTILINE
)


@dataclass(frozen=True)
class Line:
    """One printed line; a masked one is there, whatever it says."""

    text: str
    masked: bool = False


@dataclass(frozen=True)
class Block:
    """One code block: its number among all blocks, its line in the script, its first code line."""

    key: str
    lineno: int
    output: tuple[Line, ...] = ()


@dataclass(frozen=True)
class Run:
    """What a lesson did; `error` is empty, or says in both languages what stopped it and where."""

    script: Path
    blocks: tuple[Block, ...] = ()
    seconds: float = 0.0
    error: str = ""
    # Of the lesson and its worker processes; None where psutil is not installed.
    memory: int | None = None  # MiB held at most
    cpu_seconds: float | None = None  # of processor time


def lessons(gallery: Path = GALLERY) -> list[Path]:
    """List the lesson scripts in reading order."""
    return sorted(gallery.glob("*/[0-9][0-9]_*.py"))


def shown(path: Path) -> str:
    """Name a file as messages do: from the project's root where it lies inside."""
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else str(path)


# -- Outside: start, watch, read ---------------------------------------------------------------


def run(
    script: Path,
    limit: float = LIMIT,
    memory: float = MEMORY,
    blocks: list[Step] | None = None,
    variables: dict[str, str] | None = None,
) -> Run:
    """Run `script` in its own process, for at most `limit` seconds and in at most `memory` MiB.

    `blocks` are its `steps`, where those were found elsewhere; `variables` are set for it.
    """
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        plan, events, log = (Path(folder, name) for name in ("plan", "events", "log"))
        try:
            plan.write_text(json.dumps(blocks or steps(script)), encoding="utf-8")
        except ValueError as error:
            return Run(script, error=str(error))
        events.touch()
        with log.open("wb") as sink:
            child = subprocess.Popen(
                [sys.executable, __file__, script, plan, events],
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                env=environment(variables),
                start_new_session=True,  # so that worker processes of the lesson end with it
            )
        peak, cpu, stopped = 0.0, 0.0, ""
        try:
            while child.poll() is None and not stopped:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(INTERVAL)
                held, spent = usage(child.pid)
                peak, cpu = max(peak, held), max(cpu, spent)
                if time.perf_counter() - started > limit:
                    stopped = (
                        f"這一段跑超過 {limit:g} 秒的上限，已停止 · "
                        f"this block ran past the limit of {limit:g} s and was stopped"
                    )
                elif peak > memory:
                    stopped = (
                        f"這一段用的記憶體超過 {memory:g} MiB 的上限，已停止 · "
                        f"this block took more memory than the limit of {memory:g} MiB "
                        "and was stopped"
                    )
        finally:
            _end(child)
        done, last, error = _read(events)
        crash = log.read_text(encoding="utf-8", errors="replace").strip()
    seconds = time.perf_counter() - started
    where = f"{shown(script)}:{last}"
    if stopped:
        error = f"{where}: {stopped}"
    elif child.returncode and not error:
        error = (
            f"{where}: 執行這一段時，行程中止（結束碼 {child.returncode}）· "
            f"the process ended in this block (exit status {child.returncode})"
        )
        error += "\n" + textwrap.indent(crash[-2000:], "    ") if crash else ""
    return Run(script, done, seconds, error, round(peak) or None, cpu or None)


def environment(variables: dict[str, str] | None = None) -> dict[str, str]:
    """Give the variables of a child: ours, and the `primer` of this repository before any other."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    ours = {"MPLBACKEND": "agg", "PYTHONIOENCODING": "utf-8", "PYTHONPATH": path}
    return {**os.environ, **ours, **(variables or {})}


def usage(pid: int) -> tuple[float, float]:
    """Give the MiB that a process and its descendants hold, and the seconds they computed."""
    if psutil is None:
        return 0.0, 0.0
    memory, seconds = 0, 0.0
    with contextlib.suppress(psutil.Error):
        parent = psutil.Process(pid)
        for process in (parent, *parent.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                memory += process.memory_info().rss
                spent = process.cpu_times()
                seconds += spent.user + spent.system
                seconds += getattr(spent, "children_user", 0.0)  # those that have ended
                seconds += getattr(spent, "children_system", 0.0)
    return memory / 2**20, seconds


def _end(child: subprocess.Popen[bytes]) -> None:
    """End the child and whatever it started."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, 9)
    else:
        child.kill()
    child.wait()


def _read(events: Path) -> tuple[tuple[Block, ...], int, str]:
    """Give the finished blocks, the line that was reached, and the error."""
    blocks, last, error = [], 1, ""
    for line in events.read_text(encoding="utf-8").splitlines():
        event = json.loads(line)
        last = event.get("lineno", last)
        error = event.get("error", error)
        if "output" in event:
            output = tuple(Line(text, masked) for text, masked in event["output"])
            blocks.append(Block(event["key"], last, output))
    return tuple(blocks), last, error


# -- Inside: run, and note who printed what ----------------------------------------------------


@dataclass
class _Recorder(io.TextIOBase):
    """Stand in for stdout and stderr, and remember which statement wrote each piece."""

    script: str
    masked_lines: frozenset[int]
    pieces: list[tuple[str, bool]] = field(default_factory=list)

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        frame = sys._getframe(1)
        while frame and frame.f_code.co_filename != self.script:
            frame = frame.f_back
        self.note(text, bool(frame) and frame.f_lineno in self.masked_lines)
        return len(text)

    def note(self, text: str, masked: bool) -> None:
        self.pieces.append((text, masked))

    def lines(self) -> list[Line]:
        """Give whole lines; a line is masked if any piece of it is."""
        result, text, masked = [], "", False
        for piece, mask in [*self.pieces, ("\n", False)]:
            *ended, rest = piece.split("\n")
            for part in ended:
                result.append(Line((text + part).expandtabs().rstrip(), masked or mask))
                text, masked = "", False
            text += rest
            masked = (masked or mask) if text else False
        while result and not result[-1].text:
            result.pop()
        while result and not result[0].text:
            result.pop(0)
        return result


def _masked_lines(tree: ast.Module, source: str) -> frozenset[int]:
    """Give the line numbers of the statements that carry the mask's comment."""
    lines = source.splitlines()
    masked: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and not hasattr(node, "body"):
            span = range(node.lineno, (node.end_lineno or node.lineno) + 1)
            if any(MASK.search(lines[number - 1]) for number in span):
                masked.update(span)
    return frozenset(masked)


def _value_text(value: object) -> str:
    """Write a cell's last value as the page shows it: a diagram as Mermaid, the rest as repr."""
    bundle = getattr(value, "_repr_mimebundle_", None)
    mermaid = bundle().get("text/vnd.mermaid") if bundle else None
    return mermaid or repr(value)


def _figure_captions() -> list[str]:
    """Name the open figures by the first line of their label, and close them, as a page does."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is None:
        return []
    labels = [str(pyplot.figure(number).get_label()) for number in pyplot.get_fignums()]
    pyplot.close("all")
    return [f"[figure] {label.partition(chr(10))[0]}" for label in labels]


def _execute(code: str, lineno: int, names: dict[str, Any], script: Path) -> list[Line]:
    """Run one block in `names`; `lineno` is where it starts in the script."""
    source = "\n" * (lineno - 1) + code
    tree = ast.parse(source, str(script))
    recorder = _Recorder(str(script), _masked_lines(tree, source))
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    with contextlib.redirect_stdout(recorder), contextlib.redirect_stderr(recorder):
        exec(compile(tree, str(script), "exec"), names)
        value = None
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), str(script), "eval"), names)
        text = "" if value is None else _value_text(value)
    if recorder.pieces and not recorder.pieces[-1][0].endswith("\n"):
        recorder.note("\n", False)
    for caption in _figure_captions():
        recorder.note(caption + "\n", False)
    recorder.note(text, last is not None and last.lineno in recorder.masked_lines)
    return recorder.lines()


def _first_line(code: str) -> str:
    """Give the first line that is code, to tell a block by."""
    lines = [line.strip() for line in code.splitlines()]
    return next((line for line in lines if line and not line.startswith("#")), "")


def steps(script: Path) -> list[Step]:
    """List ``(key, line, code)`` of what a lesson runs: its blocks, its exercises' solutions."""
    from sphinx.errors import ExtensionError  # not where lessons run: they need no Sphinx
    from sphinx_gallery.py_source_parser import split_code_and_text_blocks

    try:
        blocks = split_code_and_text_blocks(script)[1]
    except ExtensionError as error:
        raise ValueError(
            f"{shown(script)}:1: 課程要以含標題的文件字串開頭 · "
            "a lesson starts with a docstring that holds its title"
        ) from error
    found, number, solution = [], 0, 0
    for kind, content, lineno in blocks:
        if kind == "code" and (first := _first_line(content)):
            number += 1
            before = content[: content.index(first)].count("\n")
            code = "\n".join(content.split("\n")[before:])
            found.append((f"block {number}: {first}", lineno + before, code))
        elif kind == "text":
            for admonition in SOLUTION.finditer(content + "\n"):
                for block in CODE.finditer(admonition[1]):
                    solution += 1
                    start = admonition.start(1) + block.start(2)
                    line = lineno + content[:start].count("\n")
                    code = textwrap.dedent(block[2])
                    found.append((f"solution {solution}: {_first_line(code)}", line, code))
    return found


def _text(lines: list[Line]) -> str:
    return textwrap.indent("\n".join(line.text for line in lines), "    ")


def _main(script: Path, plan: Path, events: Path) -> None:
    """Run the lesson here; a solution runs on a copy of the names, as a reader's attempt would."""
    sys.argv = [str(script)]
    sys.path.insert(0, str(script.parent))
    os.chdir(script.parent)
    main = ModuleType("__main__")  # where pickle looks for what the lesson defines
    sys.modules["__main__"] = main
    names = main.__dict__

    with events.open("a", encoding="utf-8") as stream:

        def tell(**event: Any) -> None:
            print(json.dumps(event, ensure_ascii=False), file=stream, flush=True)

        try:
            warnings.simplefilter("error")
            # Python does not show a reader what torch deprecates for itself.
            warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"torch\.")
            for key, lineno, code in json.loads(plan.read_text(encoding="utf-8")):
                tell(lineno=lineno)
                solution = key.startswith("solution")
                # The text of an exercise says: import primer.
                scope = {"primer": import_module("primer"), **names} if solution else names
                output = _execute(code, lineno, scope, script)
                if solution and output and output[0].text.startswith("✗"):
                    tell(error=f"{shown(script)}:{lineno}: {REFUSED}\n{_text(output)}")
                    break
                tell(key=key, output=[(line.text, line.masked) for line in output])
        except BaseException as error:  # a lesson that calls sys.exit has failed as well
            tell(error=_explain(error, script))


def _explain(error: BaseException, script: Path) -> str:
    """Say what was raised, and at which line of the script."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == str(script)]
    lineno = error.lineno if isinstance(error, SyntaxError) else lines[-1] if lines else 1
    said = "".join(traceback.format_exception_only(error)).strip()
    where = f"{shown(script)}:{lineno}"
    return f"{where}: 這一行拋出例外 · this line raised\n{textwrap.indent(said, '    ')}"


if __name__ == "__main__":
    _main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]), Path(sys.argv[3]))
