"""Answers to the exercises of lesson 15; ``test_exercises.py`` hands them in."""

import torch
from sklearn.metrics import precision_recall_fscore_support, roc_auc_score


def library(predictions, labels):
    scores = precision_recall_fscore_support(
        labels, predictions, average="binary", zero_division=0.0
    )
    return tuple(map(float, scores[:3]))


def dividing(predictions, labels):
    hits = (predictions & labels).sum()
    precision, recall = hits / predictions.sum(), hits / labels.sum()
    return precision, recall, 2 * precision * recall / (precision + recall)


def counting(predictions, labels):
    hits = (predictions & labels).sum().item()
    called, real = predictions.sum().item(), labels.sum().item()
    return hits / called, hits / real, 2 * hits / (called + real)


def mean(predictions, labels):
    precision, recall, _ = library(predictions, labels)
    return precision, recall, (precision + recall) / 2


def pairs(scores, labels):
    return scores[labels][:, None] - scores[~labels][None, :]


RIGHT = {
    "15-1": [
        library,
        lambda p, y: [torch.tensor(number) for number in library(p.int(), y.int())],
    ],
    "15-2": [
        lambda scores, labels: roc_auc_score(labels, scores),
        lambda scores, labels: (pairs(scores, labels).sign().mean() + 1) / 2,
    ],
}

WRONG = [
    ("15-1", dividing, "the result nan"),
    ("15-1", counting, "and the denominator is 0"),
    ("15-1", lambda p, y: (*library(y, p)[:2], library(p, y)[2]), "swapped"),
    ("15-1", mean, "harmonic"),
    ("15-1", lambda p, y: ((p == y).float().mean(), *library(p, y)[1:]), "accuracy"),
    ("15-1", lambda p, y: library(~p, ~y), "takes False"),
    ("15-1", lambda p, y: [100 * score for score in library(p, y)], "per cent"),
    ("15-1", lambda p, y: library(p, y)[:2], None),
    ("15-2", lambda s, y: (pairs(s, y) > 0).float().mean(), "count nothing"),
    ("15-2", lambda s, y: (pairs(s, y) >= 0).float().mean().item(), "as won"),
    ("15-2", lambda s, y: roc_auc_score(~y, s), "other way round"),
    ("15-2", lambda s, y: ((pairs(s, y).sign() + 1) / 2).sum(), "how many there are"),
    ("15-2", lambda s, y: (s[y] > s[~y]).float().mean(), "each meet each"),
    ("15-2", lambda s, y: ((s > 0) == y).float().mean(), None),
]
