"""How long the ways to run a recurrence take: what `simulate` chooses by.

Constants in ns, fitted by eye to N = 8 .. 1024, L = 64 .. 131072, 1 and 32 signals, on one core of
65 GF/s, where choices take at most 1.3 times as long as the best of scans and chunks.
"""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class Sizes:
    """What is counted.

    Attributes
    ----------
    N, rank, outputs, inputs, L : int
        Of one system and one signal; rank of a DPLR system, else 0.
    signals, systems : int
        How many there are.
    is_dense, is_bounded : bool
        Whether A is a matrix; whether the kernel is known not to grow.
    states : bool
        Whether they are wanted.
    """

    N: int
    rank: int
    outputs: int
    inputs: int
    L: int
    signals: int
    systems: int
    is_dense: bool
    is_bounded: bool
    states: bool


def scan(z: Sizes) -> float:
    """The compiled recurrence."""
    if z.is_dense:
        sample = 20 + 0.13 * z.N**2
    elif z.outputs * z.inputs == 1 and not z.rank and not z.states:
        sample = 5 + 0.32 * max(z.N, 32)
    else:
        sample = 40 + 0.25 * z.N * (1 + z.outputs + z.inputs + 2 * z.rank)
    return 1e5 + z.signals * (3e3 + z.L * sample)


def chunked(z: Sizes) -> float:
    """Products; a DPLR system is dense there, in complex arithmetic."""
    slower = 2 if z.rank else 1
    if z.is_dense or z.rank:
        tables = slower**2 * z.N**3
    else:
        tables = 25 * z.systems * z.N**2
    sample = 60 + 7 * z.N if z.states else (15 + 0.3 * z.N) * z.outputs * z.inputs
    return slower * (3e5 + z.signals * z.L * sample) + tables


def fft(z: Sizes) -> float:
    """Only of kernels known not to grow: its error is eps times the largest sample, everywhere."""
    if z.states or not z.is_bounded:
        return math.inf
    kernels, steps = z.systems * z.outputs * z.inputs, math.log2(2 * z.L)
    transforms = z.signals * (z.outputs + z.inputs) / 2 + kernels
    return 3e5 + kernels * z.N * (200 + 0.16 * z.L) + 2 * steps * z.L * transforms
