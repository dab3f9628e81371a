"""An office as parts with names, so that a change can say what it changes: "services/health/minutes".

In a tree, what an office has several of (services, counters, days off, reasons …) stands by id, date or code. A path
leads to a field, or to one of several; "*" after several is their order. Values are plain JSON.
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import msgspec
from msgspec.structs import replace

from ltsa.dispatch import Weights
from ltsa.flow import Flow, FlowStep, Switch
from ltsa.message import Refusal
from ltsa.office import CODED, WEEKDAYS, Counter, DayOff, Dispatching, Office, Retention, Rules, Service, SpecialDay

Tree = dict[str, Any]
Path = tuple[str, ...]

ORDER = "*"
DATED = ("days_off", "special_days")

_SEVERAL: dict[Path, str] = {
    ("services",): "id",
    ("services", ORDER, "bring"): "code",
    ("counters",): "id",
    ("flows",): "id",
    ("flows", ORDER, "switches"): "code",
    ("flows", ORDER, "steps"): "code",
    ("flows", ORDER, "steps", ORDER, "documents"): "code",
    **{(name,): "date" for name in DATED},
    **{("rules", name): "code" for name in CODED},
}
"""What there are several of, and the field by which one is known from the other; "*" stands for any id."""

_FIELDS: dict[Path, tuple[str, ...]] = {
    (): tuple(name for name in Office.__struct_fields__ if name != "id"),
    ("services", ORDER): tuple(name for name in Service.__struct_fields__ if name != "id"),
    ("counters", ORDER): tuple(name for name in Counter.__struct_fields__ if name != "id"),
    ("flows", ORDER): tuple(name for name in Flow.__struct_fields__ if name != "id"),
    ("flows", ORDER, "switches", ORDER): tuple(name for name in Switch.__struct_fields__ if name != "code"),
    ("flows", ORDER, "steps", ORDER): tuple(name for name in FlowStep.__struct_fields__ if name != "code"),
    ("rules",): Rules.__struct_fields__,
    ("rules", "dispatch"): Dispatching.__struct_fields__,
    ("rules", "dispatch", "weights"): Weights.__struct_fields__,
    ("week",): WEEKDAYS,
    ("retention",): Retention.__struct_fields__,
}
"""What has parts with names of their own. All that stands neither here nor above is a value without parts."""


def tree(office: Office) -> Tree:
    """An office as a tree."""
    whole: Tree = msgspec.json.decode(msgspec.json.encode(office))
    return {name: _by_name((name,), value) for name, value in whole.items()}


def office_of(whole: Tree) -> Office:
    """The office that a tree describes. Raises `Refusal` for a value of the wrong type; it need not work yet."""
    plain = {name: _plain((name,), value) for name, value in whole.items()}
    try:
        office = msgspec.convert(plain, Office)
        return replace(office, **{name: tuple(sorted(getattr(office, name), key=_date)) for name in DATED})
    except msgspec.ValidationError as error:
        sentence, _, place = str(error).partition(" - at ")
        raise Refusal("wrong-value", f"{sentence}.", field=_path_of(place.strip("`"), plain)) from error


def put(whole: Tree, path: str, value: Any) -> None:
    """Sets a part of a tree, in place; None takes it away. Raises `Refusal` for one that cannot be there."""
    *above, last = path.split("/")
    node, here = whole, Path()
    for name in above:
        if not _may_have(here, name) or not isinstance(node.get(name), dict):
            raise _unknown(path)
        node, here = node[name], (*here, name)
    if last == ORDER and _pattern(here) in _SEVERAL and _ordered(here) and isinstance(value, list):
        first = {name: node[name] for name in value if isinstance(name, str) and name in node}
        rest = {name: node[name] for name in node if name not in first}
        node.clear()
        node.update(first | rest)
    elif not _may_have(here, last) or (value is None and last not in node):
        raise _unknown(path)
    elif value is None:
        del node[last]
    else:
        node[last] = _by_name((*here, last), value)


def differences(before: Office, after: Office) -> dict[str, Any]:
    """The fewest parts to `put` into one office so that it becomes the other."""
    return {"/".join(path): value for path, value in _differing((), tree(before), tree(after))}


def value_at(office: Office, path: str) -> Any:
    """A part of an office as plain JSON; None when it is not there. For "*" the order of the several."""
    *above, last = path.split("/")
    first = path.partition("/")[0]
    whole: Tree = msgspec.json.decode(msgspec.json.encode(office))
    node: Any = {first: _by_name((first,), whole[first])} if first in whole else {}
    for name in above:
        node = node.get(name) if isinstance(node, dict) else None
    if not isinstance(node, dict):
        return None
    if last == ORDER:
        return list(node)
    return _plain((*above, last), node[last]) if last in node else None


def _differing(path: Path, before: Tree, after: Tree) -> Iterator[tuple[Path, Any]]:
    for name in {**before, **after}:
        here = (*path, name)
        if name not in after:
            yield here, None
        elif name not in before:
            yield here, _plain(here, after[name])
        elif _has_parts(here):
            yield from _differing(here, before[name], after[name])
        elif before[name] != after[name]:
            yield here, after[name]
    if _pattern(path) in _SEVERAL and _ordered(path):
        left = [name for name in before if name in after] + [name for name in after if name not in before]
        if left != list(after):
            yield (*path, ORDER), list(after)


def _by_name(path: Path, value: Any) -> Any:
    """A plain value as it stands in a tree."""
    if (key := _SEVERAL.get(_pattern(path))) and isinstance(value, list):
        named = [(str(item.get(key, "")) if isinstance(item, dict) else "", item) for item in value]
        for (name, _), (again, _) in pairwise(sorted(named, key=lambda item: item[0])):
            if name == again:
                raise Refusal("wrong-twice", f"{name!r} stands twice.", field="/".join(path), values={"twice": name})
        return {name: _one((*path, name), item) for name, item in named}
    if key and isinstance(value, dict):
        return {name: _one((*path, name), item) for name, item in value.items()}
    return _one(path, value)


def _one(path: Path, value: Any) -> Any:
    """A field, or one of several, as it stands in a tree: without what it is known by."""
    if key := _SEVERAL.get(_pattern(path[:-1])):
        if not isinstance(value, dict) or value.get(key, path[-1]) != path[-1]:
            raise Refusal("wrong-value", f"{path[-1]!r} must be an object of that {key}.", field="/".join(path))
        if not _may_have(path[:-1], path[-1]) or "/" in path[-1]:
            raise Refusal("wrong-code", f"{path[-1]!r} is no {key}.", field="/".join(path[:-1]))
        value = {name: part for name, part in value.items() if name != key}
    if not isinstance(value, dict) or (fields := _FIELDS.get(_pattern(path))) is None:
        return value
    for name in value:
        if name not in fields:
            raise _unknown("/".join((*path, name)))
    return {name: _by_name((*path, name), part) for name, part in value.items()}


def _plain(path: Path, value: Any) -> Any:
    """What stands in a tree as plain JSON."""
    if not isinstance(value, dict):
        return value
    if key := _SEVERAL.get(_pattern(path)):
        return [{key: name, **_inner((*path, name), item)} for name, item in value.items()]
    inner = _inner(path, value)
    key = _SEVERAL.get(_pattern(path[:-1]))
    return {key: path[-1], **inner} if key else inner


def _inner(path: Path, value: Any) -> Any:
    return {name: _plain((*path, name), part) for name, part in value.items()} if _has_parts(path) else value


def _pattern(path: Path) -> Path:
    """A path with "*" for the ids of services, counters and flows, and for the codes of what flows have."""
    if len(path) > 1 and path[0] in {"services", "counters", "flows"}:
        path = (path[0], ORDER, *path[2:])
    if len(path) > 3 and path[0] == "flows" and path[2] in {"switches", "steps"}:  # noqa: PLR2004 - flows/ID/steps/CODE
        path = (*path[:3], ORDER, *path[4:])
    return path


def _has_parts(path: Path) -> bool:
    pattern = _pattern(path)
    return pattern in _SEVERAL or pattern in _FIELDS


def _may_have(path: Path, name: str) -> bool:
    pattern = _pattern(path)
    return name in _FIELDS[pattern] if pattern in _FIELDS else pattern in _SEVERAL and bool(name) and name != ORDER


def _ordered(path: Path) -> bool:
    return path[0] not in DATED


def _unknown(path: str) -> Refusal:
    return Refusal("unknown-setting", f"There is no {path!r} to be set here.", field=path)


def _date(day: DayOff | SpecialDay) -> str:
    return day.date


def _path_of(place: str, plain: Tree) -> str:
    """Where `$.services[3].minutes` is in a tree: services/health/minutes."""
    path: Path = ()
    node: Any = plain
    for name, index in re.findall(r"\.(\w+)|\[(\d+|\.\.\.)\]", place):
        if index.isdigit() and (key := _SEVERAL.get(_pattern(path))):
            node = node[int(index)]
            path = (*path, node[key])
        elif name and isinstance(node, dict):
            node = node.get(name)
            path = (*path, name)
        else:
            break
    return "/".join(path)
