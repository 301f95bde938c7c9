"""The array libraries of the equivalence tests: `xp` runs a test once for each that is here."""

import importlib
import shutil
import warnings
from dataclasses import dataclass
from typing import Any

import array_api_compat as compat
import numpy as np
import pytest

from hippo_theory import _array
from hippo_theory.legs import _cuda
from tests import cupy_stand_in


@dataclass(frozen=True)
class Library:
    """Arrays of one library on one device, in the widest precision that it has there."""

    xp: Any
    device: Any
    dtype: str

    @property
    def eps(self):
        return float(np.finfo(self.dtype).eps)

    def array(self, values, dtype=None):
        values = np.asarray(values)
        complex_name = "complex128" if self.dtype == "float64" else "complex64"
        name = dtype or (complex_name if values.dtype.kind == "c" else self.dtype)
        return self.xp.asarray(values.astype(name), device=self.device)

    def host(self, array, dtype=None):
        """The values, once library, device and precision are seen to be this library's."""
        assert compat.array_namespace(array) is compat.array_namespace(self.array(0.0))
        assert compat.device(array) == self.device
        values = _array.to_host(array)
        assert np.finfo(values.dtype).dtype == np.dtype(dtype or self.dtype)
        return values.astype(np.result_type(values, np.float64))


# module, device, dtype; array-api-strict refuses whatever mixes its devices
LIBRARIES = {
    "numpy": ("numpy", "cpu", "float64"),
    "strict": ("array_api_strict", "CPU_DEVICE", "float64"),
    "strict-device1": ("array_api_strict", "device1", "float64"),
    "strict-no_float64": ("array_api_strict", "no_float64", "float32"),
    "torch": ("torch", "cpu", "float64"),
    "jax": ("jax.numpy", "cpu", "float32"),
    "cupy": ("array_api_compat.cupy", 0, "float64"),
    "stand-in": ("array_api_compat.cupy", 0, "float64"),
}
MARKS = {"cupy": pytest.mark.gpu}


DEVICES = {
    "numpy": lambda module, name: name,
    "array_api_strict": lambda module, name: module.Device(name),
    "torch": lambda module, name: module.device(name),
    "jax.numpy": lambda module, name: importlib.import_module("jax").devices(name)[0],
    "array_api_compat.cupy": lambda module, name: module.cuda.Device(name),
}


@pytest.fixture
def stand_in(monkeypatch):
    """CuPy's rules and the CUDA kernel on the host."""
    if shutil.which("g++") is None:
        pytest.skip("needs g++")
    cupy_stand_in.take_place(monkeypatch)
    _cuda._compiled.cache_clear()
    yield importlib.import_module("cupy")
    _cuda._compiled.cache_clear()


@pytest.fixture(params=[pytest.param(n, marks=MARKS.get(n, ())) for n in LIBRARIES])
def xp(request):
    if request.param == "stand-in":
        request.getfixturevalue("stand_in")
    return library(request.param)


@pytest.fixture
def strict():
    """The library that takes nothing but the standard."""
    return library("strict")


def library(key) -> Library:
    name, device, dtype = LIBRARIES[key]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            module = importlib.import_module(name)
        except ImportError:
            pytest.skip(f"{name} is not installed")
    if key == "cupy" and not module.is_available():
        pytest.skip("cupy has no GPU here")
    if key == "jax":
        dtype = module.zeros(1).dtype.name  # JAX_ENABLE_X64=1 for double precision
    return Library(module, DEVICES[name](module, device), dtype)
