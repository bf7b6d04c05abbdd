"""
存檔與載入：把學到的留下來 · Saving and loading: keep what was learned
======================================================================

訓練花了一整晚，關機就沒了。存檔只要一行，可是存什麼、怎麼讀回來，差一點就接不上；
讀別人的檔案更要小心，因為有一種存檔其實是程式。

A night of training is gone when the power is. Saving takes one line, but what you save and how you
read it back decide whether you can go on. Other people's files need care, because one kind of
saved file is a program.

.. mermaid::

   flowchart TB
     accTitle: 檔案裡只有數字，程式在你手上 · The file holds numbers, you hold the code
     accDescr {
       模型和最佳化器的 state_dict 寫進檔案；載入時用自己的程式建出模型，再把數字放進去。 ·
       The state_dict of model and optimizer goes into a file. To load, your own code builds the
       model, and the numbers are put into it.
     }
     M["模型 · model"] -->|"state_dict"| F[("檔案 · file")]
     O["最佳化器 · optimizer"] -->|"state_dict"| F
     F -->|"weights_only=True"| N["新的模型 · new model"]
     C["你的程式 · your code"] --> N

讀完這一課，你能把模型存起來、在另一個程式裡讀回來；能讓中斷的訓練接著跑，
結果和沒中斷過一模一樣；也能說明為什麼載入別人的模型可能會執行別人的程式，又該怎麼防。

After this lesson you can save a model and load it in another program; you can go on with an
interrupted training and reach the very same numbers; and you can explain why loading someone's
model may run someone's code, and how to prevent it.

先備課程：:doc:`/lessons/4_networks/13_training_loop`。時間：約 20 分鐘。

Lessons needed: :doc:`/lessons/4_networks/13_training_loop`. Time: about 20 minutes.
"""

# %%
# 先有東西可存 · First, something to save
# ---------------------------------------
#
# 用 128 個點學一條波浪線，故意只練 100 個:term:`訓練週期`，等一下才有得接。
# 要答的是一個數，損失就用 ``nn.MSELoss``：和答案的差取平方，再平均。檔案都放進一個暫存資料夾。
#
# A small network learns a wave from 128 points. We train for only 100 :term:`epochs <epoch>`, so
# that there is something left to go on with. The answer is a number, so the loss is ``nn.MSELoss``,
# the mean of the squared differences. Files go into a temporary folder.

# sphinx_gallery_thumbnail_number = 1
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import nn

import primer

temporary = TemporaryDirectory()
folder = Path(temporary.name)

inputs = torch.linspace(-1, 1, 128).unsqueeze(1)  # 同 [:, None] · the same as [:, None]
targets = torch.sin(4 * inputs)


def start(seed):
    """Make a network and its optimizer, as any program that trains it would."""
    torch.manual_seed(seed)
    model = primer.MLP(1, 1, hidden=(32,))
    return model, torch.optim.Adam(model.parameters(), lr=0.02)


def train(model, optimizer, epochs, **options):
    """Train on all points at once."""
    return primer.fit(
        model,
        (inputs, targets),
        loss=nn.MSELoss(),
        optimizer=optimizer,
        epochs=epochs,
        batch_size=len(inputs),
        device="cpu",  # 數字到處都一樣 · the same numbers everywhere
        **options,
    )


model, optimizer = start(seed=0)
history = train(model, optimizer, epochs=100)
print(f"loss {history['loss'][-1]:.3f}")

# %%
# 學到的只是數字 · What was learned is only numbers
# -------------------------------------------------
#
# ``state_dict()`` 是一個字典：每個:term:`參數`的名字，對到它的:term:`張量`。
# 訓練改過的，全在這裡面。
#
# ``state_dict()`` is a dictionary from the name of each :term:`parameter` to its :term:`tensor`.
# All that training changed is in there.

for name, tensor in model.state_dict().items():
    print(f"{name:16} {tuple(tensor.shape)}")

