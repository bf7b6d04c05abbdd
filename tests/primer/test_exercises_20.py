"""Answers to the exercises of lesson 20; ``test_exercises.py`` hands them in."""

import math

import torch


def deal_round(order, rank, world):
    """Give the cards out one by one, until all hold the same number."""
    hands = [[] for _ in range(world)]
    for turn in range(world * math.ceil(len(order) / world)):
        hands[turn % world].append(order[turn % len(order)])
    return hands[rank]


def chunks(order, rank, world):
    return [part.tolist() for part in torch.tensor(order).chunk(world)][rank]


def dropping(order, rank, world):
    while len(order) % world:
        order = order[:-1]
    return order[rank::world]


def with_the_last(order, rank, world):
    return (order + order[::-1][: -len(order) % world][::-1])[rank::world]


def shared_sum(gradients, sizes):
    return sum(g * n for g, n in zip(gradients, sizes, strict=True))


RIGHT = {
    "20-1": [deal_round],
    "20-2": [
        lambda g, n: torch.tensordot(torch.tensor(n) / sum(n), torch.stack(g), dims=1),
        lambda g, n: shared_sum(g, n) / sum(n),
    ],
}

WRONG = [
    ("20-1", lambda o, r, w: [card for i, card in enumerate(o) if i % w == r], "wait for them"),
    ("20-1", dropping, "dropped"),
    ("20-1", chunks, "blocks"),
    ("20-1", with_the_last, "not the last few"),
    ("20-1", lambda o, r, w: sorted(deal_round(o, r, w)), None),
    ("20-2", lambda g, n: torch.stack(g).mean(dim=0), "equal shares only"),
    ("20-2", lambda g, n: sum(g), "the sum"),
    ("20-2", shared_sum, "divided by that of all"),
    ("20-2", lambda g, n: shared_sum(g, n) / len(g), "not by that of the processes"),
    (
        "20-2",
        lambda g, n: shared_sum(g, [1 / m for m in n]) / sum(1 / m for m in n),
        "other way round",
    ),
    ("20-2", lambda g, n: g[0], None),
]
