"""The checks of the printed outputs see what they should, and nothing else."""

import doctest
import json
import re
import sys
import tempfile
from pathlib import Path

import expectations
import numpy
import pytest
import runner
import torch
import verify
from runner import Line

LESSON = '''"""
標題 · Title
============
"""

import math

loss = 0.0852
print(f"loss {loss:.4f} after 10 steps")
[1, 2]

# %%
# 中文。
#
# English.

print("took 1.23 s")  # 依機器而異 · depends on the machine
'''


@pytest.fixture
def lesson(tmp_path: Path) -> Path:
    """Give a lesson in a gallery of its own, whose outputs are stored."""
    script = tmp_path / "gallery/1_part/01_lesson.py"
    script.parent.mkdir(parents=True)
    script.write_text(LESSON, encoding="utf-8")
    problems = check(script, update=True)
    assert problems == []
    return script


def check(script: Path, update: bool = False, limit: float = 60) -> list[str]:
    root = script.parents[2]
    path = expectations.path_of(script, root / "gallery", root / "expected")
    result = runner.run(script, limit)
    if update:
        expectations.save(result, path)
    return expectations.differences(result, path)


def edit(script: Path, old: str, new: str) -> None:
    text = script.read_text(encoding="utf-8")
    assert old in text
    script.write_text(text.replace(old, new), encoding="utf-8")


def test_outputs_are_stored_block_by_block(lesson: Path):
    path = lesson.parents[2] / "expected/1_part/01_lesson.txt"
    assert path.read_text(encoding="utf-8").split("\n", 1)[1] == (
        "\nblock 1: import math\n"
        "| loss 0.0852 after 10 steps\n"
        "| [1, 2]\n"
        '\nblock 2: print("took 1.23 s")  # 依機器而異 · depends on the machine\n'
        "~ (依機器而異 · depends on the machine)\n"
    )
    assert check(lesson) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("0.0852", "0.0851"),  # one unit of the last printed digit
        ("took 1.23 s", "took 9.99 s"),
    ],
)
def test_what_may_differ_passes(lesson: Path, old: str, new: str):
    edit(lesson, old, new)
    if old.startswith("took"):  # the block is known by its first line
        edit(lesson, 'print("took', 'text = ("took')
        edit(lesson, '9.99 s")  #', '9.99 s")\nprint(text)  #')
        expected = lesson.parents[2] / "expected/1_part/01_lesson.txt"
        edit(
            expected,
            'print("took 1.23 s")  # 依機器而異 · depends on the machine',
            'text = ("took 9.99 s")',
        )
    assert check(lesson) == []


@pytest.mark.parametrize(
    ("old", "new", "seen"),
    [
        ("loss = 0.0852", "loss = 0.0850", "+| loss 0.0850 after 10 steps"),
        ("after 10", "after 11", "+| loss 0.0852 after 11 steps"),
        ("loss {loss", "loss  {loss", "+| loss  0.0852 after 10 steps"),
        ("[1, 2]", "[1, 2, 3]", "+| [1, 2, 3]"),
        ("[1, 2]", "None", "-| [1, 2]"),
        ("[1, 2]", "print()\n[1, 2]", "+\n"),
    ],
)
def test_what_changed_is_named_with_its_line(lesson: Path, old: str, new: str, seen: str):
    edit(lesson, old, new)
    (problem,) = check(lesson)
    assert f"{lesson}:" in problem
    assert "輸出和預期不同" in problem
    assert "the output differs" in problem
    assert seen.replace("| ", "", 1) in problem


def test_only_the_masked_line_is_masked(lesson: Path):
    lesson.write_text(lesson.read_text(encoding="utf-8") + 'print("more")\n', encoding="utf-8")
    (problem,) = check(lesson)
    assert "+more" in problem
    edit(lesson, "  # 依機器而異 · depends on the machine", "")
    assert any("+took 1.23 s" in text for text in check(lesson))


def test_a_block_that_is_gone_and_one_that_is_new_are_named(lesson: Path):
    edit(lesson, "import math", "import math  as m")
    new, gone = check(lesson)
    assert "block 1: import math  as m" in new
    assert "the lesson has no such block any more" in gone


@pytest.mark.parametrize(
    ("code", "line", "said"),
    [
        ("1 / 0", 9, "ZeroDivisionError: division by zero"),
        ("def f():\n    raise KeyError('k')\nf()", 10, "KeyError: 'k'"),
        ("x = (1,", 9, "SyntaxError"),
        ("import warnings; warnings.warn('careful')", 9, "UserWarning: careful"),
        ("raise SystemExit(0)", 9, "SystemExit: 0"),
    ],
)
def test_a_lesson_that_raises_is_named_with_its_line(lesson: Path, code: str, line: int, said: str):
    edit(lesson, 'print(f"loss {loss:.4f} after 10 steps")', code)
    problems = check(lesson)
    assert any(f"{lesson}:{line}: 這一行拋出例外 · this line raised" in text for text in problems)
    assert any(said in text for text in problems)


