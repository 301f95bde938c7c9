"""The sentences of refusal: *argument* must *rule*, got *value*[; remedy]."""

import difflib
import functools
import math
import operator
import os
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import array_api_compat as compat
import numpy as np

Row = TypeVar("Row")

COUNTABLE = 2**53  # larger integers are no longer floats
LONGEST = 60  # characters of a value in a sentence
PRECISIONS = ("float32", "float64")


def flag(name: str, value: Any) -> bool:
    """Return `value` as a bool, refusing anything but True and False."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be True or False, got {shown(value)}")
    return bool(value)


def integer(name: str, value: Any, minimum: int = 1, maximum: int = COUNTABLE) -> int:
    """Return `value` as an int, refusing anything but an integer inside the closed bounds."""
    rule = "a positive integer" if minimum == 1 else f"an integer of at least {minimum}"
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be {rule}, got {shown(value)}") from None
    if number < minimum or isinstance(value, (bool, np.bool_)):
        raise ValueError(f"{name} must be {rule}, got {shown(value)}")
    if number > maximum:
        raise ValueError(f"{name} must be at most {maximum}, got {shown(value)}")
    return number


def number(
    name: str,
    value: Any,
    *,
    above: float = -math.inf,
    below: float = math.inf,
    minimum: float = -math.inf,
    maximum: float = math.inf,
) -> float:
    """Return `value` as a finite float inside the open (above, below) and closed bounds."""
    result = _float(name, value)
    bounds = [
        (not math.isfinite(result), "finite"),
        (not result > above, f"greater than {above:g}"),
        (not result < below, f"less than {below:g}"),
        (not result >= minimum, f"at least {minimum:g}"),
        (not result <= maximum, f"at most {maximum:g}"),
    ]
    for broken, rule in bounds:
        if broken:
            raise ValueError(f"{name} must be {rule}, got {result:g}")
    return result


def _float(name: str, value: Any) -> float:
    """Return the value of a real number of any kind; an array of one entry is none."""
    kind = getattr(getattr(value, "dtype", None), "kind", "f")
    wrong = isinstance(value, (str, bytes)) or getattr(value, "ndim", 0) != 0
    try:
        if wrong or kind not in "fiub" or np.ma.isMaskedArray(value):
            raise TypeError
        return float(value)
    except OverflowError:
        raise ValueError(f"{name} must be finite, got {shown(value)}") from None
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be a real number, got {shown(value)}") from None


def shown(value: Any) -> str:
    """Compose what a sentence shows of a value: one short line, whatever it is."""
    if isinstance(value, int) and value.bit_length() > 64:
        return f"an integer of {value.bit_length()} bits"
    words = " ".join(repr(value).split())
    return words if len(words) <= LONGEST else f"{words[:LONGEST]}..."


def dtype(name: str, value: Any) -> str:
    """Return the name of a precision of any library, refusing all but float32 and float64."""
    try:
        word = np.dtype(value).name if isinstance(value, (str, type, np.dtype)) else str(value)
    except (TypeError, ValueError, SyntaxError):
        word = ""
    word = word.rpartition(".")[2]
    if word not in PRECISIONS:
        raise ValueError(f"{name} must be 'float32' or 'float64', got {shown(value)}")
    return word


def size(name: str, value: Any, minimum: int = 1, *, by: int = 1, itemsize: int = 8) -> int:
    """Return `value` as the length of an array with `by` numbers an entry that memory can hold."""
    number = integer(name, value, minimum)
    room(name, number, by, itemsize=itemsize)
    return number


def broadcast(**values: Any) -> None:
    """Refuse arrays (or numbers) whose shapes do not broadcast, naming all of them."""
    shapes = [array(name, value).shape for name, value in values.items()]
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        names, got = ", ".join(values), ", ".join(map(str, shapes))
        raise ValueError(f"{names} must have shapes that broadcast, got {got}") from None


def in_range(what: str, values: Any) -> Any:
    """Return results, refusing what has left the range of double precision."""
    if not np.isfinite(values).all():
        raise np.linalg.LinAlgError(f"{what} must stay below 1e308, got more; rescale the problem")
    return values


def room(name: str, *shape: int, itemsize: int = 8) -> None:
    """Refuse an array that cannot fit into the memory of this computer, before it is made."""
    needed, there = itemsize * math.prod(int(n) for n in shape), _memory()
    if needed > there:
        sizes = " x ".join(f"{n:.6g}" if n > COUNTABLE else str(n) for n in shape)
        raise ValueError(
            f"{name} must leave the result in memory, got {sizes} numbers of {itemsize} bytes: "
            f"{needed / 2**30:.3g} GiB where there are {there / 2**30:.3g}"
        )


@functools.cache
def _memory() -> int:
    """Bytes of memory of this computer, or a tebibyte where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 2**40


