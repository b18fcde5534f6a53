# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 2 · The studio: drawings that know their answers
#
# ![Eight drawn characters in three styles: as animation cels, as soft portraits with light, and in watercolor.](../course/figures/styles.jpg)
#
# **You will make:** a hero of your own in every layer a studio keeps, a hairstyle that nobody has drawn yet, and a metric
# for generators.
#
# **In the studio:** steps 1, 3 and 4 of 6, *character design*, *line art* and *color*. Before a network can help with any
# of them, somebody has to make the examples.
#
# **Time:** 1 minute of computing on 2 CPU cores (about half of it training), not counting the time you think;
# no GPU is needed. **Downloads:** nothing.
#
# A scraped picture is a picture and nothing else. A picture that you drew yourself comes with answers: where the hair ends,
# which way the light fell, what the same face looks like as a photograph. This lesson takes the course's drawings apart,
# shows what could be learned from each layer, and builds the metrics that later lessons measure with.
#
# **The core** is in three sections, because every later lesson measures with them:
# [Three splits that never overlap](#Three-splits-that-never-overlap),
# [A network of ten lines finds the parts](#A-network-of-ten-lines-finds-the-parts) with exercise 2.4, and
# [How far apart are two sets of pictures?](#How-far-apart-are-two-sets-of-pictures?) with exercise 2.5. Sections marked
# *optional* (palettes, curves, the turning head, lamps) show how the drawings are made. No later lesson builds on them: run
# their cells, which takes seconds, and read them when you want to draw.

# %% tags=["setup"]
from animelab import env

env.start()

import colorsys
from dataclasses import replace

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn.functional import cross_entropy

from animelab import metrics, studio, zoo
from animelab.checks import check_2_1, check_2_2, check_2_3, check_2_4, check_2_5
from animelab.data import StudioFaces, StudioPairs, StudioUnpaired
from animelab.data.pictures import as_tensor
from animelab.errors import LabError
from animelab.nn import dcgan as networks
from animelab.studio import LABELS, LAYERS, STYLES, Character, layers, rendering
from animelab.studio.face import VISEMES
from animelab.studio.ink import Drawing, Pen, stroked
from animelab.studio.palette import build, from_oklch, gradients
from animelab.viz import compare, show
from animelab.widgets import CharacterDesigner, Timelapse

# %% [markdown]
# ## Where we are going
#
# Here is a character in clay. Change anything: hair, eyes, the tilt of the head. Then look at it in another style, or one
# layer at a time. **Save** writes all of it as files, ready for a drawing program.

# %%
designer = CharacterDesigner(Character.random(12))
designer

# %% [markdown]
# Whoever you have made, the next cell calls them `hero` and shows all that the studio knows about them. (Come back and
# change them whenever you like; then run from here again.)

# %%
hero = designer.character


def picture(character, layer="color", style="cel", size=168):
    """Any layer as an RGB picture to look at: uint8 (size, size, 3)."""
    pixels = studio.render(character, size, layer, style)
    pixels = studio.paint_labels(pixels) if layer == "segmentation" else pixels
    return pixels if pixels.ndim == 3 else pixels[..., None].repeat(3, 2)


compare(
    {
        tuple(LAYERS[:4]): [picture(hero, layer) for layer in LAYERS[:4]],
        tuple(LAYERS[4:]): [picture(hero, layer) for layer in LAYERS[4:]],
        tuple(STYLES): [picture(hero, style=style) for style in STYLES],
    },
    scale=1,
    alt="One character eleven times, always in the same place: finished color, flat color, clean "
    "lines, a pencil sketch; a map of parts, a gray shading, surface directions as colors, a white "
    "silhouette; then as cel animation, as a soft photograph-like portrait, and in watercolor.",
)

# %% [markdown]
# Eight layers and three styles of one character, and every pixel in its place. A scraped picture is only the first of
# these. The others would have to be drawn over it by hand, one picture at a time; here they cost milliseconds.
#
# A *cel* is a drawing in the way of animated films, named after the sheets of celluloid they were drawn on: ink outlines,
# flat colors, shadows with hard edges. It is the style of the course. A *portrait* is the studio's stand-in for a
# photograph.
#
# ## Color: the hair leads (optional)
#
# Six random colors rarely suit each other. An artist picks one color and lets the others answer it. Here the hair leads:
# clothes, trim and background are turns around the color wheel from it. That raises a question about color wheels: when the
# hue turns and the rest is left alone, does the result stay equally light?
#
# **Predict:** below are twelve hues on the wheel of every color picker (HSV), all with the same "value", and twelve on
# another wheel (OKLCH). In gray, which strip stays even?


# %%
def swatches(colors):
    """Colors ("#rrggbb") as little squares."""
    rgb = [[int(color[i : i + 2], 16) for i in (1, 3, 5)] for color in colors]
    return [np.full((40, 40, 3), color, np.uint8) for color in rgb]


def in_gray(pictures):
    """As light or dark as the eye sees them."""
    return [np.asarray(Image.fromarray(p).convert("L").convert("RGB")) for p in pictures]


def from_hsv(*hsv):
    return "#" + "".join(f"{round(255 * part):02x}" for part in colorsys.hsv_to_rgb(*hsv))


hsv = swatches(from_hsv(hue / 360, 0.45, 0.9) for hue in range(0, 360, 30))
oklch = swatches(from_oklch(0.8, 0.1, hue) for hue in range(0, 360, 30))
compare(
    {
        "HSV": hsv,
        "HSV in gray": in_gray(hsv),
        "OKLCH": oklch,
        "OKLCH in gray": in_gray(oklch),
    },
    columns=12,
    scale=1,
    alt="Twelve hues twice. In gray, those of HSV jump: yellow is almost white, blue dark. Those of "
    "OKLCH are twelve equal grays.",
)

# %% [markdown]
# HSV calls a yellow and a blue equally bright; your eye does not. OKLCH (Ottosson, 2020) was fitted to what eyes say: *L*
# is lightness, *C* chroma, how far from gray, and *H* the hue. So the studio can say "the same color, a little darker and
# turned toward violet" and get a shadow, for every hair color alike.

# %%
ROLES = ["hair_glow", "hair_light", "hair", "hair_shade", "hair_deep", "hair_line"]
ROLES += ["cloth", "accent", "back"]
rows = {}
for color in ("pink", "blonde", "aqua"):
    palette = build(color, hero.eye_color, hero.skin, "complementary", 0.3, "plain")
    rows[f"{color} hair"] = swatches(palette[role] for role in ROLES)
compare(
    rows,
    columns=9,
    scale=1,
    alt="Three palettes. In each, six tones of the hair from glow to outline, then clothes from the "
    "opposite side of the wheel, an accent and a pale background.",
)

