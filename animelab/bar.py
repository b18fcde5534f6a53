"""A progress bar with a name, which is gone when the work is done."""

from __future__ import annotations

import html
import io
import sys
from typing import Any

from tqdm import tqdm


class Bar(tqdm):
    """The bar of tqdm. In a notebook it is HTML, gone at the end; tqdm's own stays there, and dies with its kernel."""

    place: Any = None

    def __init__(self, *given: Any, **options: Any) -> None:
        ipython = sys.modules.get("IPython")
        if getattr(ipython and ipython.get_ipython(), "kernel", None):
            self.place = ipython.display.display({"text/plain": ""}, raw=True, display_id=True)  # type: ignore[union-attr]
            options["file"] = io.StringIO()
        super().__init__(*given, **options)

    def display(self, msg: str | None = None, pos: int | None = None) -> Any:
        """Show what is new: tqdm calls it."""
        if self.place is None:
            return super().display(msg, pos)
        words = self.format_meter(**self.format_dict | {"bar_format": "{n_fmt} of {total_fmt}{unit}, {remaining} left"})
        value = f'max="{self.total}" value="{self.n}"' if self.total else ""
        named = f"<label>{html.escape(self.desc.rstrip(': '))} <progress {value}></progress></label>"
        self.place.update({"text/html": f"{named} {words}", "text/plain": words}, raw=True)

    def close(self) -> None:
        """The work is over, done or not."""
        super().close()
        if self.place is not None:
            self.place.update({"text/plain": ""}, raw=True)
