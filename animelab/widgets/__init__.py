"""Widgets for notebooks, in one line each. The only part of animelab that imports ipywidgets (7.7 or 8)."""

from animelab.widgets.before_after import BeforeAfter
from animelab.widgets.character_designer import CharacterDesigner
from animelab.widgets.character_maker import CharacterMaker
from animelab.widgets.color_studio import ColorStudio
from animelab.widgets.drawing_board import DrawingBoard
from animelab.widgets.latent_explorer import LatentExplorer
from animelab.widgets.live import LiveTraining
from animelab.widgets.own_picture import OwnPicture
from animelab.widgets.paint_by_parts import PaintByParts
from animelab.widgets.pick_and_refine import PickAndRefine
from animelab.widgets.picture import enlarged
from animelab.widgets.repair_desk import THINGS, RepairDesk, covered
from animelab.widgets.timelapse import Timelapse

__all__ = ["THINGS", "BeforeAfter", "CharacterDesigner", "CharacterMaker", "ColorStudio", "DrawingBoard"]
__all__ += ["LatentExplorer", "LiveTraining", "OwnPicture", "PaintByParts", "PickAndRefine", "RepairDesk", "Timelapse"]
__all__ += ["covered", "enlarged"]
