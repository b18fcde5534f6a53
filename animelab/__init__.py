"""animelab: a course on GANs for anime, and the small library behind it."""

__version__ = "0.1.0"
