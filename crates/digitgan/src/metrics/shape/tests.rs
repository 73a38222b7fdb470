use super::*;

/// What Morpho-MNIST's own code gives for the first training images of MNIST (scikit-image 0.26): thickness, slant, width, height,
/// area. Its medial axis breaks ties at random, so thickness differs from call to call.
#[cfg(feature = "files")]
const FIRST: [[f64; 5]; 24] = [
    [2.5254, 13.2684, 14.5237, 19.8892, 107.1875],
    [2.5702, 18.9587, 15.3852, 19.3592, 123.0625],
    [1.8534, -12.2105, 20.4729, 19.1339, 78.1875],
    [2.9228, 29.1022, 5.4064, 19.7688, 67.3750],
    [2.2447, 0.5153, 13.2736, 19.4926, 91.0000],
    [2.3849, 17.0735, 18.1323, 16.5116, 117.1250],
    [3.4269, -8.9131, 5.0749, 19.7485, 69.3125],
    [3.1660, 17.9588, 13.3077, 19.6256, 140.0000],
    [2.1294, -4.3891, 3.8925, 19.4794, 41.5625],
    [2.2640, 30.8058, 12.1376, 19.0400, 86.1875],
    [3.4245, 7.7348, 11.4069, 19.5583, 111.9375],
    [1.8095, 45.0631, 9.9831, 14.0893, 55.5000],
    [2.8901, -13.4599, 16.2094, 19.6549, 139.8750],
    [2.4228, 9.8791, 13.6759, 19.3787, 112.5625],
    [2.2412, -3.0876, 4.0384, 19.5598, 43.9375],
    [2.7523, 16.9804, 14.1521, 19.2987, 99.3125],
    [2.0614, 12.1871, 17.9786, 17.9307, 98.1875],
    [2.5612, 24.6629, 10.1506, 19.1246, 107.7500],
    [1.4615, 4.0403, 10.7621, 20.0005, 58.3125],
    [2.0829, 18.0020, 8.7524, 19.6251, 69.7500],
    [3.4595, -22.4504, 17.4560, 18.1548, 133.5000],
    [2.8075, 21.1754, 16.2084, 19.1340, 138.6875],
    [1.6678, 19.2208, 8.9012, 19.5635, 63.1250],
    [2.8478, 30.1663, 5.2166, 19.4933, 64.6250],
];

/// MNIST's training images, where they are.
#[cfg(feature = "files")]
fn mnist() -> Option<Vec<u8>> {
    use std::io::Read;
    let folder = std::env::var_os("DIGITGAN_TEST_MNIST").map(std::path::PathBuf::from);
    let folder =
        folder.unwrap_or_else(|| std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/mnist"));
    let file = std::fs::File::open(folder.join("train-images-idx3-ubyte.gz")).ok()?;
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(file).take(16 + 200 * IMAGE_PIXELS as u64).read_to_end(&mut bytes).ok()?;
    Some(bytes.split_off(16))
}

#[cfg(feature = "files")]
#[test]
fn shapes_are_those_of_morpho_mnist() {
    let Some(images) = mnist() else { return };
    let mut apart = 0.0;
    for (image, expected) in images.as_chunks::<IMAGE_PIXELS>().0.iter().zip(FIRST) {
        let shape = Shape::of(image).unwrap().unwrap();
        let found = [shape.slant, shape.width, shape.height, shape.area];
        for (found, expected) in found.iter().zip(&expected[1..]) {
            assert!((found - expected).abs() < 1e-4, "{shape:?}, expected {expected:?}");
        }
        assert!((shape.thickness - expected[0]).abs() < 0.2, "{shape:?}, expected {expected:?}");
        apart += (shape.thickness - expected[0]).abs() / FIRST.len() as f64;
    }
    assert!(apart < 0.02, "{apart}");
}

/// A bar of `thick` pixels from row 4 to row 24, that goes `right` pixels to the right with every pixel up.
fn bar(thick: f64, right: f64) -> [u8; IMAGE_PIXELS] {
    std::array::from_fn(|place| {
        let (x, y) = ((place % SIDE) as f64 + 0.5, (place / SIDE) as f64 + 0.5);
        let away = (x - 14.0 - right * (14.0 - y)).abs() / right.hypot(1.0);
        let cover = (thick / 2.0 - away + 0.5).clamp(0.0, 1.0);
        if (4.0..24.0).contains(&y) { (255.0 * cover) as u8 } else { 0 }
    })
}

#[test]
fn bars_have_the_shape_that_they_were_drawn_with() {
    for (thick, degrees) in [(3.0, 0.0), (3.0, 20.0), (3.0, -20.0), (5.0, 10.0), (2.0, 0.0f64)] {
        let shape = Shape::of(&bar(thick, degrees.to_radians().tan())).unwrap().unwrap();
        assert!((shape.slant - degrees).abs() < 1.5, "{thick} at {degrees}: {shape:?}");
        // The axis of a thick bar runs into its corners, where it is less deep.
        assert!((shape.thickness - thick).abs() < 0.2 * thick, "{thick} at {degrees}: {shape:?}");
        assert!((shape.height - 20.0).abs() < 1.0, "{thick} at {degrees}: {shape:?}");
    }
    // What leans is as wide, along its slant.
    let width = |degrees: f64| Shape::of(&bar(3.0, degrees.to_radians().tan())).unwrap().unwrap().width;
    assert!((width(0.0) - width(25.0)).abs() < 1.0);
}

#[test]
fn what_has_no_ink_has_no_shape() {
    assert_eq!(Shape::of(&[0; IMAGE_PIXELS]).unwrap(), None);
    assert_eq!(Shape::of(&[255; IMAGE_PIXELS]).unwrap(), None);
    let mut dot = [0; IMAGE_PIXELS];
    dot[14 * SIDE + 14] = 1;
    // A grey of one is lost when it is smoothed.
    assert_eq!(Shape::of(&dot).unwrap(), None);
    dot[14 * SIDE + 14] = 255;
    assert!(Shape::of(&dot).unwrap().is_some_and(|shape| shape.thickness > 0.0 && shape.width.is_finite()));
    for corner in [0, SIDE - 1, IMAGE_PIXELS - SIDE, IMAGE_PIXELS - 1] {
        let mut dot = [0; IMAGE_PIXELS];
        dot[corner] = 255;
        assert!(Shape::of(&dot).unwrap().is_some_and(|shape| shape.slant.is_finite() && shape.height.is_finite()));
    }
    assert!(Shape::of(&[0; 783]).is_err());
}
