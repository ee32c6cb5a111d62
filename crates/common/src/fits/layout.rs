//! Which image HDUs the files of each instrument have.

use super::camera::Camera;
use super::geometry::Segment;
use super::hdu::{ImagePlan, PixelType};
use super::header::Header;
use super::instrument::{Instrument, Product};

/// The image HDUs that a segment fills.
pub(crate) fn plans(camera: &Camera<'_>, segment: &Segment) -> Vec<ImagePlan> {
    let plan = |name: &str, pixel_type: PixelType| plan(camera, segment, name, pixel_type);
    let version = segment.version;
    match (camera.exposure.instrument, camera.exposure.product) {
        (Instrument::Wfc3Uvis, Product::Calibrated) => vec![
            plan("SCI", PixelType::F32),
            plan("ERR", PixelType::F32),
            plan("DQ", PixelType::I16),
        ],
        (Instrument::Wfc3Ir, Product::Calibrated) => vec![
            plan("SCI", PixelType::F32),
            plan("ERR", PixelType::F32),
            plan("DQ", PixelType::I16),
            plan("SAMP", PixelType::I16),
            plan("TIME", PixelType::F32),
        ],
        (Instrument::Miri, Product::Calibrated) => vec![
            plan("SCI", PixelType::F32),
            plan("ERR", PixelType::F32),
            plan("DQ", PixelType::U32),
            plan("AREA", PixelType::F32),
            plan("VAR_POISSON", PixelType::F32),
            plan("VAR_RNOISE", PixelType::F32),
            plan("VAR_FLAT", PixelType::F32),
        ],
        (Instrument::Wfc3Uvis, Product::Raw) => vec![
            plan("SCI", PixelType::U16),
            null("ERR", version, segment),
            null("DQ", version, segment),
        ],
        (Instrument::Wfc3Ir, Product::Raw) => ramp(camera, segment),
        (Instrument::Miri, Product::Raw) => {
            let mut cube = plan("SCI", PixelType::U16);
            cube.axes.push(camera.readout.groups);
            cube.axes.push(camera.readout.integrations);
            vec![cube]
        }
        (Instrument::Fors2, _) => {
            let mut header = camera.primary_header();
            header.inherit(&camera.image_header(segment, camera.readout.seconds));
            vec![ImagePlan {
                primary: true,
                header,
                pixel_type: PixelType::U16,
                axes: size(segment),
            }]
        }
        (Instrument::Niri, _) => vec![plan("", PixelType::I32)],
        (Instrument::Gmos, _) => vec![plan("", PixelType::U16)],
        (Instrument::Deimos, _) => vec![plan(&format!("VidInp{version}"), PixelType::U16)],
    }
}

fn size(segment: &Segment) -> Vec<usize> {
    vec![segment.width(), segment.height()]
}

/// One image of the segment's size; an empty name is none.
fn plan(camera: &Camera<'_>, segment: &Segment, name: &str, pixel_type: PixelType) -> ImagePlan {
    let mut header = Header::new();
    if !name.is_empty() {
        header.set("EXTNAME", name, "");
    }
    if camera.exposure.instrument != Instrument::Niri {
        header.set("EXTVER", segment.version, "");
    }
    header.inherit(&camera.image_header(segment, camera.readout.seconds));
    match name {
        "ERR" => header.remove("MAGZPT"),
        "DQ" | "SAMP" | "AREA" => {
            header.remove("MAGZPT");
            header.remove("BUNIT");
        }
        "TIME" => {
            header.remove("MAGZPT");
            header.set("BUNIT", "s", "unit of the pixels");
        }
        "VAR_POISSON" | "VAR_RNOISE" | "VAR_FLAT" => {
            header.remove("MAGZPT");
            header.set("BUNIT", "(MJy/sr)2", "unit of the pixels");
        }
        _ => {}
    }
    ImagePlan {
        primary: false,
        header,
        pixel_type,
        axes: size(segment),
    }
}

/// The reads of an infrared ramp, the last first, each with its null arrays.
fn ramp(camera: &Camera<'_>, segment: &Segment) -> Vec<ImagePlan> {
    let reads = camera.readout.reads();
    let mut plans = Vec::with_capacity(5 * reads);
    for (version, read) in (1..).zip((0..reads).rev()) {
        let time = camera.readout.time(read);
        let mut header = Header::new();
        header.set("EXTNAME", "SCI", "");
        header.set("EXTVER", version, "");
        header.inherit(&camera.image_header(segment, time));
        header.set("SAMPNUM", read, "read of the ramp");
        header.set("SAMPTIME", time, "s since its start");
        plans.push(ImagePlan {
            primary: false,
            header,
            pixel_type: PixelType::U16,
            axes: size(segment),
        });
        let others = ["ERR", "DQ", "SAMP", "TIME"];
        plans.extend(others.map(|name| null(name, version, segment)));
    }
    plans
}

/// HST's stand-in for an array of one value.
fn null(name: &str, version: u32, segment: &Segment) -> ImagePlan {
    let mut header = Header::new();
    header.set("EXTNAME", name, "");
    header.set("EXTVER", version, "");
    header.set("NPIX1", segment.width(), "length of constant array axis 1");
    header.set("NPIX2", segment.height(), "length of constant array axis 2");
    header.set("PIXVALUE", 0.0, "values of pixels in constant array");
    ImagePlan {
        primary: false,
        header,
        pixel_type: PixelType::F32,
        axes: Vec::new(),
    }
}
