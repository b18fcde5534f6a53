"""Answers to the exercises of lesson 11."""

from __future__ import annotations

from torch import nn


# --- 11.1
def shuffle(maps, by):
    many, channels, high, wide = maps.shape
    six = maps.reshape(many, channels // by**2, by, by, high, wide)
    return six.permute(0, 1, 4, 2, 5, 3).reshape(many, -1, by * high, by * wide)


def shuffle_by_loops(maps, by):
    many, channels, high, wide = maps.shape
    out = maps.new_zeros(many, channels // by**2, by * high, by * wide)
    for row in range(by):
        for column in range(by):
            out[:, :, row::by, column::by] = maps[:, row * by + column :: by * by]
    return out


def shuffled(order, last=False):
    def answer(maps, by):
        many, channels, high, wide = maps.shape
        colors = channels // by**2
        shape = (many, by, by, colors, high, wide) if last else (many, colors, by, by, high, wide)
        return maps.reshape(shape).permute(*order).reshape(many, colors, by * high, by * wide)

    return answer


SOLUTIONS = {"11_1": [shuffle, shuffle_by_loops, lambda maps, by: nn.PixelShuffle(by)(maps)]}
WRONG_ANSWERS = {
    "11_1": [
        (lambda m, by: m.reshape(len(m), -1, by * m.shape[2], by * m.shape[3]), "as they lie in memory"),
        (shuffled((0, 1, 4, 3, 5, 2)), "rows and columns are exchanged"),
        (shuffled((0, 3, 4, 1, 5, 2), last=True), "every so many-th channel"),
        (shuffled((0, 1, 2, 4, 3, 5)), "sheet of contacts"),
        (lambda m, by: m[:, :: by * by].repeat_interleave(by, 2).repeat_interleave(by, 3), "left out"),
    ],
}
