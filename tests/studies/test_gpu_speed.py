"""gpu_speed measures digits on the stand-in for CuPy; its times are those of the host."""

import numpy as np
import pandas as pd

from studies import gpu_speed


def test_every_task_keeps_its_digits(stand_in):
    rows = []
    for cell in gpu_speed.cells(gpu_speed.QUICK):
        rows += gpu_speed.measure(cell, np.random.default_rng(0))
    table = pd.DataFrame(rows)
    assert len(table) == 9
    assert set(table["device"]) == {"stand-in"}
    eps = table["dtype"].map(lambda dtype: np.finfo(dtype).eps)
    assert (table["error"] <= 100 * gpu_speed.QUICK.length * eps).all()
    assert gpu_speed.plot(table).axes
