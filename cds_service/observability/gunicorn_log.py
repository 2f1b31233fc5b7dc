"""gunicorn's log without what clients sent: its own messages quote request lines, headers and exceptions."""

import sys
from typing import Any

from gunicorn.glogging import Logger  # type: ignore[import-untyped,unused-ignore]

_QUOTING = "Invalid request from ip="


class QuietLogger(Logger):  # type: ignore[misc,unused-ignore]
    """As gunicorn's, except where a message may hold a part of a request."""

    def warning(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        """A request that is no HTTP is said to be so, and not quoted."""
        if str(msg).startswith(_QUOTING):
            self.error_log.warning("A request that is no valid HTTP was refused.")
        else:
            super().warning(msg, *args, **kwargs)

    def exception(self, msg: Any, *args: Any, **kwargs: Any) -> None:  # noqa: ARG002  signature of gunicorn
        """The type of an exception; neither its text nor what the message was about."""
        kind = sys.exc_info()[0]
        self.error_log.error("A worker failed: %s", kind.__name__ if kind is not None else "no exception")
