//! The table of random streams: how the 64-bit index of each purpose is laid out. No index is made up anywhere else.
//!
//! | purpose | what an index is of | layout |
//! | --- | --- | --- |
//! | [`InitialWeights`](Purpose::InitialWeights) | a tensor | [`tensor`]: FNV-1a of its name |
//! | [`Shuffle`](Purpose::Shuffle) | an epoch | its number, from 0 |
//! | [`TrainingLatent`](Purpose::TrainingLatent), [`TrainingClass`](Purpose::TrainingClass) | a fake of a training | [`training_fakes`]: 16 bits of rollbacks, 48 of fakes before it |
//! | [`FixedLatent`](Purpose::FixedLatent) | a cell of the sample grid | its number, row by row |
//! | [`SampleLatent`](Purpose::SampleLatent) | a picture | its number; [`generated`], [`generated_again`]; from [`CHOICE`] on those that choose an epoch |
//! | [`SampleClass`](Purpose::SampleClass) | a picture | its number |
//! | [`Augment`](Purpose::Augment) | a real image as a step shows it | [`real_image`]: images shown before it |
//! | [`Strokes`](Purpose::Strokes) | an image, or a block of ten | its number; [`strokes_block`] in the upper half |
//! | [`Show`](Purpose::Show) | a cell of the grid of real images | its number, row by row |
//! | [`MetricSubset`](Purpose::MetricSubset) | a subset | its number, from 0 |
//! | [`InstanceNoise`](Purpose::InstanceNoise) | an image that D sees | [`instance_noise`]: images that it has seen before |
//! | [`MonitorLatent`](Purpose::MonitorLatent) | a digit that the collapse monitor looks at | its number; [`MONITOR_REAL_DIGITS`] for real ones |
//! | [`EvaluationImages`](Purpose::EvaluationImages) | a choice of real images | [`EVALUATION_TEST`], [`EVALUATION_TRAIN`], [`CHOICE_TRAIN`], [`EVALUATION_SET`] |
//! | [`SetClasses`](Purpose::SetClasses) | a block of a generated data set | [`generated`], of blocks instead of images; [`COUNTED_CLASSES`] for an order of all |
//! | [`Writer`](Purpose::Writer), [`WriterLatent`](Purpose::WriterLatent) | a writer of lines | its number |
//! | [`WriterHabit`](Purpose::WriterHabit) | a mark as a writer makes it | [`writer_habit`] |
//! | [`LineLatent`](Purpose::LineLatent) | a picture behind a digit of a written line | [`line_digit`] |
//! | [`WrittenLine`](Purpose::WrittenLine), [`LineText`](Purpose::LineText), [`LinePaper`](Purpose::LinePaper) | a written line | its number |

#[cfg(doc)]
use super::Purpose;

/// The order of all training images for the collapse monitor, which takes the first ones of each class.
pub const MONITOR_REAL_DIGITS: u64 = u64::MAX;
/// The test images that an evaluation compares with.
pub const EVALUATION_TEST: u64 = 0;
/// The training images that an evaluation compares with, set by set.
pub const EVALUATION_TRAIN: u64 = 1;
/// The training images that the choice of an epoch compares with.
pub const CHOICE_TRAIN: u64 = 2;
/// The order in which images are taken that are evaluated as a generator's digits are.
pub const EVALUATION_SET: u64 = 3;
/// The first picture by which the choice of an epoch goes: behind all that an evaluation or a data set draws.
pub const CHOICE: u64 = 1 << 40;
/// The order of the classes of a generated data set that has so many images of each.
pub const COUNTED_CLASSES: u64 = u64::MAX;
/// Parts of a generated data set: images for training and for testing.
const PARTS: u64 = 2;
/// No part of a generated data set has more images: their numbers have 32 bits, as IDX files count them.
const PART_IMAGES: u64 = 1 << 32;

/// Pictures behind a written line, at most.
const LINE_PICTURES: u64 = 1 << 12;

/// The first values of a tensor of a network: by its name, so that a tensor added later leaves the others as they are
/// (FNV-1a, 64 bits).
pub fn tensor(network: &str, name: &str) -> u64 {
    let bytes = network.bytes().chain([b'.']).chain(name.bytes());
    bytes.fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3))
}

/// The first of the `batch` fakes of step `step`, counted from 0, of a training that went back `rollbacks` times. After
/// going back, they are others than those that led to the collapse.
pub fn training_fakes(rollbacks: u32, step: u64, batch: usize) -> u64 {
    (u64::from(rollbacks) << 48) + step * batch as u64
}

/// Image `image` of the `batch` real ones of step `step`, counted from 0.
pub fn real_image(step: u64, batch: usize, image: usize) -> u64 {
    step * batch as u64 + image as u64
}

/// Image `image` of those that D sees in step `step`, counted from 0: `batch` real ones, then `batch` fakes.
pub fn instance_noise(step: u64, batch: usize, image: usize) -> u64 {
    step * 2 * batch as u64 + image as u64
}

/// The order of the digits in a block of ten of the strokes.
pub fn strokes_block(block: u64) -> u64 {
    (1 << 63) | block
}

/// Image `number`, or block of images, of a part of a generated data set: 0 for training, 1 for testing.
pub const fn generated(part: u64, number: u64) -> u64 {
    part * PART_IMAGES + number
}

/// The picture of index `first`, drawn again for the `attempt`th time: behind those of all parts.
pub const fn generated_again(first: u64, attempt: u64) -> u64 {
    first + attempt * PARTS * PART_IMAGES
}

/// A mark, an ASCII character, as a writer makes it.
pub const fn writer_habit(writer: u64, mark: char) -> u64 {
    writer * 128 + mark as u64 % 128
}

/// Picture `picture` of those behind the digits of a written line.
pub const fn line_digit(line: u64, picture: usize) -> u64 {
    line * LINE_PICTURES + picture as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// These numbers are in files that people have: none may change.
    #[test]
    fn indices_stay_as_they_are() {
        let table = [
            (tensor("generator", "deconv1.weight"), 0x93BB_7B00_E4A0_CA12),
            (training_fakes(0, 7, 64), 448),
            (training_fakes(3, 7, 64), 844_424_930_132_416),
            (real_image(7, 64, 5), 453),
            (instance_noise(7, 64, 64), 960),
            (strokes_block(5), 9_223_372_036_854_775_813),
            (generated(0, 5), 5),
            (generated(1, 5), 4_294_967_301),
            (generated_again(4_294_967_301, 3), 30_064_771_077),
            (writer_habit(3, '+'), 427),
            (line_digit(3, 5), 12_293),
            (EVALUATION_TEST, 0),
            (EVALUATION_TRAIN, 1),
            (CHOICE_TRAIN, 2),
            (EVALUATION_SET, 3),
            (CHOICE, 1_099_511_627_776),
            (COUNTED_CLASSES, 18_446_744_073_709_551_615),
            (MONITOR_REAL_DIGITS, 18_446_744_073_709_551_615),
        ];
        for (row, (index, expected)) in table.into_iter().enumerate() {
            assert_eq!(index, expected, "row {row}");
        }
    }

    #[test]
    fn ranges_do_not_meet() {
        let last = PART_IMAGES - 1;
        assert!(generated(0, last) < generated(1, 0) && generated(1, last) < generated_again(0, 1));
        assert!(generated_again(generated(1, last), 99) < CHOICE);
        // Ten days of ten thousand steps a second, of a thousand images each.
        assert!(training_fakes(0, 864_000 * 10_000, 1000) < training_fakes(1, 0, 1000));
        assert!(instance_noise(6, 64, 127) < instance_noise(7, 64, 0));
    }
}