# %% [markdown]
# From left to right: the hair's glow, light, base, shade, depth and outline; the clothes; an accent; the background. The
# clothes sit opposite the hair on the wheel, because we asked for the scheme *complementary*.
#
# ## A drawing is a pile of shapes that know their names (optional)
#
# A character becomes about a hundred shapes, painted from back to front like paper cutouts. None of them knows a color.
# Each knows its *part*, and the *role* of its fill and of its outline; the palette turns roles into colors.

# %%
drawing = rendering.draw(hero)
print(len(drawing.shapes), "shapes, from back to front; every eighth of them:\n")
print(f"{'part':<12}{'fill':<14}{'outline':<14}kind")
for shape in drawing.shapes[::8]:
    fill, line = shape.fill or "-", shape.line or "-"
    print(f"{shape.part:<12}{fill:<14}{line:<14}{layers.kind(shape)}")

# %% [markdown]
# **Predict:** what is painted first after the background, the face or the hair? Then play the film.


# %%
def paint_shapes(drawing, paint=None, size=256):
    """A drawing as pixels. `paint` turns a shape into SVG; without it, the shape's own color."""
    view = rendering.VIEWS[hero.framing]
    text = drawing.svg(view, hero.roll, gradients(drawing.palette), paint=paint)
    return studio.rasterize(text, size)


counts = range(1, len(drawing.shapes) + 1, 2)
Timelapse(
    [paint_shapes(replace(drawing, shapes=drawing.shapes[:count])) for count in counts],
    names=[f"{count} shapes, on top: {drawing.shapes[count - 1].part}" for count in counts],
)

# %% [markdown]
# Hair comes first, and last. It hangs behind the neck and falls before the forehead, so it is painted in stages with the
# body in between. This order is the only "depth" a flat drawing has. Remember it: it will also decide which part a pixel
# belongs to.
#
# ## Curves through points (optional)
#
# A shape is a few points and a smooth curve through all of them. Which curve? At every point its direction is that of the
# straight line between the two neighbors (a *Catmull-Rom spline*), and the handles are a third of the way long. A point
# that ends in `!` is a corner instead: the tip of a lock, the edge of a lid.


# %%
def doodle(text, dots=""):
    """A sketch in the hero's colors on an empty page, with black dots at some points."""
    page = Drawing(dict(drawing.palette))
    page.sketch("hair", text, lambda side: Pen(scale_x=side))
    for x, y in (map(float, dot.split(",")) for dot in dots.split()):
        page.add("mark", Pen().ellipse(x, y, 3, 3), "lash")
    left, top, side = rendering.VIEWS["bust"]
    paper = f'<path d="M{left} {top}h{side}v{side}h-{side}Z" fill="#ffffff"/>'
    text = page.svg((left, top, side), 0, gradients(page.palette))
    return studio.rasterize(text.replace("</defs>", "</defs>" + paper), 200)


five = "-70,60 0,40 70,90 30,200 -50,170"
show(
    [
        doodle(f"- skin/skin_line 2: {five}", dots=five),
        doodle("- skin/skin_line 2: -70,60! 0,40 70,90! 30,200 -50,170!", dots=five),
        doodle(
            "~ hair/hair_line 2: -50,50,4 -10,100,22 20,160,16 -30,230,0",
            dots="-50,50 -10,100 20,160 -30,230",
        ),
        doodle("=m: 56,66,5 64,108,13 55,142,15 66,178,13 56,206,9 60,256,0"),
    ],
    scale=1,
    alt="Four shapes: a smooth blob through five dots; the same with three corners; a lock of "
    "hair that swells around a line of four dots and ends in a tip; two wavy side locks.",
)

# %% [markdown]
# One line is one shape: `kind fill/outline width: points`.
#
# | kind | what it draws | a point |
# |---|---|---|
# | `-` | a closed curve | `x,y` |
# | `h` | the right half of one; the left half is its mirror image | `x,y` from the top middle to the bottom middle |
# | `~` | a lock around a line | `x,y,half width`; a half width of 0 makes a tip |
# | `m`, `n` | a mass of hair with its own shadow and strand; `m` has a light, too | `x,y,half width` |
# | `o` | an ellipse | its center, then its two radii |
#
# `=` before a kind draws it on both sides. This is the map: x counts from the middle of the face, y from the top.
#
# ![A character's bust under a grid. The crown is at y 30, the hairline at 62, the eyes at 140, the chin at 187, the shoulders at 220; the face reaches from x -47 to 47.](../course/figures/studio_ruler.png)

# %% [markdown]
# ### Exercise 2.1 · A hairstyle (optional, level 3 of 5, about 20 minutes)
#
# Draw hair that the studio does not have, and return it as a text of at most 20 lines. The scalp and the bangs are there
# already; a hairstyle is what hangs behind the head (`back:`), over the shoulders (`middle:`) and beside the face
# (`front:`). This is the studio's bob, a long line broken in two (a line that begins with numbers goes on with the one
# above):
#
# ```
# [bob] short
# back:
#   h back_fill/hair_line 1.9: 0,38 24,42 43,56 55,80 59,106
#     68,136 73,164 71,188 58,203! 40,206 0,206
#   =~ hair_deep: 60,140,0 63,168,1.1 61,196,0
# front:
#   =m: 53,96,6 61,138,11 60,172,10 43,196,0
# ```
#
# First comes a name of your own in brackets, with tags: a picture with false tags would teach a network false words. Five
# rules keep a hairstyle good for every character, pose and layer.
#
# - The tag is *long* if anything hangs below y = 230, and *short* otherwise (and perhaps *ponytail*, or *twin-tail* or *drill* if
#   filled shapes of `back:` or `middle:` hang beside the head).
# - Its colors follow the hair's: `back_fill`, `lock_fill`, `hair_shade`, `hair_deep`, `hair_glow`, `hair_strand` and
#   `hair_line`. For ribbons there are `accent`, `accent_light` and `accent_line`.
# - What is filled with `back_fill` or `lock_fill` has the outline `hair_line`. (`m` and `n` bring theirs along.)
# - The eyes stay free, and every shape is at least partly in the picture, x from -138 to 138 and y from -10 to 266.
# - It is symmetric, unless it has the tag *ponytail*.
#
# Start from the bob, move one point, look, move the next. Before you run it: which lines of the bob will you see in the
# layer `line`?
#
# <details><summary>Hint 1</summary>
#
# Begin with the outline behind the head. Its first five points follow the skull; from 59,106 on, it is yours: 76,236 lies
# on the shoulder, 0,200 under the chin. Corners (`!`) make the ends look cut.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Then one lock on both sides, `=m:`, from 55,98 down along x = 60. Four points are enough, with half widths such as 5, 11,
# 9 and 0 for the tip. Anything bolder, a bun, a loop, a tail, is a `=~` that starts at the skull.
#
# </details>


