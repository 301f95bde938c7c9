"""Arrays of any library: library, device and dtype in = out; small set-up on the host."""

from dataclasses import dataclass
from typing import Any, TypeAlias

import array_api_compat as compat
import numpy as np

from hippo_theory import _check

Array: TypeAlias = Any  # of any library; there is no common type

NUMBERS = (np.generic, np.ndarray)  # where they have no axes


@dataclass(frozen=True, slots=True, eq=False)
class Home:
    """Where arrays live that are not NumPy's.

    Attributes
    ----------
    xp : module
        Their namespace.
    device : object
        Their device, as the library names it.
    """

    xp: Any
    device: Any

    def __repr__(self):
        return f"{_check.library_name(self.xp)} on {self.device}"

    @property
    def precision(self) -> np.dtype:
        """The widest real precision of the device, in which the arithmetic is done."""
        info = self.xp.__array_namespace_info__()
        return np.dtype("float64" if "float64" in info.dtypes(device=self.device) else "float32")


HOST = Home(compat.array_namespace(np.empty(0)), "cpu")


def home(**values: Any) -> Home | None:
    """Where the arrays among `values` live; None for NumPy, lists and numbers.

    Numbers may be NumPy's in company of arrays of another library.

    Raises
    ------
    TypeError
        If arrays are of two libraries.
    ValueError
        If they are on two devices, or on a GPU that is not CuPy's current one.
    """
    first = None
    for name, value in values.items():
        if not compat.is_array_api_obj(value) or (isinstance(value, NUMBERS) and not value.ndim):
            continue
        here = Home(compat.array_namespace(value), compat.device(value))
        if first is None:
            first = name, here
        elif here.xp is not first[1].xp:
            raise TypeError(f"{name} must be of the library of {first[0]}, got {here}")
        elif here.device != first[1].device and None not in (here.device, first[1].device):
            raise ValueError(f"{name} must be on the device of {first[0]}, got {here}; move one")
    if first is None or compat.is_numpy_namespace(first[1].xp):
        return None
    _current(*first)
    return first[1]


def there(xp: Any, device: Any = None) -> Home | None:
    """Where functions that create arrays put them; None for NumPy."""
    if xp is np and device is None:
        return None
    try:
        xp = compat.array_namespace(xp.zeros(1))
        home = Home(xp, compat.device(xp.asarray(0.0, device=device)))
    except (AttributeError, TypeError, ValueError, RuntimeError):
        what = f"{_check.shown(xp)} and device {_check.shown(device)}"
        raise TypeError(f"xp must be an array library with that device, got {what}") from None
    _current("device", home)
    return None if compat.is_numpy_namespace(xp) else home


def _current(name: str, home: Home) -> None:
    """CuPy creates arrays and runs kernels on its current device, wherever operands are."""
    if compat.is_cupy_namespace(home.xp) and home.device != home.xp.cuda.Device():
        raise ValueError(f"{name} must be on CuPy's current device, got {home}; enter it by `with`")


def check(name: str, value: Any, *, minimum_ndim: int = 0, real: bool = False) -> Array:
    """As `_check.array`, but an array of another library stays what and where it is."""
    if not _check.is_foreign(value):
        return _check.array(name, value, minimum_ndim=minimum_ndim, real=real)
    xp = compat.array_namespace(value)
    if real and is_complex(value):
        raise TypeError(f"{name} must be real, got dtype {value.dtype}")
    if not (is_complex(value) or xp.isdtype(value.dtype, "real floating")):
        value = xp.astype(value, getattr(xp, Home(xp, compat.device(value)).precision.name))
    if value.ndim < minimum_ndim:
        shape = tuple(value.shape)
        rule = f"at least {_check.axes(minimum_ndim)}"
        raise ValueError(f"{name} must have {rule}, got shape {shape}")
    if not bool(xp.all(xp.isfinite(value))):
        raise ValueError(f"{name} must be finite, got NaN or infinity")
    return value


def to_host(value: Any) -> Any:
    """An array of another library as NumPy's, detached from gradients; others as they are."""
    if not _check.is_foreign(value):
        return value
    if compat.is_cupy_array(value):
        return value.get()
    if compat.is_torch_array(value):
        return value.detach().cpu().resolve_conj().resolve_neg().numpy()
    if compat.is_jax_array(value):
        return np.asarray(value)
    return np.from_dlpack(value)


def to_home(there: Home, values: Any, dtype: Any = None) -> Array:
    """Carry host values to the library and device, by default in `work_dtype`."""
    values = np.array(values, order="C")  # its own memory, which a library may keep
    return there.xp.asarray(values, dtype=dtype or work_dtype(there, values), device=there.device)


def product(array: Array, matrix: np.ndarray, there: Home) -> Array:
    """array @ matrix for a matrix from the host, rounded once to the dtype of the array."""
    dtype = work_dtype(there, array)
    result = there.xp.astype(array, dtype) @ to_home(there, matrix, dtype)
    return there.xp.astype(result, array.dtype)


def rounded(array: Array, precision: Any) -> Array:
    """To a precision, float32 or float64, or that of another array; real or complex as it is."""
    xp = compat.array_namespace(array)
    if _check.is_foreign(precision) or isinstance(precision, np.ndarray):
        if not (is_complex(array) or is_complex(precision)):
            return xp.astype(array, precision.dtype, copy=False)
        precision = "float64" if xp.finfo(precision.dtype).bits == 64 else "float32"
    try:
        name = np.dtype(precision).name
    except TypeError:  # of another library
        name = str(precision).rpartition(".")[2]
    names = {"float32": "complex64", "float64": "complex128"}
    name = names[name] if is_complex(array) else name
    return xp.astype(array, getattr(xp, name), copy=False)


def work_dtype(there: Home, *arrays: Any) -> Any:
    """The dtype of the library in which to calculate with arrays of any library."""
    name = there.precision.name
    if any(is_complex(array) for array in arrays):
        name = "complex128" if name == "float64" else "complex64"
    return getattr(there.xp, name)


def is_complex(array: Array) -> bool:
    """Whether the dtype of an array of any library is complex."""
    return compat.array_namespace(array).isdtype(array.dtype, "complex floating")
