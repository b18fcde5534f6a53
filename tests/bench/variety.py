"""How much variety a model kept in the 256 pictures that lesson 1 quotes: `metrics.variety`, a line for each set.

python tests/bench/variety.py dcgan-faces-64
"""

import json
import sys

from animelab import metrics, zoo
from animelab.data import StudioFaces

COUNT = 256

model = zoo.open_model(sys.argv[1])
drawn = StudioFaces(model.size, COUNT, seed=1).batch(range(COUNT))
for name, pictures in {"drawn": drawn, model.name: model.sample(COUNT, seed=0)}.items():
    found = {key: round(value, 2) for key, value in metrics.variety(pictures, drawn).items()}
    print(json.dumps({"pictures": name, **found}))