# %%
def my_hairstyle():
    """A hairstyle as text."""
    ### BEGIN SOLUTION 2.1: return the text of a hairstyle that the studio does not have
    return """
        [loops] short
        back:
          =~ lock_fill/hair_line 1.8: 30,56,4 44,26,9 70,14,11 94,34,12 92,64,11 68,80,8
            50,76,3
          =~ hair_shade %80: 50,74,0 70,74,4 87,60,5 89,38,4 74,24,0
          =~ hair_glow %80: 40,34,0 54,20,2.4 72,13,0
          =o accent/accent_line 1.4: 42,54 8,6
          h back_fill/hair_line 1.9: 0,38 24,42 43,56 55,80 59,106 64,132 68,160 82,186!
            62,184 52,200! 34,192 22,204! 10,196 0,200
          =~ hair_deep: 56,140,0 60,164,1.1 58,184,0
        front:
          =m: 55,98,5 62,134,9 58,162,8 70,190,0
          =n: 52,100,4 54,132,5 48,160,0
    """
    ### END SOLUTION


result_2_1 = check_2_1(my_hairstyle)

# %%
name = studio.add_hairstyle(my_hairstyle())[0] if result_2_1 else "twin tails"
heads = [hero, hero.replace(yaw=0.7), Character.random(3), Character.random(5)]
wearing = [head.replace(hair_style=name) for head in heads]
compare(
    {
        f"{name}": [picture(head) for head in wearing],
        ("line", "segmentation", "portrait", "watercolor"): [
            picture(wearing[0], "line"),
            picture(wearing[0], "segmentation"),
            picture(wearing[0], style="portrait"),
            picture(wearing[0], style="watercolor"),
        ],
    },
    scale=1,
    alt="One hairstyle on four heads, and on the hero as lines, label map, portrait and in "
    "watercolor: yours once 2.1 is solved, twin tails until then.",
)

# %% [markdown]
# (Of the bob, outline and lock are ink in `line`. The strand in `hair_deep` is shading and stays away.)
#
# Nobody told the portrait, the watercolor or the label map about your hairstyle. They know what hair is, and you said that
# this is hair.

# %% [markdown]
# ## A head that turns without a third dimension (optional)
#
# There is no 3D model behind these drawings. Every layer has a *depth*, counted from the axis of the neck, and when the
# head turns, a layer moves sideways in proportion to it: the nose far, the bangs a little. This is called *parallax*.
# Features on the far side also get narrower.
#
# **Predict:** the head turns to the right. Which way does the hair *behind* the head move?

# %%
turns = np.linspace(-1, 1, 21).round(2).tolist()
Timelapse(
    [picture(hero.replace(yaw=yaw, pitch=-0.3 * yaw), size=256) for yaw in turns],
    names=[f"yaw {yaw:+.1f}" for yaw in turns],
)

# %% [markdown]
# To the left, a little: it lies behind the axis. The trick has its limit, and the film shows it: at the ends the far eye
# should begin to disappear behind the nose, and does not. No profile will ever come out of this.
#
# Expression works the same way. Lids, gaze, brows and mouth are numbers of a character; the mouth of a vowel is three of
# them.

# %%
calm = hero.replace(framing="face", yaw=0.0, pitch=0.0, roll=0.0, eyelids="open")
spoken = {
    sound: calm.replace(mouth="spoken", mouth_open=wide, mouth_width=long, mouth_smile=bend)
    for sound, (wide, long, bend) in VISEMES.items()
}
looks = [
    calm.replace(gaze_x=-1.0),
    calm.replace(gaze_x=1.0),
    calm.replace(gaze_y=0.8, eyelid_left=0.5, eyelid_right=0.5),
    calm.replace(eyelid_left=0.0),
    calm.replace(brow_height=1.0, brow_angle=-1.0),
    calm.replace(brow_angle=1.0),
]
compare(
    {
        tuple(spoken): [picture(face, size=112) for face in spoken.values()],
        ("gaze left", "gaze right", "gaze down", "wink", "worried", "angry"): [
            picture(face, size=112) for face in looks
        ],
    },
    scale=1,
    alt="The hero's face thirteen times: mouth closed, smiling, and saying five vowels; then looking "
    "left, right and down, winking, with worried and with angry brows.",
)

# %% [markdown]
# ## Landmarks
#
# What moves with the face are its *landmarks*: named points whose place is known exactly. Lessons 5 and 10 will ask a
# network to find them.


# %%
def with_dots(pixels, points, color=(213, 94, 0)):
    """A copy of a picture with a dot at each named point (x, y)."""
    y, x = np.mgrid[: len(pixels), : len(pixels)] + 0.5
    pixels, radius = pixels.copy(), len(pixels) / 80
    for place_x, place_y in points.values():
        pixels[np.hypot(x - place_x, y - place_y) < radius] = color
    return pixels


faces = [
    hero.replace(framing="face", yaw=yaw, roll=roll)
    for yaw, roll in [(-0.9, 0.0), (0.0, 0.0), (0.9, 0.0), (0.3, 20.0)]
]
print(len(studio.landmarks(hero)), "landmarks:", ", ".join(studio.landmarks(hero)))
show(
    [with_dots(picture(face), studio.landmarks(face, 168)) for face in faces],
    scale=1,
    alt="A face looking left, ahead, right, and tilted; orange dots sit on eyes, brows, nose, mouth "
    "and jaw, and move along.",
)

# %% [markdown]
# ### Exercise 2.2 · Landmarks in the mirror (level 2 of 5, about 10 minutes)
#
# Half of a data set can be had for free: mirror every picture. For pixels it is `pixels[:, ::-1]`. Now do it for landmarks:
# return a new dict with the same names, in any order, and the places that these names have in the mirrored picture. *Left*
# always means left in the picture. The dict that you are given stays as it is. Before you write: a picture is 100 pixels
# wide, its left edge is x = 0. Where is its right edge, 99 or 100?
#
# <details><summary>Hint 1</summary>
#
# Two things change: where a point is, and what it is called. Which of the names stay the same?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# The point at distance x from the left edge is at distance x from the right edge afterwards. For the names: an exchange in
# two steps, `replace("left", "right")` and then back, meets in the middle and undoes itself.
#
# </details>


# %%
def mirror(points, size):
    """The landmarks of the mirrored picture.

    points: {name: (x, y)} in pixels;  size: the picture's width in pixels.
    Returns another dict of this form.
    """
    ### BEGIN SOLUTION 2.2: return the mirrored points
    other = {"left": "right", "right": "left"}
    return {
        "_".join(other.get(word, word) for word in name.split("_")): (size - x, y)
        for name, (x, y) in points.items()
    }
    ### END SOLUTION


result_2_2 = check_2_2(mirror)

# %%
from animelab.checks import lesson_02_studio as library  # for what is not solved yet

