"""States of a widget to go back to, and forward again."""

from __future__ import annotations

from typing import Any

from animelab.widgets.stage import Stage

MOST = 100


class History:
    """What a widget's buttons "undo" and "redo" go through; they gray out where there is nothing to go to."""

    def __init__(self, widget: Stage, state: Any) -> None:
        self._widget, self._states, self._at, self._gesture = widget, [state], 0, None
        self._gray()

    def keep(self, state: Any, gesture: Any = None) -> None:
        """A new state; one of the same gesture, which is not None, takes the place of the one before."""
        if state == self._states[self._at]:
            return
        again = gesture is not None and gesture == self._gesture
        self._states = [*self._states[: self._at + (not again)], state][-MOST:]
        self._at, self._gesture = len(self._states) - 1, gesture
        self._gray()

    def go(self, name: str) -> Any:
        """The state to show after "undo" or "redo"."""
        self._at = min(max(0, self._at + (1 if name == "redo" else -1)), len(self._states) - 1)
        self._gesture = None
        self._gray()
        return self._states[self._at]

    def _gray(self) -> None:
        self._widget.update("undo", disabled=self._at == 0)
        self._widget.update("redo", disabled=self._at == len(self._states) - 1)
