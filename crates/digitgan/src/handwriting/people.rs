//! How much people's digits differ: within one person's, and from person to person.
//!
//! Measured by [`Measures`] on MNIST's 60,000 training images, whose 539 writers QMNIST's labels name (Yadav & Bottou 2019,
//! "Cold Case: The Lost MNIST Digits"). A digit counts by its difference from the mean of its class. `measure_people` in this
//! file repeats it. MNIST's digits were scaled to fit a box of 20 pixels, so their heights say how wide digits differ in
//! height from narrow ones, and not how large a person writes.

use super::Measures;

/// The standard deviation within one person's digits: the median of 539 people.
pub const WITHIN: Measures = Measures { slant: 8.63, thickness: 0.338, height: 0.915 };
/// The standard deviation of people's means.
pub const BETWEEN: Measures = Measures { slant: 10.77, thickness: 0.494, height: 0.412 };
/// The standard deviation of all digits, whoever wrote them.
pub const ALL: Measures = Measures { slant: 13.87, thickness: 0.611, height: 1.156 };
/// The mean of the ten classes.
pub(super) const MEAN: Measures = Measures { slant: 5.90, thickness: 2.580, height: 19.516 };
/// The mean of each class.
const CLASSES: [Measures; 10] = [
    Measures { slant: 11.93, thickness: 2.863, height: 19.25 },
    Measures { slant: 12.29, thickness: 2.544, height: 19.88 },
    Measures { slant: 5.08, thickness: 2.705, height: 18.91 },
    Measures { slant: 3.01, thickness: 2.529, height: 19.73 },
    Measures { slant: 3.04, thickness: 2.485, height: 19.64 },
    Measures { slant: 11.43, thickness: 2.366, height: 18.59 },
    Measures { slant: 1.35, thickness: 2.677, height: 19.82 },
    Measures { slant: 1.35, thickness: 2.538, height: 19.70 },
    Measures { slant: 9.64, thickness: 2.622, height: 19.77 },
    Measures { slant: -0.11, thickness: 2.478, height: 19.88 },
];

/// The mean of all people's digits of a class, 0 to 9.
pub(super) fn class(digit: u8) -> Measures {
    CLASSES[usize::from(digit) % CLASSES.len()]
}

#[cfg(feature = "files")]
#[cfg(test)]
mod tests {
    use crate::handwriting::Measures;
    use std::io::Read;
    use std::path::PathBuf;

    fn gunzipped(path: PathBuf) -> Vec<u8> {
        let mut bytes = Vec::new();
        let file = std::fs::File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        flate2::read::MultiGzDecoder::new(file).read_to_end(&mut bytes).unwrap();
        bytes
    }

    fn deviation(values: &[f64]) -> f64 {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (values.len() - 1) as f64).sqrt()
    }

    fn median(mut values: Vec<f64>) -> f64 {
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    }

    #[test]
    #[allow(clippy::print_stdout, reason = "what it finds is for a person")]
    #[ignore = "needs QMNIST's labels and MNIST"]
    fn measure_people() {
        let labels = gunzipped(std::env::var_os("DIGITGAN_QMNIST_LABELS").expect("QMNIST's file of labels").into());
        let mnist = PathBuf::from(std::env::var_os("DIGITGAN_TEST_MNIST").unwrap());
        let images = gunzipped(mnist.join("train-images-idx3-ubyte.gz"));
        let row = |image: usize, column: usize| {
            let at = 12 + (image * 8 + column) * 4;
            u32::from_be_bytes(labels[at..at + 4].try_into().unwrap()) as usize
        };
        let measures: Vec<[f64; 3]> = images[16..]
            .chunks_exact(784)
            .map(|image| {
                let found = Measures::of(image, 28).unwrap();
                [found.slant, found.thickness, found.height].map(f64::from)
            })
            .collect();
        let mut means = [[0.0; 3]; 10];
        let mut counts = [0.0; 10];
        for (image, found) in measures.iter().enumerate() {
            counts[row(image, 0)] += 1.0;
            (0..3).for_each(|m| means[row(image, 0)][m] += found[m]);
        }
        (0..10).for_each(|class| (0..3).for_each(|m| means[class][m] /= counts[class]));
        println!("means {means:?}");
        let mut people = std::collections::BTreeMap::<usize, Vec<[f64; 3]>>::new();
        for (image, found) in measures.iter().enumerate() {
            let class = row(image, 0);
            people.entry(row(image, 2)).or_default().push([0, 1, 2].map(|m| found[m] - means[class][m]));
        }
        println!(
            "{} writers, {} to {} digits",
            people.len(),
            people.values().map(Vec::len).min().unwrap(),
            people.values().map(Vec::len).max().unwrap()
        );
        for m in 0..3 {
            let of = |digits: &Vec<[f64; 3]>| digits.iter().map(|digit| digit[m]).collect::<Vec<f64>>();
            let within: Vec<f64> = people.values().map(|digits| deviation(&of(digits))).collect();
            let own: Vec<f64> =
                people.values().map(|digits| of(digits).iter().sum::<f64>() / digits.len() as f64).collect();
            let all: Vec<f64> = people.values().flat_map(of).collect();
            println!(
                "{m}: within median {:.4} mean {:.4}; between {:.4}; all {:.4}",
                median(within.clone()),
                within.iter().sum::<f64>() / within.len() as f64,
                deviation(&own),
                deviation(&all)
            );
        }
    }
}
