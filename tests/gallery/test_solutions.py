"""Each exercise's published solution, taken from its lesson and run on its own, is right."""

import ast
from pathlib import Path

import pytest
import torch
from runner import lessons, steps

import primer
from primer.exercises import _signature, catalogue


def solutions() -> dict[str, tuple[Path, str]]:
    """Give the code of every published solution by the id in its last line."""
    found = {}
    for script in lessons():
        for key, _, code in steps(script):
            if key.startswith("solution"):
                last = ast.parse(code).body[-1]
                assert isinstance(last, ast.Expr), f"{script.name}: {key}"
                assert isinstance(last.value, ast.Call), f"{script.name}: {key}"
                found[ast.literal_eval(last.value.args[0])] = script, code
    return found


SOLUTIONS = solutions()


@pytest.mark.parametrize("id", SOLUTIONS)
def test_published_solution_is_right(id):
    """It needs nothing but the two imports, so that a reader may copy it into an empty file."""
    _, code = SOLUTIONS[id]
    tree = ast.parse(code)
    call = tree.body.pop()
    names = {"torch": torch, "primer": primer}
    exec(compile(tree, id, "exec"), names)
    result = eval(compile(ast.Expression(call.value), id, "eval"), names)
    assert result, result
    assert result.exercise.id == id


def test_each_exercise_stands_in_its_lesson():
    for id, (script, _) in SOLUTIONS.items():
        assert script.name.startswith(id.split("-")[0])


def test_lessons_publish_a_solution_of_each_of_their_exercises():
    numbers = {script.name[:2] for script in lessons()}
    assert set(SOLUTIONS) == {e.id for e in catalogue() if e.id[:2] in numbers}


def test_signatures_are_named_in_their_lesson():
    """The text of a lesson says which arguments an answer takes, and in which order."""
    for exercise in catalogue():
        if exercise.name and exercise.id in SOLUTIONS:
            script, code = SOLUTIONS[exercise.id]
            text = script.read_text(encoding="utf-8").replace(code, "")
            assert f"``{_signature(exercise)}``" in text, exercise.id
