"""The package as a whole: what ``import primer`` offers, costs and leaves alone."""

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import primer
from primer.__main__ import main

SOURCE = Path(primer.__file__)
MODULES = ("autograd", "device", "diagram", "doctor", "exercises", "mlp", "tensors", "training")


def python(code: str) -> str:
    """Run code in a fresh Python, and give what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    return done.stdout.strip()


@pytest.mark.parametrize("name", primer.__all__)
def test_every_name_resolves(name):
    assert getattr(primer, name) is not None
    assert name in dir(primer)


def test_names_are_those_of_their_modules():
    for name, module in primer._HOME.items():
        assert getattr(primer, name) is getattr(import_module(f"primer.{module}"), name)
        assert name in import_module(f"primer.{module}").__all__


def test_type_checkers_see_the_same_names():
    tree = ast.parse(SOURCE.read_text(encoding="utf-8"))
    seen = {
        alias.asname
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("primer")
        for alias in node.names
    }
    assert seen | {"__version__"} == set(primer.__all__)


def test_import_costs_no_torch():
    assert python("import primer, sys; print('torch' in sys.modules)") == "False"
    assert python("import primer, sys; primer.doctor; print('torch' in sys.modules)") == "False"


def test_command_line_costs_no_torch():
    code = (
        "import sys, primer.__main__ as m\n"
        "try: m.main(['--help'])\n"
        "except SystemExit as end: print(end.code, 'torch' in sys.modules)"
    )
    assert python(code).endswith("0 False")


@pytest.mark.parametrize("first", ["Diagram", "trace", "mlp", "diagram"])
def test_diagram_is_the_module_whatever_comes_first(first):
    code = f"import primer; primer.{first}; print(primer.diagram.__name__, primer.mlp.diagram)"
    assert python(code).startswith("primer.diagram <function diagram")


def test_modules_come_as_attributes():
    names = ", ".join(f"primer.{module}.__name__" for module in MODULES)
    assert python(f"import primer; print({names})").split() == [f"primer.{m}" for m in MODULES]


def test_unknown_name():
    with pytest.raises(AttributeError, match="no attribute 'tensor'"):
        _ = primer.tensor


def test_star_import():
    assert python("from primer import *; print(describe.__name__, check.__name__)") == (
        "describe check"
    )


def test_version_is_that_of_the_distribution():
    assert primer.__version__.count(".") >= 2


def test_package_never_imports_its_documentation():
    for path in SOURCE.parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(name.split(".")[0] in ("sphinx", "docutils") for name in names), path


# -- The command line -----------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [["--help"], ["doctor", "--help"], ["exercises", "-h"]])
def test_help_comes_in_both_languages(arguments, capsys):
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 0
    text = capsys.readouterr().out
    assert "用法 · Usage" in text
    assert "選項 · Options" in text


@pytest.mark.parametrize("arguments", [[], ["cure"], ["doctor", "--lang", "fr"]])
def test_bad_arguments_leave_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert "引數有誤 · Bad argument" in capsys.readouterr().err


def test_exercises_are_listed(capsys):
    assert main(["exercises"]) == 0
    both = capsys.readouterr().out
    assert "05-1  預測步幅" in both
    assert "Predict the strides" in both
    main(["exercises", "--lang", "en"])
    english = capsys.readouterr().out
    assert "Predict the strides" in english
    assert "預測" not in english
    main(["exercises", "--lang", "zh-TW"])
    assert "Predict" not in capsys.readouterr().out


def test_exercises_without_torch_send_to_the_doctor():
    done = subprocess.run(
        [sys.executable, "-S", "-m", "primer", "exercises"],
        capture_output=True,
        text=True,
        cwd=SOURCE.parents[1],
        env={"PYTHONIOENCODING": "utf-8"},
        timeout=60,
    )
    assert done.returncode == 1
    assert "python -m primer doctor" in done.stderr
    assert "Traceback" not in done.stderr


def test_narrow_console_loses_characters_not_the_report():
    done = subprocess.run(
        [sys.executable, "-m", "primer", "exercises"],
        capture_output=True,
        env={"PYTHONIOENCODING": "ascii"},
        timeout=120,
    )
    assert done.returncode == 0
    assert b"Predict the strides" in done.stdout
