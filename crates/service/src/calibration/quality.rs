//! The flags of pixels and of detections.

/// The raw value reached the saturation level.
pub const SATURATED: u16 = 1;
/// A cosmic ray, replaced by the median of its neighbours.
pub const COSMIC_RAY: u16 = 1 << 1;
/// The flat field has no usable value here.
pub const BAD_FLAT: u16 = 1 << 2;
/// The raw frame or a master is not finite here, or the result is not.
pub const BAD_PIXEL: u16 = 1 << 3;
/// Near a saturated star, where cosmic rays are not looked for.
pub const NEAR_SATURATED: u16 = 1 << 4;
/// Of detections: the aperture is cut by the edge of the frame.
pub const EDGE: u16 = 1 << 8;
/// Of detections: the aperture reaches into another detection.
pub const CROWDED: u16 = 1 << 9;

/// Pixels that have no value of their own: NaN in the result.
pub const NO_VALUE: u16 = BAD_FLAT | BAD_PIXEL;
/// Pixels whose value says nothing on what their neighbours should be.
pub const UNUSABLE: u16 = NO_VALUE | SATURATED | COSMIC_RAY;
