"""Pretrained models with their provenance: `zoo.load("dcgan-faces-64").sample(24)`."""

from animelab.zoo.manifest import FOLDER, TRANSLATORS, card, names
from animelab.zoo.opening import colorist, load, load_run, network, open_either, open_model, open_translator
from animelab.zoo.pretrained import LARGE, OPTIONS, Conditional, OfClasses, Pretrained, Translator
from animelab.zoo.start import discriminators, trained

__all__ = ["FOLDER", "LARGE", "TRANSLATORS", "Conditional", "Pretrained", "Translator", "card", "colorist", "load"]
__all__ += ["OPTIONS", "OfClasses", "discriminators", "load_run", "names", "network", "open_model"]
__all__ += ["open_either", "open_translator", "trained"]
