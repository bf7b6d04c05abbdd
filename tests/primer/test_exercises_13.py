"""Answers to the exercises of lesson 13; ``test_exercises.py`` hands them in."""

import torch
import torch.nn.functional as F
from torch import nn

import primer


def step(model, loss_function, optimizer, inputs, targets):
    optimizer.zero_grad(set_to_none=False)
    loss = loss_function(model(inputs), targets)
    loss.backward()
    optimizer.step()
    return loss.item()


def without_clearing(model, loss_function, optimizer, inputs, targets):
    loss = loss_function(model(inputs), targets)
    loss.backward()
    optimizer.step()
    return float(loss)


def clearing_too_late(model, loss_function, optimizer, inputs, targets):
    loss = loss_function(model(inputs), targets)
    loss.backward()
    optimizer.zero_grad()
    optimizer.step()
    return loss.item()


def loss_afterwards(model, loss_function, optimizer, inputs, targets):
    step(model, loss_function, optimizer, inputs, targets)
    return loss_function(model(inputs), targets).item()


def with_tensor(*arguments):
    return torch.tensor(step(*arguments))


def climbing(model, loss_function, optimizer, inputs, targets):
    optimizer.zero_grad()
    loss = loss_function(model(inputs), targets)
    (-loss).backward()
    optimizer.step()
    return loss.item()


def mean_of_samples(model, loss_function, loader):
    model.eval()
    with torch.no_grad():
        losses = [
            loss_function(model(one[None]), target[None])
            for inputs, targets in loader
            for one, target in zip(inputs, targets, strict=True)
        ]
    return torch.stack(losses).mean().item()


def mean_of_batches(model, loss_function, loader):
    model.eval()
    return sum(loss_function(model(x), y).item() for x, y in loader) / len(loader)


def in_training_mode(model, loss_function, loader):
    model.train()
    total = sum(loss_function(model(x), y).item() * len(y) for x, y in loader)
    return total / len(loader.dataset)


def both_mistakes(model, loss_function, loader):
    model.train()
    return sum(loss_function(model(x), y).item() for x, y in loader) / len(loader)


def trained(model, inputs, targets, optimizer=None, steps=150):
    optimizer = optimizer or torch.optim.Adam(model.parameters(), lr=0.03)
    for _ in range(steps):
        optimizer.zero_grad()
        F.cross_entropy(model(inputs), targets).backward()
        optimizer.step()
    return model


def with_fit(inputs, targets):
    torch.manual_seed(0)
    model = primer.MLP(2, 3, hidden=(24, 24), activation=nn.Tanh)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    loss = nn.CrossEntropyLoss()
    data = (inputs, targets)
    primer.fit(
        model, data, loss=loss, optimizer=optimizer, epochs=200, batch_size=400, device="cpu"
    )
    return model


def with_stray_optimizer(inputs, targets):
    torch.manual_seed(0)
    stray = torch.optim.Adam(primer.MLP(2, 3).parameters(), lr=0.02)
    return trained(primer.MLP(2, 3), inputs, targets, stray, steps=2)


RIGHT = {
    "13-1": [step],
    "13-2": [
        mean_of_samples,
        lambda model, loss, loader: primer.evaluate(model, loader, loss=loss)["loss"],
    ],
    "13-3": [with_fit],
}

WRONG = [
    ("13-1", without_clearing, "Old gradients"),
    ("13-1", clearing_too_late, "No parameter moved"),
    ("13-1", lambda m, loss, optimizer, x, y: loss(m(x), y).item(), "No parameter moved"),
    ("13-1", loss_afterwards, "the one from before"),
    ("13-1", with_tensor, "loss.item()"),
    ("13-1", climbing, "the loss climbs"),
    ("13-1", lambda *arguments: step(*arguments) + 1, None),
    ("13-2", mean_of_batches, "weighs too much"),
    ("13-2", in_training_mode, "dropout is still at work"),
    ("13-2", both_mistakes, "too"),
    ("13-2", lambda m, loss, loader: mean_of_samples(m, loss, loader) * len(loader.dataset), "sum"),
    ("13-2", lambda m, loss, loader: mean_of_batches(m, loss, loader) * len(loader), "batches'"),
    ("13-3", with_stray_optimizer, "About as good as guessing"),
    ("13-3", lambda x, y: trained(nn.Linear(2, 3), x, y), "Straight lines"),
    ("13-3", lambda x, y: nn.Sequential(nn.Linear(2, 1), nn.Flatten(0)), "one score an arm"),
    ("13-3", lambda x, y: primer.MLP(2, 3)(x), "model itself"),
]
