"""Train with every source of randomness there is; run and killed by test_training.py."""

import random
import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

from primer.mlp import MLP
from primer.training import accuracy, fit

torch.set_num_threads(1)
folder = Path(sys.argv[1])


class Noisy(Dataset):
    """Rows with noise from Python and NumPy, as augmentation adds."""

    def __init__(self):
        generator = torch.Generator().manual_seed(1)
        self.rows = torch.randn(150, 10, generator=generator)

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        print(".", end="", flush=True)  # whoever watches may kill at any sample
        noise = 0.1 * random.random() + 0.1 * np.random.rand()  # noqa: NPY002
        return self.rows[index] + noise, int(self.rows[index, :3].argmax())


random.seed(0)
np.random.seed(0)  # noqa: NPY002
torch.manual_seed(0)
model = nn.Sequential(nn.Dropout(0.2), MLP(10, 3, hidden=(16,)), nn.BatchNorm1d(3))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01, amsgrad=True)
own = torch.Generator().manual_seed(2)
train = DataLoader(Noisy(), batch_size=16, shuffle=True, generator=own)
history = fit(
    model,
    train,
    loss=nn.CrossEntropyLoss(),
    optimizer=optimizer,
    epochs=12,
    validation=DataLoader(Noisy(), batch_size=64),
    metrics={"accuracy": accuracy},
    scheduler=torch.optim.lr_scheduler.MultiStepLR(optimizer, [4, 8]),
    patience=12,
    checkpoint=folder / "run.pt",
    resume=True,
)
result = {"model": model.state_dict(), "history": history.columns, "next": torch.rand(4)}
torch.save(result, folder / "result.pt")
