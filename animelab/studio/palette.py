"""Colors: the named hair, eye and skin colors, and one harmonious palette per character in which the hair leads."""

from __future__ import annotations

from functools import lru_cache
from math import atan2, cos, hypot, radians, sin

HAIR = {
    "blonde": "#f4d27c", "brown": "#8d5d45", "black": "#3c3846", "blue": "#5488de", "pink": "#f5a0bd",
    "purple": "#9674d2", "green": "#72bd8b", "red": "#cf4a48", "silver": "#bcc6dc", "white": "#eeebf2",
    "orange": "#f09650", "aqua": "#70d5d6", "grey": "#8a8e9a",
}  # fmt: skip
EYES = {
    "blue": "#2f7de0", "red": "#d8323f", "brown": "#90572f", "green": "#2ba45f", "purple": "#8449cf",
    "yellow": "#efb81d", "pink": "#f0689f", "aqua": "#16bfc6", "black": "#47424f", "orange": "#f07f27",
}  # fmt: skip
SKIN = {
    "porcelain": "#ffeee6", "fair": "#ffe3d2", "peach": "#fdd5b8", "tan": "#efba8f", "brown": "#daa478",
    "deep": "#b98058",
}  # fmt: skip
SCHEMES = {"analogous": 40.0, "complementary": 180.0, "split": 150.0, "triad": 120.0, "uniform": 0.0, "soft": -30.0}
"""Name of a color scheme -> hue of the clothes, in degrees from the hair's."""


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _gamma(value: float) -> float:
    value = min(1.0, max(0.0, value))
    return 12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055


@lru_cache(maxsize=4096)
def oklch(color: str) -> tuple[float, float, float]:
    """Lightness 0 to 1, chroma 0 to about 0.3 and hue in degrees of a "#rrggbb" color (Ottosson 2020, OKLab)."""
    r, g, b = (_linear(int(color[i : i + 2], 16) / 255) for i in (1, 3, 5))
    l_root = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ** (1 / 3)
    m_root = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ** (1 / 3)
    s_root = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ** (1 / 3)
    lightness = 0.2104542553 * l_root + 0.7936177850 * m_root - 0.0040720468 * s_root
    a = 1.9779984951 * l_root - 2.4285922050 * m_root + 0.4505937099 * s_root
    b = 0.0259040371 * l_root + 0.7827717662 * m_root - 0.8086757660 * s_root
    return lightness, hypot(a, b), atan2(b, a) * 57.29577951308232


@lru_cache(maxsize=4096)
def from_oklch(lightness: float, chroma: float, hue: float) -> str:
    """The "#rrggbb" color nearest to OKLCH coordinates."""
    a, b = chroma * cos(radians(hue)), chroma * sin(radians(hue))
    l_cube = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    m_cube = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    s_cube = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    red = 4.0767416621 * l_cube - 3.3077115913 * m_cube + 0.2309699292 * s_cube
    green = -1.2684380046 * l_cube + 2.6097574011 * m_cube - 0.3413193965 * s_cube
    blue = -0.0041960863 * l_cube - 0.7034186147 * m_cube + 1.7076147010 * s_cube
    return "#" + "".join(f"{round(_gamma(value) * 255):02x}" for value in (red, green, blue))


@lru_cache(maxsize=4096)
def tone(color: str, lightness: float = 0.0, chroma: float = 1.0, toward: float = 280.0, turn: float = 0.0) -> str:
    """The color lighter or darker, its chroma multiplied, its hue turned by up to `turn` degrees toward a hue."""
    light, strength, hue = oklch(color)
    gap = (toward - hue + 180) % 360 - 180
    hue += max(-turn, min(turn, gap))
    return from_oklch(min(0.995, max(0.05, light + lightness)), strength * chroma, hue)