# %%
# 存的就是它。讀回來分三步：用自己的程式建一個一樣的模型，讀出字典，放進去。
# 新模型的起點不同（種子 1），放進去之後，答案就完全相同。
#
# This is what to save. Loading takes three steps: build the same model with your own code, read the
# dictionary, put it in. The new model started elsewhere (seed 1); now its answers are the same.

torch.save(model.state_dict(), folder / "weights.pt")

other, _ = start(seed=1)
before = primer.predict(other, inputs)
state = torch.load(folder / "weights.pt", weights_only=True, map_location="cpu")
other.load_state_dict(state)

answers = primer.predict(model, inputs)
print("before:", torch.equal(before, answers))
print("after: ", torch.equal(primer.predict(other, inputs), answers))

# %%
# ``map_location="cpu"`` 是說：不管當初存在哪個:term:`裝置`，都先讀到 CPU。
# 少了它，在 GPU 上存的檔案，拿到沒有 GPU 的電腦就讀不進來。``weights_only=True``
# 是說：只准有資料，最後一節會看到它擋下什麼。
#
# ``map_location="cpu"`` says: whatever :term:`device` it was saved from, read it to the CPU.
# Without it, a file saved on a GPU cannot be read where there is none. ``weights_only=True`` says:
# data and nothing else. The last part shows what it stops.

# %%
# 失敗：程式和檔案對不上 · A failure: code and file disagree
# ----------------------------------------------------------
#
# 檔案裡沒有程式，所以模型要由你建，而且要建得一樣。後來把:term:`隱藏層`改寬了：
#
# The file holds no code, so you build the model, and it must be the same one. Say that you have
# widened the :term:`hidden layer` since:

wider = primer.MLP(1, 1, hidden=(64,))
try:
    wider.load_state_dict(state)
except RuntimeError as error:
    print(error)

# %%
# 一行一個參數：``checkpoint`` 後面是檔案裡的形狀，``current model`` 是你現在的模型。
# 對照就知道哪裡改過：檔案要 32，你給 64。解法是用當時的設定建模型；因此設定要跟著檔案一起記下來。
#
# One line for each parameter: first the shape in the file, then that of your current model.
# Compare, and you see what changed: the file has 32, you have 64. The cure is to build the model
# with the settings of that time. So write those settings down, next to the file.

# %%
# 不出聲的：以為存了，其實沒有 · Silent: it looks saved, and is not
# -----------------------------------------------------------------
#
# 想留住最好的:term:`權重`，於是先記在變數裡，再往下練。**先猜猜看**：
# 練完之後，``kept`` 還是原來那份嗎？
#
# To keep the best :term:`weights <weight>`, we put them in a variable and train on. **Guess
# first**: after that, is ``kept`` still what it was?

import copy

kept = other.state_dict()
copied = copy.deepcopy(other.state_dict())
train(other, torch.optim.Adam(other.parameters(), lr=0.02), epochs=1)

print("kept:  ", torch.equal(kept["layers.0.weight"], state["layers.0.weight"]))
print("copied:", torch.equal(copied["layers.0.weight"], state["layers.0.weight"]))

# %%
# 不是。``state_dict()`` 給的是參數**本身**，不是複本；訓練改了參數，``kept`` 跟著變。
# 寫進檔案當然就固定了；要留在記憶體裡，用 ``copy.deepcopy``。
#
# It is not. ``state_dict()`` hands out the parameters *themselves*, not copies, and ``kept``
# follows as training changes them. A file keeps them fixed, of course; in memory, use
# ``copy.deepcopy``.

# %%
# 接續訓練：只有權重還不夠 · Going on: weights are not enough
# -----------------------------------------------------------
#
# 先準備標準答案：一口氣練 200 個週期。再假裝停電：第 100 個週期的權重存好了，
# 重開程式、讀回權重，再練 100 個。
#
# First the truth to compare with: 200 epochs in one go. Then a power cut: the weights of epoch 100
# are safe, a new program loads them and trains for another 100.

whole = train(*start(seed=0), epochs=200)["loss"]

