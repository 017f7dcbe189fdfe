"""How a person's tables are read, by the settings `data.encoding`, `data.columns`, `data.unknown`,
`data.boxes_format` and `data.date_order`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tf_happywhale.config import Data


@dataclass(frozen=True)
class Reading:
    """How tables are read.

    Attributes:
        encoding: of text tables without a byte order mark; None: UTF-8.
        columns: what a table calls our columns, such as `individual_id` → `ID`.
        unknown: texts in `individual_id` which mean that nobody knows the animal.
        boxes_format: what the four numbers of a `bbox` cell are; `auto`: the numbers decide.
        date_order: what comes first in dates such as 3/4/2021, `day_first` or `month_first`; None:
            they stay as they are, unless the file decides.
        ignored: headers of columns that are not read, though each may have one of our names.
    """

    encoding: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    boxes_format: str = "auto"
    date_order: str | None = None
    ignored: frozenset[str] = frozenset()

    def read_of(self, header: Sequence[str]) -> list[str]:
        """A header in which ignored columns have no name, so that they are left out."""
        return ["" if name.strip() in self.ignored else name for name in header]

    def leaves_out(self, individual_id: str) -> bool:
        """Whether this text in `individual_id` means that nobody knows the animal."""
        return bool(self.unknown) and _plain(individual_id) in set(map(_plain, self.unknown))


PLAIN = Reading()  # of tables that this package wrote


def reading_of(data: Data) -> Reading:
    """How the config says that tables are read."""
    return Reading(data.encoding, data.columns, data.unknown, data.boxes_format, data.date_order)


def _plain(text: str) -> str:
    return text.strip().casefold()
