"""A stand-in for what Google puts into every kernel of Colab: as much of it as the course, or what it uses, calls."""

from google.colab import drive, files, output, userdata

__all__ = ["drive", "files", "output", "userdata"]
