"""Pictures to learn from: drawn by the studio, or a learner's own folder. Taught in 01_dcgan and 02_studio."""

from animelab.data.align import EYES, FITS, Move, fitted
from animelab.data.drawing import SPLITS, Cast, Side, drawn
from animelab.data.image_folder import ImageFolder
from animelab.data.own_pairs import PairedFolder, UnpairedFolder
from animelab.data.pictures import Labeled, Pictures
from animelab.data.real import real_faces, real_photos

from animelab.data.studio_sets import (  # isort: skip
    Joined, StudioAttributes, StudioFaces, StudioPairs, StudioPairsAttributes, StudioPoints, StudioScenes,
    StudioUnpaired, StudioUnpairedAttributes, five_points,
)  # fmt: skip
from animelab.data.transforms import ImagePool, as_pictures, jittered

__all__ = ["EYES", "FITS", "SPLITS", "Cast", "ImageFolder", "ImagePool", "Joined", "Labeled", "Move", "PairedFolder"]
__all__ += ["Pictures", "Side", "StudioAttributes", "StudioFaces", "StudioPairs", "StudioPairsAttributes"]
__all__ += ["StudioPoints", "StudioScenes", "StudioUnpaired", "StudioUnpairedAttributes", "UnpairedFolder"]
__all__ += ["as_pictures", "drawn", "fitted", "five_points", "jittered", "real_faces", "real_photos"]
