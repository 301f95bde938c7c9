"""A stand-in for CuPy on machines without a GPU: its rules over NumPy's arithmetic.

Arrays of no axes stay arrays, nothing converts to NumPy by itself, functions refuse NumPy's arrays,
and kernels are compiled for the host. What only a GPU can show is left to CuPy itself.
"""

import ctypes
import importlib
import operator
import subprocess
import sys
import tempfile
import time
from functools import lru_cache
from pathlib import Path
from types import ModuleType, SimpleNamespace

import array_api_compat
import numpy as np
import pytest

HOST = """
struct Index { int x; };
static Index blockIdx, blockDim, threadIdx;
#define __global__
"""
LAUNCH = """
extern "C" void launch(int grid, int block, const real* a, const real* b, const real* w0,
    const real* w1, const real* f, const real* norms, real* z, real* lost, real* out,
    long long steps, long long samples, int N, int S, int averages, int all) {
  blockDim.x = block;
  for (blockIdx.x = 0; blockIdx.x < grid; blockIdx.x++)
    for (threadIdx.x = 0; threadIdx.x < block; threadIdx.x++)
      ladder(a, b, w0, w1, f, norms, z, lost, out, steps, samples, N, S, averages, all);
}
"""


class Device:
    """The one device, which is the current one."""

    def __init__(self, device=None):
        self.id = 0 if device is None else int(device)

    def __int__(self):
        return self.id

    def __eq__(self, other):
        return isinstance(other, Device) and self.id == other.id

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    __hash__ = None


class Event:
    """A time on the clock."""

    def record(self):
        self.time = time.perf_counter()

    def synchronize(self):
        pass


class ndarray:  # noqa: N801
    """An array that is NumPy's only where `get` is called."""

    __array_ufunc__ = None

    def __init__(self, values):
        self.values = np.asarray(values)

    device = property(lambda self: Device())
    shape = property(lambda self: self.values.shape)
    ndim = property(lambda self: self.values.ndim)
    size = property(lambda self: self.values.size)
    nbytes = property(lambda self: self.values.nbytes)
    __len__ = lambda self: len(self.values)  # noqa: E731
    dtype = property(lambda self: self.values.dtype)
    T = property(lambda self: ndarray(self.values.T))

    def __array__(self, *_, **__):
        raise TypeError("Implicit conversion to a NumPy array is not allowed.")

    def get(self):
        return self.values.copy()

    def __getitem__(self, index):
        return ndarray(self.values[unwrapped(index)])

    def __setitem__(self, index, values):
        self.values[unwrapped(index)] = unwrapped(values)


def unwrapped(value):
    """The NumPy value of arguments that CuPy takes; NumPy's arrays are refused."""
    if isinstance(value, (list, tuple)):
        return type(value)(unwrapped(item) for item in value)
    if isinstance(value, np.ndarray):
        raise TypeError("Unsupported type <class 'numpy.ndarray'>")
    return value.values if isinstance(value, ndarray) else value


def wrapped(result):
    if isinstance(result, (list, tuple)):
        return type(result)(wrapped(item) for item in result)
    return ndarray(result) if isinstance(result, (np.ndarray, np.generic)) else result


def on_arrays(function):
    """`function` of NumPy's arrays for those of the stand-in."""

    def call(*arguments, **options):
        options = {name: unwrapped(option) for name, option in options.items()}
        return wrapped(function(*unwrapped(arguments), **options))

    return call


def creates(function):
    """As `on_arrays`, but a NumPy array is an explicit transfer, which copies."""

    def call(values, *arguments, **options):
        values = values.copy() if isinstance(values, np.ndarray) else unwrapped(values)
        return ndarray(function(values, *arguments, **options))

    return call


BINARY = ("add", "sub", "mul", "truediv", "matmul", "pow", "and", "or", "xor")
for name in (*BINARY, "eq", "ne", "lt", "le", "gt", "ge"):
    method = getattr(operator, f"__{name}__")
    setattr(ndarray, f"__{name}__", on_arrays(method))
    setattr(ndarray, f"__r{name}__", on_arrays(lambda a, b, method=method: method(b, a)))
for name in ("neg", "abs", "invert"):
    setattr(ndarray, f"__{name}__", on_arrays(getattr(operator, f"__{name}__")))
