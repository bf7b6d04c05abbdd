"""
資料怎麼進來：一筆一筆變成一批一批 · Loading data: from single samples to batches
=================================================================================

第 01 課只有 80 顆芒果，一口氣全放進模型。換成一百萬張照片，記憶體放不下，只能一批一批來。
怎麼取、照什麼順序、怎麼疊成一批，這一課交給兩個類別：``Dataset`` 和 ``DataLoader``。

Lesson 01 had 80 mangoes and put them all into the model at once. A million photos do not fit in
memory, so they come in batches. How to fetch a sample, in which order, and how to stack a batch:
two classes do it, ``Dataset`` and ``DataLoader``.

.. mermaid::

   flowchart TB
     accTitle: 從檔案到批次 · From files to batches
     accDescr {
       DataLoader 決定順序，一個編號一個編號向 Dataset 要樣本，再用 collate 疊成一批。 ·
       The DataLoader decides on an order, asks the dataset for one index after the other, and
       stacks what it gets with collate.
     }
     F["檔案 · files"] --> D["Dataset<br/>第 i 筆 · sample i"]
     subgraph L["DataLoader"]
       S["順序 · order<br/>shuffle"]
       C["疊起來 · stack<br/>collate_fn"]
     end
     S -->|"編號 · indices"| D
     D -->|"樣本 · samples"| C
     C --> B(["批次 · batch"])

讀完這一課，你能為自己的資料寫 ``Dataset``；能說明為什麼訓練時要打亂順序、
最後不滿的一批怎麼處理；樣本長短不一時，能自己寫 ``collate_fn``；也知道用多個行程讀資料時，
為什麼要加 ``if __name__ == "__main__":``。

After this lesson you can write a ``Dataset`` for your own data; say why training shuffles, and what
to do with a short last batch; write a ``collate_fn`` for samples of different lengths; and explain
why reading with several processes needs ``if __name__ == "__main__":``.

先備課程：:doc:`/lessons/4_networks/11_multilayer_perceptron`。時間：約 25 分鐘。

Lessons needed: :doc:`/lessons/4_networks/11_multilayer_perceptron`. Time: about 25 minutes.
"""

# %%
# 資料：一行一天 · The data: a day a line
# ---------------------------------------
#
# 一個測站每天量四次氣溫，記成一行文字，開頭是季節。我們自己造 60 天冬天、60 天春天，照日期排。
#
# A weather station measures four temperatures a day and writes them in a line of text, after the
# season. We make 60 days of winter and 60 of spring, in order of date.

# sphinx_gallery_thumbnail_number = 1
import torch

torch.manual_seed(0)
days = torch.tensor([16.0] * 60 + [22.0] * 60)[:, None] + 2.5 * torch.randn(120, 1)
hours = torch.tensor([-2.0, 1.0, 2.0, -1.0])  # 一天之內的起伏 · up and down within a day
readings = days + hours + 0.7 * torch.randn(120, 4)

lines = []
for season, row in zip(["winter"] * 60 + ["spring"] * 60, readings.tolist(), strict=True):
    lines.append(",".join([season, *[f"{degrees:.1f}" for degrees in row]]))
print(lines[0])
print(lines[-1])

# %%
# ``Dataset`` 只回答兩個問題 · A ``Dataset`` answers two questions
# ----------------------------------------------------------------
#
# 一共幾筆？第 ``i`` 筆是什麼？:term:`資料集`只要答得出來就行：一個是 ``__len__``，一個是
# ``__getitem__``。文字在**被問到的那一刻**才拆成數字；換成照片，就是這時候才打開檔案，
# 所以再多也裝得下。
#
# How many samples are there, and what is number ``i``? A :term:`dataset` has to answer no more:
# ``__len__`` and ``__getitem__``. A line is split into numbers only *when it is asked for*. With
# photos, this is when a file is opened, and so any number of them will do.

from torch.utils.data import DataLoader, Dataset


