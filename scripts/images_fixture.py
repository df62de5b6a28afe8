"""Writes the images of crates/gradtape-files/tests/data and what Pillow reads from them.

    pip install pillow && python scripts/images_fixture.py
"""

import json
from pathlib import Path

from PIL import Image

folder = Path(__file__).parent.parent / "crates/gradtape-files/tests/data"
folder.mkdir(parents=True, exist_ok=True)
width, height = 11, 7

rgb = Image.new("RGB", (width, height))
rgb.putdata([(20 * x, 30 * y, (7 * x * y) % 256) for y in range(height) for x in range(width)])
grey = rgb.convert("L")
rgba = rgb.copy()
rgba.putalpha(128)

images = {
    "rgb.png": rgb,
    "grey.png": grey,
    "rgba.png": rgba,
    "palette.png": rgb.quantize(16),
    "bits.png": grey.point(lambda v: 255 * (v > 60)).convert("1"),
    "rgb.jpg": rgb,
    "grey.jpg": grey,
    "progressive.jpg": rgb,
}
expected = {}
for name, image in images.items():
    options = {"quality": 95} if name.endswith("jpg") else {}
    if name == "progressive.jpg":
        options["progressive"] = True
    image.save(folder / name, **options)
    read = Image.open(folder / name)
    read = read.convert("L" if name.split(".")[0] in ("grey", "bits") else "RGB")
    small = read.resize((5, 4), Image.Resampling.BILINEAR)
    large = read.resize((16, 9), Image.Resampling.BILINEAR)
    expected[name] = {
        "channels": len(read.getbands()),
        "pixels": list(read.tobytes()),
        "grey": list(read.convert("L").tobytes()),
        "4x5": list(small.tobytes()),
        "9x16": list(large.tobytes()),
    }
(folder / "pillow.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n")
