"""
分散式訓練：兩個行程，一個模型 · Distributed training: two processes, one model
===============================================================================

一張 GPU 要練一個月，八張能不能只練四天？可以，每張算一部分資料，再把梯度平均。
這一課在你的電腦上開兩個行程，把整套做法跑一遍；換成八張 GPU、四台電腦，還是同一支程式。

What takes a month on one GPU may take four days on eight: each works on a part of the data, and
the gradients are averaged. In this lesson two processes on your own computer do all of that. With
eight GPUs or four machines, the script stays the same.

.. mermaid::

   flowchart TB
     accTitle: 資料平行 · Data parallel training
     accDescr {
       每個行程有一份模型和一份資料，各算各的梯度；梯度平均之後，兩份模型走同樣的一步。 ·
       Each process has a copy of the model and a share of the data, and computes its own gradient.
       The gradients are averaged, and both copies take the same step.
     }
     D[("資料 · data")] -->|"一半 · half"| P0["行程 0 · rank 0<br/>自己的梯度 · own gradient"]
     D -->|"另一半 · other half"| P1["行程 1 · rank 1<br/>自己的梯度 · own gradient"]
     P0 --> A(["平均 · average"])
     P1 --> A
     A --> S["同樣的一步 · the same step"]

讀完這一課，你能說明為什麼平均梯度就等於一起訓練；能用 ``torchrun`` 啟動多個行程、
用 DDP 訓練，並驗證結果和單一行程相同；也認得出不報錯的幾種分法錯誤。

After this lesson you can explain why averaging gradients is training together, start processes
with ``torchrun`` and train with DDP, check the result against a single process, and recognise the
mistakes in sharing data that raise nothing.

先備課程：:doc:`/lessons/4_networks/13_training_loop`、
:doc:`/lessons/4_networks/14_saving_and_loading`。時間：約 25 分鐘。

Lessons needed: :doc:`/lessons/4_networks/13_training_loop`,
:doc:`/lessons/4_networks/14_saving_and_loading`. Time: about 25 minutes.
"""

# %%
# 各算一半，再平均 · Half each, then average
# ------------------------------------------
#
# 損失是所有樣本的平均，:term:`梯度`也是。所以可以拆開算：兩個人各算一半樣本，
# 兩個答案的平均就是整批的梯度。
#
# The loss is a mean over samples, and so is the :term:`gradient`. So the work can be split: two
# people take half of the samples each, and the mean of their answers is the gradient of all.

# sphinx_gallery_thumbnail_number = 1
import torch
import torch.nn.functional as F

torch.manual_seed(0)
inputs = torch.randn(64, 2)
targets = inputs @ torch.tensor([[2.0], [-1.0]]) + 0.5


def gradient(rows):
    """Compute the gradient of the loss on some of the samples, at weights of zero."""
    weight = torch.zeros(1, 2, requires_grad=True)
    loss = F.mse_loss(F.linear(inputs[rows], weight), targets[rows])
    return torch.autograd.grad(loss, weight)[0]


print("all 64:      ", gradient(slice(0, 64)))
print("mean, 32+32: ", (gradient(slice(0, 32)) + gradient(slice(32, 64))) / 2)
print("mean, 60+4:  ", (gradient(slice(0, 60)) + gradient(slice(60, 64))) / 2)

# %%
# 前兩行相同。第三行不同：一邊 60 個、一邊 4 個，直接平均，那 4 個樣本的份量就太重了。
# 記住這一點：**每份要一樣多**。
#
# The first two agree. The third does not: with 60 samples on one side and 4 on the other, a plain
# mean gives those 4 too much weight. Keep this in mind: **equal shares**.

# %%
# 開兩個行程 · Start two processes
# --------------------------------
#
# :term:`分散式訓練`裡，每個參與者是一個獨立的 Python 行程，跑同一支腳本，靠編號分工：
# ``rank`` 是我的編號，``world size`` 是總共幾個。``all_reduce`` 把大家的張量加起來，
# 每個人都拿到總和。
#
# In :term:`distributed training` each participant is a Python process of its own. All run the same
# script and share the work by number: the ``rank`` is a process's own number, the ``world size``
# says how many there are. ``all_reduce`` adds up everyone's tensors, and everyone gets the sum.

