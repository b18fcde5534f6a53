"""How good are pictures? Distances between sets and between pictures, and attributes. Taught in 02_studio."""

from animelab.metrics.attributes import attribute_accuracy, guessed, predicted
from animelab.metrics.pictures import grid_energy, leak, obedience, perceptual, psnr
from animelab.metrics.points import guessed_eyes, landmarks
from animelab.metrics.report import evaluate, table
from animelab.metrics.sets import fd_studio, features, frechet, kd_studio, kernel_distance, variety

__all__ = ["attribute_accuracy", "evaluate", "fd_studio", "features", "frechet", "grid_energy", "guessed"]
__all__ += ["guessed_eyes", "kd_studio", "kernel_distance", "landmarks", "leak", "obedience", "perceptual", "predicted"]
__all__ += ["psnr", "table", "variety"]
