"""Opens every FITS file of a folder with astropy, verifies it and its checksums, and compares the
centroids of the stars in the text file of the same name with where astropy's WCS puts them."""

import re
import sys
import warnings
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS, FITSFixedWarning

warnings.simplefilter("error")
warnings.simplefilter("ignore", FITSFixedWarning)


def images(hdus):
    """Science planes with their headers: differences of reads where ramps were read."""
    with_wcs = [h for h in hdus if h.is_image and "CTYPE1" in h.header and h.data is not None]
    science = [h for h in with_wcs if h.header.get("EXTNAME", "SCI") not in
               ("ERR", "DQ", "SAMP", "TIME", "AREA", "VAR_POISSON", "VAR_RNOISE", "VAR_FLAT")]
    first = science[0]
    if first.data.ndim == 4:
        yield first.data[0, -1].astype(float) - first.data[0, 0], first.header
    elif first.header.get("SAMPNUM", 0) > 0:
        yield first.data.astype(float) - science[-1].data, first.header
    else:
        for hdu in science:
            yield hdu.data.astype(float), hdu.header


def centroid(data, x, y, fwhm):
    """Centre of the light above the local level under a Gaussian window, zero-based."""
    half = max(4, int(np.ceil(2 * fwhm)))
    window = max(fwhm, 1.5) / 2.355
    for _ in range(12):
        ix, iy = int(round(x)), int(round(y))
        stamp = data[iy - half:iy + half + 1, ix - half:ix + half + 1]
        border = np.concatenate([stamp[0], stamp[-1], stamp[1:-1, 0], stamp[1:-1, -1]])
        rows, columns = np.mgrid[iy - half:iy + half + 1, ix - half:ix + half + 1]
        weight = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * window ** 2))
        light = weight * (stamp - np.median(border))
        x += 2 * (light * (columns - x)).sum() / light.sum()
        y += 2 * (light * (rows - y)).sum() / light.sum()
    return x, y


def check(path):
    stars = np.loadtxt(path.with_suffix(".txt"))
    compared = 0
    worst = 0.0
    with fits.open(path, checksum=True) as hdus:
        hdus.verify("exception")
        for hdu in hdus:
            assert "CHECKSUM" in hdu._header and "DATASUM" in hdu._header, hdu
        for data, header in images(hdus):
            wcs = WCS(header).celestial
            assert header["RADESYS"] == "ICRS"
            pixels = wcs.wcs_world2pix(stars[:, :2], 0)
            fwhm = header["PSFFWHM"] / scale(wcs)
            half = max(4, int(np.ceil(2 * fwhm)))
            low_x, high_x, low_y, high_y = 1, data.shape[1], 1, data.shape[0]
            section = header.get("DATASEC", header.get("DATASEC1"))
            if section:
                low_x, high_x, low_y, high_y = map(int, re.findall(r"\d+", section))
            for x, y in pixels:
                if not (low_x + half < x < high_x - half - 2 and low_y + half < y < high_y - half - 2):
                    continue
                found = centroid(data, x, y, fwhm)
                worst = max(worst, np.hypot(found[0] - x, found[1] - y))
                compared += 1
    assert compared >= 4, f"{path.name}: only {compared} stars"
    assert worst < 0.2, f"{path.name}: a star is {worst:.3f} pixels off"
    print(f"{path.name}: {compared} stars, worst {worst:.3f} pixels")


def scale(wcs):
    return 3600 * np.sqrt(abs(np.linalg.det(wcs.pixel_scale_matrix)))


paths = sorted(Path(sys.argv[1]).glob("*.fits"))
assert paths, "no files"
for path in paths:
    check(path)
