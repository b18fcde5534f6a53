from __future__ import annotations

import subprocess
import sys


def test_nothing_else_needs_ipywidgets() -> None:
    code = "import sys, animelab.viz, animelab.latent, animelab.recipes.dcgan; sys.exit('ipywidgets' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
