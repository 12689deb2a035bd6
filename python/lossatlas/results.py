"""Results by their names, and where they lie in a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Callable, Generic, TypeVar

import h5py

from .datasets import text
from .errors import MissingResult, listed

T = TypeVar("T")


class Results(Mapping[str, T], Generic[T]):
    """Results of one kind by their names, made when they are asked for."""

    def __init__(self, kind: str, place: str, makers: Mapping[str, Callable[[], T]]):
        self._kind, self._place, self._makers = kind, place, makers

    def __getitem__(self, name: str) -> T:
        if name not in self._makers:
            have = listed(self._makers)
            raise MissingResult(f"{self._place}: there is no {self._kind} {name!r}, but {have}")
        return self._makers[name]()

    # That of Mapping would make the result.
    def __contains__(self, name: object) -> bool:
        return name in self._makers

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)

    def __repr__(self) -> str:
        return f"<{len(self)} × {self._kind}: {listed(self._makers)}>"


def groups(parent: h5py.Group | None) -> dict[str, h5py.Group]:
    """The groups in a group; none if there is no such group."""
    items = {} if parent is None else parent
    return {name: item for name, item in items.items() if isinstance(item, h5py.Group)}


def sets(parent: h5py.Group | None) -> dict[str, h5py.Group]:
    """The groups of sets, GROUP/MEMBER, and of pairs of sets, A~B, in `/paths` or `/curvature`."""
    found = {}
    for group, members in groups(parent).items():
        for member, inside in groups(members).items():
            found[_ends(inside, member) if group == "between" else f"{group}/{member}"] = inside
    return found


def _ends(group: h5py.Group, name: str) -> str:
    """`sgd/train~lbfgs/train`, as in `lossatlas export --path`."""
    for inside in groups(group).values():
        if "set_a" in inside.attrs:
            return "~".join(text(inside.attrs[end]) for end in ["set_a", "set_b"])
    return name


def landscapes(group: h5py.Group, order: list[str]) -> dict[str, h5py.Group]:
    """The groups `on_LANDSCAPE` by the names of the landscapes: those of `order` first."""
    found = {name[3:]: inside for name, inside in groups(group).items() if name.startswith("on_")}
    rank = {name: number for number, name in enumerate(order)}
    return dict(sorted(found.items(), key=lambda item: rank.get(item[0], len(rank))))
