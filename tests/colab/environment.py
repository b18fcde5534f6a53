"""Makes, in the folder given, what a Colab machine has: its older packages, and links to all others that we have.

The links stand for what Colab brings anyway, torch above all; animelab itself is not among them.
"""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

REQUIREMENTS = Path(__file__).with_name("requirements.txt")


def make(folder: Path) -> None:
    """Fill `folder`/packages by pip, and `folder`/links from where this Python has its packages."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--upgrade"]
    subprocess.run([*pip, "--target", str(folder / "packages"), "-r", str(REQUIREMENTS)], check=True)
    links = folder / "links"
    links.mkdir(parents=True, exist_ok=True)
    for old in links.iterdir():
        old.unlink()
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if "animelab" not in path.name and path.suffix != ".pth":
            (links / path.name).symlink_to(path)


if __name__ == "__main__":
    make(Path(sys.argv[1]))