class Days(Dataset):
    """One day a sample: its temperatures, and 0 for winter or 1 for spring."""

    def __init__(self, lines):
        self.lines = lines

    def __len__(self):
        return len(self.lines)

    def __getitem__(self, index):
        season, *readings = self.lines[index].split(",")
        temperatures = torch.tensor([float(reading) for reading in readings if reading])
        return temperatures, int(season == "spring")


dataset = Days(lines)
print(len(dataset))
print(dataset[0])

# %%
# 資料本來就是張量的話，不必自己寫：``TensorDataset(inputs, targets)``。
#
# Data that are tensors already need no class of yours: ``TensorDataset(inputs, targets)``.

# %%
# ``DataLoader`` 疊成批次 · A ``DataLoader`` stacks batches
# ---------------------------------------------------------
#
# :term:`資料載入器 <data loader>`一次向資料集要 10 筆，疊成一個:term:`批次`。120 筆，正好 12 批。
#
# A :term:`data loader` asks the dataset for 10 samples at a time and stacks them into a
# :term:`batch`. 120 samples make 12 batches.

loader = DataLoader(dataset, batch_size=10)
inputs, targets = next(iter(loader))
print(len(loader), "batches")
print(inputs.shape, targets.shape, targets.dtype)

# %%
# 每筆的形狀是 ``(4,)``，疊起來是 ``(10, 4)``，多的那一維在最前面；
# :term:`標籤`原本是 Python 的整數，也疊成了 ``int64`` 張量。疊的工作叫 collate，
# 做的事和下面這行一樣：
#
# Each sample has shape ``(4,)`` and the batch ``(10, 4)``: the new dimension stands first. The
# :term:`labels <label>` were Python integers and became a tensor of ``int64``. This stacking is
# called collating, and this line does the same:

print(torch.equal(inputs, torch.stack([dataset[index][0] for index in range(10)])))

# %%
# 為什麼要打亂 · Why shuffle
# --------------------------
#
# 檔案照日期排，前 6 批全是冬天，後 6 批全是春天。下面照這個順序訓練，再打亂訓練一次；
# 更新參數交給:term:`最佳化器`，下一課細說。
#
# The file is in order of date: six batches of winter, then six of spring. Below we train in this
# order, then shuffled. An :term:`optimizer` updates the parameters; the next lesson says more.
#
# **先猜猜看**：照日期訓練，每看完一批就問模型「120 天裡，幾成是春天」，它會怎麼答？
# （正確答案是五成。）
#
# **Guess first**: training by date, we let the model judge all 120 days after each batch. What
# share will it call spring? (One half is right.)

import torch.nn.functional as F

import primer

everything, seasons = next(iter(DataLoader(dataset, batch_size=120)))


def scaled(temperatures):
    """Bring temperatures near 0, where a network learns most easily."""
    return (temperatures - 19) / 5


def train(loader):
    """Train for three epochs; after each batch, note the share of days called spring."""
    torch.manual_seed(0)
    model = primer.MLP(4, 2, hidden=(16,))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    shares = []
    for _ in range(3):
        for inputs, targets in loader:
            optimizer.zero_grad()
            F.cross_entropy(model(scaled(inputs)), targets).backward()
            optimizer.step()
            with torch.no_grad():
                answers = model(scaled(everything)).argmax(dim=1)
            shares.append(answers.float().mean().item())
    print(f"{(answers == seasons).float().mean().item():.0%} right")
    return shares


by_date = train(DataLoader(dataset, batch_size=10))
shuffled = train(DataLoader(dataset, batch_size=10, shuffle=True))

# %%
# ``shuffle=True`` 每個:term:`訓練週期 <epoch>`（epoch，整份資料用過一遍）都重新洗牌。
# 其他都一樣，只差這一個引數。
#
# ``shuffle=True`` deals a new order in every :term:`epoch`, each pass through the data. Nothing
# else differs.

import matplotlib.pyplot as plt

fig, ax = plt.subplots(figsize=(7, 3.6), layout="constrained")
for start in (6, 18, 30):
    label = "by date: spring" if start == 6 else None
    ax.axvspan(start + 0.5, start + 6.5, color="#fdebd0", label=label)
