"""Answers to the exercises of lessons 06 and 07; ``test_exercises.py`` hands them in."""

import numpy as np
import torch


def stops_asking(x):
    return x.requires_grad_(False).float().numpy().copy()


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
    "07-1": [(2, 1, 0), [2.0, 1.0, 0.0], (np.float64(2), torch.tensor(1.0), 0)],
    "07-2": [
        lambda array: torch.tensor(array.copy(), dtype=torch.float32),
        lambda array: torch.from_numpy(np.array(array, dtype=np.float32)),
        lambda array: torch.tensor(array.tolist()).float(),
    ],
    "07-3": [
        lambda x: np.array(x.tolist(), dtype="float32"),
        lambda x: x.detach().to("cpu", torch.float32).clone().numpy(),
        lambda x: x.float().numpy(force=True).copy(),
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
    ("07-1", (2, 2, 0), "reads the old memory"),
    ("07-1", [2, 0, 0], "shared sees"),
    ("07-1", (2, 1, 1), "copied sees none"),
    ("07-1", (1, 1, 0), "1 added to each"),
    ("07-1", (3, 1, 0), None),
    ("07-2", torch.from_numpy, "neither converts nor copies"),
    ("07-2", torch.as_tensor, "neither converts nor copies"),
    ("07-2", lambda array: torch.tensor(array), "ask for float32"),
    ("07-2", lambda array: torch.as_tensor(array, dtype=torch.float32), "still shared"),
    ("07-2", lambda array: torch.tensor(array, dtype=torch.float32), "negative stride"),
    ("07-2", lambda array: torch.from_numpy(array.astype("float16")), None),
    ("07-3", lambda x: x.float().cpu().numpy().copy(), "detach() before"),
    ("07-3", lambda x: x.detach().cpu().numpy().copy(), "no bfloat16"),
    ("07-3", lambda x: x.detach().float().numpy(force=True), "still shared"),
    ("07-3", lambda x: x.detach().float().to("meta").numpy(), "on a GPU"),
    ("07-3", lambda x: x.detach().float().clone(), "still a tensor"),
    ("07-3", stops_asking, None),  # x is changed
    ("07-3", lambda x: stops_asking(x.view_as(x)), "Only leaf tensors"),
]