def choice(name: str, value: Any, table: Mapping[str, Row], row_type: type | tuple = ()) -> Row:
    """Return the row that `value` names; a row (an instance of `row_type`) is returned as it is."""
    if row_type and isinstance(value, row_type):
        return value  # pyright: ignore[reportReturnType]
    if isinstance(value, str) and value in table:
        return table[value]
    raise ValueError(unknown(name, value, table))


def option(name: str, value: Any, options: Iterable[str]) -> str:
    """Return `value`, refusing what is not one of the named options."""
    options = list(options)
    if not (isinstance(value, str) and value in options):
        raise ValueError(unknown(name, value, options))
    return value


def unknown(name: str, value: Any, options: Iterable[str]) -> str:
    """Compose the sentence for an unknown name, with the nearest known one, of either case."""
    options = list(options)
    lower = {option.lower(): option for option in options}
    near = difflib.get_close_matches(shown(value).strip("'\"").lower(), lower, n=1)
    remedy = f"; did you mean {lower[near[0]]!r}?" if near else ""
    return f"unknown {name} {shown(value)}, expected one of {options}{remedy}"


def array(
    name: str,
    value: Any,
    *,
    ndim: int | None = None,
    minimum_ndim: int = 0,
    real: bool = False,
    finite: bool = True,
) -> np.ndarray:
    """Return `value` in single or double precision (no copy where it is so already)."""
    on_host(name, value)
    if np.ma.isMaskedArray(value):
        raise TypeError(f"{name} must not be masked; leave the masked entries out")
    try:
        result = np.asarray(value)
    except ValueError:
        raise TypeError(f"{name} must be a rectangular array of numbers") from None
    result = _numbers(name, result)
    if real and result.dtype.kind == "c":
        raise TypeError(f"{name} must be real, got dtype {result.dtype}")
    if ndim is not None and result.ndim != ndim:
        raise ValueError(f"{name} must have {axes(ndim)}, got shape {result.shape}")
    if result.ndim < minimum_ndim:
        rule = f"at least {axes(minimum_ndim)}"
        raise ValueError(f"{name} must have {rule}, got shape {result.shape}")
    if finite:
        all_finite(name, result)
    return result


def double(name: str, value: Any, **options: Any) -> np.ndarray:
    """Return `value` as `array` does, in double precision whatever the data are."""
    result = array(name, value, **options)
    return result.astype(np.result_type(result, np.float64), copy=False)


def _numbers(name: str, values: np.ndarray) -> np.ndarray:
    """Return numbers in single or double precision; narrower ones and integers are widened."""
    kind = values.dtype.kind
    if kind not in "fciub":
        hint = "; subtract the first and divide by a unit" if kind in "Mm" else ""
        raise TypeError(f"{name} must be an array of numbers, got dtype {values.dtype}{hint}")
    if values.dtype.char in "gG":
        raise TypeError(f"{name} must be of at most double precision, got dtype {values.dtype}")
    if kind in "iub" or values.dtype.char == "e":
        return values.astype(np.float64)
    return values.astype(values.dtype.newbyteorder("="), copy=False)


def on_host(name: str, value: Any) -> Any:
    """Return `value`, refusing arrays of other libraries: nothing is copied in silence."""
    if is_foreign(value):
        library = library_name(compat.array_namespace(value))
        raise TypeError(
            f"{name} must be a NumPy array, got {library} on {compat.device(value)}; "
            "copy it to the host"
        )
    return value


