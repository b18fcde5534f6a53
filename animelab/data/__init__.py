"""Pictures to learn from: drawn by the studio, or a learner's own folder. Taught in 01_dcgan."""

from animelab.data.image_folder import ImageFolder
from animelab.data.pictures import Pictures
from animelab.data.studio_faces import StudioFaces

__all__ = ["ImageFolder", "Pictures", "StudioFaces"]
