"""Answers to the exercises of lesson 12; ``test_exercises.py`` hands them in."""

import math

import torch
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import Dataset, TensorDataset, default_collate


def sizes(samples, batch_size, drop_last):
    found = [min(batch_size, samples - start) for start in range(0, samples, batch_size)]
    return [size for size in found if size == batch_size or not drop_last]


def unfolded(series, length):
    return TensorDataset(series[:-1].unfold(0, length, 1), series[length:])


class Base(Dataset):
    """A right dataset, to be spoilt below."""

    def __init__(self, series, length):
        self.series, self.length = series, length

    def __len__(self):
        return len(self.series) - self.length

    def __getitem__(self, index):
        return self.series[index : index + self.length], self.series[index + self.length]


class OneTooMany(Base):
    def __len__(self):
        return super().__len__() + 1


class OneTooFew(Base):
    def __len__(self):
        return super().__len__() - 1


class TargetInside(Base):
    def __getitem__(self, index):
        row, _ = super().__getitem__(index)
        return row, row[-1]


class Jumping(Base):
    def __len__(self):
        return math.ceil(super().__len__() / self.length)

    def __getitem__(self, index):
        return super().__getitem__(index * self.length)


class NoTarget(Base):
    def __getitem__(self, index):
        return super().__getitem__(index)[0]


class NoLength(Dataset):
    def __init__(self, series, length):
        self.series = series

    def __getitem__(self, index):
        return self.series[index]


class NoItems(Dataset):
    def __init__(self, series, length):
        pass

    def __len__(self):
        return 3


def rows_of(samples):
    return [row for row, _ in samples]


def labels_of(samples):
    return torch.tensor([label for _, label in samples])


def padded_with_nan(samples):
    inputs = pad_sequence(rows_of(samples), batch_first=True, padding_value=torch.nan)
    return inputs.nan_to_num(), ~inputs.isnan(), labels_of(samples)


def mask_from_numbers(samples):
    inputs = pad_sequence(rows_of(samples), batch_first=True)
    return inputs, inputs != 0, labels_of(samples)


def with_lengths(samples):
    inputs, mask, labels = padded_with_nan(samples)
    return inputs, mask.sum(1), labels


def swapped(samples):
    inputs, mask, labels = padded_with_nan(samples)
    return inputs.T, mask.T, labels


def left(samples):
    longest = max(map(len, rows_of(samples)))
    inputs = torch.stack(
        [torch.cat([torch.zeros(longest - len(row)), row]) for row in rows_of(samples)]
    )
    mask = torch.stack([torch.arange(longest) >= longest - len(row) for row in rows_of(samples)])
    return inputs, mask, labels_of(samples)


def cut(samples):
    shortest = min(map(len, rows_of(samples)))
    inputs = torch.stack([row[:shortest] for row in rows_of(samples)])
    return inputs, torch.ones_like(inputs, dtype=torch.bool), labels_of(samples)


RIGHT = {
    "12-1": [sizes],
    "12-2": [Base, unfolded],
    "12-3": [padded_with_nan],
}

WRONG = [
    ("12-1", lambda n, size, drop: sizes(n, size, False), "drop_last is not used"),
    ("12-1", lambda n, size, drop: [size] * (n // size), "always left out"),
    ("12-1", lambda n, size, drop: sizes(n, size, not drop), "wrong way round"),
    (
        "12-1",
        lambda n, size, drop: [size] * (n // size) + [n % size] * (not drop),
        "batch of 0",
    ),
    ("12-1", lambda n, size, drop: n // size if drop else math.ceil(n / size), "how many batches"),
    ("12-1", lambda n, size, drop: [n], None),
    ("12-2", OneTooMany, "Too many samples"),
    ("12-2", OneTooFew, "last sample is missing"),
    ("12-2", TargetInside, "inside the window"),
    ("12-2", Jumping, "by one place"),
    ("12-2", NoTarget, "return a pair"),
    ("12-2", NoLength, "__len__ is missing"),
    ("12-2", NoItems, "__getitem__ is missing"),
    ("12-3", mask_from_numbers, "from the lengths"),
    ("12-3", lambda s: (padded_with_nan(s)[0], ~padded_with_nan(s)[1], labels_of(s)), "wrong way"),
    ("12-3", with_lengths, "compare places"),
    ("12-3", swapped, "batch_first"),
    ("12-3", left, "on the right"),
    ("12-3", cut, "fill the short ones"),
    ("12-3", lambda samples: padded_with_nan(samples)[:2], "three things"),
    ("12-3", default_collate, "do not stack"),
]