HELLO = """
import torch
import torch.distributed as dist

dist.init_process_group("gloo")  # 會合；NVIDIA 的 GPU 用 "nccl" · meet; "nccl" on NVIDIA GPUs
rank, world = dist.get_rank(), dist.get_world_size()

own = torch.tensor([1.0, 10.0]) * (rank + 1)  # 當作梯度 · stands for a gradient
mean = own.clone()
dist.all_reduce(mean)  # 每個行程都得到總和 · the sum of all, in each process
mean /= world

mine = torch.cat([own, mean])
everyone = [torch.empty(4) for _ in range(world)]
dist.all_gather(everyone, mine)  # 收齊給 rank 0 印，才不會混在一起 · rank 0 prints all
if rank == 0:
    for number, numbers in enumerate(everyone):
        print(f"rank {number} of {world}: own {numbers[:2].tolist()}, mean {numbers[2:].tolist()}")

dist.barrier()  # 等大家都到才散會 · leave together
dist.destroy_process_group()
"""

# %%
# ``torchrun`` 負責把腳本開成好幾份，告訴每一份自己的編號。平常在終端機下指令；
# 這裡由課程代勞，寫成檔案再啟動，``python -m torch.distributed.run`` 就是 ``torchrun``。
#
# ``torchrun`` starts the script several times and tells each copy its number. You would type it in
# a terminal; here the lesson writes the file and starts it. ``python -m torch.distributed.run`` is
# ``torchrun``.

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

temporary = TemporaryDirectory()
folder = Path(temporary.name)


def torchrun(script, *arguments):
    """Run a script in two processes on this machine, and show what they print."""
    path = folder / "script.py"
    path.write_text(script, encoding="utf-8")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc-per-node=2", "--local-addr=localhost", f"--log-dir={folder}"]
    variables = os.environ | {"OMP_NUM_THREADS": "1"}  # 免得兩個搶核心 · or two fight for cores
    if sys.platform == "win32":  # 那裡的 PyTorch 沒有 libuv · there, it is built without libuv
        command += ["--rdzv-conf=use_libuv=0"]
        variables |= {"USE_LIBUV": "0"}
    command += [str(path), *map(str, arguments)]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=300)
    if done.returncode:
        raise RuntimeError(done.stderr)
    print(done.stdout, end="")


torchrun(HELLO)

# %%
# 兩個行程各有各的 ``own``，算完卻拿到同一個 ``mean``：``[1, 10]`` 和 ``[2, 20]`` 的平均。
# 分散式訓練的核心就是這一步，其餘都是安排。
#
# Each process has an ``own`` of its own, and both end with the same ``mean``, that of ``[1, 10]``
# and ``[2, 20]``. This one step is the heart of distributed training. The rest is arranging.

# %%
# 失敗：忘了用 ``torchrun`` · A failure: started without ``torchrun``
# -------------------------------------------------------------------
#
# 直接用 ``python`` 跑這種腳本，到會合那一行（``init_process_group``）就停下來：
#
# Run such a script with plain ``python``, and it stops at ``init_process_group``:

import torch.distributed as dist

try:
    dist.init_process_group("gloo")
except ValueError as error:
    print(error)

# %%
# 沒有人告訴它編號：``RANK`` 是 ``torchrun`` 設給每個行程的環境變數。用 ``torchrun`` 啟動就有了。
#
# Nobody told it its number: ``RANK`` is an environment variable that ``torchrun`` sets for each
# process. Start it with ``torchrun``, and it is there.

# %%
# 資料要分得公平 · Share the data fairly
# --------------------------------------
#
# ``DistributedSampler`` 像發牌：先洗牌，再一人一張輪流發；不夠分，就從頭補幾張，讓每份一樣多。
# **先猜猜看**：同一個 sampler 用在第二個:term:`訓練週期`，發出的牌會不一樣嗎？
#
# ``DistributedSampler`` deals the samples like cards: shuffle, then one to each in turn. If they do
# not go round evenly, the first few are dealt again, so that all shares are equal. **Guess first**:
# will the same sampler deal differently in the second :term:`epoch`?

