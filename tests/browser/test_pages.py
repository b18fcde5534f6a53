"""What stands around the widgets, as a learner meets it: charts in both themes, and bars that come and go."""

from __future__ import annotations

import re

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CHARTS = """
import numpy as np
from animelab.viz import compare, curves
faces = np.full((8, 48, 48, 3), 128, np.uint8)
curves({f"loss {k}": ([0, 1, 2], [k, k + 1, k]) for k in range(7)} | {"one point": ([1], [3.5])})
"""
ROWS = 'compare({("longer hair than ever", "and another"): faces[:2], "eight": faces}, scale=1, caption="Eight")'
BARS = """
import time
from animelab.bar import Bar
for name in ("Drawing 64 px line", "Drawing <64> px color"):
    for each in Bar(range(8), name, unit=" pictures"):
        time.sleep(0.25)
print("drawn")
"""
CONTRAST = """of => {
    const light = color => {
        const [r, g, b] = color.match(/[\\d.]+/g).slice(0, 3).map(x => x / 255)
            .map(x => x <= 0.03928 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
    };
    const words = [...document.querySelectorAll(of)].map(each => getComputedStyle(each).fill);
    let ground = document.querySelector(of);
    const opaque = color => !/^rgba\\(.*, 0\\)$|^transparent$/.test(color);
    while (!opaque(getComputedStyle(ground).backgroundColor)) ground = ground.parentElement;
    const page = light(getComputedStyle(ground).backgroundColor);
    return words.map(word => light(word)).map(word => Math.max(word, page) / Math.min(word, page));
}"""


def test_charts_are_read_in_both_themes(open_notebook, theme, axe) -> None:
    page = open_notebook("charts", CHARTS, ROWS)
    chart, output = page.locator("svg[aria-label^='Line chart']"), ".jp-OutputArea-output"
    chart.wait_for()
    page.get_by_text("longer hair than ever", exact=True).wait_for()
    for name in ("light", "dark"):
        theme(page, name)
        found = page.evaluate(CONTRAST, "svg[aria-label] g[id^=text_] > g")
        assert len(found) > 15 and min(found) > 4.5, "every number and every name, on the page's own ground"
        assert chart.locator("path[style*='fill: #fff']").count() == 0, "no slab of white"
        assert axe(page, output) == []
    one, two = (each.bounding_box() for each in page.locator("div[style*='inline-block']").all()[:2])
    assert one["x"] + one["width"] <= two["x"] + 1, "names have a place each"
    assert two["y"] + two["height"] == one["y"] + one["height"]


def test_a_bar_has_a_name_and_goes_when_the_work_is_done(open_notebook, reopen) -> None:
    page = open_notebook("bars", BARS)
    page.get_by_label("Drawing 64 px line").wait_for()
    assert page.locator("progress").count() == 1
    page.get_by_label("Drawing <64> px color").wait_for()
    assert page.locator("progress").count() == 1
    page.get_by_text(re.compile(r"[1-9] of 8 pictures, 00:0\d left")).wait_for()
    page.get_by_text("drawn", exact=True).wait_for()
    assert page.locator("progress").count() == 0
    page = reopen(page, "bars", "html")
    assert page.locator(".jp-OutputArea").inner_text().strip() == "drawn"
