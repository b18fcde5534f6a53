"""The training engine: a loop, its checkpoints and its log. It has never heard of a generator."""

from animelab.engine.average import EMA, update_average
from animelab.engine.checkpoint import Checkpoints
from animelab.engine.group import joined
from animelab.engine.loop import Progress, train
from animelab.engine.recipe import Recipe, adam, frozen, linear_decay
from animelab.engine.run import Run, read_log, read_record

__all__ = ["EMA", "Checkpoints", "Progress", "Recipe", "Run", "adam", "frozen", "joined", "linear_decay", "read_log"]
__all__ += ["read_record", "train", "update_average"]
