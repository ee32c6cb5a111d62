"""The calibration of `benches/calibration.rs` with astropy, ccdproc, astroscrappy and photutils.

Usage: ccdproc.py FOLDER, where FOLDER has scene.json and raw, bias, dark_rate and flat as float32. Prints a
line with the versions, then for each line on standard input calibrates once and prints the seconds
of each step as JSON. Writes the cosmic rays found as FOLDER/cosmic_rays (uint8), those found with the exact
median filter as FOLDER/cosmic_rays_exact.
"""

import sys

# This file has the name of a package it needs.
sys.path = [folder for folder in sys.path if folder not in ("", sys.path[0])]

import json
import time
import warnings
from importlib.metadata import version
from pathlib import Path

import astroscrappy
import astropy.units as u
import ccdproc
import numpy as np
import sep
from astropy.nddata import CCDData
from astropy.stats import SigmaClip
from photutils.background import Background2D, MedianBackground

ELECTRONS = u.electron
CELL = 64
THRESHOLD = 2.5
LACOSMIC = {"sigclip": 4.5, "sigfrac": 0.3, "objlim": 5.0, "niter": 4, "cleantype": "medmask"}


def read(folder, name, scene):
    shape = (scene["height"], scene["width"])
    return np.fromfile(folder / name, dtype=np.float32).reshape(shape)


def calibrate(arrays, scene):
    seconds = {}
    start = time.perf_counter()

    def lap(step):
        nonlocal start
        now = time.perf_counter()
        seconds[step] = now - start
        start = now

    gain = scene["gain_e_per_adu"] * ELECTRONS / u.adu
    raw = CCDData(arrays["raw"], unit=u.adu)
    bias = CCDData(arrays["bias"], unit=u.adu)
    dark = CCDData(arrays["dark_rate"], unit=ELECTRONS)
    dead = arrays["flat"] <= 0
    flat = CCDData(np.where(dead, 1, arrays["flat"]), mask=dead, unit=u.dimensionless_unscaled)
    frame = ccdproc.subtract_bias(raw, bias)
    frame = ccdproc.create_deviation(
        frame, gain=gain, readnoise=scene["read_noise_e"] * ELECTRONS, disregard_nan=True
    )
    frame = ccdproc.gain_correct(frame, gain)
    frame = ccdproc.subtract_dark(
        frame,
        dark,
        dark_exposure=1 * u.s,
        data_exposure=scene["exposure_s"] * u.s,
        scale=True,
    )
    frame = ccdproc.flat_correct(frame, flat, norm_value=1.0)
    lap("reduce")

    frame = ccdproc.cosmicray_lacosmic(
        frame,
        gain=1.0,
        readnoise=scene["read_noise_e"],
        satlevel=scene["saturation_adu"] * scene["gain_e_per_adu"],
        gain_apply=False,
        **LACOSMIC,
    )
    lap("cosmic_rays")

    background = Background2D(
        frame.data,
        CELL,
        mask=frame.mask,
        sigma_clip=SigmaClip(sigma=3.0),
        bkg_estimator=MedianBackground(),
    )
    level = background.background
    noise = background.background_rms
    lap("background")

    data = np.ascontiguousarray(frame.data - level, dtype=np.float32)
    sources = sep.extract(
        data,
        THRESHOLD,
        err=np.ascontiguousarray(noise, dtype=np.float32),
        minarea=5,
        filter_kernel=None,
        deblend_cont=1.0,
        clean=False,
    )
    error = np.ascontiguousarray(frame.uncertainty.array, dtype=np.float32)
    sep.sum_circle(data, sources["x"], sources["y"], scene["aperture_px"], err=error)
    sep.winpos(data, sources["x"], sources["y"], np.full(len(sources), scene["fwhm_px"] / 2.355))
    lap("measure")
    return frame, len(sources), seconds


def main():
    warnings.simplefilter("ignore")
    folder = Path(sys.argv[1])
    scene = json.loads((folder / "scene.json").read_text())
    arrays = {name: read(folder, name, scene) for name in ("raw", "bias", "dark_rate", "flat")}
    packages = ("astropy", "ccdproc", "astroscrappy", "photutils", "sep", "numpy")
    print(", ".join(f"{name} {version(name)}" for name in packages), flush=True)
    frame = None
    for _ in sys.stdin:
        processor = time.process_time()
        frame, count, seconds = calibrate(arrays, scene)
        seconds["total"] = sum(seconds.values())
        seconds["processor"] = time.process_time() - processor
        print(json.dumps({"seconds": seconds, "sources": count}), flush=True)
    if frame is None:
        return
    found = np.asarray(frame.mask) & (arrays["flat"] > 0)
    found.astype(np.uint8).tofile(folder / "cosmic_rays")
    electrons = (arrays["raw"] - arrays["bias"]) * scene["gain_e_per_adu"]
    dead = arrays["flat"] <= 0
    electrons -= arrays["dark_rate"] * scene["exposure_s"]
    exact, _ = astroscrappy.detect_cosmics(
        np.where(dead, np.median(electrons), electrons / arrays["flat"]).astype(np.float32),
        inmask=dead,
        gain=1.0,
        readnoise=scene["read_noise_e"],
        satlevel=scene["saturation_adu"] * scene["gain_e_per_adu"],
        sepmed=False,
        **LACOSMIC,
    )
    exact.astype(np.uint8).tofile(folder / "cosmic_rays_exact")


if __name__ == "__main__":
    main()
