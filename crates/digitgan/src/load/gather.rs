//! From images as they are stored to 28×28 bytes, light ink on black.
//!
//! All images are read the same way ([`ReadAs`]). It is decided by all of them, and so known only at the end; the first
//! ones mostly tell, so those are gone by meanwhile, and whoever reads a set compares afterwards ([`super::path`]).
//!
//! 1. Values become bytes by the range of the set.
//! 2. If the ground is light, they are inverted.
//! 3. If rows and columns are swapped, they are swapped back.
//! 4. Other sizes are brought to 28×28 by [`fit`].

use super::fit;
use super::limits::MAX_IMAGES;
use super::stored::{Kind, Picture, Stored, Values};
use super::survey::{Facts, Survey};
use crate::IMAGE_PIXELS;
use crate::IMAGE_SIDE;
use crate::data::{Ground, Orientation, PixelRange, ReadAs, Reading};
use rayon::prelude::*;
use std::borrow::Cow;

/// How many images are looked at before the first is converted.
pub(super) const FIRST_LOOK: usize = 256;

/// More images than are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooMany;

/// An image that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Which it is: its path, or the file and row that hold it.
    pub place: String,
    /// Why it cannot be read.
    pub reason: String,
}

/// The images of a split, as far as they were read.
pub(super) struct Gather<'p> {
    wanted: Reading,
    /// Whether it is asked what the images say.
    looks: bool,
    /// How images are read, once there was one.
    read_as: Option<ReadAs>,
    pub(super) survey: Survey,
    /// `[count, 28, 28]`.
    pub(super) pixels: Vec<u8>,
    /// How many had another size.
    pub(super) resized: usize,
    pub(super) unreadable: Vec<Unreadable>,
    /// Told now and then how many images there are.
    progress: Box<dyn Fn(usize) + Send + Sync + 'p>,
}

impl<'p> Gather<'p> {
    /// For images that are to be read as `wanted`; by `read_as`, if that was decided before. `progress` is told now and
    /// then how many images there are.
    pub(super) fn new(
        wanted: Reading,
        read_as: Option<ReadAs>,
        progress: Box<dyn Fn(usize) + Send + Sync + 'p>,
    ) -> Gather<'p> {
        Gather {
            wanted,
            looks: true,
            read_as,
            survey: Survey::default(),
            pixels: Vec::new(),
            resized: 0,
            unreadable: Vec::new(),
            progress,
        }
    }

    /// For images that are known to be as this library wants them, but for their size.
    pub(super) fn plain() -> Gather<'p> {
        Gather { looks: false, ..Gather::new(Reading::default(), Some(ReadAs::PLAIN), Box::new(|_| ())) }
    }

    /// How the images were read; none if there was none.
    pub(super) fn read_as(&self) -> Option<ReadAs> {
        self.read_as
    }

    /// How many images there are.
    pub(super) fn len(&self) -> usize {
        self.pixels.len() / IMAGE_PIXELS
    }

    /// Asks for memory for `count` images more, which are known to come.
    pub(super) fn reserve(&mut self, count: usize) {
        self.pixels.reserve_exact(count.min(MAX_IMAGES) * IMAGE_PIXELS);
    }

    /// Takes images of one size.
    pub(super) fn take(&mut self, stored: Stored<'_>) -> Result<(), TooMany> {
        let (count, before) = (stored.count(), self.len());
        if count == 0 {
            return Ok(());
        }
        if before + count > MAX_IMAGES {
            return Err(TooMany);
        }
        let (size, side) = ((stored.rows, stored.columns), (IMAGE_SIDE, IMAGE_SIDE));
        if let (Values::Bytes(pixels), false) = (stored.values, self.looks || size != side) {
            self.pixels.extend_from_slice(pixels);
            return Ok(());
        }
        let looked_at =
            || (0..count.min(FIRST_LOOK)).map(|index| (stored.values.kind(), Facts::of(stored.image(index))));
        let read_as = *self.read_as.get_or_insert_with(|| first_guess(self.wanted, looked_at()));
        self.pixels.resize((before + count) * IMAGE_PIXELS, 0);
        let images = self.pixels[before * IMAGE_PIXELS..].par_chunks_exact_mut(IMAGE_PIXELS);
        let facts: Vec<Facts> = images
            .enumerate()
            .map(|(index, out)| {
                let image = stored.image(index);
                convert(image, read_as, out);
                Facts::of(image)
            })
            .collect();
        self.survey.extend(stored.values.kind(), facts);
        if size != side {
            self.resized += count;
        }
        (self.progress)(self.len());
        Ok(())
    }

    /// Takes `count` pictures of any sizes, which `decode` has or cannot have; says for each whether it could be read.
    /// Those that could not are left out.
    pub(super) fn take_each(
        &mut self,
        count: usize,
        decode: impl Fn(usize) -> Result<Picture, Unreadable> + Sync,
    ) -> Result<Vec<bool>, TooMany> {
        if self.len() + count > MAX_IMAGES {
            return Err(TooMany);
        }
        if self.read_as.is_none() {
            self.look_at_some(count, &decode);
        }
        let read_as = self.read_as.unwrap_or_else(|| first_guess(self.wanted, []));
        let mut readable = Vec::with_capacity(count);
        // A piece at a time, so that what could not be read takes no memory.
        for start in (0..count).step_by(FIRST_LOOK) {
            let read = (start..count.min(start + FIRST_LOOK)).into_par_iter().map(|index| {
                let picture = decode(index)?;
                let mut pixels = [0; IMAGE_PIXELS];
                convert(picture.on(read_as.ground), read_as, &mut pixels);
                let resized = (picture.rows, picture.columns) != (IMAGE_SIDE, IMAGE_SIDE);
                Ok((pixels, picture.kind(), Facts::of(picture.stored()), resized))
            });
            let read: Vec<Result<_, Unreadable>> = read.collect();
            // Going through them in order gives the same list, whichever thread was faster.
            for image in read {
                readable.push(image.is_ok());
                match image {
                    Ok((pixels, kind, facts, resized)) => {
                        self.pixels.extend_from_slice(&pixels);
                        self.survey.extend(kind, [facts]);
                        self.resized += usize::from(resized);
                    }
                    Err(unreadable) => self.unreadable.push(unreadable),
                }
            }
            (self.progress)(self.len());
        }
        // Also where none of those that were looked at could be read: whoever compares must know how the others were.
        if readable.contains(&true) {
            self.read_as = Some(read_as);
        }
        Ok(readable)
    }

    /// Looks at pictures from everywhere in the set: the first of class folders are all of one class.
    fn look_at_some(&mut self, count: usize, decode: &(impl Fn(usize) -> Result<Picture, Unreadable> + Sync)) {
        let every = count.div_ceil(FIRST_LOOK / 4).max(1);
        let some: Vec<_> = (0..count)
            .into_par_iter()
            .step_by(every)
            .filter_map(|index| decode(index).ok().map(|picture| (picture.kind(), Facts::of(picture.stored()))))
            .collect();
        if !some.is_empty() {
            self.read_as = Some(first_guess(self.wanted, some));
        }
    }
}

