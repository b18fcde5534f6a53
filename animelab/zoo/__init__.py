"""Pretrained models with their provenance: `zoo.load("dcgan-faces-64").sample(24)`."""

from animelab.zoo.manifest import FOLDER, TRANSLATORS, card, names
from animelab.zoo.opening import colorist, load, load_run, network, open_either, open_model, open_translator
from animelab.zoo.pretrained import LARGE, OPTIONS, Conditional, OfClasses, Pretrained, Translator
from animelab.zoo.start import discriminators, trained

__all__ = ["FOLDER", "LARGE", "OPTIONS", "TRANSLATORS", "Conditional", "OfClasses", "Pretrained", "Translator", "card"]
__all__ += ["colorist", "discriminators", "load", "load_run", "names", "network", "open_either", "open_model"]
__all__ += ["open_translator", "trained"]
