"""Answers to the exercises of lesson 04; ``test_exercises.py`` hands them in."""

import numpy as np
import torch

RIGHT = {
    "04-1": [
        (torch.float32, torch.float16, torch.float32),
        [torch.float, torch.half, torch.float],
    ],
    "04-2": [
        lambda x: torch.clamp(x * 255 + 0.5, 0, 255).byte(),
        lambda x: torch.tensor(np.rint(np.clip(x.numpy(), 0, 1) * 255).astype(np.uint8)),
    ],
    "04-3": [
        lambda x, dtype: bool((x.to(dtype).to(x.dtype) == x).all()),
        lambda x, dtype: bool((x.to(dtype).double() == x.double()).all()),
    ],
}

WRONG = [
    ("04-1", (torch.int64, torch.float16, torch.float32), "nothing is left over"),
    ("04-1", (torch.float32, torch.float16, torch.float64), "0-D tensor"),
    ("04-1", (torch.float32, torch.float32, torch.float32), "become float16"),
    ("04-1", (torch.float32, torch.float64, torch.float32), "do not become float64"),
    ("04-1", (torch.bool, torch.float16, torch.float32), None),
    ("04-2", lambda x: (x.clamp(0, 1) * 255).byte(), "cuts off"),
    ("04-2", lambda x: torch.round(x.clamp(0, 1) * 255), "still floats"),
    ("04-2", lambda x: (x.clamp(0, 1) * 255).round().long(), "but int64"),
    ("04-2", lambda x: torch.round(x * 255).byte(), "clamp before"),
    ("04-2", lambda x: x.clamp(0, 1).byte() * 255, "too soon"),
    ("04-2", lambda x: torch.round(x.clamp(0, 1) * 256).byte(), "not 256"),
    ("04-3", lambda x, dtype: bool((x == x.to(dtype)).all()), "both sides are rounded"),
    ("04-3", lambda x, dtype: torch.equal(x, x.to(dtype)), "both sides are rounded"),
    ("04-3", lambda x, dtype: torch.allclose(x.to(dtype).to(x.dtype), x), "Close is not"),
    ("04-3", lambda x, dtype: torch.allclose(x.to(dtype), x), "converts nothing"),
    ("04-3", lambda x, dtype: bool((x.to(dtype).to(x.dtype) == x).any()), "not any"),
    ("04-3", lambda x, dtype: x == x.to(dtype).to(x.dtype), "add .all()"),
    ("04-3", lambda x, dtype: True, None),
]
