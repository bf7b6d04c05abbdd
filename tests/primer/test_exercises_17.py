"""Answers to the exercises of lesson 17; ``test_exercises.py`` hands them in."""

import numpy as np
import scipy.stats
import torch


def by_t_test(a, b):
    gap = (a - b).mean().item()
    return gap, abs(gap / float(scipy.stats.ttest_rel(a.numpy(), b.numpy()).statistic))


RIGHT = {
    "17-1": [
        lambda u, low, high: torch.exp(torch.lerp(*torch.tensor([low, high]).log(), u)),
        lambda u, low, high: low ** (1 - u) * high**u,
    ],
    "17-2": [
        by_t_test,
        lambda a, b: [(a - b).mean().item(), float(scipy.stats.sem((a - b).numpy()))],
    ],
}

WRONG = [
    ("17-1", lambda u, low, high: torch.lerp(*torch.tensor([low, high]), u), "plain scale"),
    ("17-1", lambda u, low, high: torch.lerp(*torch.tensor([low, high]).log(), u), "still the log"),
    (
        "17-1",
        lambda u, low, high: torch.lerp(*torch.tensor([low, high]).log10(), u),
        "still the log",
    ),
    ("17-1", lambda u, low, high: 10 ** torch.log(low * (high / low) ** u), "bases are mixed"),
    ("17-1", lambda u, low, high: high * (low / high) ** u, "ends are swapped"),
    ("17-1", lambda u, low, high: low**u, None),
    ("17-2", lambda a, b: (a.mean() - b.mean(), (a - b).std()), "of a single seed"),
    ("17-2", lambda a, b: (a.mean() - b.mean(), (a - b).std() / len(b)), "not by n"),
    (
        "17-2",
        lambda a, b: (a.mean() - b.mean(), (a.var() / len(a) + b.var() / len(b)) ** 0.5),
        "unrelated",
    ),
    (
        "17-2",
        lambda a, b: (a.mean() - b.mean(), np.std((a - b).numpy()) / len(a) ** 0.5),
        "n - 1 below",
    ),
    ("17-2", lambda a, b: by_t_test(b, a), "sign is reversed"),
    ("17-2", lambda a, b: (a.mean() - b.mean(), 0.0), None),
]