@lru_cache(maxsize=4096)
def mix(first: str, second: str, part: float) -> str:
    """`part` of the second color in the first, 0 to 1."""
    pairs = ((int(first[i : i + 2], 16), int(second[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * part):02x}" for a, b in pairs)


@lru_cache(maxsize=4096)
def _hair(name: str) -> dict[str, str]:
    base = HAIR[name]
    light = oklch(base)[0]
    dark = light < 0.4
    shade = tone(base, -0.07 if dark else -0.1 - 0.03 * (light > 0.9), 1.12, 290, 18)
    return {
        "hair": base,
        "hair_light": tone(base, 0.05 if not dark else 0.07, 1.0, 70, 10),
        "hair_glow": mix(tone(base, 0.16 if not dark else 0.26, 0.75, 80, 14), "#ffffff", 0.38 if not dark else 0.1),
        "hair_shade": shade,
        "hair_deep": tone(base, -0.17 if not dark else -0.10, 1.1, 290, 24),
        "hair_strand": tone(base, -0.22, 1.0, 300, 20) if not dark else tone(base, 0.13, 1.3),
        "hair_line": mix(tone(base, -0.4, 0.9, 320, 30), "#3a2233", 0.45) if not dark else "#1d1a24",
    }


@lru_cache(maxsize=1024)
def _skin(name: str) -> dict[str, str]:
    base = SKIN[name]
    pale = name in ("porcelain", "fair", "peach")
    return {
        "skin": base,
        "skin_light": mix(base, "#ffffff", 0.25) if pale else tone(base, 0.06, 1.05),
        "skin_shade": tone(base, -0.08, 1.9, 22, 40) if pale else tone(base, -0.09, 1.12, 30, 18),
        "skin_deep": tone(base, -0.13, 1.7, 22, 45) if pale else tone(base, -0.15, 1.08, 25, 24),
        "skin_line": mix(tone(base, -0.42, 1.3, 10, 50), "#5b2f3c", 0.45),
        "skin_thin": mix(tone(base, -0.28, 1.5, 10, 50), "#8a4a55", 0.35),
        "blush": mix("#ff6f86", base, 0.1 if name not in ("brown", "deep") else 0.0),
        "lip": mix("#c2505f", base, 0.15),
    }


@lru_cache(maxsize=1024)
def _eyes(name: str) -> dict[str, str]:
    base = EYES[name]
    return {
        "iris": base,
        "iris_top": tone(base, -0.2, 0.85, 290, 25),
        "iris_glow": mix(tone(base, 0.14, 1.05), "#ffffff", 0.28),
        "iris_line": tone(base, -0.3, 0.7, 300, 20),
        "pupil": tone(base, -0.36, 0.6, 300, 20),
    }


@lru_cache(maxsize=16)
def build(hair: str, eyes: str, skin: str, scheme: str, brightness: float, background: str) -> dict[str, str]:
    """Role -> color for one character; clothes, accent and background follow the hair's hue (or the eyes', if gray)."""
    light, chroma, hue = oklch(HAIR[hair])
    if chroma < 0.045:
        hue = oklch(EYES[eyes])[2]
    turned = hue + SCHEMES[scheme]
    if scheme == "uniform":
        cloth = from_oklch(0.34 + 0.12 * brightness, 0.06, 262.0 + 20 * brightness)
    else:
        warm = 0.1 if 20 < turned % 360 < 120 else 0.0
        cloth = from_oklch(0.44 + warm + (0.46 - warm) * brightness, 0.09 - 0.04 * brightness, turned)
    far = {"analogous": 190.0, "complementary": 150.0, "split": 215.0, "triad": 240.0, "soft": 170.0}.get(scheme, 0.0)
    red = 18.0 if abs((hue + 162) % 360 - 180) > 50 else 80.0  # with a uniform, unless the hair is red
    accent_hue = hue + far if far else red
    accent = from_oklch(
        0.8 if 55 < accent_hue % 360 < 130 else 0.63, 0.145, accent_hue if not 95 < accent_hue % 360 < 130 else 88.0
    )
    pale = oklch(cloth)[0] > 0.8
    back = min(0.95, max(0.8, 0.97 - 0.16 * max(0.0, light - 0.72) / 0.25))
    behind = hue + (180 if light > 0.75 or scheme == "analogous" else 40)
    night = background == "night"
    fair = oklch(SKIN[skin])[0] > 0.79
    return {
        **_hair(hair), **_eyes(eyes), **_skin(skin),
        "cloth": cloth,
        "cloth_light": tone(cloth, 0.07),
        "cloth_shade": tone(cloth, -0.08, 1.1, 290, 20),
        "cloth_line": tone(cloth, -0.32 if oklch(cloth)[0] > 0.45 else -0.24, 0.9, 300, 20),
        "trim": "#fdfaf8" if not pale else from_oklch(0.45, 0.09, accent_hue),
        "trim_shade": "#dcd8e6" if not pale else from_oklch(0.38, 0.08, accent_hue),
        "accent": accent, "accent_light": tone(accent, 0.1), "accent_shade": tone(accent, -0.1, 1.0, 300, 15),
        "accent_line": tone(accent, -0.32, 0.8, 320, 20),
        "back": from_oklch(0.36, 0.07, 275.0) if night else from_oklch(back, 0.03, behind),
        "back_end": from_oklch(0.62, 0.09, 310.0) if night else from_oklch(back - 0.05, 0.05, behind + 50),
        "back_mark": "#fff3c9" if night else from_oklch(min(0.985, back + 0.05), 0.025, behind - 20),
        "back_mark2": "#c9b8f0" if night else from_oklch(back - 0.06, 0.05, behind + 80),
        "white": "#ffffff", "eye_white": "#fffdfd", "eye_shadow": "#8d7f9e",
        "lash": mix("#2f1c26", HAIR[hair], 0.1) if fair else "#1c0e13",
        "brow": mix(tone(HAIR[hair], -0.24, 0.9), "#4a2f3a" if fair else "#1c0e13", 0.35 if fair else 0.8),
        "mouth": "#a23c4c", "tongue": "#f08d93", "mouth_line": "#7d3040", "metal": "#4b4654", "frame": "#5d2b3c",
        "gold": "#f2c14e", "petal": "#fffaf6" if light < 0.9 else tone(accent, 0.1), "pink": "#f7b3bd",
        "straw": "#f1d79a", "straw_shade": "#d9b46c", "straw_line": "#8a6231",
    }  # fmt: skip


_DOWN = 'x1="0" y1="0" x2="0" y2="1"'
_HEAD = 'cx="104" cy="62" r="128" gradientUnits="userSpaceOnUse"'
GRADIENTS = {
    "bangs_fill": ("radial", _HEAD, "0 hair_light, .55 hair, 1 hair_shade"),
    "lock_fill": ("linear", _DOWN, "0 hair, .7 hair, 1 hair_light"),
    "back_fill": ("linear", _DOWN, "0 hair, .25 hair_shade, .5 hair_deep, 1 hair_shade"),
    "scene_fill": ("linear", 'x1="0" y1="0" x2=".3" y2="1"', "0 back, 1 back_end"),
    "face_fill": ("linear", _DOWN, "0 skin, .55 skin, .78 skin_light, 1 skin"),
    "neck_fill": ("linear", _DOWN, "0 skin_shade, .2 skin_shade, .36 skin, 1 skin"),
    "iris_fill": ("linear", _DOWN, "0 iris_top, .42 iris, 1 iris_glow"),
    "glow_fill": (
        "linear", 'x1="0" y1="0" x2="1" y2=".15"', "0 hair_glow 0, .3 hair_glow .9, .66 hair_glow .85, 1 hair_glow 0",
    ),
    "blush_fill": ("radial", "", "0 blush .7, 1 blush 0"),
    "cloth_fill": ("linear", _DOWN, "0 cloth_light, .5 cloth, 1 cloth_shade"),
    "straw_fill": ("linear", _DOWN, "0 straw, 1 straw_shade"),
}  # fmt: skip
"""Role of a graded fill -> kind, geometry and stops: offset, role of the color, opacity."""


def gradients(palette: dict[str, str], more: dict[str, tuple[str, str, str]] | None = None) -> str:
    """The SVG gradients of a palette, and of a style that has more."""
    out = []
    for name, (kind, geometry, stops) in {**GRADIENTS, **(more or {})}.items():
        out.append(f'<{kind}Gradient id="{name}" {geometry}>')
        for stop in stops.split(","):
            offset, role, *opacity = stop.split()
            faded = f' stop-opacity="{opacity[0]}"' if opacity else ""
            out.append(f'<stop offset="{offset}" stop-color="{palette[role]}"{faded}/>')
        out.append(f"</{kind}Gradient>")
    return "".join(out)
