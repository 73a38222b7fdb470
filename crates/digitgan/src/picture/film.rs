//! Pictures that follow each other and begin anew, as GIF and as APNG.

use super::{GreyPicture, PictureError};
use gif::{EncodingError, Repeat};
use png::{BitDepth, ColorType};
use std::borrow::Cow;
use std::io;

/// Pictures of one size, each shown for a time, again and again.
///
/// ```
/// use digitgan::prelude::*;
/// use digitgan::picture::Film;
///
/// let picture = |seed| Grid::new(1).draw(&strokes::draw(seed, 0).image);
/// let film = Film { pictures: vec![picture(1)?, picture(2)?], show_ms: vec![40, 500] };
/// assert!(film.gif()?.starts_with(b"GIF89a"));
/// assert!(film.apng(&[])?.starts_with(b"\x89PNG"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Film {
    /// The pictures.
    pub pictures: Vec<GreyPicture>,
    /// Milliseconds that each is shown; the last number holds for those beyond. GIF counts in steps of 10, and viewers slow down
    /// below 20.
    pub show_ms: Vec<u32>,
}

impl Film {
    /// The bytes of a GIF file, in the 256 greys that the pictures have. It loops for ever.
    ///
    /// # Errors
    /// No pictures, pictures of different sizes, or a side of more than 65535 pixels.
    pub fn gif(&self) -> Result<Vec<u8>, PictureError> {
        let (width, height) = self.size()?;
        let too_large = |_| PictureError::TooLarge { width, height };
        let side = |side: usize| u16::try_from(side).map_err(too_large);
        let (gif_width, gif_height) = (side(width)?, side(height)?);
        let mut bytes = Vec::new();
        let mut encoder = gif::Encoder::new(&mut bytes, gif_width, gif_height, &greys()).map_err(gif_error)?;
        encoder.set_repeat(Repeat::Infinite).map_err(gif_error)?;
        for (picture, show_ms) in self.shown() {
            encoder
                .write_frame(&gif::Frame {
                    delay: u16::try_from(show_ms / 10).unwrap_or(u16::MAX),
                    width: gif_width,
                    height: gif_height,
                    buffer: Cow::Borrowed(picture.pixels()),
                    ..gif::Frame::default()
                })
                .map_err(gif_error)?;
        }
        encoder.into_inner().map_err(gif_error)?;
        Ok(bytes)
    }

    /// The bytes of a PNG file of 8-bit greys that is animated where the viewer knows how (APNG), and its first picture elsewhere,
    /// with `text` as its metadata. It loops for ever.
    ///
    /// # Errors
    /// No pictures, pictures of different sizes, too many of them, or a key of `text` that PNG cannot hold.
    pub fn apng(&self, text: &[(&str, &str)]) -> Result<Vec<u8>, PictureError> {
        let (width, height) = self.size()?;
        let too_large = |_| PictureError::TooLarge { width, height };
        let side = |side: usize| u32::try_from(side).map_err(too_large);
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, side(width)?, side(height)?);
        encoder.set_color(ColorType::Grayscale);
        encoder.set_depth(BitDepth::Eight);
        encoder.set_animated(side(self.pictures.len())?, 0).map_err(png_error)?;
        text.iter().try_for_each(|&(key, value)| super::png_file::add_text(&mut encoder, key, value))?;
        let mut writer = encoder.write_header().map_err(png_error)?;
        for (picture, show_ms) in self.shown() {
            writer.set_frame_delay(u16::try_from(show_ms).unwrap_or(u16::MAX), 1000).map_err(png_error)?;
            writer.write_image_data(picture.pixels()).map_err(png_error)?;
        }
        writer.finish().map_err(png_error)?;
        Ok(bytes)
    }

    /// Each picture with the milliseconds that it is shown.
    fn shown(&self) -> impl Iterator<Item = (&GreyPicture, u32)> {
        let times = self.show_ms.iter().copied();
        let last = self.show_ms.last().copied().unwrap_or(100);
        self.pictures.iter().zip(times.chain(std::iter::repeat(last)))
    }

    /// Width and height of every picture.
    fn size(&self) -> Result<(usize, usize), PictureError> {
        let size = |picture: &GreyPicture| (picture.width(), picture.height());
        let first = self.pictures.first().map(size).ok_or(PictureError::NoImages)?;
        match self.pictures.iter().map(size).enumerate().find(|(_, found)| *found != first) {
            None => Ok(first),
            Some((index, (found_width, found_height))) => {
                let (width, height) = first;
                Err(PictureError::FrameSize { index, width, height, found_width, found_height })
            }
        }
    }
}

/// The palette in which colour i is grey i, so that pixels need no translation.
pub(super) fn greys() -> Vec<u8> {
    (0..=255).flat_map(|grey| [grey; 3]).collect()
}

fn gif_error(error: EncodingError) -> io::Error {
    match error {
        EncodingError::Io(error) => error,
        other => io::Error::other(other.to_string()),
    }
}

fn png_error(error: png::EncodingError) -> io::Error {
    error.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::Grid;

    #[test]
    fn pictures_times_and_loop_come_back_from_apng() {
        let pixels = |seed: usize| (0..784).map(|i| (i * seed % 256) as u8).collect::<Vec<u8>>();
        let pictures: Vec<_> = (1..4).map(|seed| Grid::new(1).draw(&pixels(seed)).unwrap()).collect();
        let film = Film { pictures: pictures.clone(), show_ms: vec![40, 2000] };
        let bytes = film.apng(&[("Software", "digitgan")]).unwrap();
        let mut reader = png::Decoder::new(io::Cursor::new(bytes)).read_info().unwrap();
        let control = reader.info().animation_control.unwrap();
        assert_eq!((control.num_frames, control.num_plays), (3, 0));
        let mut found = vec![0; reader.output_buffer_size().unwrap()];
        for (picture, ms) in pictures.iter().zip([40, 2000, 2000]) {
            reader.next_frame(&mut found).unwrap();
            let frame = reader.info().frame_control.unwrap();
            assert_eq!((&found[..], frame.delay_num, frame.delay_den), (picture.pixels(), ms, 1000));
        }
    }

    #[test]
    fn films_of_nothing_are_refused() {
        let film = Film { pictures: Vec::new(), show_ms: vec![40] };
        assert!(matches!(film.gif(), Err(PictureError::NoImages)));
        assert!(matches!(film.apng(&[]), Err(PictureError::NoImages)));
    }
}