model, optimizer = start(seed=1)
model.load_state_dict(state)
restarted = train(model, optimizer, epochs=100)["loss"]
print(f"loss at the cut {restarted[0]:.3f}, one step later {restarted[1]:.2f}")

# %%
# 權重一個不差，才走一步，:term:`損失 <損失函數>`卻跳高了幾十倍。
# 因為:term:`最佳化器`也有記憶：Adam 替每個參數記著最近的梯度有多大，靠它決定步子。
# 記憶沒了，它以為自己剛出發，邁開了大步。
#
# The weights are right to the last digit, yet after one step the :term:`loss <loss function>` is
# dozens of times higher. The :term:`optimizer` remembers, too: Adam keeps the size of recent
# gradients for each parameter and fits its steps to them. Without that memory it behaves as if it
# had just set off, and takes big strides.
#
# 所以:term:`檢查點`裡要有接下去需要的一切：權重、最佳化器的 ``state_dict()``、練到第幾個週期；
# 有打亂資料的話，還有亂數走到哪裡。自己寫迴圈時，就存這樣一個字典：
#
# So a :term:`checkpoint` holds all that is needed to go on: the weights, the optimizer's
# ``state_dict()``, the number of the epoch, and, where data are shuffled, the state of the random
# numbers. In a loop of your own, save a dictionary like this one:

checkpoint = {
    "epoch": 100,
    "model": model.state_dict(),
    "optimizer": optimizer.state_dict(),
    "random": torch.get_rng_state(),
}
torch.save(checkpoint, folder / "by_hand.pt")

# %%
# 接續時反過來：讀出字典，模型和最佳化器各用 ``load_state_dict`` 放回去，亂數用
# ``torch.set_rng_state``，再從下一個週期練起。
#
# To go on, turn it round: load the dictionary, give model and optimizer their parts with
# ``load_state_dict`` and the random numbers theirs with ``torch.set_rng_state``, and start at the
# next epoch.
#
# ``primer.fit`` 每個週期結束都替你存一份。給它 ``checkpoint=`` 和 ``resume=True``：
# 檔案在就接著練，不在就從頭開始，停電幾次都下同一個指令。
#
# ``primer.fit`` saves such a file for you after each epoch. Give it ``checkpoint=`` and
# ``resume=True``: it goes on where the file exists and starts afresh where not, so the same command
# serves however often the power fails.

run = folder / "run.pt"
train(*start(seed=0), epochs=100, checkpoint=run, resume=True)  # 停電 · the power fails here
resumed = train(*start(seed=1), epochs=200, checkpoint=run, resume=True)["loss"]

print(len(resumed), "epochs; the same numbers:", resumed == whole)
print(list(torch.load(run, weights_only=True)))

# %%
# 200 個數字全都相等，連最後一位也是；第二次的種子不同也不要緊，因為起點全從檔案來。
# 寫檔的那一刻停電也不怕：``fit`` 先寫到暫存檔，寫完才改名，舊檔案在那之前都是完整的。
#
# All 200 numbers are equal to the last digit. The other seed of the second run does not matter:
# everything comes from the file. Even a power cut during the writing does no harm: ``fit`` writes
# to a temporary file and renames it when it is complete, and until then the old one stays whole.

import matplotlib.pyplot as plt

fig, ax = plt.subplots(figsize=(6.4, 3.8), layout="constrained")
ax.semilogy(range(101, 201), restarted, color="#c65d00", label="weights only")
ax.semilogy(range(1, 201), whole, color="black", label="never interrupted")
points = range(101, 201, 8)
ax.semilogy(points, resumed[100::8], "o", color="#1f5f99", label="resumed from checkpoint")
ax.axvline(100.5, color="grey", linestyle="--", linewidth=0.8)
ax.set(xlabel="epoch", ylabel="loss (log scale)")
ax.legend()
fig.set_label(
    "第 100 個週期停電之後 · After a power cut at epoch 100\n"
    "三條損失曲線：從檢查點接續的點落在沒中斷的線上；只讀回權重的線在停電處往上跳，"
    "過了許久還在擺盪。 · "
    "Three loss curves: the points resumed from the checkpoint lie on the line that was never "
    "interrupted; with the weights only, the line jumps up at the cut and swings for long after."
)
plt.show()