ax.plot(range(1, 37), by_date, "s-", markersize=4, label="by date")
ax.plot(range(1, 37), shuffled, "o-", markersize=4, label="shuffled")
ax.axhline(0.5, color="black", linewidth=0.8, linestyle="--", label="truth")
ax.set(xlabel="batch", ylabel="share called spring", ylim=(-0.05, 1.05))
fig.legend(loc="outside upper center", ncols=4, frameon=False)
fig.set_label(
    "照日期訓練，模型跟著季節搖擺 · Trained by date, the model swings with the seasons\n"
    "橫軸是第幾批，縱軸是判為春天的比例。照日期的折線先掉到 0，進入春天又衝到 0.85，"
    "之後一路來回；打亂的折線一直在 0.5 附近。 · "
    "Share of days called spring after each batch. By date it falls to 0, shoots up to 0.85 once "
    "spring comes, and swings on; shuffled, it stays near 0.5."
)
plt.show()

# %%
# 連看 60 天冬天，模型就學會「一律答冬天」；春天一來又忘了冬天。一批應該像整份資料的縮影，
# 所以訓練時打亂。打分數的時候（驗證、測試）不更新參數，順序不影響成績，不必打亂。
#
# After 60 days of winter the model has learned to answer "winter", always; then spring comes and it
# forgets winter. A batch should be all the data in miniature, so training shuffles. Validation
# and test update nothing; there the order does not matter: no need to shuffle.
#
# 洗牌也可以重來：交給它一個固定種子的 ``generator``。
#
# A shuffle can be repeated: give it a ``generator`` with a fixed seed.


def first_order(seed):
    """Return the order that a loader deals first."""
    generator = torch.Generator().manual_seed(seed)
    loader = DataLoader(range(8), batch_size=8, shuffle=True, generator=generator)
    return next(iter(loader)).tolist()


print(first_order(1) == first_order(1), first_order(1) == first_order(2))

# %%
# 不滿的最後一批 · A short last batch
# -----------------------------------
#
# 120 筆，每批 17 筆，除不盡。最後一批只剩 1 筆。
#
# 120 samples in batches of 17 leave a remainder: the last batch holds a single one.

sizes = [len(targets) for _, targets in DataLoader(dataset, batch_size=17)]
print(sizes)

# %%
# 多半沒關係。可是有的層需要一批裡有好幾筆，像 ``BatchNorm1d`` 要算「這一批的變異數」：
#
# Mostly this does no harm. But some layers need several samples: ``BatchNorm1d`` takes the variance
# within the batch.

from torch import nn

norm = nn.BatchNorm1d(4)
try:
    for inputs, _ in DataLoader(dataset, batch_size=17):
        norm(inputs)
except ValueError as error:
    print(error)

# %%
# 一筆資料沒有變異數可算。麻煩的是，前 7 批都好好的，訓練到最後一批才倒下。解法是
# ``drop_last=True``：不滿的那批不要。訓練時每次洗牌，丟掉的都不一樣，不吃虧；
# 驗證和測試**不要**用，少考一題，成績就不準了。
#
# One sample has no variance. Worse, seven batches went well and the eighth fell over. The cure is
# ``drop_last=True``: leave the short one out. In training each shuffle leaves out others, so
# nothing is lost. Do *not* use it for validation or test: a question left out is a wrong score.

print([len(targets) for _, targets in DataLoader(dataset, batch_size=17, drop_last=True)])

# %%
# **先猜猜看**：每批 200 筆，又 ``drop_last=True``。會報錯嗎？
#
# **Guess first**: batches of 200, and ``drop_last=True``. Will that raise?

print(len(DataLoader(dataset, batch_size=200, drop_last=True)), "batches")

# %%
# 不會，更糟：一批也沒有，迴圈一次都不跑，訓練「順利結束」，模型動也沒動。
#
# No, and that is worse: there is no batch, the loop never runs, training "ends well", and the model
# has not moved.