def test_a_lesson_that_hangs_is_stopped_and_named(lesson: Path):
    edit(lesson, 'print("took', 'import time; time.sleep(60)\nprint("took')
    problems = check(lesson, limit=5)
    assert f"{lesson}:17: 這一段跑超過 5 秒的上限" in problems[0]
    assert "ran past the limit of 5 s" in problems[0]
    assert len(problems) == 1, "what was not reached is no news"


def test_a_lesson_that_eats_memory_is_stopped_and_named(lesson: Path):
    edit(lesson, 'print("took', 'eaten = b"x" * 10**9; import time; time.sleep(60)\nprint("took')
    result = runner.run(lesson, memory=500)
    assert result.error == (
        f"{lesson}:17: 這一段用的記憶體超過 500 MiB 的上限，已停止 · "
        "this block took more memory than the limit of 500 MiB and was stopped"
    )
    assert result.memory > 500


def test_the_memory_of_worker_processes_counts(lesson: Path):
    worker = "b'x' * 10**9; import time; time.sleep(60)"
    edit(
        lesson,
        'print("took',
        f"import subprocess, sys; subprocess.run([sys.executable, '-c', {worker!r}])\nprint(\"took",
    )
    assert "the limit of 500 MiB" in runner.run(lesson, memory=500).error


def test_a_process_that_dies_is_named(lesson: Path):
    edit(lesson, 'print("took', 'import os; os._exit(3)\nprint("took')
    assert f"{lesson}:17: 執行這一段時，行程中止（結束碼 3）" in check(lesson)[0]


def test_one_lesson_does_not_disturb_the_next(lesson: Path):
    first = lesson.with_name("00_first.py")
    first.write_text(
        LESSON.replace(
            "loss = 0.0852", "import decimal; decimal.getcontext().prec = 2; loss = 1.0"
        ),
        encoding="utf-8",
    )
    runner.run(first)
    assert check(lesson) == []


SOLUTION = """
# %%
# 中文。
#
# English.
#
# .. admonition:: 解答 · Solution
#    :collapsible: closed
#
#    .. code-block:: python
#
#       loss = 2 * loss
#       print(loss)
#
# 後文。
#
# After.

print(loss)
"""


def test_a_published_solution_runs_on_a_copy_of_the_names(lesson: Path):
    lesson.write_text(lesson.read_text(encoding="utf-8") + SOLUTION, encoding="utf-8")
    result = runner.run(lesson)
    outputs = {block.key: [line.text for line in block.output] for block in result.blocks}
    assert outputs["solution 1: loss = 2 * loss"] == ["0.1704"]
    assert outputs["block 3: print(loss)"] == ["0.0852"]
    edit(lesson, "#       print(loss)", "#       print(los)")
    line = lesson.read_text(encoding="utf-8").splitlines().index("#       print(los)") + 1
    assert f"{lesson}:{line}:" in runner.run(lesson).error


FIGURE = """
import matplotlib.pyplot as plt

fig, ax = plt.subplots()
fig.set_label("圖說 · Caption\\n替代 · Alt")
print("drawn")
"""


def test_a_figure_is_compared_by_its_caption(lesson: Path):
    lesson.write_text(
        LESSON + "# %%\n" + FIGURE + "# %%\nprint(plt.get_fignums())", encoding="utf-8"
    )
    *_, figure, after = runner.run(lesson).blocks
    assert [line.text for line in figure.output] == ["drawn", "[figure] 圖說 · Caption"]
    assert [line.text for line in after.output] == ["[]"]


def test_a_lesson_without_a_title_is_refused(lesson: Path):
    lesson.write_text("print(1)\n", encoding="utf-8")
    assert f"{lesson}:1: 課程要以含標題的文件字串開頭 · a lesson starts" in check(lesson)[0]


def test_a_published_solution_must_pass(lesson: Path):
    answer = SOLUTION.replace(
        "#       loss = 2 * loss\n#       print(loss)", '#       print("✗ 01-1")'
    )
    lesson.write_text(LESSON + answer, encoding="utf-8")
    line = lesson.read_text(encoding="utf-8").splitlines().index('#       print("✗ 01-1")') + 1
    assert f"{lesson}:{line}: 公布的解答沒有通過" in runner.run(lesson).error
    edit(lesson, "✗", "✓")
    assert runner.run(lesson).error == ""


