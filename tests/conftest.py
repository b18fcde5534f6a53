"""How the tests share several processes (pytest-xdist)."""

from __future__ import annotations

import pytest


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Every test goes to the next free process; those of the browser all to one, for they share one JupyterLab."""
    from xdist.scheduler import LoadScopeScheduling

    class Scheduler(LoadScopeScheduling):  # not xdist_group: xdist 3.8 loses the groups under pytest 9.2
        def _split_scope(self, nodeid: str) -> str:
            return "browser" if "tests/browser/" in nodeid else nodeid

    return Scheduler(config, log)
