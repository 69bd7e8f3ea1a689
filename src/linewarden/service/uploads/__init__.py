"""Files that people send: taken in quarantine, looked at for what they are, and unpacked within bounds.

    with quarantine.receive("plant.pcap.gz", most) as intake:      # counted as it comes, whole or not there
        intake.write(block)
    upload = await quarantine.take(name, most, request.stream())   # the same over the network
    capture(upload.path, bounds)                               # one function for each use, in `kinds`

A name is never believed and never becomes a path; what a file is, its bytes say.
"""

from __future__ import annotations

from linewarden.errors import ConfigError

__all__ = ["UploadError"]


class UploadError(ConfigError):
    """A file is refused: it is too large, not what it should be, or made to do harm. Its text is for who sent it."""
