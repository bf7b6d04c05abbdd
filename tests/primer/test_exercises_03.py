"""Answers to the exercises of lesson 03; ``test_exercises.py`` hands them in."""

import numpy as np
import torch


def right_padding(rows):
    table = torch.zeros(len(rows), max(map(len, rows)))
    for i, row in enumerate(rows):
        table[i, : len(row)] = torch.tensor(row)
    return table


def left_padding(rows):
    longest = max(len(row) for row in rows)
    return torch.tensor([[0] * (longest - len(row)) + row for row in rows])


def two_levels(nested):
    return len(nested), len(nested[0])


RIGHT = {
    "03-1": [(1, 3, 2), torch.ones(1, 3, 2).shape],
    "03-2": [lambda nested: np.shape(nested)],
    "03-3": [right_padding],
}

WRONG = [
    ("03-1", (3, 2), "outermost bracket is a dimension"),
    ("03-1", (2, 3, 1), "order is reversed"),
    ("03-1", [1, 2, 3], "rows first"),
    ("03-1", (6,), "numel()"),
    ("03-1", (1, 3, 3), None),
    ("03-2", lambda nested: np.shape(nested)[::-1], "outermost level comes first"),
    ("03-2", lambda nested: torch.tensor(nested).squeeze().shape, "size 1"),
    ("03-2", two_levels, "more than two levels"),
    ("03-2", lambda nested: (len(nested),), None),
    ("03-2", lambda nested: (), None),
    ("03-3", torch.tensor, "one length first"),
    ("03-3", left_padding, "belong on the right"),
    ("03-3", lambda rows: torch.tensor(list(zip(*rows, strict=False))).T, "loses data"),
    ("03-3", lambda rows: torch.cat([torch.tensor(row) for row in rows]), "row of its own"),
]
