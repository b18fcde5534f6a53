"""Recipes: one file a paper, each with its Config, its PRESETS and one class that reads like the algorithm."""

from __future__ import annotations

from animelab.engine import Recipe
from animelab.recipes.dcgan import DCGAN
from animelab.recipes.tagger import TaggerRecipe

RECIPES: dict[str, type[Recipe]] = {recipe.name: recipe for recipe in (DCGAN, TaggerRecipe)}
