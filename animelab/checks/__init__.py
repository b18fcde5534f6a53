"""Checks that a learner calls on their own functions: `check_1_2(discriminator_loss)`. They advise, and never block."""

# ruff: noqa: F401  # they are listed below

from animelab.checks.lesson_01_dcgan import check_1_1, check_1_2, check_1_3, check_1_4, check_1_5, check_1_6, check_1_7
from animelab.checks.lesson_02_studio import check_2_1, check_2_2, check_2_3, check_2_4, check_2_5
from animelab.checks.lesson_03_attributes import check_3_1, check_3_2, check_3_3, check_3_4
from animelab.checks.lesson_04_pix2pix import check_4_1, check_4_2, check_4_3, check_4_4
from animelab.checks.lesson_05_cyclegan import check_5_1, check_5_2, check_5_3, check_5_4, check_5_5
from animelab.checks.lesson_06_stylegan2 import check_6_1, check_6_2, check_6_3, check_6_4
from animelab.checks.lesson_07_latent_editing import check_7_1, check_7_2, check_7_3
from animelab.checks.lesson_08_colorization import check_8_1, check_8_2, check_8_3, check_8_4, check_8_5
from animelab.checks.lesson_09_cartoongan import check_9_1, check_9_2, check_9_3, check_9_4
from animelab.checks.lesson_10_ugatit import check_10_1, check_10_2, check_10_3, check_10_4
from animelab.checks.lesson_11_repair import check_11_1, check_11_2, check_11_3, check_11_4, check_11_5
from animelab.checks.lesson_12_painting import check_12_1, check_12_2, check_12_3, check_12_4

__all__ = [name for name in dir() if name.startswith("check_")]