from torch.utils.data import DistributedSampler

samplers = [DistributedSampler(range(12), num_replicas=2, rank=rank) for rank in range(2)]
for epoch in range(2):
    shares = [list(sampler) for sampler in samplers]
    print(f"epoch {epoch}: rank 0 gets {shares[0]}, rank 1 gets {shares[1]}")

# %%
# 一模一樣：洗牌的亂數只看種子和週期的編號，而編號要你用 ``set_epoch`` 告訴它。忘了這一行不會報錯，
# 只是每個行程永遠看到同樣的樣本、同樣的順序。另一種更糟：種子各設各的，兩副牌洗得不同，
# 有的樣本發了兩次，有的沒人拿到。
#
# Just the same: the shuffle depends on the seed and on the number of the epoch, and that number
# comes from you, through ``set_epoch``. Without this line nothing raises; each process just sees
# the same samples in the same order for ever. Worse is a seed of its own in each process: two decks
# shuffled differently, some samples dealt twice and some never.

import matplotlib.pyplot as plt
from matplotlib.colors import ListedColormap


def dealt(seeds, announce):
    """Mark who gets which sample in each epoch: 0 nobody, 1 rank 0, 2 rank 1, 3 both."""
    table = torch.zeros(5, 12)
    for rank, seed in enumerate(seeds):
        sampler = DistributedSampler(range(12), num_replicas=2, rank=rank, seed=seed)
        for epoch in range(5):
            if announce:
                sampler.set_epoch(epoch)
            table[epoch, list(sampler)] += rank + 1
    return table


plans = {
    "set_epoch, same seed": dealt((0, 0), announce=True),
    "no set_epoch": dealt((0, 0), announce=False),
    "a seed for each rank": dealt((0, 1), announce=True),
}
colours = {"nobody": "white", "rank 0": "#1f5f99", "rank 1": "#e8a33d", "both": "#7a1f1f"}

fig, axes = plt.subplots(1, 3, figsize=(9, 3.2), sharey=True, layout="constrained")
for ax, (title, table) in zip(axes, plans.items(), strict=True):
    cmap = ListedColormap(list(colours.values()))
    ax.pcolormesh(table, cmap=cmap, vmin=-0.5, vmax=3.5, edgecolors="grey", linewidth=0.5)
    ax.set(title=title, xlabel="sample", aspect="equal")
    ax.set_xticks([0.5, 5.5, 11.5], [0, 5, 11])
    ax.set_yticks([0.5, 2.5, 4.5], [0, 2, 4])
    ax.invert_yaxis()
axes[0].set_ylabel("epoch")
patches = [plt.Rectangle((0, 0), 1, 1, facecolor=c, edgecolor="grey") for c in colours.values()]
fig.legend(patches, list(colours), loc="outside lower center", ncols=4, frameon=False)
fig.set_label(
    "誰拿到哪個樣本 · Who gets which sample\n"
    "三張格子圖，橫向是 12 個樣本，縱向是 5 個週期。有 set_epoch：每個週期重新分成兩半；"
    "沒有：每個週期分法都相同；種子不同：有些樣本兩邊都拿到，有些沒有人拿到。 · "
    "Three grids of 12 samples across and 5 epochs down. With set_epoch, each epoch is split into "
    "new halves; without it, every epoch is split the same way; with different seeds, some samples "
    "go to both and some to nobody."
)
plt.show()

# %%
# 左邊才是對的：每個週期重新分，每格剛好一個人。
#
# Only the left one is right: dealt anew for each epoch, and one owner for each square.