def is_foreign(value: Any) -> bool:
    """Whether `value` is an array of another library than NumPy."""
    return compat.is_array_api_obj(value) and not compat.is_numpy_array(value)


def library_name(xp: Any) -> str:
    """Name the library of a namespace, which may be array-api-compat's of it."""
    return xp.__name__.removeprefix("array_api_compat.").partition(".")[0]


def axes(count: int) -> str:
    """Compose "1 axis" or "2 axes"."""
    return f"{count} {'axis' if count == 1 else 'axes'}"


def poles(name: str, value: Any, *, discrete: bool = True) -> Any:
    """Return stable poles as a complex128 vector: inside the unit circle, or Re < 0."""
    flag("discrete", discrete)
    result = array(name, value, ndim=1).astype(np.complex128)
    if result.size == 0:
        raise ValueError(f"{name} must hold at least one pole, got shape {result.shape}")
    size = np.hypot(result.real, result.imag) if discrete else result.real
    bad = size >= 1 if discrete else size >= 0
    if bad.any():
        k = int(np.argmax(bad))
        rule, what = (
            ("lie inside the unit circle", "|pole|")
            if discrete
            else ("have negative real parts", "real part")
        )
        raise ValueError(f"{name} must {rule}, got {what} = {size[k]:.17g} at index {k}")
    return result


def positive(name: str, value: Any, *, zero: bool = False) -> np.ndarray:
    """Return a real array of positive (or, with `zero`, non-negative) numbers."""
    result = double(name, value, real=True)
    good = result >= 0 if zero else result > 0
    if not good.all():
        index, at = _first(~good)
        rule = "non-negative" if zero else "positive"
        raise ValueError(f"{name} must be {rule}, got {result[index]:g}{at}")
    return result


def all_finite(name: str, values: np.ndarray) -> None:
    """Refuse NaN and infinity, naming the first offending index."""
    finite = np.isfinite(values)
    if not finite.all():
        index, at = _first(~finite)
        raise ValueError(f"{name} must be finite, got {values[index]}{at}")


def shape(name: str, values: np.ndarray, expected: tuple, remedy: str = "") -> None:
    """Refuse a wrong shape; in `expected`, an int is exact, a str free, a leading ... any axes."""
    tail = expected[1:] if expected and expected[0] is ... else expected
    got = values.shape[len(values.shape) - len(tail) :] if len(tail) <= values.ndim else None
    fits = got is not None and (expected[:1] == (...,) or values.ndim == len(expected))
    if not fits or any(isinstance(e, int) and e != g for e, g in zip(tail, got or (), strict=True)):
        words = ", ".join("..." if e is ... else str(e) for e in expected)
        words = f"({words},)" if len(expected) == 1 else f"({words})"
        tail_words = f"; {remedy}" if remedy else ""
        raise ValueError(f"{name} must have shape {words}, got {tuple(values.shape)}{tail_words}")


def times(name: str, value: Any, minimum_length: int = 2) -> np.ndarray:
    """Return strictly increasing, finite, non-negative times as a float64 vector of its own."""
    t = array(name, value, ndim=1, real=True).astype(np.float64)
    if t.size < minimum_length:
        raise ValueError(f"{name} must hold at least {minimum_length} times, got {t.size}")
    if t[0] < 0:
        raise ValueError(f"{name} must be non-negative, got {t[0]:g} at index 0")
    steps = np.diff(t)
    if (steps <= 0).any():
        k = int(np.argmax(steps <= 0)) + 1
        raise ValueError(
            f"{name} must be strictly increasing, got {t[k]:g} after {t[k - 1]:g} at index {k}"
        )
    return t


def _first(bad: np.ndarray) -> tuple[tuple[int, ...], str]:
    """The index of the first that is bad, and " at index k" (nothing for a number)."""
    index = tuple(int(i) for i in np.argwhere(bad)[0])
    at = f" at index {index[0] if len(index) == 1 else index}"
    return index, at if index else ""
