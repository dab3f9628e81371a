"""The codes that phones read: read back with another library than the one that drew it."""

import io

import pytest
import zxingcpp
from PIL import Image, ImageDraw

from web.qr import QUIET_ZONE, Code, draw


def painted(code: Code, module: int = 4) -> Image.Image:
    """The code's path on white, as a browser paints it."""
    picture = Image.new("L", (code.size * module, code.size * module), 255)
    brush = ImageDraw.Draw(picture)
    for run in code.path.split("M")[1:]:
        start, _, rest = run.partition("h")
        x, y = (int(figure) for figure in start.split())
        width = int(rest.partition("v")[0])
        brush.rectangle((x * module, y * module, (x + width) * module - 1, (y + 1) * module - 1), fill=0)
    return picture


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:8000/t/ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "https://antrean.disnakertrans.ntbprov.go.id/t/ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "http://[::1]:8000/t/234567ABCDEFGHIJKLMNOPQRST",
    ],
)
def test_an_address_of_any_length_is_read_back(address: str) -> None:
    (read,) = zxingcpp.read_barcodes(painted(draw(address)))
    assert read.text == address
    assert read.ec_level == "M"


def test_a_code_stands_in_four_modules_of_white() -> None:
    code = draw("http://127.0.0.1:8000/t/ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    ink = painted(code, 1).point(lambda shade: 255 - shade).getbbox()
    assert ink == (QUIET_ZONE, QUIET_ZONE, code.size - QUIET_ZONE, code.size - QUIET_ZONE)


def test_a_photograph_taken_small_and_blurred_is_still_read() -> None:
    address = "http://192.168.1.20:8000/t/ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    photograph = io.BytesIO()
    painted(draw(address), 10).resize((150, 150)).save(photograph, "JPEG", quality=40)
    (read,) = zxingcpp.read_barcodes(Image.open(photograph))
    assert read.text == address
