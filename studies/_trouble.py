"""What went wrong in a cell, told once for each kind."""

import signal
import traceback
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class Trouble:
    """A cell's failure: its kind, its last line and all there is to say."""

    kind: str
    sentence: str
    text: str
    died: bool = False
    """Whether its process died, perhaps of the memory of its neighbours."""
    stops: bool = False
    """Whether no other cell can succeed: the rows cannot be kept."""

    @classmethod
    def of(cls, error: BaseException, *, stops: bool = False) -> Self:
        """Tell an error; errors of one type from one line are of one kind, whatever they say."""
        frames = traceback.extract_tb(error.__traceback__)
        places = [f"{frame.filename}:{frame.lineno}" for frame in frames]
        text = "".join(traceback.format_exception(error))
        last = text.strip().rpartition("\n")[2]
        return cls(" ".join([type(error).__name__, *places]), last, text.rstrip(), stops=stops)

    @classmethod
    def of_death(cls, code: int | None) -> Self:
        """Tell the death of a process by its exit code, negative for a signal."""
        if code is not None and code < 0:
            hint = ", out of memory?" if code == -signal.SIGKILL else ""
            how = f"of signal {-code} ({_name(-code)}{hint})"
        else:
            how = f"with exit status {code}"
        sentence = f"its process died {how}"
        return cls(sentence, sentence, sentence, died=True)

    @classmethod
    def of_limit(cls, limit: float) -> Self:
        """Tell that a cell took longer than `limit` seconds."""
        sentence = f"ran past the limit of {limit:g} s and was ended"
        return cls(sentence, sentence, sentence)


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown"
