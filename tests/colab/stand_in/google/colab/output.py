"""Colab shows widgets of others, such as anywidget's, only where an output's metadata name a manager for them."""

from types import SimpleNamespace
from typing import Any

from IPython import get_ipython

VIEW = "application/vnd.jupyter.widget-view+json"

_widgets = SimpleNamespace(_installed_url=None)  # anywidget looks here


def enable_custom_widget_manager() -> None:
    if not _widgets._installed_url:
        get_ipython().display_pub.register_hook(_name_the_manager)
    _widgets._installed_url = "https://ssl.gstatic.com/manager.min.js"


def _name_the_manager(message: dict[str, Any]) -> dict[str, Any]:
    content = message["content"]
    if VIEW in content.get("data", {}):
        manager = {"colab": {"custom_widget_manager": {"url": _widgets._installed_url}}}
        content["metadata"].setdefault(VIEW, {}).update(manager)
    return message