for name in ("bool", "int", "float", "complex"):
    convert = {"bool": bool, "int": int, "float": float, "complex": complex}[name]
    setattr(ndarray, f"__{name}__", lambda self, convert=convert: convert(self.values))
for name in ("astype", "reshape", "swapaxes", "copy"):
    setattr(ndarray, name, on_arrays(getattr(np.ndarray, name)))


@lru_cache
def compiled(source):
    """The kernel as a function of the host, contracted as CUDA's compiler does it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ladder"
        path.with_suffix(".cpp").write_text(HOST + source + LAUNCH)
        flags = ["-O1", "-march=native", "-ffp-contract=fast", "-shared", "-fPIC", "-o"]
        subprocess.run(["g++", *flags, f"{path}.so", f"{path}.cpp"], check=True)
        return ctypes.CDLL(f"{path}.so").launch


class RawKernel:
    """The LegS kernel, one lane after another."""

    def __init__(self, source, name):
        assert name == "ladder"
        self.launch = compiled(source)

    def __call__(self, grid, block, arguments):
        arrays, numbers = arguments[:9], arguments[9:]
        assert all(a.values.flags.c_contiguous for a in arrays)  # CuPy passes the bare pointer
        assert len({a.dtype for a in arrays}) == 1
        assert [type(n) for n in numbers] == [int] * 2 + [np.int32] * 4  # int is a long long
        pointers = [a.values.ctypes.data_as(ctypes.c_void_p) for a in arrays]
        values = [ctypes.c_longlong(n) for n in numbers[:2]]
        values += [ctypes.c_int(int(n)) for n in numbers[2:]]
        self.launch(ctypes.c_int(grid[0]), ctypes.c_int(block[0]), *pointers, *values)


def is_cupy(name):
    """Whether a module is CuPy's, or array-api-compat's view of it."""
    return name.split(".")[0] == "cupy" or name.startswith("array_api_compat.cupy")


def without(patch):
    """Forget CuPy, if it is here, as long as the patch lasts."""
    for name in filter(is_cupy, list(sys.modules)):
        patch.delitem(sys.modules, name)
    patch.delattr(array_api_compat, "cupy", raising=False)


@lru_cache
def modules():
    """`cupy`, its parts, and array-api-compat's view of it under their names in `sys.modules`."""
    with pytest.MonkeyPatch.context() as patch:
        without(patch)
        sys.modules.update(bare())
        importlib.import_module("array_api_compat.cupy")
        del array_api_compat.cupy
        return {name: sys.modules.pop(name) for name in filter(is_cupy, list(sys.modules))}


def take_place(patch):
    """Stand in for CuPy as long as the patch lasts."""
    without(patch)
    for name, module in modules().items():
        patch.setitem(sys.modules, name, module)
    patch.setattr(array_api_compat, "cupy", modules()["array_api_compat.cupy"], raising=False)


def bare():
    """`cupy` and its parts."""
    cupy, fft, linalg, cuda, device = (
        ModuleType(name)
        for name in ("cupy", "cupy.fft", "cupy.linalg", "cupy.cuda", "cupy.cuda.device")
    )
    for module, source in ((cupy, np), (fft, np.fft), (linalg, np.linalg)):
        for name in dir(source):
            value = getattr(source, name)
            if name[0] == "_" or isinstance(value, ModuleType):
                continue
            is_function = callable(value) and not isinstance(value, type)
            setattr(module, name, on_arrays(value) if is_function else value)
    for name in ("array", "asarray", "ascontiguousarray"):
        setattr(cupy, name, creates(getattr(np, name)))
    cuda.Device = device.Device = Device
    cuda.Event, cuda.get_elapsed_time = Event, lambda begin, end: 1e3 * (end.time - begin.time)
    cuda.runtime = SimpleNamespace(getDeviceProperties=lambda k: {"name": b"stand-in"})
    cuda.device = device
    cupy.fft, cupy.linalg, cupy.cuda = fft, linalg, cuda
    cupy.ndarray, cupy.RawKernel = ndarray, RawKernel
    cupy.asnumpy, cupy.is_available = ndarray.get, lambda: True
    return {module.__name__: module for module in (cupy, fft, linalg, cuda, device)}
