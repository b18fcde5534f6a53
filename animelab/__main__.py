"""`python -m animelab` is the command `animelab`."""

import sys

from animelab.cli import main

sys.exit(main())
