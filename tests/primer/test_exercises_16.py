"""Answers to the exercises of lesson 16; ``test_exercises.py`` hands them in."""

import torch
import torch.nn.functional as F
from torch import nn

import primer


def with_fit(losses, patience):
    """Let `primer.fit` stop on these very losses."""
    validation = iter(losses)

    def loss(predictions, targets):
        training = targets[0] == 0
        zero = 0 * predictions.sum()
        return zero if training else zero + next(validation)

    model = nn.Linear(1, 1).double()
    data = [(torch.ones(1, 1).double(), torch.tensor([kind])) for kind in (0, 1)]
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    history = primer.fit(
        model,
        data[0],
        validation=data[1],
        loss=loss,
        optimizer=optimizer,
        epochs=len(losses),
        patience=patience,
        device="cpu",
    )
    return history.best_epoch, history.epochs


def counting(losses, patience):
    best, waited = 0, 0
    for epoch in range(1, len(losses)):
        if losses[epoch] < losses[best]:
            best, waited = epoch, 0
        else:
            waited += 1
        if waited == patience:
            return best, epoch
    return best, len(losses) - 1


def from_one(losses, patience):
    best, last = counting(losses, patience)
    return best + 1, last + 1


def beside(losses, patience):
    waited, best = 0, 1
    for epoch in range(2, len(losses) + 1):
        waited = 0 if losses[epoch - 1] < losses[epoch - 2] else waited + 1
        best = epoch if losses[epoch - 1] < losses[best - 1] else best
        if waited == patience:
            return best, epoch
    return best, len(losses)


def summing(losses, patience):
    waited, best = 0, 1
    for epoch in range(2, len(losses) + 1):
        if losses[epoch - 1] < losses[best - 1]:
            best = epoch
        else:
            waited += 1
        if waited == patience:
            return best, epoch
    return best, len(losses)


def lenient(losses, patience):
    best = 1
    for epoch, loss in enumerate(losses, start=1):
        if loss <= losses[best - 1]:
            best = epoch
        if epoch - best >= patience:
            return best, epoch
    return best, len(losses)


def late(losses, patience):
    return from_one(losses, patience + 1)


def filled(x, p, training):
    if training:
        x[torch.rand_like(x) < p] = 0
        x /= 1 - p
    return x


def one_row(x, p, training):
    return x * (torch.rand(x.shape[-1]) >= p) / (1 - p) if training else x


RIGHT = {
    "16-1": [from_one, with_fit],
    "16-2": [
        F.dropout,
        lambda x, p, training: (
            torch.where(torch.rand_like(x) < p * training, 0.0, x) / (1 - p * training)
        ),
    ],
}

WRONG = [
    ("16-1", counting, "count from 0"),
    ("16-1", lambda losses, patience: from_one(losses, patience)[::-1], "other order"),
    (
        "16-1",
        lambda losses, patience: (losses.index(min(losses)) + 1, from_one(losses, patience)[1]),
        "after the stop",
    ),
    ("16-1", lambda losses, patience: from_one(losses, patience)[1:] * 2, "not the last"),
    ("16-1", late, "too long"),
    ("16-1", beside, "the epoch before"),
    ("16-1", summing, "add up"),
    ("16-1", lenient, "no progress"),
    ("16-1", lambda losses, patience: (3, 5), None),
    ("16-2", lambda x, p, training: x * (torch.rand_like(x) > p) if training else x, "not made"),
    (
        "16-2",
        lambda x, p, training: x * (torch.rand_like(x) > p) if training else (1 - p) * x,
        "another convention",
    ),
    (
        "16-2",
        lambda x, p, training: x * torch.bernoulli(p + 0 * x) / (1 - p) if training else x,
        "to keep",
    ),
    (
        "16-2",
        lambda x, p, training: x * torch.bernoulli(p + 0 * x) / max(p, 1e-9) if training else x,
        "to keep",
    ),
    (
        "16-2",
        lambda x, p, training: F.dropout(x, p) * (1 - p) / (p or 1) if training else x,
        "wrong divisor",
    ),
    ("16-2", lambda x, p, training: F.dropout(x, p, True), "outside training"),
    ("16-2", lambda x, p, training: F.dropout(x, p, not training), "when training is True"),
    ("16-2", one_row, "Whole rows"),
    ("16-2", filled, "x was changed"),
    ("16-2", lambda x, p, training: x, None),
]
