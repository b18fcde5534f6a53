"""Checks that a learner calls on their own functions: `check_1_2(discriminator_loss)`. They advise, and never block."""

from animelab.checks.lesson_01_dcgan import *  # noqa: F403
from animelab.checks.lesson_02_studio import *  # noqa: F403
from animelab.checks.lesson_03_attributes import *  # noqa: F403
from animelab.checks.lesson_04_pix2pix import *  # noqa: F403
from animelab.checks.lesson_05_cyclegan import *  # noqa: F403
from animelab.checks.lesson_06_stylegan2 import *  # noqa: F403
from animelab.checks.lesson_07_latent_editing import *  # noqa: F403
from animelab.checks.lesson_08_colorization import *  # noqa: F403
from animelab.checks.lesson_09_cartoongan import *  # noqa: F403
from animelab.checks.lesson_10_ugatit import *  # noqa: F403

__all__ = [name for name in dir() if name.startswith("check_")]