# %%
# 先有單一行程的答案 · First, the answer of one process
# -----------------------------------------------------
#
# 要驗證一起訓練的結果，先自己練一遍：每個:term:`批次` 16 個，3 個週期。更新那一步親手寫，
# 看得見用的是 ``.grad``；換成:term:`最佳化器`也一樣。為了用同樣的順序，
# 這裡也用 ``DistributedSampler``，只有一個人玩。
#
# To check what two can do, first train alone: 3 epochs with a :term:`batch` of 16. The update is
# written out, so that you see it use ``.grad``; an :term:`optimizer` would do the same. To get the
# same order of samples, there is a ``DistributedSampler`` here as well, with one player.

from torch import nn
from torch.utils.data import DataLoader, TensorDataset

data = TensorDataset(inputs, targets)
torch.save((inputs, targets), folder / "data.pt")

torch.manual_seed(0)
alone = nn.Linear(2, 1)
sampler = DistributedSampler(data, num_replicas=1, rank=0)
loader = DataLoader(data, batch_size=16, sampler=sampler)
for epoch in range(3):
    sampler.set_epoch(epoch)
    for x, y in loader:
        alone.zero_grad()
        F.mse_loss(alone(x), y).backward()
        with torch.no_grad():
            for parameter in alone.parameters():
                parameter -= 0.1 * parameter.grad

# %%
# 兩個行程一起練 · Two processes train together
# ---------------------------------------------
#
# 迴圈本身一行都沒改。多出來的有五處，標了號碼：（1）會合，（2）用 DDP 包住模型
# （``DistributedDataParallel`` 的簡稱），（3）資料分著發，一人一批 8 個，
# （4）每個週期告訴 sampler，（5）只有 rank 0 存檔。
# 我們故意給每個行程不同的種子，起點就不同，看看會怎樣。
#
# Not a line of the loop itself has changed. Five things are new, with numbers: (1) meet, (2) wrap
# the model in DDP, short for ``DistributedDataParallel``, (3) deal out the data, 8 a batch for
# each, (4) tell the sampler each epoch, (5) save in rank 0 only. On purpose, each process gets
# another seed, and so another start. Watch what happens.

TRAIN = """
import sys
import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset

dist.init_process_group("gloo")  # (1)
rank = dist.get_rank()
data = TensorDataset(*torch.load(sys.argv[1], weights_only=True))

torch.manual_seed(rank)
model = nn.Linear(2, 1)
weight = [model.weight[0, 0].item()]
together = DistributedDataParallel(model)  # (2)
weight.append(model.weight[0, 0].item())

sampler = DistributedSampler(data)  # (3)
loader = DataLoader(data, batch_size=8, sampler=sampler)
seen = 0
for epoch in range(3):
    sampler.set_epoch(epoch)  # (4)
    for x, y in loader:
        together.zero_grad()
        F.mse_loss(together(x), y).backward()  # .grad 已是平均 · .grad now holds the mean
        with torch.no_grad():
            for parameter in together.parameters():
                parameter -= 0.1 * parameter.grad
        seen += len(x)

if rank == 0:
    torch.save(model.state_dict(), sys.argv[2])  # (5)

weight.append(model.weight[0, 0].item())
mine = torch.tensor([seen, *weight])
everyone = [torch.empty(4) for _ in range(dist.get_world_size())]
dist.all_gather(everyone, mine)
if rank == 0:
    for number, (seen, *weight) in enumerate(torch.stack(everyone).tolist()):
        text = "{}: {:.0f} samples; first weight {:.3f}, in DDP {:.3f}, trained {:.3f}"
        print(text.format(number, seen, *weight))

dist.barrier()
dist.destroy_process_group()
"""

torchrun(TRAIN, folder / "data.pt", folder / "trained.pt")

# %%
# 起點不同，一包上 DDP 就相同了：它先把 rank 0 的參數抄給大家。之後每次 ``backward()``，
# DDP 都在背後平均梯度，所以兩份模型走的每一步都一樣，練完也一樣。
# 每個行程看了 96 個樣本，是 64 × 3 的一半。
#
# The starts differ, and DDP makes them equal: it first copies the parameters of rank 0 to all. From
# then on, each ``backward()`` averages the gradients behind the scenes, so that both copies take
# the same steps and end alike. Each process saw 96 samples, half of 64 × 3.
#
# 和單一行程比，差多少？
#
# And how far is that from the single process?

