"""Answers to the exercises of lesson 18; ``test_exercises.py`` hands them in."""

import torch


def right_move(batch, device):
    match batch:
        case torch.Tensor():
            return batch.to(device)
        case dict():
            return dict(zip(batch, right_move(list(batch.values()), device), strict=True))
        case tuple():
            return tuple(right_move(list(batch), device))
        case list():
            return [right_move(item, device) for item in batch]
    return batch


def result_lost(batch, device):
    if isinstance(batch, torch.Tensor):
        batch.to(device)
    return batch


def outermost(batch, device):
    def one(item):
        return item.to(device) if isinstance(item, torch.Tensor) else item

    if isinstance(batch, dict):
        return {key: one(value) for key, value in batch.items()}
    return type(batch)(map(one, batch)) if isinstance(batch, (list, tuple)) else one(batch)


def only_lists(batch, device):
    if isinstance(batch, dict):
        return {key: only_lists(value, device) for key, value in batch.items()}
    if isinstance(batch, (list, tuple)):
        return [only_lists(item, device) for item in batch]
    return batch.to(device) if isinstance(batch, torch.Tensor) else batch


def everything_has_to(batch, device):
    if isinstance(batch, dict):
        return {key: everything_has_to(value, device) for key, value in batch.items()}
    if isinstance(batch, (list, tuple)):
        return type(batch)(everything_has_to(item, device) for item in batch)
    return batch.to(device)


RIGHT = {
    "18-1": [right_move],
    "18-2": [
        lambda model: {t.device.type for t in model.state_dict().values()},
        lambda model: {str(t.device) for t in [*model.buffers(), *model.parameters()]},
    ],
}

WRONG = [
    ("18-1", result_lost, "keep what it returns"),
    ("18-1", outermost, "outermost level"),
    ("18-1", only_lists, "Tuples became lists"),
    ("18-1", everything_has_to, "Not everything has a to"),
    ("18-1", lambda batch, device: batch.to(device), "Containers have no to"),
    ("18-1", lambda batch, device: "meta", None),
    ("18-2", lambda model: {p.device.type for p in model.parameters()}, "Buffers are missing"),
    ("18-2", lambda model: {next(model.parameters()).device.type}, "finds nothing"),
    (
        "18-2",
        lambda model: {next(model.parameters(), next(model.buffers(), None)).device.type},
        None,
    ),
    ("18-2", lambda model: {p.device.type for p in [*model.parameters()][:1]}, "first parameter"),
    ("18-2", lambda model: {"cpu"}, None),
]