tilted, points = picture(faces[-1], size=240), studio.landmarks(faces[-1], 240)
turned = (mirror if result_2_2 else library.mirror)(points, 240)
eye = {name: point for name, point in turned.items() if name.startswith("left_eye")}
show(
    [with_dots(tilted, points), with_dots(tilted[:, ::-1], eye, (204, 0, 102))],
    scale=1,
    alt="A tilted face with all its landmarks, and its mirror image, where the points of the left eye "
    "lie on the eye that is now left.",
)

# %% [markdown]
# ## A layer is a choice of paint
#
# Here is the idea on which all layers rest. The shapes stay where they are; only the function that paints them changes. Ten
# lines make three layers that the studio does not have.


# %%
def blueprint(shape):  # every outline, and nothing hides anything
    if shape.part == "background":
        return stroked(shape.path, "#10457a")
    return stroked(shape.path, "none", "#d8ecff", 0.7)


def order(shape):  # the later it is painted, the lighter
    light = round(255 * drawing.shapes.index(shape) / len(drawing.shapes))
    return stroked(shape.path, f"rgb({light},{light},{light})") if shape.fill else ""


def only_hair(shape):
    return stroked(shape.path, "#5b3a8c" if shape.part in ("hair", "bangs") else "#ffffff")


show(
    [paint_shapes(drawing, paint) for paint in (blueprint, order, only_hair)],
    scale=1,
    alt="The hero as a blueprint of crossing white outlines on blue; as a depth map in which the hair "
    "in front is lightest; and with nothing but the hair painted.",
)

# %% [markdown]
# `flat` paints each shape in its base color and leaves the shading out. `line` paints everything paper-white with ink
# around it, so that whatever lies in front covers the lines behind it. `sketch` draws every outline three times with a
# trembling hand.
#
# And a map of parts? Give each part its number, paint with it, read the pixels back. Label 1 is hair, 10 is clothes. We
# paint with gray 15 × label, and afterwards divide by 15 and round.
#
# **Predict:** renderers soften edges: a pixel half in the hair, half on the collar gets a gray in between. Which part does
# our rounding make of it?

# %%
number_of = {part: LABELS[name] for name, parts in layers.PARTS.items() for part in parts}


def numbered(shape):
    if layers.kind(shape) not in ("piece", "patch", "ink"):
        return ""
    gray = 15 * number_of[shape.part]
    return stroked(shape.path, f"rgb({gray},{gray},{gray})")