# %%
# pickle 檔案是程式 · A pickle is a program
# -----------------------------------------
#
# ``torch.save`` 底下用的是 Python 的 pickle。它存的不是物件，而是「怎麼把物件重新做出來」的步驟，
# 步驟裡可以呼叫函式，任何函式都行。下面這個類別要求：把我做出來的方法，就是呼叫 ``print``。
#
# ``torch.save`` builds on Python's pickle. A pickle does not store an object but the steps that
# make it anew, and a step may call a function, any function. The class below asks: to make me, call
# ``print``.

import pickle
import pickletools


class Gift:
    """A harmless stand-in for an attack: it could name any function instead of print."""

    def __reduce__(self):
        return print, ("I run on your machine while you load.",)


for step, argument, _ in pickletools.genops(pickle.dumps(Gift(), protocol=2)):
    if step.name in ("GLOBAL", "BINUNICODE", "REDUCE"):
        print(step.name, argument or "")

# %%
# 三個步驟：找到 ``print``，放上一句話，呼叫（``REDUCE``）。
# 把它藏進看起來很平常的模型檔。**先猜猜看**：只是載入，什麼都還沒用，會發生什麼事？
#
# Three steps: find ``print``, put down a sentence, call (``REDUCE``). Hide that in a file that
# looks like any other model. **Guess first**: we only load it and use nothing. What happens?

torch.save({"layers.0.weight": Gift()}, folder / "gift.pt")
loaded = torch.load(folder / "gift.pt", weights_only=False)

# %%
# 載入的那一刻，它就執行了。這裡只印一句話；換成別的函式，就能刪檔案、偷密碼。
# ``weights_only=True`` 只認得組成張量、數字、字串和容器的那幾種步驟，其他一律拒絕，
# 連執行都不執行：
#
# It ran as soon as it was loaded. Here it prints a sentence; another function could delete files or
# steal passwords. ``weights_only=True`` knows only the steps that make tensors, numbers, strings
# and containers. It refuses all others, before anything runs:

import re


def refusal(path):
    """Load a file as data; give the name in the message, that of what was refused."""
    try:
        torch.load(path, weights_only=True)
    except pickle.UnpicklingError as error:
        return re.search(r"Unsupported global: GLOBAL (?:builtins\.)?(\S+)", str(error))[1]


print("refused:", refusal(folder / "gift.pt"))

# %%
# 訊息很長，這裡只印出關鍵：檔案想叫出來、卻被拒絕的東西。
# 訊息還會建議改用 ``weights_only=False``：來路不明的檔案，千萬別照做。
#
# The message is long, and this is its heart: what the file wanted to call up and was refused. The
# message goes on to suggest ``weights_only=False``. With a file of unknown origin, never do
# that.
#
# 存**整個模型**而不是 ``state_dict()``，就是存這種程式。它記的是類別的所在，不是類別的內容；
# 改了檔名或類別名稱，檔案就讀不回來。``weights_only=True`` 也同樣拒絕它：
#
# Saving the *whole model* instead of its ``state_dict()`` makes such a program, too. It notes where
# the class is to be found, not what is in it: rename a file or the class, and it cannot be loaded
# any more. ``weights_only=True`` refuses it just the same:

torch.save(model, folder / "whole_model.pt")
print("refused:", refusal(folder / "whole_model.pt"))

# %%
# 記住四件事：
#
# Four rules to keep:
#
# - 存 ``state_dict()``，不存整個模型。
#
#   Save the ``state_dict()``, not the whole model.
#
# - 每次都寫明 ``weights_only=True``：2.6 版起它才是預設，這裡的 2.4 版不是。
#
#   Write ``weights_only=True`` every time: it is the default from release 2.6 on, but not in 2.4,
#   which this course uses.
#
# - 它擋得住上面這種，卻不是萬靈丹：2.6 版以前曾有繞過它的漏洞（CVE-2025-32434）。
#   ``primer.load_checkpoint`` 因此連舊的檔案格式都拒收。
#
#   It stops the attack above, but it is no cure-all: before 2.6 there was a way around it
#   (CVE-2025-32434), which is why ``primer.load_checkpoint`` also refuses the old file format.
#
# - 沒有把握的檔案，就不要載入。
#
#   If you do not trust a file, do not load it.

