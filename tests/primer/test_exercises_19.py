"""Answers to the exercises of lesson 19; ``test_exercises.py`` hands them in."""

import math

import torch

BF, F32 = torch.bfloat16, torch.float32


def overflows(gradients, factor):
    return (gradients * factor).to(torch.float16).isinf().any()


def recursive(gradients, factor=65536.0):
    return recursive(gradients, factor / 2) if overflows(gradients, factor) else factor


def by_logarithm(gradients):
    # Just under 65520 still rounds to 65504, the largest float16.
    power = math.floor(math.log2(65519.999 / gradients.abs().max().item()))
    return 2.0 ** min(16, power)


def positive_only(gradients):
    factor = 65536.0
    while (gradients * factor).half().max() == math.inf:
        factor /= 2
    return factor


def in_float32(gradients):
    factor = 65536.0
    while not (gradients * factor).isfinite().all():
        factor /= 2
    return factor


def halve_first(gradients):
    factor = 65536.0
    while overflows(gradients, factor):
        factor /= 2
    return factor / 2


def only_once(gradients):
    return 32768.0 if overflows(gradients, 65536.0) else 65536.0


RIGHT = {
    "19-1": [(BF, F32, F32, F32), [BF, F32, F32, F32]],
    "19-2": [recursive, by_logarithm],
}

WRONG = [
    ("19-1", (BF, BF, F32, F32), "not on autocast's list"),
    ("19-1", (BF, F32, F32, BF), "type of its parameter"),
    ("19-1", (BF, F32, BF, F32), "suffers from rounding"),
    ("19-1", (F32, F32, F32, F32), "so h is bfloat16"),
    ("19-1", (BF, BF, BF, BF), "does not convert everything"),
    ("19-1", (F32, BF, F32, F32), None),
    ("19-2", positive_only, "to -inf"),
    ("19-2", in_float32, "need not fit"),
    ("19-2", halve_first, "once too often"),
    ("19-2", only_once, "use while"),
    ("19-2", lambda gradients: 1.0, None),
]
