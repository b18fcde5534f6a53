"""Colab shows widgets of others, such as anywidget's, after this call only."""

enabled = False


class _widgets:
    _installed_url = None


def enable_custom_widget_manager() -> None:
    global enabled
    enabled = True
    _widgets._installed_url = "https://ssl.gstatic.com/manager.min.js"