trained = torch.load(folder / "trained.pt", weights_only=True)
gaps = [(trained[name] - value).abs().max() for name, value in alone.state_dict().items()]
print("largest difference below one in a million:", bool(max(gaps) < 1e-6))

# %%
# 只差在捨入。兩個人各 8 個，等於一個人 16 個：**總批次是每個行程的批次乘上行程數**。
# 行程多了，每批 8 個不改，總批次就變大，:term:`學習率`往往也要跟著重新調。
#
# Only rounding differs. Two with 8 samples each are one with 16: **the batch is that of a process
# times the number of processes**. With more processes and 8 for each, the whole batch grows, and
# the :term:`learning rate` often has to be tuned anew.

temporary.cleanup()

# %%
# 不出聲的錯 · Mistakes that raise nothing
# ----------------------------------------
#
# - 忘了 ``DistributedSampler``：每個行程都練全部的資料，一個週期要花的時間和單獨練一樣。
#
#   No ``DistributedSampler``: each process trains on all the data, and an epoch takes as long as
#   it would alone.
#
# - 每個行程都存檔：同時寫同一個檔案，內容可能壞掉。只讓 rank 0 寫；印東西也一樣。
#
#   Each process saves: all write one file at once and may spoil it. Let rank 0 write; the same goes
#   for printing.
#
# - ``all_reduce`` 寫在 ``if rank == 0:`` 裡：它要每個人都到，少一個就一直等，
#   直到逾時。``backward()`` 裡也有，所以每個行程的步數要一樣多。
#
#   An ``all_reduce`` inside ``if rank == 0:``: it waits for everyone, and if one does not come,
#   until the timeout. ``backward()`` holds one as well, so all need the same number of steps.
#
# - 呼叫 ``model(x)`` 而不是 ``together(x)``：繞過了 DDP，梯度沒有平均，兩份模型愈走愈遠。
#
#   Calling ``model(x)`` instead of ``together(x)``: that goes round DDP, gradients are not
#   averaged, and the copies drift apart.

