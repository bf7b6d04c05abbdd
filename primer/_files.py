"""Checkpoint files: written whole or not at all, and read as data, never as code."""

from __future__ import annotations

import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import torch

from primer._messages import both
from primer._nested import brief

KEYS = {"model", "optimizer", "scheduler", "history", "best", "random"}  # of every checkpoint


class CheckpointError(RuntimeError):
    """A checkpoint file is damaged, does not fit the model, or holds more than data."""


def check_place(path: str | os.PathLike[str]) -> Path:
    """Return ``path`` if a checkpoint could be written there; say why not before work is lost."""
    if not isinstance(path, (str, os.PathLike)):
        got = brief(path)
        raise TypeError(
            both(
                f"檢查點的路徑必須是字串或 Path，收到的是 {got}；例如 'run.pt'。",
                f"the path of a checkpoint has to be a string or a Path, got {got}; "
                "for example 'run.pt'.",
            )
        )
    place = Path(path)
    try:
        if place.is_dir() or not place.name:
            raise IsADirectoryError(
                both(
                    f"{os.fspath(path)!r} 是資料夾，不是檔案；請加上檔名，例如 'run.pt'。",
                    f"{os.fspath(path)!r} is a folder, not a file; add a file name, "
                    "such as 'run.pt'.",
                )
            )
        found = place.parent.is_dir()
    except ValueError:  # such as a null character: no such name can exist
        found = False
    if not found:
        raise FileNotFoundError(
            both(
                f"找不到資料夾 {str(place.parent)!r}；請先建立它，或改用別的路徑。",
                f"there is no folder {str(place.parent)!r}; create it first, or choose another.",
            )
        )
    return place


def write(state: dict[str, Any], path: Path) -> None:
    """Write a checkpoint so that ``path`` holds the old file or the new one, never a part.

    The new file is complete on the disk before it takes the name of the old one; renaming within
    a folder happens at once or not at all.
    """
    _check_plain(state)
    draft = path.with_name(path.name + ".tmp")  # one fixed name: a killed run leaves no heap
    try:
        with draft.open("wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException as error:
        draft.unlink(missing_ok=True)
        if isinstance(error, (OSError, RuntimeError)):
            raise OSError(
                both(
                    f"無法寫入檢查點 {str(path)!r}（原有的檔案沒有變動）；"
                    f"請檢查磁碟空間與權限：{error}",
                    f"could not write the checkpoint {str(path)!r}, and left any older one as it "
                    f"was; check disk space and permissions: {error}",
                )
            ) from error
        raise
    if os.name == "posix":  # make the new name itself last through a power cut
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def read(path: Path) -> dict[str, Any]:
    """Read a checkpoint as plain data on the CPU."""
    if not path.is_file():
        raise FileNotFoundError(
            both(
                f"找不到檢查點 {str(path)!r}；請核對路徑，或先用 fit(..., checkpoint=...) 存一份。",
                f"there is no checkpoint {str(path)!r}; check the path, or write one first with "
                "fit(..., checkpoint=...).",
            )
        )
    try:
        # Only the present format: older ones, which torch.load still takes, and TorchScript were
        # ways around weights_only in torch before 2.6 (CVE-2025-32434).
        with zipfile.ZipFile(path) as archive:
            names = [name.rpartition("/")[2] for name in archive.namelist()]
        if "data.pkl" not in names or "constants.pkl" in names:
            raise zipfile.BadZipFile("not a file of torch.save")
        state = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise CheckpointError(
            both(
                f"拒絕載入 {str(path)!r}：裡面不只有資料，載入會執行其中的程式碼。"
                "請勿用 weights_only=False 開啟來路不明的檔案。",
                f"refused to load {str(path)!r}: it holds more than data, and loading it would run "
                "code of its own. Do not open a file of unknown origin with weights_only=False.",
            )
        ) from error
    except Exception as error:  # a damaged file can fail anywhere in the reader
        raise CheckpointError(
            both(
                f"{str(path)!r} 不是完整的檢查點，可能只下載或複製了一部分；請改用另一份。",
                f"{str(path)!r} is not a whole checkpoint; part of it may be missing after a copy "
                "or a download. Use another one.",
            )
        ) from error
    if not isinstance(state, dict) or not state.keys() >= KEYS:
        got = brief(state)
        raise CheckpointError(
            both(
                f"{str(path)!r} 不是 save_checkpoint 或 fit 寫的檢查點（內容是 {got}）；若只存了 "
                "state_dict，請用 model.load_state_dict(torch.load(path, weights_only=True))。",
                f"{str(path)!r} is no checkpoint of save_checkpoint or fit (it holds a {got}); for "
                "a bare state_dict use model.load_state_dict(torch.load(path, weights_only=True)).",
            )
        )
    return state


def _check_plain(value: Any, where: str = "") -> None:
    """Refuse, while saving, what ``weights_only=True`` would refuse to load."""
    if isinstance(value, dict):
        for key, item in value.items():
            _check_plain(item, f"{where}[{key!r}]")
    elif isinstance(value, (list, tuple)):
        for number, item in enumerate(value):
            _check_plain(item, f"{where}[{number}]")
    elif not (value is None or isinstance(value, (torch.Tensor, bool, int, float, str, bytes))):
        raise TypeError(
            both(
                f"檢查點裡的 {where} 是 {brief(value)}，載入時會被當成程式碼而拒絕；"
                "請只存張量、數字、字串，以及由它們組成的 list、tuple、dict。",
                f"{where} in the checkpoint is a {brief(value)}, which would be refused as code on "
                "loading; store only tensors, numbers, strings, and lists, tuples and dicts.",
            )
        )
