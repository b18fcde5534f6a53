"""Builds the notebooks from their masters in course/lessons. Nothing else imports it, and it needs no torch.

A lesson is written once, in course/lessons/NN_topic.py (jupytext percent format), and built twice: as
notebooks/NN_topic.ipynb for students, and as notebooks/solutions/NN_topic.ipynb with every exercise solved.

- `# %% tags=["setup"]` marks the one set-up cell. It says `from animelab import env` and `env.start()`, and then what
  the lesson imports; the builder writes a folded cell there that also installs the course on Colab.
- The title cell opens with a picture of the best that the lesson can do.
- `### BEGIN SOLUTION 1.2: a hint` ... `### END SOLUTION` encloses what a student is to write; their notebook has
  `raise NotImplementedError("1.2: a hint")` instead. A cell after it calls `check_1_2(...)`.
- Links and pictures are relative to notebooks/: `![A face with green hair](../course/figures/face.png)`.
- A jupytext header goes into the notebook's metadata; `accelerator: GPU` there asks Colab for a GPU.
"""

from animelab.authoring.build import build, build_lesson, drift
from animelab.authoring.lint import lint
from animelab.authoring.master import Lesson, read, read_all

__all__ = ["Lesson", "build", "build_lesson", "drift", "lint", "read", "read_all"]