# %%
# 換成許多台電腦 · With more machines
# -----------------------------------
#
# 腳本不變，變的是啟動的指令：每台電腦都下同一行，指向同一個會合點。
#
# The script stays; the command changes. Give the same line on each machine, with the same place to
# meet.
#
# .. code-block:: bash
#
#    torchrun --nnodes=2 --nproc-per-node=8 \
#        --rdzv-id=run1 --rdzv-backend=c10d --rdzv-endpoint=first-machine:29500 \
#        train.py
#
# - 用 GPU 時，後端改成 ``"nccl"``，一個行程一張。``RANK`` 是全部行程裡的編號，
#   ``LOCAL_RANK`` 是這台電腦上的編號，用它挑 GPU：``cuda:{LOCAL_RANK}``，
#   再傳 ``device_ids=[local_rank]`` 給 DDP。
#
#   With GPUs the backend is ``"nccl"``, one process for each GPU. ``RANK`` counts over all
#   processes, ``LOCAL_RANK`` on this machine; the latter picks the GPU, ``cuda:{LOCAL_RANK}``, and
#   goes to DDP as ``device_ids=[local_rank]``.
#
# - 梯度要走網路。網路慢、模型大，等待就比計算久；先量過，別以為兩倍的機器就有兩倍快。
#
#   Gradients travel over the network. If that is slow and the model large, waiting takes longer
#   than computing. Measure first; twice the machines is not twice the speed.
#
# - 機器多了，總有一台會壞。一個行程倒下，``torchrun`` 就停掉全部；
#   設了 ``--max-restarts`` 會重新開始，所以要有:term:`檢查點`才接得上，
#   而且每台電腦都要讀得到它。
#
#   Among many machines one will fail. When one process falls, ``torchrun`` stops them all, and
#   with ``--max-restarts`` it starts them again. To go on you need a :term:`checkpoint` that every
#   machine can read.
#
# - DDP 的每個行程都要放得下整個模型；放不下，要用把模型切開的 FSDP。
#
#   With DDP each process holds the whole model. Where it does not fit, FSDP cuts it into pieces.
#
# ``primer.fit`` 把這些都做好了：用它訓練的腳本，一行不改，改用 ``torchrun`` 啟動，就會分資料、
# 平均梯度、只由 rank 0 存檔；批次維持原來的大小，由大家分。
#
# ``primer.fit`` has all of this inside. Take a script that trains with it, change nothing, and
# start it with ``torchrun``: it deals out the data, averages gradients and saves in rank 0 only.
# The batch size stays what you set, and the processes share each batch.

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
# **20-1 發牌。**寫 ``share(order, rank, world)``：``order`` 是洗好的樣本編號，至少有 ``world`` 個。
# 回傳編號 ``rank`` 的行程拿到的清單，做法和 ``DistributedSampler`` 一樣：輪流發；不夠分，
# 就把開頭的幾個接在最後，讓每份一樣多。
#
# **20-1 Deal.** Write ``share(order, rank, world)``: ``order`` lists the shuffled sample numbers,
# at least ``world`` of them. Return the list for process ``rank``, as ``DistributedSampler`` does:
# one to each in turn; where they do not go round, append the first few at the end, so that all
# shares are equal.
#
# .. admonition:: 解答 · Solution
#    :collapsible: closed
#
#    ``-len(order) % world`` 是還差幾個才分得完。
#
#    ``-len(order) % world`` is how many are missing.
#
#    .. code-block:: python
#
#       def share(order, rank, world):
#           missing = -len(order) % world
#           return (order + order[:missing])[rank::world]
#
#       primer.check("20-1", share)
#
# **20-2 不一樣多也要對。**寫 ``combine(gradients, sizes)``：第 ``i`` 個行程用 ``sizes[i]``
# 個樣本算出平均損失的梯度 ``gradients[i]``，都是形狀相同的張量。回傳所有樣本合起來的梯度。
#
# **20-2 Right for unequal shares, too.** Write ``combine(gradients, sizes)``: process ``i`` used
# ``sizes[i]`` samples, and the gradient of its mean loss is ``gradients[i]``; all are tensors of
# one shape. Return the gradient of the mean loss over all samples.
#
# .. admonition:: 解答 · Solution
#    :collapsible: closed
#
#    每個樣本的份量要相同，所以用樣本數加權。
#
#    Every sample counts the same, so weigh by the number of samples.
#
#    .. code-block:: python
#
#       def combine(gradients, sizes):
#           total = sum(size * gradient for gradient, size in zip(gradients, sizes))
#           return total / sum(sizes)
#
#       primer.check("20-2", combine)

# %%
# 重點回顧 · Summary
# ------------------
#
# - 每個行程一份模型、一份資料；平均梯度，走同樣的一步。每份一樣多，平均才對。
#
#   Each process has a copy of the model and a share of the data; gradients are averaged, and all
#   take the same step. A plain mean is right for equal shares only.
#
# - 五處：會合、DDP、``DistributedSampler``、``set_epoch``、只有 rank 0 存檔。
#
#   Five additions: meet, DDP, ``DistributedSampler``, ``set_epoch``, save in rank 0 only.
#
# - 先和單一行程比對，確定結果相同，再談快多少。
#
#   First check the result against a single process, then ask how much faster it is.
#
# 二十課到這裡結束。你會從資料訓練模型、看懂它的梯度、存得住、評得準，也能放到許多台機器上。
# 接下來，就拿自己的資料來試。遇到錯誤，看:doc:`/troubleshooting`；想查語法，看:doc:`/cheat_sheet`；
# 不熟的詞都在:doc:`/glossary`；還想往下學，見:doc:`/further_reading`。
#
# This is the last of the twenty lessons. You can train a model from data, follow its gradients,
# save it, judge it and take it to many machines. Now try it on data of your own. When an error
# stops you: :doc:`/troubleshooting`. The syntax on one page: :doc:`/cheat_sheet`. Every term:
# :doc:`/glossary`. What to read and build next: :doc:`/further_reading`.
