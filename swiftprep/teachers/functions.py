"""Use functions as teachers: identified by their code, and called in their own threads."""

from __future__ import annotations

import asyncio
import functools
import hashlib
import inspect
import reprlib
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from types import CellType, CodeType
from typing import Any

from swiftprep.errors import ConfigError, TeacherError, one_line
from swiftprep.records import Message
from swiftprep.teachers.protocol import Limits, Price, TeacherProtocol
from swiftprep.teachers.request import Reply, Request
from swiftprep.withheld import shown


class _Function:
    """A function as a teacher."""

    def __init__(self, function: Callable[[list[Message]], Any], limits: Limits) -> None:
        self._function = function
        self._deadline = float(getattr(function, "deadline", 600.0))
        self.identity = str(getattr(function, "identity", "")) or _identity(function)
        self.host = "this process"
        self.limits = limits
        self.sampling: Mapping[str, Any] = {}
        self.price: Price | None = None

    def __repr__(self) -> str:
        return f"<Teacher {self.identity}>"

    async def ask(self, request: Request) -> Reply:
        messages = [dict(message) for message in request.messages]
        try:
            async with _deadline(self._deadline):
                if inspect.iscoroutinefunction(self._function):
                    answer = await self._function(messages)
                else:
                    answer = await _in_thread(self._function, messages)
                if inspect.isawaitable(answer):
                    answer = await answer
        except (TeacherError, asyncio.CancelledError):
            raise
        except asyncio.TimeoutError:
            raise TeacherError(
                f"no answer within {self._deadline:g} s (回答超时)", kind="deadline", tokens=None
            ) from None
        except Exception as error:
            raise TeacherError(
                f"the teacher's function failed: {one_line(error)} (教师函数出错)", kind="server"
            ) from error
        if isinstance(answer, Reply):
            return answer
        if not isinstance(answer, str) or not answer.strip():
            raise TeacherError(
                f"the teacher's function returned {shown(reprlib.repr(answer)):.80}; expected a text "
                "(教师函数应返回文本)",
                kind="empty",
            )
        return Reply(answer)

    async def close(self) -> None:
        pass


def as_teacher(teacher: TeacherProtocol | Callable[[list[Message]], Any], *, name: str = "teacher") -> TeacherProtocol:
    """Return a teacher as it is, or wrap a function `messages → str | Reply`, which may be `async`.

    A function's answers are stored under its name and code. Give it an attribute `identity` to choose the name
    yourself, for example when the model it asks may change.

    Raises:
        ConfigError: it is neither a teacher nor a function.

    >>> as_teacher(lambda messages: "Use ta-table.").host
    'this process'
    """
    if isinstance(teacher, TeacherProtocol):
        return teacher
    if callable(teacher):
        limits = getattr(teacher, "limits", None)
        return _Function(teacher, limits if isinstance(limits, Limits) else Limits(attempts=2))
    raise ConfigError(f"{name}={teacher!r:.80}: expected a Teacher, or a function that takes messages (不是教师模型)")


async def _in_thread(function: Callable[[list[Message]], Any], messages: list[Message]) -> Any:
    """Call a function in its own thread, which is abandoned when the run is cancelled."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[tuple[Any, BaseException | None]] = loop.create_future()

    def tell(answer: Any, error: BaseException | None) -> None:
        if not done.done():
            done.set_result((answer, error))

    def call() -> None:
        answer, error = None, None
        try:
            answer = function(messages)
        except BaseException as raised:
            error = raised
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(tell, answer, error)

    threading.Thread(target=call, name="swiftprep-teacher", daemon=True).start()
    answer, error = await done
    if isinstance(error, TeacherError):
        raise error
    if error is not None:  # wrapped, as a coroutine cannot raise a StopIteration, for one
        raise RuntimeError(repr(error)) from error
    return answer


@asynccontextmanager
async def _deadline(seconds: float) -> AsyncIterator[None]:
    """Raise `asyncio.TimeoutError` after some seconds; `asyncio.timeout` does not exist before Python 3.11."""
    task, late = asyncio.current_task(), False

    def stop() -> None:
        nonlocal late
        late = True
        if task is not None:
            task.cancel()

    timer = asyncio.get_running_loop().call_later(seconds, stop)
    try:
        yield
    except asyncio.CancelledError:
        if late:
            raise asyncio.TimeoutError from None
        raise
    finally:
        timer.cancel()


def _identity(function: Callable[..., Any]) -> str:
    """Return a name for a function that changes with its code and the plain values it holds."""
    if isinstance(function, functools.partial):
        inner = repr((_identity(function.func), _values(function.args), _values(function.keywords)))
        return f"partial-{hashlib.blake2b(inner.encode(), digest_size=6).hexdigest()}"
    name = getattr(function, "__qualname__", type(function).__qualname__)
    code = getattr(function, "__code__", None)
    held: list[Any] = [getattr(function, "__defaults__", None), getattr(function, "__kwdefaults__", None)]
    held += [cell.cell_contents for cell in getattr(function, "__closure__", None) or () if _is_filled(cell)]
    if code is None:  # an object that can be called
        code = getattr(type(function).__call__, "__code__", None)
        held.append(getattr(function, "__dict__", None))
    parts = (_plain(code) if code else "", _values(tuple(held)))
    digest = hashlib.blake2b(repr(parts).encode("utf-8", "replace"), digest_size=6).hexdigest()
    return f"{getattr(function, '__module__', '')}.{name}-{digest}"


def _is_filled(cell: CellType) -> bool:
    try:
        return cell.cell_contents is not ...
    except ValueError:
        return False


def _values(held: Any) -> Any:
    """Return the plain values in an object; of anything else only the type, as its state may change with each call."""
    if held is None or isinstance(held, bool | int | float | str | bytes):
        return held
    if isinstance(held, tuple):
        return tuple(_values(item) for item in held)
    if isinstance(held, dict):
        return tuple((str(name), _values(item)) for name, item in held.items() if not isinstance(item, int | float))
    return type(held).__qualname__


def _plain(code: CodeType) -> tuple[Any, ...]:
    inner = tuple(_plain(item) if isinstance(item, CodeType) else repr(item) for item in code.co_consts)
    return code.co_code, code.co_names, inner
