"""Recipes: one file a paper, each with its Config, its PRESETS and one class that reads like the algorithm."""

from __future__ import annotations

from animelab import zoo
from animelab.engine import Recipe
from animelab.recipes.animegan import AnimeGAN
from animelab.recipes.backtranslation import BackTranslation
from animelab.recipes.cartoongan import CartoonGAN
from animelab.recipes.colorization import Colorization
from animelab.recipes.cut import CUT
from animelab.recipes.cyclegan import CycleGAN
from animelab.recipes.dcgan import DCGAN
from animelab.recipes.enlarger import EnlargerRecipe
from animelab.recipes.inpainting import Inpainting
from animelab.recipes.landmarks import Landmarks
from animelab.recipes.makegirlsmoe import MakeGirlsMoe
from animelab.recipes.pix2pix import Pix2Pix
from animelab.recipes.r3gan import R3GAN
from animelab.recipes.sketch import Sketch
from animelab.recipes.spade import Spade
from animelab.recipes.stylegan2 import StyleGAN2
from animelab.recipes.tagger import TaggerRecipe
from animelab.recipes.ugatit import UGATIT

_ALL: tuple[type[Recipe], ...] = (
    DCGAN, R3GAN, MakeGirlsMoe, Pix2Pix, CycleGAN, CUT, BackTranslation, StyleGAN2, Colorization, Sketch, CartoonGAN,
    AnimeGAN, UGATIT, EnlargerRecipe, Inpainting, Spade, Landmarks, TaggerRecipe,
)  # fmt: skip
RECIPES = {recipe.name: recipe for recipe in _ALL}
Recipe.trained = staticmethod(zoo.trained)  # for the setting `start`: the engine, a floor below, knows no zoo