def test_a_diagram_is_compared_by_its_text(lesson: Path):
    edit(
        lesson,
        "[1, 2]\n",
        "class D:\n    def _repr_mimebundle_(self, include=None, exclude=None):\n"
        "        return {'text/vnd.mermaid': 'flowchart LR'}\nD()\n",
    )
    (problem,) = check(lesson)
    assert "+flowchart LR" in problem


def test_a_lesson_without_expectations_and_the_reverse_are_errors(lesson: Path):
    root = lesson.parents[2]
    lesson.rename(lesson.with_name("02_other.py"))
    scripts = runner.lessons(root / "gallery")
    (problem,) = check(scripts[0])
    assert "沒有預期輸出" in problem
    assert "no expected outputs" in problem
    orphans = expectations.orphans(scripts, root / "gallery", root / "expected")
    assert [path.name for path in orphans] == ["01_lesson.txt"]


def test_an_expectation_file_that_cannot_be_read_says_where(tmp_path: Path):
    path = tmp_path / "01.txt"
    path.write_text("title\n\nblock 1: x\n| 1\nstray\n", encoding="utf-8")
    with pytest.raises(
        ValueError, match=r"01\.txt:5: 讀不懂這一行.*cannot read this line.*'stray'"
    ):
        expectations.load(path)


@pytest.mark.parametrize(
    ("expected", "actual", "agree"),
    [
        ("0.0852", "0.0853", True),
        ("0.0852", "0.0854", False),
        ("2.420", "2.42", False),  # printed otherwise
        ("0.9", "1.0", False),
        ("0.05", "0.06", False),
        ("99.9", "100.0", True),
        ("-0.0898", "0.0898", False),
        ("1.2340e-08", "1.2341e-08", True),
        ("1.2340e-08", "1.2340e-07", False),
        ("1.2340e-08", "0.0000", False),
        ("torch 2.4.1", "torch 2.4.0", False),
        ("109", "110", False),
        ("tensor([1.0000, 2.5000])", "tensor([1.0000, 2.5001])", True),
        ("tensor([1.0000, 2.5000])", "tensor([1.0000,  2.5000])", False),
        ("x 1.000", "y 1.000", False),
        ("1.000", "1.000 2.000", False),
    ],
)
def test_lines_are_compared_to_the_precision_printed(expected: str, actual: str, agree: bool):
    assert expectations.lines_agree(Line(expected), Line(actual)) is agree


def test_examples_in_the_docstrings():
    assert doctest.testmod(expectations).failed == 0


# -- The command -------------------------------------------------------------------------------


THERE = {
    "versions": {"torch": "2.4.1+cu121"},
    "wheel": "CUDA 12.1",
    "accelerator": None,
    "device": "cpu",
}