# %%
# 失敗：長短不一，疊不起來 · A failure: samples that do not stack
# ---------------------------------------------------------------
#
# 溫度計偶爾故障，有幾天少一個數字。
#
# Now and then the thermometer fails, and a day lacks a reading.

for index in (3, 5, 40):
    parts = lines[index].split(",")
    parts[2] = ""
    lines[index] = ",".join(parts)
print(lines[3])

try:
    next(iter(DataLoader(dataset, batch_size=10)))
except RuntimeError as error:
    print(error)

# %%
# 訊息說得很清楚：第 0 筆（entry 0）有 4 個數字，第 3 筆只有 3 個。張量是方方正正的表格，
# 長短不一就疊不起來。要怎麼疊，寫成函式交給 ``collate_fn``：它拿到一串樣本，回傳一批。
# 這裡把短的補 0，再附上每筆原本的長度。
#
# The message is clear: entry 0 holds 4 numbers, entry 3 only 3. A tensor is a rectangular table;
# rows of different lengths do not stack. Say how, in a function for ``collate_fn``: it takes a list
# of samples and returns a batch. This one fills short rows with 0 and adds the true lengths.

from torch.nn.utils.rnn import pad_sequence


def pad_days(samples):
    """Stack days of different lengths: padded temperatures, lengths, labels."""
    rows, labels = zip(*samples, strict=True)
    lengths = torch.tensor([len(row) for row in rows])
    return pad_sequence(rows, batch_first=True), lengths, torch.tensor(labels)


loader = DataLoader(dataset, batch_size=10, collate_fn=pad_days)
inputs, lengths, targets = next(iter(loader))
print(inputs[2:4])
print(lengths)

# %%
# **先猜猜看**：第 3 筆（從 0 數起）的平均氣溫，``inputs.mean(dim=1)`` 算得對嗎？
#
# **Guess first**: will ``inputs.mean(dim=1)`` give the mean temperature of entry 3, counted from 0?

print(f"with the padding    {inputs.mean(dim=1)[3].item():.2f}")
print(f"without the padding {(inputs.sum(dim=1) / lengths)[3].item():.2f}")

# %%
# 算不對：補上的 0 被當成真的 0 度。補的值只是為了湊成方形，後面每一步都要記得把它排除，
# 所以長度（或:term:`遮罩`）要跟著批次一起走。
#
# It is wrong: the 0 that fills the row was taken for 0 degrees. Padding is there to make a
# rectangle, and every later step has to leave it out. That is why lengths, or a :term:`mask`,
# travel with the batch.

# %%
# 請幫手：``num_workers`` · Helpers: ``num_workers``
# --------------------------------------------------
#
# 讀檔、解壓縮照片都很慢，模型只好等。``num_workers=2`` 另外開兩個行程（process），
# 在模型算這一批的時候先準備下一批。在 Windows 和 macOS 上，新行程會把你的腳本**從頭再匯入一次**，
# 好認識裡面的類別和函式。那腳本如果一匯入就開行程呢？下面把這樣的腳本存成檔案，真的跑跑看；
# ``"spawn"`` 就是這種開法，在 Linux 上也一樣。
#
# Reading files and unpacking photos is slow, and the model waits. ``num_workers=2`` starts two more
# processes, which prepare the next batches while the model works on this one. On Windows and macOS
# a new process *imports your script again from the top*, to know its classes and functions. What if
# merely importing the script starts a process? Here is such a script, saved and really run.
# ``"spawn"`` is that way of starting, on Linux too.

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory


def run_script(text):
    """Save a script, run it in a process of its own, and return what it wrote."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "demo.py")
        path.write_text(text, encoding="utf-8")
        command = [sys.executable, str(path)]
        return subprocess.run(command, capture_output=True, text=True, check=False)


careless = """
from multiprocessing import get_context

def work():
    print("the helper works", flush=True)

