"""Who writes an entry: a person of a clinic, or the system acting for one."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class Author:
    """A member of staff as they were when they acted; `id` is None for the system itself."""

    clinic: UUID
    id: UUID | None
    name: str
    roles: tuple[str, ...]
