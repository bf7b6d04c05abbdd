"""Answers to the exercises of lesson 10; ``test_exercises.py`` hands them in."""

import torch
import torch.nn.functional as F


def right_loss(w, x, y):
    return F.mse_loss(torch.mv(x, w), y) + w.norm() ** 2 / 10


def cut_by_item(w, x, y):
    size = sum(number.item() ** 2 for number in w)
    return F.mse_loss(x @ w, y) + 0.1 * size


def first_term_cut(w, x, y):
    with torch.no_grad():
        error = F.mse_loss(x @ w, y)
    return error + w.norm() ** 2 / 10


RIGHT = {
    "10-1": [{"a", "c", "e"}, ["e", "c", "a"]],
    "10-2": [
        right_loss,
        lambda w, x, y: (F.mse_loss(x @ w, y, reduction="none")).mean() + w @ w / 10,
    ],
    "10-3": [
        lambda x: x.round().detach() + x - x.detach(),
        lambda x: x - (x - torch.round(x)).detach(),
    ],
}

WRONG = [
    ("10-1", {"a", "b", "c", "e"}, "gradients add up"),
    ("10-1", {"a", "c", "d", "e"}, "needs the input"),
    ("10-1", ["a", "c", "e", "f"], "how gradient descent does it"),
    ("10-1", {"a", "e"}, "derivative of exp"),
    ("10-1", ("a", "c"), "two numbers"),
    ("10-1", {"c", "e"}, "freed"),
    ("10-1", {"b"}, None),
    ("10-2", cut_by_item, "second term is still cut"),
    ("10-2", first_term_cut, "first term is cut"),
    ("10-2", lambda w, x, y: right_loss(w, x, y).item(), "whole loss left"),
    ("10-2", lambda w, x, y: torch.tensor(right_loss(w, x, y).tolist()), "whole loss left"),
    ("10-2", lambda w, x, y: F.mse_loss(x @ w, y), "is missing"),
    ("10-2", lambda w, x, y: F.mse_loss(x @ w, y) + w @ w, "not multiplied"),
    ("10-2", lambda w, x, y: F.mse_loss(x @ w, y, reduction="sum") + w @ w / 10, "a mean"),
    ("10-2", lambda w, x, y: F.mse_loss(x @ w, y) + (w.numpy() ** 2).sum() / 10, "square and sum"),
    ("10-2", lambda w, x, y: 2 * right_loss(w, x, y), None),
    ("10-3", lambda x: x.round(), "flat everywhere"),
    ("10-3", lambda x: x + (x.round() - x), "flat everywhere"),
    ("10-3", lambda x: x.detach().round(), "keep the part"),
    ("10-3", lambda x: x.round() - (x.round() - x).detach(), "wrong side"),
    ("10-3", lambda x: x.round().detach() + x, "one x too many"),
    ("10-3", lambda x: x.clone(), "Forward, it has to round"),
    ("10-3", lambda x: x.detach().round().requires_grad_(), "still cut off"),
    ("10-3", lambda x: x.round_(), "in place"),
]
