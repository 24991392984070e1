"""Records made from the dataclasses they keep, field by field, so that a field added there is never lost here.

On disk a missing float is null; `restore` makes it NaN again.
"""

from collections.abc import Callable
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from typing import Any, get_origin, get_type_hints

import msgspec

NAN = float("nan")
Evidence = tuple[tuple[str, float | None], ...]
_PAIRS = tuple[tuple[str, float], ...]
_DISK: dict[Any, Any] = {float: float | None, _PAIRS: Evidence}
"""Types that are spelled otherwise on disk."""


@dataclass(frozen=True, slots=True)
class Mirror:
    """A dataclass and the Struct that keeps it: `of` copies in, `restore` copies back."""

    source: type
    struct: Any
    names: tuple[str, ...]
    into: dict[str, Callable[[Any], Any]]
    back: dict[str, Callable[[Any], Any]]

    def of(self, value: Any, **extra: Any) -> Any:
        """The record of one object of the dataclass, with the extra fields of the Struct. Its types are not checked here."""
        return self.struct(**{name: self._in(name, getattr(value, name)) for name in self.names}, **extra)

    def restore(self, record: Any) -> Any:
        """The object that the record keeps."""
        return self.source(**{name: self._out(name, getattr(record, name)) for name in self.names})

    def _in(self, name: str, value: Any) -> Any:
        return self.into[name](value) if name in self.into and value is not None else value

    def _out(self, name: str, value: Any) -> Any:
        return self.back[name](value) if name in self.back else value


def mirror(source: type, name: str, *extra: Any, nested: dict[type, Mirror] | None = None) -> Mirror:
    """The mirror of a dataclass. `extra` are further fields as `msgspec.defstruct` takes them; `nested` the mirrors of
    the dataclasses inside it."""
    hints = get_type_hints(source)
    inner = {item.name: _inner(hints[item.name], nested or {}) for item in fields(source)}
    columns: list[Any] = [_column(item, hints[item.name], inner[item.name]) for item in fields(source)]
    columns.sort(key=len)  # those without a default first
    required = [item for item in extra if len(item) == 2]
    optional = [item for item in extra if len(item) > 2]
    first = [item for item in columns if len(item) == 2]
    last = [item for item in columns if len(item) > 2]
    struct = msgspec.defstruct(
        name, [*first, *required, *last, *optional], frozen=True, kw_only=True, forbid_unknown_fields=True, module=__name__
    )
    into = {key: _each(hints[key], found.of) for key, found in inner.items() if found is not None}
    back = {item.name: _back(hints[item.name], inner[item.name]) for item in fields(source)}
    known = {key: function for key, function in back.items() if function is not None}
    return Mirror(source, struct, tuple(item.name for item in fields(source)), into, known)


def _inner(hint: Any, nested: dict[type, Mirror]) -> Mirror | None:
    """The mirror for `X`, `X | None` or `tuple[X, ...]`."""
    parts = getattr(hint, "__args__", ()) or (hint,)
    return next((nested[part] for part in parts if isinstance(part, type) and is_dataclass(part)), None)


def _each(hint: Any, function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The function for one, or for each of a tuple."""
    return (lambda values: tuple([function(value) for value in values])) if get_origin(hint) is tuple else function


def _column(item: "Field[Any]", hint: Any, inner: Mirror | None) -> tuple[Any, ...]:
    disk = _DISK.get(hint, hint)
    if inner is not None and get_origin(hint) is tuple:
        disk = tuple[inner.struct, ...]  # type: ignore[name-defined]
    elif inner is not None:
        disk = inner.struct | None if type(None) in getattr(hint, "__args__", ()) else inner.struct
    if inner is not None and disk is inner.struct:
        return (item.name, disk)
    if item.default is not MISSING:
        return (item.name, disk, item.default)
    if item.default_factory is not MISSING:
        return (item.name, disk, msgspec.field(default_factory=item.default_factory))
    return (item.name, disk)


def _back(hint: Any, inner: Mirror | None) -> Callable[[Any], Any] | None:
    if inner is not None:
        return _each(hint, lambda record: None if record is None else inner.restore(record))
    if hint is float:
        return lambda number: NAN if number is None else number
    if hint == _PAIRS:
        return lambda pairs: tuple((key, NAN if value is None else value) for key, value in pairs)
    return None
