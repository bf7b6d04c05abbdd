"""Answers to the exercises of lessons 06 and 07; ``test_exercises.py`` hands them in."""

import torch

RIGHT = {
    "06-1": [(4, 5, 3), [4, 5, 3], torch.broadcast_shapes((4, 1, 3), (5, 1))],
    "06-2": [
        lambda x, mask: torch.where(mask, x, 0.0).sum(1) / mask.float().sum(1),
        lambda x, mask: torch.einsum("rc,rc->r", x, mask.float()) / mask.count_nonzero(dim=1),
        lambda x, mask: x.masked_fill(~mask, torch.nan).nanmean(dim=1),
    ],
    "06-3": [
        lambda a, b: torch.cdist(a, b) ** 2,
        lambda a, b: (a.unsqueeze(1) - b.unsqueeze(0)).pow(2).sum(2),
        lambda a, b: (a**2).sum(1, keepdim=True) - 2 * a @ b.T + (b**2).sum(1),
    ],
}

WRONG = [
    ("06-1", (4, 1, 3, 5, 1), "not joined"),
    ("06-1", (4, 1, 3), "a is stretched"),
    ("06-1", (4, 5, 1), "stretches to the other"),
    ("06-1", torch.Size([5, 3]), "4 of a remains"),
    ("06-1", (4, 5, 4), None),
    ("06-2", lambda x, mask: torch.where(mask, x, 0.0).mean(1), "count in the number"),
    ("06-2", lambda x, mask: x[mask].mean(), "forgets the rows"),
    ("06-2", lambda x, mask: x[mask].mean(dim=1), "so no dim=1"),
    ("06-2", lambda x, mask: (x * mask).sum(0) / mask.sum(0), "mean of each column"),
    ("06-2", lambda x, mask: torch.where(mask, x, 0.0).sum(1), "number of valid cells"),
    ("06-2", lambda x, mask: x.mean(-1), "mask is not used"),
    ("06-2", lambda x, mask: ((x * mask).sum(1) / mask.sum(1))[:, None], "no keepdim"),
    ("06-3", lambda a, b: ((a - b) ** 2).sum(1), "another dimension"),
    ("06-3", lambda a, b: (torch.cdist(a, b) ** 2).T, "swapped"),
    ("06-3", lambda a, b: (a[:, None] - b).norm(dim=-1), "take no root"),
    ("06-3", lambda a, b: (a[:, None] - b[None]) ** 2, "third dimension"),
    ("06-3", lambda a, b: (a.sum(1)[:, None] - b.sum(1)) ** 2, "square each difference first"),
]
