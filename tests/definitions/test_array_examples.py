"""Examples of other array libraries run as they stand, on the CPU where they say GPU."""

import re
from pathlib import Path

import numpy as np
import pytest

import hippo_theory as ht

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "docs/arrays.md")
BLOCKS = [
    pytest.param(page, code, id=f"{page}-{k}")
    for page in PAGES
    for k, code in enumerate(re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(), re.S))
    if ">>>" not in code
]


def run(code):
    for library in re.findall(r"^import (\w+)", code, re.M):
        pytest.importorskip(library, exc_type=ImportError)
    names = {"np": np, "ht": ht}
    exec(code.replace('"cuda"', '"cpu"'), names)
    return names


@pytest.mark.parametrize("page, code", BLOCKS)
def test_an_example_runs_as_it_stands(page, code):
    names = run(code)
    if "states" in names:
        assert type(names["states"]) is type(names["samples"]) is type(names["y"])
        assert names["states"].dtype == names["samples"].dtype == names["y"].dtype


def test_the_example_of_a_trained_kernel_has_the_gradients_of_the_kernel():
    torch = pytest.importorskip("torch", exc_type=ImportError)
    (code,) = (block.values[1] for block in BLOCKS if "class Kernel" in block.values[1])
    rng = np.random.default_rng(0)
    poles, B, C = (
        torch.tensor(0.5 * (rng.random(3) + 1j * rng.random(3)), requires_grad=True)
        for _ in range(3)
    )
    assert torch.autograd.gradcheck(run(code)["Kernel"].apply, (poles, B, C, 12))