@pytest.fixture
def project(lesson: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point the command at the little gallery."""
    root = lesson.parents[2]
    for module in (runner, verify):
        monkeypatch.setattr(module, "ROOT", root)
    monkeypatch.setattr(verify, "lessons", lambda: runner.lessons(root / "gallery"))
    monkeypatch.setattr(verify, "RECORDS", root / "docs/_data/verified")
    monkeypatch.setattr(verify, "DOCSTRINGS", ["-c", "pass"])
    monkeypatch.setattr(verify, "ENVIRONMENT", f"print({json.dumps(json.dumps(THERE))})")
    monkeypatch.setattr(verify, "require", lambda build: None)
    for function in (expectations.path_of, expectations.orphans):
        monkeypatch.setattr(function, "__defaults__", (root / "gallery", root / "expected"))
    return root


def test_a_run_to_the_end_is_recorded(project: Path, capsys: pytest.CaptureFixture[str]):
    assert verify.main(["default"]) == 0
    record = json.loads((project / "docs/_data/verified/default.json").read_text(encoding="utf-8"))
    assert record["build"] == "default"
    assert THERE.items() <= record.items()
    assert record["doctests"] == {verify.PRIMER: True, verify.PAGES: True}
    assert (record["passed"], record["failed"]) == (1, [])
    assert record["lessons"]["1_part/01_lesson"]["problems"] == []
    said = capsys.readouterr().out
    assert "[1/1] gallery/1_part/01_lesson.py" in said
    assert re.search(r"✓ 1_part/01_lesson +2 +0 +\d+\.\d +\d+\n", said), said


def test_a_failure_is_recorded_with_the_block_that_differs(
    project: Path, capsys: pytest.CaptureFixture[str]
):
    edit(project / "gallery/1_part/01_lesson.py", "after 10", "after 11")
    assert verify.main(["default"]) == 1
    record = json.loads((project / "docs/_data/verified/default.json").read_text(encoding="utf-8"))
    (problem,) = record["lessons"]["1_part/01_lesson"]["problems"]
    assert problem.startswith("gallery/1_part/01_lesson.py:6:")
    assert (record["passed"], record["failed"]) == (0, ["1_part/01_lesson"])
    assert "+loss 0.0852 after 11 steps" in problem
    assert "0 ✓  1 ✗" in capsys.readouterr().out


def test_an_unfinished_or_partial_run_is_not_recorded(
    project: Path, monkeypatch: pytest.MonkeyPatch
):
    assert verify.main(["default", "--lesson", "01"]) == 0

    def interrupted(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(verify, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        verify.main(["default"])
    assert not (project / "docs").exists()


def test_update_rewrites_and_shows_what_changed(project: Path, capsys: pytest.CaptureFixture[str]):
    edit(project / "gallery/1_part/01_lesson.py", "after 10", "after 11")
    stale = project / "expected/1_part/09_gone.txt"
    stale.write_text("gone\n", encoding="utf-8")
    assert verify.main(["default", "--update"]) == 0
    said = capsys.readouterr().out
    assert "-| loss 0.0852 after 10 steps\n+| loss 0.0852 after 11 steps" in said
    assert not stale.exists()
    assert verify.main(["default"]) == 0


def test_an_unknown_lesson_is_refused(project: Path, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        verify.main(["default", "--lesson", "99"])
    assert "沒有這一課 · no such lesson: 99" in capsys.readouterr().err


def test_a_failing_example_is_recorded(project: Path, monkeypatch: pytest.MonkeyPatch):
    page = project / "docs/page.md"
    page.parent.mkdir()
    page.write_text("```{doctest}\n>>> 1 + 1\n3\n```\n", encoding="utf-8")
    monkeypatch.setattr(verify, "DOCSTRINGS", ["-c", "raise SystemExit(1)"])
    assert verify.main(["default"]) == 1
    record = json.loads((project / "docs/_data/verified/default.json").read_text(encoding="utf-8"))
    assert record["doctests"] == {verify.PRIMER: False, verify.PAGES: False}


def test_a_plan_is_run_where_nothing_can_be_planned(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    plan, folder = tmp_path / "plan.json", tmp_path / "records"
    assert verify.main(["installed", "--write-plan", str(plan)]) == 0
    for name in ("steps", "page_examples"):
        monkeypatch.setattr(verify, name, None)
    monkeypatch.setattr(runner, "steps", None)
    arguments = ["installed", "--plan", str(plan), "--record-to", str(folder)]
    assert verify.main(arguments) == 0
    assert [path.name for path in folder.iterdir()] == ["2.4.1+cu121.json"]
    edit(project / "gallery/1_part/01_lesson.py", "after 10", "after 11")
    with pytest.raises(SystemExit, match=r"made from other lessons.*gallery/1_part/01_lesson\.py"):
        verify.main(arguments)


def test_a_build_that_is_not_installed_is_refused(capfd: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        verify.main(["newest", "--lesson", "01"])
    assert "wanted torch 2." in capfd.readouterr().err
    with pytest.raises(SystemExit, match="no build 'cu999'; choose from default,"):
        verify.main(["cu999", "--lesson", "01"])


@pytest.mark.parametrize("device", ["cpu", "auto"])
def test_lessons_run_on_the_device_that_is_asked_for(
    project: Path, device: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    edit(
        project / "gallery/1_part/01_lesson.py",
        "[1, 2]",
        "import os; os.environ['PRIMER_DEVICE'], os.environ['CUDA_VISIBLE_DEVICES']",
    )
    verify.main(["default", "--device", device])
    record = json.loads((project / "docs/_data/verified/default.json").read_text(encoding="utf-8"))
    (problem,) = record["lessons"]["1_part/01_lesson"]["problems"]
    assert f"+('{device}', '{'' if device == 'cpu' else '0'}')" in problem


def test_a_device_that_is_not_here_stops_the_run_at_once(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    with pytest.raises(SystemExit, match=r"There is no device cuda \(PRIMER_DEVICE\) here"):
        verify.main(["installed", "--device", "cuda", "--lesson", "01"])


def test_a_record_names_no_folder_of_this_machine():
    said = f"{runner.ROOT}/gallery/a.py, {sys.prefix}/lib, {tempfile.gettempdir()}/x"
    assert verify.portable(said) == "./gallery/a.py, …/lib, …/x"


def test_the_environment_is_asked_of_the_installed_torch():
    answer = verify.environment("cpu")
    versions = answer["versions"]
    assert versions["python"] == ".".join(map(str, sys.version_info[:3]))
    assert versions["torch"] == torch.__version__
    assert versions["numpy"] == numpy.__version__
    assert answer["device"] == "cpu"
    assert answer["wheel"].rpartition(" ")[2] in (
        torch.version.cuda,
        torch.version.hip,
        "CPU",
        "MPS",
    )