/// How a set is read whose first images are these.
fn first_guess(wanted: Reading, some: impl IntoIterator<Item = (Kind, Facts)>) -> ReadAs {
    let mut survey = Survey::default();
    for (kind, facts) in some {
        survey.extend(kind, [facts]);
    }
    let range = wanted.range.given().or(survey.range().ok()).unwrap_or(PixelRange::BYTES);
    ReadAs {
        ground: wanted.ground.given().or(survey.ground(range)).unwrap_or(Ground::Dark),
        orientation: wanted.orientation.given().unwrap_or(Orientation::Upright),
        range,
    }
}

/// Makes an image `[28, 28]` of one that is stored.
fn convert(image: Stored<'_>, read_as: ReadAs, out: &mut [u8]) {
    let Stored { rows, columns, values } = image;
    let mut pixels = to_bytes(values, read_as.range);
    if read_as.ground == Ground::Light {
        pixels.to_mut().iter_mut().for_each(|pixel| *pixel = 255 - *pixel);
    }
    let (rows, columns) = match read_as.orientation {
        Orientation::Upright => (rows, columns),
        Orientation::Transposed => {
            pixels = Cow::Owned(transposed(&pixels, rows, columns));
            (columns, rows)
        }
    };
    out.copy_from_slice(&fit::to_square(&pixels, rows, columns));
}

fn to_bytes(values: Values<'_>, range: PixelRange) -> Cow<'_, [u8]> {
    let scale = 255.0 / (range.white - range.black);
    let byte = |value: f32| ((value - range.black) * scale).round().clamp(0.0, 255.0) as u8;
    match values {
        Values::Bytes(values) if range == PixelRange::BYTES => Cow::Borrowed(values),
        Values::Bytes(values) => Cow::Owned(values.iter().map(|&value| byte(value.into())).collect()),
        Values::Words(values) => Cow::Owned(values.iter().map(|&value| byte(value.into())).collect()),
        Values::Floats(values) => Cow::Owned(values.iter().map(|&value| byte(value)).collect()),
    }
}

/// `[rows, columns]` as `[columns, rows]`.
fn transposed(pixels: &[u8], rows: usize, columns: usize) -> Vec<u8> {
    (0..columns).flat_map(|column| (0..rows).map(move |row| pixels[row * columns + column])).collect()
}