naive = (paint_shapes(drawing, numbered)[..., 0] / 15).round().astype(int)
exact = studio.render(hero, 256, "segmentation")
around = np.stack(
    [np.roll(exact, (dy, dx), (0, 1)) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
)
strangers = (naive != around).all(0)  # a part that is nowhere near
print(f"{strangers.sum()} pixels show a part that is not there, for example")
for name, number in LABELS.items():
    if found := (strangers & (naive == number)).sum():
        print(f"{found:5} × {name}")

# %%
y, x = (np.clip(int(np.median(place)), 32, 224) for place in np.nonzero(strangers))
detail = slice(y - 32, y + 32), slice(x - 32, x + 32)
show(
    [studio.paint_labels(labels[detail]) for labels in (naive, exact)],
    scale=5,
    alt="A detail of two label maps, much enlarged. In the naive one, edges glitter with single "
    "pixels of parts that are not there; in the exact one they are clean.",
)

# %% [markdown]
# Halfway between 1 and 10 lies 5 or 6: an eyebrow or an eye. Nobody sees it in the full picture, and a network that learns
# from such maps learns that collars are trimmed with eyebrows. Averages of labels mean nothing, and the same bug waits in
# every `resize` of a label map. The studio draws its maps three times larger, in code colors scattered so that hardly a
# blend is itself a code, and counts only pixels that match a code exactly.
#
# ### Exercise 2.3 · Lines over flats (level 1 of 5, about 5 minutes)
#
# A colorist keeps lines on a layer of their own, in the mode *multiply*: white paper changes nothing, black ink covers
# everything. Write that mode for a network's pictures, which live between -1 (black) and 1 (white), each number by itself.
# A network may stand below it, so gradients have to pass, and the two pictures stay as they are. Before you write: what is
# black times black, as numbers?
#
# <details><summary>Hint 1</summary>
#
# Multiplying does what you want on another range: there, which number leaves everything as it is, and which erases it?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# From which range do you come, in which one does the product work, and where should the result be? No loop is needed.
#
# </details>


# %%
def multiply(below, above):
    """Two pictures in multiply mode: float32 (B, 3, H, W) in [-1, 1], and so is the result."""
    ### BEGIN SOLUTION 2.3: return one picture made of the two
    return (below + 1) * (above + 1) / 2 - 1
    ### END SOLUTION


result_2_3 = check_2_3(multiply)


# %%
flat, line, color = (
    as_tensor(picture(hero, layer)[None]) for layer in ("flat", "line", "color")
)
inked = (multiply if result_2_3 else library.multiply)(flat, line)
missing = (color - inked).abs() - 1
show(
    torch.cat([flat, line, inked, color, missing]),
    scale=1,
    alt="Flat colors; clean lines; both multiplied, which looks almost finished; the finished "
    "picture; and the difference of the last two, bright where there is shading, light, blush "
    "and colored outlines.",
)

# %% [markdown]
# Two layers and one product, and the picture is nearly done. What the last square shows is what is still missing: shadow,
# light, blush, the sparkle of the eyes, lines that take the color of what they surround. Every pixel of it can be asked of
# a network.

# %% [markdown]
# ## What a network could learn from each layer
#
# Choose two layers. A network that turns one into the other is a tool, and the studio holds as many examples for it as you
# have patience.
#
# | from | to | what the tool does | where it leads |
# |---|---|---|---|
# | `line` | `color` | colors line art | lessons 4 and 8 |
# | `color` | `line` | finds the lines of a picture | lesson 8 |
# | `color` | `segmentation` | finds every part | further down, in half a minute |
# | `color` | `normal` | feels the surface, so that a face can be lit anew | lesson 8 finds it in another way |
# | `color` | landmarks | finds the face and its expression | lessons 5 and 10 |
# | 34 tags | `color` | draws what you ask for | lesson 3 |
# | `portrait` | `cel`, of *other* people | turns photographs into drawings, without pairs | lessons 5 and 10 |

# %%
cast = [Character.random(seed) for seed in range(40, 46)]
dotted = [
    with_dots(picture(character, size=96), studio.landmarks(character, 96))
    for character in cast
]
compare(
    {
        layer: [picture(character, layer, size=96) for character in cast]
        for layer in ("sketch", "line", "color", "segmentation", "normal")
    }
    | {
        "landmarks": dotted,
        "pink hair, everything else the same": [
            picture(character.replace(hair_color="pink"), size=96) for character in cast
        ],
        "portrait": [picture(character, style="portrait", size=96) for character in cast],
    },
    scale=1,
    alt="Six characters in eight rows: sketch, lines, color, label map, surface directions, "
    "landmarks, with pink hair, and as portraits. The same six in every row, in the same poses.",
)

# %% [markdown]
# In code, any two rows are a data set. The first time it is drawn, by all your cores; then it waits in a cache.

# %%
count = 600 if env.scale() == "full" else 40
pairs = StudioPairs("line", "color", size=64, count=count)
print(pairs)
lines, colors = pairs.batch(range(8))
print("source", tuple(lines.shape), "target", tuple(colors.shape), lines.dtype)
compare(
    {"source": lines, "target": colors},
    alt="Eight line drawings above the same eight characters in color.",
)

# %% [markdown]
# Now the last row of the table, which is the famous one. Nobody has photographs and anime drawings *of the same people*, so
# CycleGAN learns from two unconnected sets. But then nobody can say how good it is, either. Here we can: the studio hands
# out unconnected sets, and keeps the truth for the exam.

# %%
unpaired = StudioUnpaired("portrait", "cel", size=64, count=8)
exam = StudioUnpaired("portrait", "cel", size=64, count=8, split="test")
try:
    unpaired.truth([0])
except LabError as refusal:
    print("In training:", refusal)
(photos, drawings), (questions, _) = unpaired.batch(range(8)), exam.batch(range(8))
compare(
    {
        "to train on: a set of portraits": photos,
        "to train on: a set of drawings of other people": drawings,
        "to be examined on: new portraits": questions,
        "... and the truth": exam.truth(range(8)),
    },
    alt="Eight portraits above eight drawings of eight other people; then eight new portraits "
    "above the very same eight people drawn.",
)

# %% [markdown]
# ## Light (optional)
#
# The layer `normal` says which way a surface faces: to the right is red, up is green, toward you is blue. It is a fiction,
# of course. Each part is blown up from its outline like a balloon (Johnston did it for drawings in 2002). But it is the
# *same* fiction in every layer, and with it the studio can put a lamp anywhere: a surface is as bright as the cosine of the
# angle between its normal and the light (Lambert, 1760), here in three steps, as on a cel.
#
# **Predict:** the lamp goes once around the picture. Where is it when the same kind face looks sinister?

# %%
angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
Timelapse(
    [studio.lit(hero, 256, (np.cos(a), np.sin(a), 0.6)) for a in angles],
    names=[
        f"light from {round(np.degrees(a))} degrees (0 is right, 90 above)" for a in angles
    ],
)

# %% [markdown]
# From below: whoever tells ghost stories holds a flashlight under the chin.
#
# The eyes are left alone on purpose. Their lights stand where they look alive, and not where a lamp would put them, as they
# do on cels. (`studio.lit(hero, 256, (x, y, z))` takes any direction. Try `tones=0`.)
#
# ## Three splits that never overlap
#
# Every data set above has a `split`: "train", "validation" or "test", and no character is in two of them. To see why this
# is worth a rule, meet the laziest colorist in the world. It learns nothing. Given line art, it looks for the most similar
# lines in its training set and copies that picture's colors.
#
# Three scores, mean error per pixel in gray levels from 0 to 255: for test pictures that it has never seen; for a test in
# which half of the pictures slipped in from the training set; and for a rival that always answers with the average of all
# pictures.
#
# **Predict:** which of the three wins?

# %%
test = StudioPairs("line", "color", size=64, count=max(count // 6, 8), split="test")
known_lines, known_colors = pairs.batch(range(len(pairs)))


def lazy_colorist(lines):
    return known_colors[torch.cdist(lines.flatten(1), known_lines.flatten(1)).argmin(1)]


def error(answers, truth):
    return 127.5 * (answers - truth).abs().mean().item()


lines, colors = test.batch(range(len(test)))
half = len(test) // 2
leaky_lines = torch.cat([lines[:half], known_lines[:half]])
leaky_colors = torch.cat([colors[:half], known_colors[:half]])
average = known_colors.mean(0, keepdim=True)
print(f"never seen:          {error(lazy_colorist(lines), colors):5.1f}")
print(f"half of it leaked:   {error(lazy_colorist(leaky_lines), leaky_colors):5.1f}")
print(f"the average picture: {error(average.expand_as(colors), colors):5.1f}")

# %%
compare(
    {
        "lines it has never seen": lines[:8],
        "the lazy colorist": lazy_colorist(lines[:8]),
        "the truth": colors[:8],
        "lines it knows": known_lines[:8],
        "the lazy colorist on those": lazy_colorist(known_lines[:8]),
    },
    alt="For new line drawings the copied colors belong to somebody else. For drawings from the "
    "training set they are perfect.",
)

# %% [markdown]
# The leaky one, by far; and it is the same colorist that otherwise comes last. On pictures it has not seen, it loses even to
# one gray blur for everybody. A score on leaky data cannot tell skill from memory, and the more a network can memorize,
# the more it gains from a leak.
#
# The usual leaks are dull: a picture twice in a folder under two names; frames of one film on both sides; seeds 0 to 9,999
# to train and 0 to 999 to test. The studio gives every split a range of seeds of its own.

# %% [markdown]
# ## A network of ten lines finds the parts
#
# Enough preparation: one of the tools from the table, trained now. From a picture to its map of parts, a few hundred
# examples, half a minute.
#
# First the metric, because the obvious one misleads. **Predict:** somebody hands in the *same* map for every picture: for each
# pixel, the part that is there most often. How many percent of the pixels are right?

# %%
pictures, maps = StudioPairs("color", "segmentation", size=64, count=count).batch(
    range(count)
)
exam = StudioPairs("color", "segmentation", size=64, count=len(test), split="test")
exam_pictures, exam_maps = exam.batch(range(len(exam)))
votes = torch.stack([(maps == number).sum(0) for number in LABELS.values()])
same_map = votes.argmax(0)
print(f"{(exam_maps == same_map).float().mean():.0%} of the pixels are right")
show(
    [studio.paint_labels(same_map.numpy())],
    scale=4,
    alt="One label map: a helmet of hair around a face with two eyes, on a pair of shoulders. "
    "No mouth, no brows, no ribbon.",
)

# %% [markdown]
# ### Exercise 2.4 · Intersection over union (level 2 of 5, about 10 minutes)
#
# Most pixels are background, clothes and hair, and whoever gets those right looks good, with no mouth at all. So ask for
# every part on its own: of all pixels of the batch that carry the label in *either* map, how many carry it in *both*? That
# is 1 for a perfect part and 0 for a missed one, also where the label is in one of the maps only, and small parts count as
# much as large ones. A label that is in neither map has no score: `nan`. Before you write: the mouth is guessed at exactly
# twice its true size and covers all of it. Its score?
#
# <details><summary>Hint 1</summary>
#
# For one label, `guess == number` is a mask. Both masks at once is `&`, either is `|`.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Count over the whole batch, not picture by picture. And what is 0 / 0 in torch?
#
# </details>


# %%
def intersection_over_union(guess, truth, labels):
    """Per label, how well two batches of maps agree: float (labels,), nan for a label in neither.

    guess, truth: int64 (B, H, W) with numbers from 0 to labels - 1.
    """
    ### BEGIN SOLUTION 2.4: return one score for each label from 0 to labels - 1
    scores = []
    for number in range(labels):
        ours, theirs = guess == number, truth == number
        scores.append((ours & theirs).sum() / (ours | theirs).sum())
    return torch.stack(scores)
    ### END SOLUTION


result_2_4 = check_2_4(intersection_over_union)

# %% [markdown]
# (The mouth gets 1/2.) Now the network. It sees little 2 × 2 blocks as channels (`PixelUnshuffle`), looks further and
# further around with *dilated* convolutions, whose kernel skips pixels, and ends with one logit for each part and pixel.

# %%
parts, width = len(LABELS), 32
steps = 500 if env.scale() == "full" else 5


def train_segmentation(weight=None):
    """A small network from pictures to maps; returns its guesses for the exam."""
    torch.manual_seed(0)
    stack = [nn.PixelUnshuffle(2)]
    for channels, reach in zip([12] + 5 * [width], [1, 1, 2, 4, 8, 1]):
        stack += [nn.Conv2d(channels, width, 3, padding=reach, dilation=reach, bias=False)]
        stack += [nn.BatchNorm2d(width), nn.ReLU()]
    network = nn.Sequential(*stack, nn.Conv2d(width, 4 * parts, 1), nn.PixelShuffle(2))
    adam = torch.optim.Adam(network.parameters(), 0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(adam, 0.01, total_steps=steps)
    for _ in range(steps):
        chosen = torch.randint(len(pictures), (16,))
        loss = cross_entropy(network(pictures[chosen]), maps[chosen], weight=weight)
        adam.zero_grad()
        loss.backward()
        adam.step()
        schedule.step()
    with torch.no_grad():
        return network.eval()(exam_pictures).argmax(1)


guesses = {"same map": same_map.expand_as(exam_maps), "network": train_segmentation()}


# %%
def report(guesses):
    """Every part's score, their mean, and the percent of pixels, for each set of guesses."""
    iou = intersection_over_union if result_2_4 else library.overlap
    scores = [iou(guess, exam_maps, parts) for guess in guesses.values()]
    rows = {name: [score[number] for score in scores] for name, number in LABELS.items()}
    rows["mean"] = [score.nanmean() for score in scores]
    print(f"{'':<14}" + "".join(f"{name:>14}" for name in guesses))
    for name, row in rows.items():
        print(f"{name:<14}" + "".join(f"{score:14.2f}" for score in row))
    right = [(guess == exam_maps).float().mean() for guess in guesses.values()]
    print(f"{'pixels right':<14}" + "".join(f"{part:14.1%}" for part in right))


report(guesses)

# %% [markdown]
# Nearly all pixels are right, and the network has found hardly a brow, a nose or a mouth. It learned what pays: at this
# size a brow has two pixels of 4,096 and a mouth four, and in a few hundred steps nobody complains about six. Hats are
# rarer than mouths, but large; those it finds. Percent of pixels hid all of this.
#
# So let rare parts cost more. A part that covers a hundredth of the pixels of another now weighs ten times as much (one
# over the square root). Everything else stays. **Predict:** will more pixels be right, or fewer?

# %%
frequency = maps.flatten().bincount(minlength=parts).clamp(min=1)
weight = frequency.float().rsqrt()
guesses["weighted"] = train_segmentation(weight / weight.mean())
report(guesses)
compare(
    {
        "pictures it has never seen": exam_pictures[:8],
        "network": [studio.paint_labels(guess.numpy()) for guess in guesses["network"][:8]],
        "weighted": [
            studio.paint_labels(guess.numpy()) for guess in guesses["weighted"][:8]
        ],
        "the studio's": [studio.paint_labels(truth.numpy()) for truth in exam_maps[:8]],
    },
    alt="Eight pictures, their parts as two networks find them, and the true ones. Hair, face and "
    "clothes agree in all; mouths and brows are missing in the first and thick in the second.",
)

# %% [markdown]
# Fewer, and the mean over the parts is higher. Which of the two is the better network? That depends on what you want it
# for, and no score can tell you that. Choose the metric that sees what you care about, and choose it *before* you see the
# results.

# %% [markdown]
# ## How far apart are two sets of pictures?
#
# Every score so far had the truth lying beside the answer. A generator has no truth beside it: nobody can say which face
# latent 17 should have become. All one can ask is whether its pictures, *as a crowd*, look like the drawings as a crowd.
#
# Pixels are the wrong thing to ask: a face moved by two pixels is all new pixels. So first let somebody look who knows what
# matters. The course brings a *tagger*, a small network that learned to name the 34 attributes of a drawing. Just before it
# answers, each picture is 256 numbers to it. These are our *features*.

# %%
generator = zoo.load("dcgan-faces-64")
faces = StudioFaces(64, 4, prior="frontal", split="test")
looked = torch.cat([faces.batch(range(4)), generator.sample(4, seed=3)])
for number, logits in enumerate(metrics.predicted(looked, by="tagger"), 1):
    tags = [studio.TAGS[place] for place in (logits > 0).nonzero().flatten().tolist()]
    print(f"{number}: {', '.join(tags)}")
show(
    looked,
    scale=2,
    alt="Four drawn faces, then four by the generator of lesson 1; the lines above say what the tagger "
    "sees in each.",
)

# %% [markdown]
# A crowd is now a cloud of points. Describe a cloud by its middle (the *mean*) and by how it spreads (the *covariance*), as
# if it were a bell (a normal distribution). Then the distance of two bells has a formula, found by Fréchet in 1957. In one
# dimension it is short:
#
# $$d^2 = (m_a - m_b)^2 + (s_a - s_b)^2$$
#
# Read aloud: how far apart the middles are, squared, plus how different the widths are, squared.
#
# **Predict:** which two bells are further apart, one of width 1 around 0 and one of width 1 around 2, or both around 0, one
# of width 1 and one of width 4?


# %%
def frechet_1d(mean_a, width_a, mean_b, width_b):
    return (mean_a - mean_b) ** 2 + (width_a - width_b) ** 2


print("width 1 around 0, width 1 around 2:", frechet_1d(0, 1, 2, 1))
print("width 1 around 0, width 4 around 0:", frechet_1d(0, 1, 0, 4))

# %% [markdown]
# The second two. A generator that gets the average right and the variety wrong can be further off than one that is off by a
# constant. In many dimensions widths become covariance matrices, and the product of two widths becomes a matrix square
# root:
#
# $$d^2 = |m_a - m_b|^2 + \operatorname{tr}\left(A + B - 2\,(A B)^{1/2}\right)$$
#
# ### Exercise 2.5 · The Fréchet distance (level 4 of 5, about 15 minutes)
#
# Write this squared distance, $|m_a - m_b|^2 + \operatorname{tr}(A + B - 2\,(A B)^{1/2})$, from two means of D numbers and two
# covariances of D × D, in float64. A covariance is
# symmetric and has no negative eigenvalues, but some may be 0: a normal distribution can be flat in most directions.
# Before you start: what must come out when both distributions are the same?
#
# <details><summary>Hint 1</summary>
#
# The root is the root of a *matrix*: R with R @ R = A @ B. Torch has none, but you need only its trace, which is the sum of
# its eigenvalues. What are the eigenvalues of R, if those of A @ B are known?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `torch.linalg.eigvals` finds the eigenvalues of any square matrix, as complex numbers. In exact arithmetic those of A @ B
# are real and not negative; rounding leaves crumbs such as -1e-17 + 2e-18j, of which the root is not a crumb. How do you get
# rid of them, and when?
#
# </details>


# %%
def frechet_distance(mean_a, covariance_a, mean_b, covariance_b):
    """The squared Fréchet distance of two normal distributions, a scalar tensor.

    means: float64 (D,);  covariances: float64 (D, D), symmetric, no negative eigenvalues.
    """
    ### BEGIN SOLUTION 2.5: return one real number, which is 0 for two equal distributions
    product = torch.linalg.eigvals(covariance_a @ covariance_b).real.clamp(min=0)
    spread = covariance_a.trace() + covariance_b.trace() - 2 * product.sqrt().sum()
    return (mean_a - mean_b).square().sum() + spread
    ### END SOLUTION


result_2_5 = check_2_5(frechet_distance)

# %% [markdown]
# Now the exam. The reference are drawings of the test split. Six candidates:
#
# - **other drawings**, of the validation split: nobody can do better, so this is the *floor*;
# - **the generator of lesson 1**;
# - **a copyist**, which hands in drawings of the training split;
# - **blurred drawings**;
# - **one perfect face**: one drawing of the test split, hundreds of times, with a grain too fine to see;
# - **an untrained generator**: the same even gray whatever the latent, the *ceiling*. (In `eval()` mode its BatchNorm
#   has no averages of its own yet; lesson 1 showed it in training mode, which gave noise.)
#
# **Predict** the order, from closest to furthest. Where does the one perfect face end up?

# %%
crowd = 1000 if env.scale() == "full" else 300


def drawn(split, count=crowd):
    return StudioFaces(64, count, prior="frontal", split=split).batch(range(count))


def distance(fake, real):
    """Between the crowds of two sets of pictures, in the tagger's features."""
    a, b = metrics.features(real), metrics.features(fake)
    if result_2_5:
        return float(frechet_distance(a.mean(0), a.T.cov(), b.mean(0), b.T.cov()))
    return metrics.frechet(a, b)


real = drawn("test")
grain = 0.02 * torch.randn(real.shape, generator=torch.Generator().manual_seed(0))
torch.manual_seed(0)
untrained = zoo.Pretrained("untrained", networks.Generator().eval(), 100, 64, {})
candidates = {
    "other drawings (floor)": drawn("validation"),
    "the generator of lesson 1": generator.sample(crowd, seed=0),
    "a copyist": drawn("train"),
    "blurred drawings": nn.functional.avg_pool2d(real, 5, 1, 2, count_include_pad=False),
    "one perfect face": real[5:6] + grain,
    "an untrained generator (ceiling)": untrained.sample(crowd, seed=0),
}
for name, fake in candidates.items():
    print(f"{name:<32}{distance(fake, real):9.2f}")

# %%
compare(
    {name: pictures[:8] for name, pictures in candidates.items()},
    alt="Eight pictures of each candidate: drawings, generated faces, drawings again, blurred ones, "
    "the same face eight times, and eight times the same even gray.",
)

# %% [markdown]
# Two crowds of drawings are never exactly alike, so the floor is not 0. The copyist stands on it. Blurred drawings come
# next: who they are can still be seen. Then, far behind, the generator of lesson 1, whose faces have a grain and are too
# much alike as a crowd. And last, behind even gray: one perfect face. There is nothing wrong with any of its pictures. As a
# crowd it has almost no spread, and its middle is not the middle.
#
# In lesson 1 mode collapse could be seen and not measured: its loss looked like the best-balanced game of all. Here it gets
# the worst score on the table. (So the ceiling is a mark on the wall, and one can do worse than gray.)
#
# One more experiment before you trust the number. The same two crowds, measured with fewer and fewer pictures.
#
# **Predict:** does the distance get larger, smaller, or only noisier?

# %%
others = candidates["other drawings (floor)"]
for few in [count for count in (1000, 500, 270) if count <= crowd]:
    print(f"{few:5} pictures each: {distance(others[:few], real[:few]):.2f}")
try:
    metrics.fd_studio(real[:100], others[:100])
except LabError as refusal:
    print(refusal)

# %% [markdown]
# Larger. A covariance of 256 × 256 numbers guessed from few pictures is guessed differently on the two sides, and every
# difference counts. So a Fréchet distance means something only beside another one with *the same count*, and the library
# refuses what cannot be known at all. (`kd_studio`, built like KID, does not grow with fewer pictures, it only gets
# noisier. On the command line, `animelab evaluate dcgan-faces-64` prints both, between floor and ceiling.)
#
# ## What this metric is not
#
# It is built like FID, the number in every GAN paper (Heusel et al., 2017), and it is **not FID**. FID looks with
# Inception, trained on a million photographs. Ours looks with a tagger trained on our own drawings. We call it `fd_studio`,
# so that nobody compares the two.
#
# - It sees what the tagger was taught: colors, hair, ribbons, smiles. A sixth finger costs nothing.
# - It cannot see copying. Look at the copyist's row: stealing is the cheapest way to a perfect score.
# - It measures crowds. It has nothing to say about your one picture.
# - It is at home in the studio, and nowhere else. Here is what else there is:
#
# ![Four faces from two visual novels above four drawings of the studio with similar hair. The real ones have painted shading, strands that follow the head, and lines of uneven weight; the drawn ones are flat and share one face.](../course/figures/real_and_drawn.jpg)
#
# *Above: sprites from Ren'Py's example games (Eileen; Sylvie, by Deji, original by derik; MIT License, see
# `datasets/real`). Below: the studio.*
#
# The people above have weight. Their hair is put down in strokes, their lines get thick where the pen pressed, somebody
# decided what to leave out. The studio knows one hand, one camera distance and one age. A network that has seen only the
# studio has seen *one artist*, and whatever we measure here is measured in that artist's world. That is the price of
# knowing all the answers. (We showed the tagger the upper row. It still sees red hair and blue eyes. It misses the hair
# band, gives the long-haired girl no hair color at all, and takes her surprise for a smile.)

# %% [markdown]
# ## A quiz, for honesty
#
# Choose an answer, then open it.
#
# **1. A label map of 512 pixels has to become 256 wide, and somebody uses smooth (bilinear) resizing. What happens?**
#
# <details><summary>A. The edges get soft, which does no harm.</summary>
#
# Not quite. A soft edge between two labels is a third label: halfway from 1 to 11 lies 6.
#
# </details>
# <details><summary>B. Along the edges, parts appear that are not there.</summary>
#
# Right. Labels are names. Take the nearest one, or resize one mask for each label and let the largest win.
#
# </details>
# <details><summary>C. Small parts vanish.</summary>
#
# Not quite. They may, with any method; but only blending invents parts.
#
# </details>
#
# **2. You mirror pictures and landmarks, but keep the landmarks' names. What does a network learn?**
#
# <details><summary>A. To find eyes on either side equally well.</summary>
#
# Not quite. Half of its examples now call the other eye the left one.
#
# </details>
# <details><summary>B. To put both eyes between the eyes.</summary>
#
# Right. With a squared error, the best answer to two equally frequent truths is their average: the middle of the face.
#
# </details>
# <details><summary>C. Nothing at all: the loss becomes infinite.</summary>
#
# Not quite. It would be kinder if it did. The loss goes down, and stops at a level that looks like hard work.
#
# </details>
#
# **3. Your segmentation is right for 97% of the pixels. Are you done?**
#
# <details><summary>A. Yes; the rest are edges, where even people disagree.</summary>
#
# Not quite. Some are. But brows and mouth together are less than that, and could be missing altogether.
#
# </details>
# <details><summary>B. It depends on the number of pictures.</summary>
#
# Not quite. More pictures make the 97% more certain, and no more meaningful.
#
# </details>
# <details><summary>C. That cannot be told without the score of every part.</summary>
#
# Right. Ask what an answer without any thought would score, and look at the parts you care about one by one.
#
# </details>
#
# **4. Your colorizer has an error of 6 on the test pictures and of 40 on the first drawing you show to a friend. What do
# you look at first?**
#
# <details><summary>A. Whether test pictures were also in the training set.</summary>
#
# Right. Cheap to check, and the most frequent reason by far.
#
# </details>
# <details><summary>B. The learning rate.</summary>
#
# Not quite. It could make both numbers bad, and not only one of them.
#
# </details>
# <details><summary>C. Whether the network is too small.</summary>
#
# Not quite. A network that is too small is bad on both.
#
# </details>
#
# **5. Two sets of pictures have the Fréchet distance 0. What do you know?**
#
# <details><summary>A. They contain the same pictures.</summary>
#
# Not quite. They would have it then, too; but so have many other sets.
#
# </details>
# <details><summary>B. Nobody could tell one from the other.</summary>
#
# Not quite. Only the normal distributions agree. Two clouds of very different shapes may have the same mean and covariance.
#
# </details>
# <details><summary>C. In these features, mean and covariance agree.</summary>
#
# Right. And that is all. Look at the pictures, too.
#
# </details>
#
# **6. A paper reports FID 3.2, your generator has fd_studio 3.2. Who is better?**
#
# <details><summary>A. They are equally good.</summary>
#
# Not quite. Both numbers are squared distances, in units of different features: meters and apples.
#
# </details>
# <details><summary>B. It cannot be said, not even if the pictures were the same.</summary>
#
# Right. Other features, other counts, other pictures: each of the three is enough.
#
# </details>
# <details><summary>C. The paper, because FID is harder.</summary>
#
# Not quite. Neither is harder. They do not measure the same thing.
#
# </details>
#
# ## What went wrong for others, and for us
#
# - **"Classes I do not have appear along the edges."** (shekkizh/FCN.tensorflow #4,
#   divamgupta/image-segmentation-keras #11.) Label maps were resized smoothly. You saw what that looks like. A test of ours
#   compares the borders of parts with the ink, and wants 99.8% of them within a pixel.
# - **"The flipped key points are wrong."** (albumentations #840, #1500.) Left and right were not exchanged, or x became
#   `width - 1 - x` for points that are measured from the edge.
# - **"ValueError: Imaginary component."** (mseitzer/pytorch-fid #13, bioinf-jku/TTUR #4.) Fewer pictures than features: the
#   covariance has directions without any spread, and rounding turns zeros into crumbs below zero. More pictures, or the
#   same features for fewer of them.
# - **"Mean IoU is too low although every picture is perfect."** (Lightning-AI/torchmetrics #1693, #2866.) Absent labels
#   were counted as 0. That is why yours says `nan`.
# - **A leak that was waiting for us.** Until there were splits, two sets differed only by the seed that you chose, and the
#   seed you did not choose was 0, for training and for testing alike. Every split now has a billion seeds of its own, and a
#   test looks for overlaps.
#
# ## Whose pictures?
#
# The course draws its own examples for a reason besides the answers. A drawing belongs to whoever made it; that it can be
# downloaded is no permission. What you save with the designer is yours, without conditions (CC0). When you use others'
# pictures: ask, name them, and keep their license beside the files, as `datasets/real` does. A data set should say what is
# in it and what is not: ours draws mostly young, mostly light-skinned people, as its genre does, and its card
# (`datasets/studio`) says so.
#
# ## Assignment: a data set with a card
#
# Level 4 of 5, an evening.
#
# 1. Choose two layers, or two styles, and a `Prior` of your own for a narrow world: only night scenes, only glasses, one
#    hairstyle in all colors.
# 2. Draw 500 pairs for training and 100 for testing (`StudioPairs` takes a `Prior`). Prove that they do not overlap.
# 3. Write its card on one page: what is in it, what a network could learn from it, what it must not be used for, and which
#    answer without any thought sets the floor. Measure that floor.
# 4. Hand in: the card, 32 unpicked pairs, the floor, and your own hairstyle in one of them.
#
# ## References
#
# - Ottosson: *A perceptual color space for image processing*, 2020, bottosson.github.io/posts/oklab.
# - Johnston: *Lumo: Illumination for Cel Animation*, 2002.
# - Catmull, Rom: *A class of local interpolating splines*, 1974.
# - Jin et al.: *Towards the Automatic Anime Characters Creation with Generative Adversarial Networks*, 2017, arXiv
#   1708.05509. The 34 tags.
# - Dowson, Landau: *The Fréchet distance between multivariate normal distributions*, 1982.
# - Heusel et al.: *GANs Trained by a Two Time-Scale Update Rule*, 2017, arXiv 1706.08500. FID.
# - Borji: *Pros and Cons of GAN Evaluation Measures*, 2018, arXiv 1802.03446.
# - Gebru et al.: *Datasheets for Datasets*, 2018, arXiv 1803.09010.
#
# **Next:** a generator that draws what you ask for: [3 · Made to order](03_attributes.ipynb).
