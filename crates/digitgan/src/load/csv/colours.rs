//! Whether what has as many columns as a grey image holds a smaller one in four colours: 56×56 values are as many as 28×28
//! times red, green, blue and how opaque that is.
//!
//! The number of columns does not tell, but the first rows do: every pixel is equally opaque, or red, green and blue are
//! the same. Grey images are like that nowhere, unless they are blank.

use crate::load::stored::Values;

/// Images of fewer values are no pictures in colours.
const MIN_VALUES: usize = 256;

/// Whether images of so many values, one after the other, look like ones in four colours.
pub(super) fn are_four_colours(values: Values<'_>, image: usize) -> bool {
    if image < MIN_VALUES || !image.is_multiple_of(4) {
        return false;
    }
    match values {
        Values::Bytes(values) => are_opaque(values) || are_equal(values) || are_equal_planes(values, image),
        Values::Words(values) => are_opaque(values) || are_equal(values) || are_equal_planes(values, image),
        Values::Floats(values) => are_opaque(values) || are_equal(values) || are_equal_planes(values, image),
    }
}

/// Whether every fourth value is the same, and none is zero, where others differ.
fn are_opaque<T: Copy + PartialOrd + Default>(values: &[T]) -> bool {
    let mut fourths = values.iter().skip(3).step_by(4);
    fourths.next().is_some_and(|first| {
        *first > T::default() && fourths.all(|value| value == first) && values.iter().any(|value| value != first)
    })
}

/// Whether the first three of each four values are the same, and the fourth is another one somewhere.
fn are_equal<T: PartialEq>(values: &[T]) -> bool {
    let pixels = || values.chunks_exact(4);
    pixels().all(|pixel| pixel[0] == pixel[1] && pixel[1] == pixel[2]) && pixels().any(|pixel| pixel[2] != pixel[3])
}

/// Whether the first three quarters of each image are the same, but not blank, and the fourth is another one somewhere.
fn are_equal_planes<T: PartialEq>(values: &[T], image: usize) -> bool {
    let quarter = image / 4;
    let images =
        || values.chunks_exact(image).map(|image| [0, 1, 2, 3].map(|plane| &image[plane * quarter..][..quarter]));
    images().all(|[red, green, blue, _]| red == green && green == blue)
        && images().any(|[.., blue, opacity]| blue != opacity)
        && images().any(|[red, ..]| red.iter().any(|value| *value != red[0]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_told_from_larger_grey_images() {
        let grey = |count: usize| -> Vec<u8> { (0..count).map(|index| (index * index * 7 % 251) as u8).collect() };
        let ink = grey(784);
        let with = |opacity: &dyn Fn(u8) -> u8, colour: &dyn Fn(u8) -> [u8; 3]| -> Vec<u8> {
            ink.iter().flat_map(|&pixel| [colour(pixel).as_slice(), &[opacity(pixel)]].concat()).collect()
        };
        let planes =
            |pixels: &[u8]| -> Vec<u8> { (0..4).flat_map(|c| pixels.iter().skip(c).step_by(4).copied()).collect() };
        let (opaque, shape) = (with(&|_| 255, &|ink| [ink, ink / 2, 9]), with(&|ink| ink, &|_| [0; 3]));
        let plain = with(&|_| 255, &|ink| [ink; 3]);
        for (what, values, expected) in [
            ("opaque colours", opaque, true),
            ("opaque grey", plain.clone(), true),
            ("a shape in its opacity", shape, true),
            ("grey, colour by colour", planes(&plain), true),
            ("grey", grey(3136), false),
            ("each pixel four times", grey(784).repeat(4), false),
            ("black", vec![0; 3136], false),
            ("white", vec![255; 3136], false),
            ("ink in the last quarter", [vec![0; 3136 - 784], grey(784)].concat(), false),
        ] {
            assert_eq!(are_four_colours(Values::Bytes(&values), 3136), expected, "{what}");
        }
        assert!(!are_four_colours(Values::Bytes(&grey(64)), 64) && !are_four_colours(Values::Bytes(&[]), 3136));
    }
}
