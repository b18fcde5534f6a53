"""Latent spaces: walks, directions with a meaning, and the way back from a picture to its latent."""

from animelab.latent.directions import conditional, crossed, edit, ganspace, interfacegan, perpendicular, sefa
from animelab.latent.projection import project, styles_of
from animelab.latent.spaces import Latents, Ordered, Styles
from animelab.latent.walks import GENES, Generate, Parent, attributes, fuse, principal_directions, slerp, walk

__all__ = ["GENES", "Generate", "Latents", "Ordered", "Parent", "Styles", "attributes", "conditional", "crossed"]
__all__ += ["edit", "fuse", "ganspace", "interfacegan", "perpendicular", "principal_directions", "project", "sefa"]
__all__ += ["slerp", "styles_of", "walk"]
