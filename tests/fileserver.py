"""A plain file server, as any static host is, with nothing on the screen."""

from __future__ import annotations

import http.server


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves the folder it is given, and says nothing."""

    def log_message(self, *words: object) -> None:
        pass