temporary.cleanup()

# %%
# 練習 · Exercises
# ----------------
#
# 答案交給 ``primer.check`` 批改；在腳本裡寫 ``print(primer.check(...))`` 才看得到結果。
#
# Let ``primer.check`` mark your answers. In a script, ``print(primer.check(...))`` shows the
# verdict.
#
# **14-1 留住最好的。**寫 ``keep_best(model, advance, steps)``：``advance()`` 訓練 ``model`` 一步，
# 回傳這一步之後的驗證損失。呼叫它 ``steps`` 次，回傳損失最低的那一刻的 ``state_dict()``；
# 損失相同就留先到的。起點不算。
#
# **14-1 Keep the best.** Write ``keep_best(model, advance, steps)``: ``advance()`` trains ``model``
# by one step and returns the validation loss after it. Call it ``steps`` times and return the
# ``state_dict()`` of the moment with the lowest loss; of equal ones keep the first. The start does
# not count.
#
# .. admonition:: 解答 · Solution
#    :collapsible: closed
#
#    .. code-block:: python
#
#       import copy
#
#       def keep_best(model, advance, steps):
#           lowest, best = float("inf"), None
#           for _ in range(steps):
#               loss = advance()
#               if loss < lowest:
#                   lowest, best = loss, copy.deepcopy(model.state_dict())
#           return best
#
#       primer.check("14-1", keep_best)
#
# **14-2 自己接續。**寫 ``restore(file, model, optimizer)``：``file`` 裡是課文那樣的字典，
# 有 ``"epoch"``、``"model"``、``"optimizer"`` 三項。放回模型和最佳化器，
# 回傳接下來要練第幾個週期（存的是練完的那一個）。檔案裡要是有程式，就什麼都不動，回傳 ``None``。
#
# **14-2 Go on by yourself.** Write ``restore(file, model, optimizer)``: ``file`` holds a dictionary
# as above, with ``"epoch"``, ``"model"`` and ``"optimizer"``. Put the last two back and return the
# epoch to train next (the saved one is done). If the file holds code, change nothing and return
# ``None``.
#
# .. admonition:: 解答 · Solution
#    :collapsible: closed
#
#    .. code-block:: python
#
#       import pickle
#
#       def restore(file, model, optimizer):
#           try:
#               checkpoint = torch.load(file, weights_only=True, map_location="cpu")
#           except pickle.UnpicklingError:
#               return None
#           model.load_state_dict(checkpoint["model"])
#           optimizer.load_state_dict(checkpoint["optimizer"])
#           return checkpoint["epoch"] + 1
#
#       primer.check("14-2", restore)

# %%
# 重點回顧 · Summary
# ------------------
#
# - 存 ``state_dict()``：檔案裡只有數字，模型由你的程式建，兩邊要對得上。
#
#   Save the ``state_dict()``: the file holds numbers, your code builds the model, and both must
#   agree.
#
# - 要接續訓練，最佳化器、週期和亂數都得存；``primer.fit`` 的 ``checkpoint`` 和 ``resume`` 全包了。
#
#   To go on training, save optimizer, epoch and random state as well; ``checkpoint`` and ``resume``
#   of ``primer.fit`` do all of it.
#
# - pickle 是程式：載入一律用 ``weights_only=True``，來路不明的不載入。
#
#   A pickle is a program: always load with ``weights_only=True``, and not at all what you do not
#   trust.
#
# 模型存好了，它到底好不好？下一課學怎麼打分數：:doc:`/lessons/5_practice/15_evaluation`。
#
# The model is safe. But is it any good? Next: how to judge one, in
# :doc:`/lessons/5_practice/15_evaluation`.
