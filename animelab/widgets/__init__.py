"""Widgets for notebooks, in one line each. The only part of animelab that imports ipywidgets (7.7 or 8)."""

from animelab.widgets.character_designer import CharacterDesigner
from animelab.widgets.latent_explorer import LatentExplorer
from animelab.widgets.live import LiveTraining
from animelab.widgets.timelapse import Timelapse

__all__ = ["CharacterDesigner", "LatentExplorer", "LiveTraining", "Timelapse"]