print("this script runs as", __name__, flush=True)
get_context("spawn").Process(target=work).start()
"""
done = run_script(careless)
print(done.stdout.strip())
print(" ".join(done.stderr.partition("RuntimeError:")[2].split("\n\n")[0].split()))

# %%
# 幫手還沒開工就倒了。看第二行：腳本在幫手裡又跑了一次，名字改叫 ``__mp_main__``。
# 跑到最後一行，幫手也想開幫手，Python 就喊停：行程還沒準備好，不能再開行程。
#
# The helper failed before it did any work. See the second line: in it the script ran once more,
# now under the name ``__mp_main__``. At its last line the helper wanted a helper of its own, and
# Python called a halt: no new process before this one is ready.
#
# 解法就在名字裡：只有你親手執行的那一份叫 ``__main__``。會開行程的程式都放到這個 ``if`` 底下。
#
# The cure lies in the name: only the copy that you run yourself is called ``__main__``. Whatever
# starts processes goes under this ``if``.

guard = 'if __name__ == "__main__":\n    '
careful = careless.replace("get_context(", guard + "get_context(")
print(run_script(careful).stdout.strip())

# %%
# ``DataLoader`` 的幫手就是這樣的行程。樣本交出自己的編號，和準備它的是哪個幫手：
#
# The helpers of a ``DataLoader`` are such processes. Here each sample gives its number and the
# helper that prepared it:

with_workers = """
from torch.utils.data import DataLoader, Dataset, get_worker_info

class Numbers(Dataset):
    def __len__(self):
        return 8

    def __getitem__(self, index):
        return index, get_worker_info().id

if __name__ == "__main__":
    for numbers, helpers in DataLoader(Numbers(), batch_size=2, num_workers=2):
        print("samples", numbers.tolist(), "from helper", helpers[0].item())
