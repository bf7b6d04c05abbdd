"""Answers to the exercises of lesson 11; ``test_exercises.py`` hands them in."""

from itertools import pairwise

import torch

import primer


def one_layer_too_many(widths):
    return sum(widths[i] * widths[i + 1] + widths[i + 1] for i in range(len(widths)))


def exponentials_only(logits):
    return torch.exp(logits - logits.max(dim=1, keepdim=True).values)


def lamp(w1, b1, w2, b2):
    return tuple(torch.tensor(numbers) for numbers in (w1, b1, w2, b2))


RIGHT = {
    "11-1": [
        lambda widths: primer.count_parameters(primer.MLP(widths[0], widths[-1], widths[1:-1])),
        lambda widths: sum(a * b for a, b in pairwise(widths)) + sum(widths[1:]),
    ],
    "11-2": [
        lambda logits: torch.softmax(logits, dim=1),
        lambda logits: (logits - logits.logsumexp(dim=1, keepdim=True)).exp(),
    ],
    "11-3": [
        lamp([[1.0, 1.0], [1.0, 1.0]], [0.0, -1.0], [[1.0, -2.0]], [0.0]),
        ([[2, -2], [-3, 3]], [0, 0], [[5, 1]], [-0.5]),
    ],
}

WRONG = [
    ("11-1", lambda widths: sum(a * b for a, b in pairwise(widths)), "biases"),
    (
        "11-1",
        lambda widths: sum(a * (b + 1) for a, b in pairwise(widths)),
        "n, not m",
    ),
    (
        "11-1",
        lambda widths: sum(a * b + 1 for a, b in pairwise(widths)),
        "more than one bias",
    ),
    (
        "11-1",
        lambda widths: sum(a * b for a, b in pairwise(widths)) + sum(widths),
        "are no layer",
    ),
    ("11-1", sum, "the units"),
    ("11-1", one_layer_too_many, "n − 1 layers"),
    ("11-1", lambda widths: 109, None),
    ("11-2", lambda z: torch.exp(z) / torch.exp(z).sum(1, keepdim=True), "infinite over infinite"),
    (
        "11-2",
        lambda z: torch.exp(z - z.max()) / torch.exp(z - z.max()).sum(1)[:, None],
        "each row's own",
    ),
    ("11-2", lambda z: torch.softmax(z, 0), "use dim=1"),
    ("11-2", lambda z: torch.exp(z) / torch.exp(z).sum(0), "and exp(1000) is still"),
    ("11-2", lambda z: torch.exp(z) / torch.exp(z).sum(), "whole table: divide"),
    ("11-2", exponentials_only, "not divided"),
    ("11-2", lambda z: torch.softmax(z, 1).log(), "log softmax"),
    ("11-2", lambda z: torch.softmax(z, 1) * 2, None),
    ("11-2", lambda z: torch.log_softmax(z, -1), "log softmax"),
    ("11-2", lambda z: 1 / (1 + torch.exp(-z)), "one number at a time"),
    ("11-2", lambda z: exponentials_only(z) / exponentials_only(z).sum(1), "keepdim=True"),
    ("11-3", lamp([[1.0, 0.0], [0.0, 1.0]], [0.0, 0.0], [[1.0, 1.0]], [0.0]), "at least one"),
    ("11-3", lamp([[1.0, 1.0], [1.0, 1.0]], [0.0, -1.0], [[0.0, 1.0]], [0.0]), "only 11"),
    ("11-3", lamp([[1.0, 1.0], [1.0, 1.0]], [0.0, -1.0], [[-1.0, 2.0]], [0.5]), "reverse"),
    ("11-3", lamp([[1.0, 1.0], [1.0, 1.0]], [0.0, -1.0], [[-1.0, 1.0]], [0.0]), "none of the four"),
    ("11-3", lamp([[1.0, 1.0], [1.0, 1.0]], [0.0, -1.0], [[1.0, 1.0]], [9.0]), "all four"),
    ("11-3", lamp([[1.0, -1.0], [0.0, 0.0]], [0.0, 0.0], [[3.0, 1.0]], [-1.0]), "each unit may"),
    ("11-3", lamp([[0.0, 0.0], [-1.0, 1.0]], [0.0, 0.0], [[1.0, 1.0]], [0.0]), "each unit may"),
    ("11-3", lamp([[1.0, 1.0], [1.0, 1.0]], [0.0, -1.0], [1.0, -2.0], [0.0]), None),  # a shape
]
