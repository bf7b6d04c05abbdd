"""Exercises of lesson 12, loading data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import DataLoader

from primer.exercises import Exercise, Mistake

Samples = list[tuple[Tensor, int]]

# -- 12-1 -----------------------------------------------------------------------------------------


def _counted(samples: int, batch_size: int, drop_last: bool) -> list[int]:
    """Let a real loader cut them, and count."""
    numbers: Any = range(samples)  # all that a loader wants is len and []
    loader: DataLoader[Any] = DataLoader(numbers, batch_size, drop_last=drop_last)
    return [len(batch) for batch in loader]


def _numbers() -> Iterator[tuple[int, int, bool]]:
    yield 10, 4, False
    yield 10, 4, True
    yield 12, 4, False
    yield 12, 4, True
    yield 3, 8, False
    yield 3, 8, True


# -- 12-2 -----------------------------------------------------------------------------------------


def _windows(series: Tensor, length: int, gap: int = 0, short: int = 0, step: int = 1) -> list[Any]:
    """Cut all pairs at once: a list is a dataset, too."""
    ends = range(length, len(series) - short, step)
    return [(series[end - length : end], series[end + gap]) for end in ends]


def _series() -> Iterator[tuple[Tensor, int]]:
    yield torch.tensor([16.0, 18.0, 17.5, 21.0, 19.0, 24.0]), 3
    yield torch.tensor([5.0, 3.0, 4.0]), 1
    yield torch.tensor([1.0, 4.0, 9.0, 16.0, 25.0]), 4


def _samples_of(dataset: Any, *arguments: object) -> object:
    """Ask for each sample, as a loader does; a list of pairs for a dataset, else what came."""
    if dataset is None or isinstance(dataset, (Tensor, int, float, str)):
        return dataset
    return [dataset[index] for index in range(len(dataset))]


# -- 12-3 -----------------------------------------------------------------------------------------


def _filled(samples: Samples) -> tuple[Tensor, Tensor, Tensor]:
    """Fill two empty tables number by number."""
    longest = max(len(row) for row, _ in samples)
    inputs = torch.zeros(len(samples), longest)
    mask = torch.zeros(len(samples), longest, dtype=torch.bool)
    for place, (row, _) in enumerate(samples):
        for index, number in enumerate(row.tolist()):
            inputs[place, index], mask[place, index] = number, True
    return inputs, mask, torch.tensor([label for _, label in samples])


def _changed(change: Callable[[Tensor, Tensor, Tensor], object]) -> Callable[[Samples], object]:
    """Make an answer that is right but for one change."""
    return lambda samples: change(*_filled(samples))


def _padded_left(samples: Samples) -> tuple[Tensor, Tensor, Tensor]:
    inputs, mask, labels = _filled([(row.flip(0), label) for row, label in samples])
    return inputs.flip(1), mask.flip(1), labels


def _shortened(samples: Samples) -> tuple[Tensor, Tensor, Tensor]:
    shortest = min(len(row) for row, _ in samples)
    return _filled([(row[:shortest], label) for row, label in samples])


def _ragged() -> Iterator[tuple[Samples]]:
    yield ([(torch.tensor([15.0, 0.0, 17.0]), 0), (torch.tensor([21.0]), 1)],)
    yield (
        [
            (torch.tensor([-1.0, 2.5]), 1),
            (torch.tensor([3.0, 1.0, 0.0, 4.0]), 1),
            (torch.tensor([0.0]), 0),
        ],
    )
    yield ([(torch.tensor([12.0, 14.0]), 0), (torch.tensor([13.0, 11.0]), 0)],)


EXERCISES = (
    Exercise(
        id="12-1",
        title=("每批幾筆", "How many in each batch?"),
        task=(
            "寫 batch_sizes(samples, batch_size, drop_last)：回傳每一批有幾筆的 list。",
            "Write batch_sizes(samples, batch_size, drop_last): return a list with the size of "
            "each batch.",
        ),
        name="batch_sizes",
        truth=_counted,
        cases=_numbers,
        hint=(
            "用 divmod：商是幾個滿的批次，餘數是最後一批。",
            "Use divmod: the quotient counts the full batches, the remainder is the last one.",
        ),
        mistakes=(
            Mistake(
                "drop_last 沒有用到：它是 True 時，不滿的那批不要。",
                "drop_last is not used: where it is True, leave the short batch out.",
                wrong=lambda samples, batch_size, drop_last: _counted(samples, batch_size, False),
            ),
            Mistake(
                "不滿的最後一批一律丟了：drop_last 是 False 時要留著。",
                "The short last batch is always left out: keep it where drop_last is False.",
                wrong=lambda samples, batch_size, drop_last: _counted(samples, batch_size, True),
            ),
            Mistake(
                "drop_last 反了：True 才丟。",
                "drop_last is the wrong way round: True leaves out.",
                wrong=lambda samples, batch_size, drop_last: _counted(
                    samples, batch_size, not drop_last
                ),
            ),
            Mistake(
                "整除的時候，最後多了一個 0 筆的批次。",
                "Where nothing remains, there is a last batch of 0 too many.",
                wrong=lambda samples, batch_size, drop_last: (
                    [batch_size] * (samples // batch_size)
                    + ([] if drop_last else [samples % batch_size])
                ),
            ),
            Mistake(
                "這是批次的個數；題目要每一批的大小，放在 list 裡。",
                "This is how many batches there are; return the size of each, in a list.",
                wrong=lambda samples, batch_size, drop_last: len(
                    _counted(samples, batch_size, drop_last)
                ),
            ),
        ),
    ),
    Exercise(
        id="12-2",
        title=("從昨天猜明天", "Tomorrow from yesterday"),
        task=(
            "寫類別 Windows(series, length)：第 i 筆是從 i 起的 length 個數字，"
            "和緊接在後面的那一個。",
            "Write the class Windows(series, length): sample i is the pair of the length numbers "
            "from i on and the one that follows them.",
        ),
        name="Windows",
        truth=lambda series, length: _windows(series, length),
        cases=_series,
        observe=_samples_of,
        hint=(
            "先寫 __getitem__(0)：series[:length] 和 series[length]。再想最後一筆從哪裡開始。",
            "First write __getitem__(0): series[:length] and series[length]. Then ask where the "
            "last sample begins.",
        ),
        mistakes=(
            Mistake(
                "筆數太多：最後一筆後面沒有「下一個」了。一共 len(series) - length 筆。",
                "Too many samples: nothing follows the last one. There are len(series) - length.",
                error="IndexError",
            ),
            Mistake(
                "少了最後一筆：一共 len(series) - length 筆。",
                "The last sample is missing: there are len(series) - length.",
                wrong=lambda series, length: _windows(series, length, short=1),
            ),
            Mistake(
                "答案是視窗裡的最後一個；要的是視窗後面的那一個。",
                "The target is the last number inside the window; the one after it is asked for.",
                wrong=lambda series, length: _windows(series, length, gap=-1),
            ),
            Mistake(
                "視窗一次跳了 length 格；每筆只往後移一格。",
                "The window jumps by its length; move it by one place a sample.",
                wrong=lambda series, length: _windows(series, length, step=length),
            ),
            Mistake(
                "只有視窗，少了答案：回傳一對。",
                "There is the window only, and no target: return a pair.",
                wrong=lambda series, length: [row for row, _ in _windows(series, length)],
            ),
            Mistake(
                "少了 __len__：DataLoader 要知道一共幾筆。",
                "__len__ is missing: a DataLoader has to know how many samples there are.",
                error=r"has no len\(\)",
            ),
            Mistake(
                "少了 __getitem__：DataLoader 靠它取第 i 筆。",
                "__getitem__ is missing: a DataLoader fetches sample i with it.",
                error="NotImplementedError|not subscriptable",
            ),
        ),
    ),
    Exercise(
        id="12-3",
        title=("附遮罩的 collate", "Collate with a mask"),
        task=(
            "寫 pad(samples)：samples 是一維張量與標籤的 list，疊成 (inputs, mask, labels)，"
            "短的在右邊補 0。",
            "Write pad(samples): stack a list of (1-D tensor, label) into (inputs, mask, labels), "
            "with short rows filled by 0 on the right.",
        ),
        name="pad",
        truth=_filled,
        cases=_ragged,
        hint=(
            "先量每一列的長度；位置小於長度的，遮罩就是 True。",
            "Measure the length of each row; the mask is True where the place is below it.",
        ),
        mistakes=(
            Mistake(
                "真的 0 度也被當成補的：遮罩要從長度來，不能看數字是不是 0。",
                "A real 0 degrees was taken for padding: make the mask from the lengths, not from "
                "the numbers.",
                wrong=_changed(lambda inputs, mask, labels: (inputs, inputs != 0, labels)),
            ),
            Mistake(
                "遮罩反了：真的讀數是 True。",
                "The mask is the wrong way round: a real reading is True.",
                wrong=_changed(lambda inputs, mask, labels: (inputs, ~mask, labels)),
            ),
            Mistake(
                "第二項是長度；題目要和 inputs 同形狀的遮罩：拿位置和長度比。",
                "The second item holds lengths; a mask shaped like inputs is asked for: compare "
                "places with lengths.",
                wrong=_changed(lambda inputs, mask, labels: (inputs, mask.sum(dim=1), labels)),
            ),
            Mistake(
                "列和行對調了：pad_sequence 要加 batch_first=True。",
                "Rows and columns are swapped: pad_sequence needs batch_first=True.",
                wrong=_changed(lambda inputs, mask, labels: (inputs.T, mask, labels)),
            ),
            Mistake(
                "列和行對調了：pad_sequence 要加 batch_first=True。",
                "Rows and columns are swapped: pad_sequence needs batch_first=True.",
                wrong=lambda samples: (
                    pad_sequence([row for row, _ in samples]),
                    _filled(samples)[1].T,
                    _filled(samples)[2],
                ),
            ),
            Mistake(
                "0 補在左邊了；題目要補在右邊。",
                "The 0 stand on the left; fill on the right.",
                wrong=_padded_left,
            ),
            Mistake(
                "長的被截短，讀數不見了；要補短的，不是截長的。",
                "Long rows were cut, and readings are lost; fill the short ones instead.",
                wrong=_shortened,
            ),
            Mistake(
                "少了標籤：一共回傳三樣。",
                "The labels are missing: return three things.",
                wrong=_changed(lambda inputs, mask, labels: (inputs, mask)),
            ),
            Mistake(
                "長短不一，不能直接 stack：先補到一樣長。",
                "Rows of different lengths do not stack: fill them to one length first.",
                error="stack expects each tensor",
            ),
        ),
    ),
)