"""
print(run_script(with_workers).stdout.strip())

# %%
# 兩個幫手輪流各做一整批，交回來的順序不變。幾個要點：
#
# Two helpers take whole batches in turn, and the order stays. What to know:
#
# - 先用預設的 ``num_workers=0``，由主行程自己讀。資料小、已經在記憶體裡，開行程反而慢。
#
#   Begin with the default, ``num_workers=0``, where the main process reads. Small data that are in
#   memory already get slower with helpers, not faster.
#
# - Linux 到 Python 3.13 為止預設直接複製行程，不重新匯入，少了 ``if`` 也能跑；3.14 起不再如此。
#   每次都寫，腳本到哪裡都能用。
#
#   Up to Python 3.13, Linux simply copies the process and imports nothing again, so a script
#   without the ``if`` runs as well; from 3.14 on it does not. Write it always, and your script
#   runs anywhere.
#
# - 筆記本沒有可以重新匯入的檔案：在 Windows 和 macOS 上，請把 ``Dataset`` 寫進 ``.py`` 檔再匯入。
#
#   A notebook is not a file that can be imported again: on Windows and macOS, put the ``Dataset``
#   in a ``.py`` file and import it.
#
# - 幫手裡出的錯，訊息又長又繞。改成 ``num_workers=0`` 再跑一次，看得最清楚。
#
#   Errors inside helpers come with long, winding messages. Run again with ``num_workers=0`` to see
#   clearly.

# %%
# 練習 · Exercises
# ----------------
#
# 先 ``import primer``，答案交給 ``primer.check`` 批改；在腳本裡寫 ``print(primer.check(...))``
# 才看得到結果。
#
# ``import primer`` and let ``primer.check`` mark your answers. In a script,
# ``print(primer.check(...))`` shows the verdict.
#
# **12-1 每批幾筆。**寫 ``batch_sizes(samples, batch_size, drop_last)``：不建 ``DataLoader``，
# 回傳每一批有幾筆的 list。例如 10 筆、每批 4 筆：``[4, 4, 2]``。
#
# **12-1 How many in each batch?** Write ``batch_sizes(samples, batch_size, drop_last)``: without a
# ``DataLoader``, return a list with the size of each batch. For 10 samples in batches of 4: ``[4,
# 4, 2]``.
#
# .. admonition:: 解答 · Solution
#    :collapsible: closed
#
#    .. code-block:: python
#
#       def batch_sizes(samples, batch_size, drop_last):
#           full, rest = divmod(samples, batch_size)
#           last = [rest] if rest and not drop_last else []
#           return [batch_size] * full + last
#
#       primer.check("12-1", batch_sizes)
#
# **12-2 從昨天猜明天。**寫類別 ``Windows(series, length)``：``series`` 是一維張量。
# 第 ``i`` 筆樣本是一對：從位置 ``i`` 起連續 ``length`` 個數字，和緊接在後面的那一個。
# 它要能交給 ``DataLoader``。
#
# **12-2 Tomorrow from yesterday.** Write the class ``Windows(series, length)`` for a 1-D tensor
# ``series``. Sample ``i`` is a pair: the ``length`` numbers from place ``i`` on, and the one that
# follows them. A ``DataLoader`` must be able to use it.
#
# .. admonition:: 解答 · Solution
#    :collapsible: closed
#
#    最後一筆也要有「下一個」，所以一共 ``len(series) - length`` 筆。
#
#    The last sample needs a follower as well, so there are ``len(series) - length``.
#
#    .. code-block:: python
#
#       class Windows(torch.utils.data.Dataset):
#           def __init__(self, series, length):
#               self.series, self.length = series, length
#
#           def __len__(self):
#               return len(self.series) - self.length
#
#           def __getitem__(self, index):
#               end = index + self.length
#               return self.series[index:end], self.series[end]
#
#       primer.check("12-2", Windows)
#
# **12-3 附遮罩的 collate。**寫 ``pad(samples)``：``samples`` 是 ``(一維張量, 整數標籤)`` 的 list。
# 回傳 ``(inputs, mask, labels)``：短的在右邊補 0；``mask`` 和 ``inputs`` 同形狀，
# 真的讀數是 ``True``，補的是 ``False``。小心，讀數本身也可能是 0 度。
#
# **12-3 Collate with a mask.** Write ``pad(samples)`` for a list of pairs of a 1-D tensor and an
# integer label. Return ``(inputs, mask, labels)``: short rows filled with 0 on the right, and a
# ``mask`` shaped like ``inputs``, ``True`` for a real reading and ``False`` for padding. Beware: a
# real reading may be 0 degrees.
#
# .. admonition:: 解答 · Solution
#    :collapsible: closed
#
#    位置小於長度的才是真的；兩邊靠廣播比出一張表。
#
#    What stands at a place below the length is real; broadcasting compares them all.
#
#    .. code-block:: python
#
#       def pad(samples):
#           rows = [row for row, _ in samples]
#           labels = torch.tensor([label for _, label in samples])
#           inputs = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
#           lengths = torch.tensor([len(row) for row in rows])
#           mask = torch.arange(inputs.shape[1]) < lengths[:, None]
#           return inputs, mask, labels
#
#       primer.check("12-3", pad)

# %%
# 重點回顧 · Summary
# ------------------
#
# - ``Dataset`` 回答「幾筆」和「第 i 筆」；``DataLoader`` 決定順序、疊成批次。
#
#   A ``Dataset`` says how many and which; a ``DataLoader`` decides on the order and stacks batches.
#
# - 訓練要打亂，``drop_last`` 只在訓練用；長短不一就寫 ``collate_fn``，並記住哪些是補的。
#
#   Shuffle for training, and use ``drop_last`` there only; for different lengths write a
#   ``collate_fn`` and keep track of the padding.
#
# - 開幫手的程式放在 ``if __name__ == "__main__":`` 底下，因為幫手會再匯入一次腳本。
#
#   What starts helpers stands under ``if __name__ == "__main__":``, since a helper imports the
#   script again.
#
# 資料一批一批進來了，下一課讓模型一批一批學：:doc:`/lessons/4_networks/13_training_loop`。
#
# The data come in batch by batch; next, the model learns batch by batch:
# :doc:`/lessons/4_networks/13_training_loop`.
