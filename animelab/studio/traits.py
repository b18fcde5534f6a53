"""What a character looks like, in names and numbers: everything that the parts of a drawing are drawn by."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Traits:
    """The attributes of a character as plain values; `Character` checks them and knows which names there are."""

    presentation: str = "female"  # jaw, neck, shoulders, brows and lashes that read as female or male
    face: str = "soft"  # the jaw
    skin: str = "fair"
    hair_style: str = "straight"
    bangs: str = "wispy"
    hair_color: str = "blue"
    ahoge: bool = False  # one lock that stands up
    eye_shape: str = "round"
    eye_color: str = "aqua"
    eye_size: float = 1.0  # relative
    iris: str = "plain"
    mouth: str = "smile"
    brows: str = "calm"
    eyelids: str = "open"
    blush: float = 0.0  # 0 none, 1 strong; tagged from 0.3
    clothes: str = "sailor"
    scheme: str = "complementary"  # hue of clothes and background, led by the hair
    brightness: float = 0.3  # of the clothes
    glasses: str = "none"
    headwear: str = "none"
    ribbon: str = "none"
    pin: str = "none"
    background: str = "plain"
    framing: str = "bust"  # "face" is a tight crop from the hair's top to just under the chin
    yaw: float = 0.0  # 1 looks far to the picture's right
    pitch: float = 0.0  # 1 looks far down
    roll: float = 0.0  # degrees, clockwise in the picture
    eyelid_left: float = 1.0  # how far the lid on the picture's left opens of what `eyelids` says; 0 shuts it
    eyelid_right: float = 1.0
    gaze_x: float = 0.0  # 1 looks to the picture's right
    gaze_y: float = 0.0  # 1 looks down
    brow_height: float = 0.0  # 1 raised
    brow_angle: float = 0.0  # 1 angry, -1 worried
    mouth_open: float = 0.5  # these three shape the mouth "spoken"; see VISEMES
    mouth_width: float = 1.0
    mouth_smile: float = 0.0
    seed: int = 0  # of small irregularities: flyaways, stars, bokeh
