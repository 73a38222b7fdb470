//! How the digits come to be: one grid per epoch, as a GIF.

use super::film::Film;
use super::{GreyPicture, PictureError, text};
use crate::files::atomic;
use std::path::Path;

/// Pixels of height for the strip with the epoch's number, above the picture.
const STRIP_HEIGHT: usize = 24;
/// Pixels of height at the strip's foot for the bar that shows how far training has come.
const BAR_HEIGHT: usize = 2;
/// Grey of that bar.
const BAR_GREY: u8 = 160;

/// A picture and the epoch after which it was made.
///
/// ```
/// use digitgan::prelude::*;
///
/// let black = Grid::new(1).draw(&[0; 784])?;
/// let small = Grid { scale: 1, ..Grid::new(1) }.draw(&[0; 784])?;
/// let frames = [Frame { epoch: 1, picture: black }, Frame { epoch: 2, picture: small }];
/// assert!(Animation::default().gif(&frames).is_err(), "frames are of one size");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Finished epochs; 0 is before training.
    pub epoch: u32,
    /// The picture, of the same size in every frame.
    pub picture: GreyPicture,
}

/// An animated GIF that loops forever, in the 256 greys that the pictures have.
///
/// Above each picture stands its epoch, over a bar that grows to full width at the last frame.
///
/// ```
/// use digitgan::prelude::*;
///
/// let picture = |seed| Grid::new(2).draw(&[strokes::draw(seed, 0).image, strokes::draw(seed, 1).image].concat());
/// let frames = [Frame { epoch: 1, picture: picture(1)? }, Frame { epoch: 2, picture: picture(2)? }];
/// let gif = Animation::default().gif(&frames)?;
/// assert!(gif.starts_with(b"GIF89a"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Animation {
    /// Milliseconds that a frame shows. GIF counts in steps of 10; viewers slow down below 20.
    pub frame_ms: u32,
    /// Milliseconds that the last frame shows, so that people can look at the result.
    pub last_frame_ms: u32,
}

impl Default for Animation {
    fn default() -> Self {
        Self { frame_ms: 200, last_frame_ms: 2500 }
    }
}

impl Animation {
    /// The bytes of the GIF file.
    ///
    /// # Errors
    ///
    /// No frames, frames of different sizes, or a side of more than 65535 pixels.
    pub fn gif(&self, frames: &[Frame]) -> Result<Vec<u8>, PictureError> {
        let last = frames.last().ok_or(PictureError::NoImages)?;
        check_sizes(frames)?;
        let pictures = frames.iter().map(|frame| labelled(frame, last.epoch)).collect::<Result<Vec<_>, _>>()?;
        let mut show_ms = vec![self.frame_ms; frames.len()];
        show_ms[frames.len() - 1] = self.last_frame_ms;
        Film { pictures, show_ms }.gif()
    }

    /// Writes [`Animation::gif`] to `path`, whole or not at all.
    ///
    /// # Errors
    ///
    /// Those of [`Animation::gif`], and those of writing the file.
    pub fn write_gif(&self, path: &Path, frames: &[Frame]) -> Result<(), PictureError> {
        let bytes = self.gif(frames)?;
        atomic::write(path, |out| out.write_all(&bytes))?;
        Ok(())
    }
}

fn check_sizes(frames: &[Frame]) -> Result<(), PictureError> {
    let size = |frame: &Frame| (frame.picture.width(), frame.picture.height());
    let first = frames.first().map_or((0, 0), size);
    match frames.iter().position(|frame| size(frame) != first) {
        None => Ok(()),
        Some(index) => {
            let found = size(&frames[index]);
            Err(PictureError::FrameSize {
                index,
                width: first.0,
                height: first.1,
                found_width: found.0,
                found_height: found.1,
            })
        }
    }
}

/// The frame's picture, 24 pixels higher, below its epoch and the bar.
fn labelled(frame: &Frame, last_epoch: u32) -> Result<GreyPicture, PictureError> {
    let width = frame.picture.width();
    let text_height = STRIP_HEIGHT - BAR_HEIGHT;
    let label = format!("epoch {}", frame.epoch);
    let mut pixels = text::strip(&label, width as u32, text_height as u32)?;
    let progress = f64::from(frame.epoch) / f64::from(last_epoch.max(1));
    let filled = (progress.min(1.0) * width as f64).round() as usize;
    for _ in 0..BAR_HEIGHT {
        pixels.extend((0..width).map(|x| if x < filled { BAR_GREY } else { 0 }));
    }
    pixels.extend_from_slice(frame.picture.pixels());
    Ok(GreyPicture::of_pixels(width, pixels))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::Grid;
    use crate::picture::film::greys;
    use gif::{ColorOutput, DecodeOptions, Repeat};

    fn frames(count: u32) -> Vec<Frame> {
        let picture = |grey: u32| {
            let pixels: Vec<u8> = (0..4 * 784u32).map(|i| (i / 3 + grey * 40) as u8).collect();
            Grid::new(2).draw(&pixels).unwrap()
        };
        (0..count).map(|i| Frame { epoch: i * 5, picture: picture(i) }).collect()
    }

    #[test]
    fn frames_delays_greys_and_loop_come_back() {
        let frames = frames(4);
        let bytes = Animation { frame_ms: 150, last_frame_ms: 3000 }.gif(&frames).unwrap();
        let mut options = DecodeOptions::new();
        options.set_color_output(ColorOutput::Indexed);
        let mut decoder = options.read_info(bytes.as_slice()).unwrap();
        assert_eq!(decoder.repeat(), Repeat::Infinite);
        assert_eq!(decoder.global_palette().unwrap(), greys());
        let (width, height) = (frames[0].picture.width(), frames[0].picture.height());
        assert_eq!((decoder.width(), decoder.height()), (width as u16, height as u16 + 24));
        let mut delays = Vec::new();
        let mut strips = Vec::new();
        while let Some(found) = decoder.read_next_frame().unwrap() {
            let (strip, pixels) = found.buffer.split_at(24 * width);
            assert_eq!(pixels, frames[delays.len()].picture.pixels());
            delays.push(found.delay);
            strips.push(strip.to_vec());
        }
        assert_eq!(delays, [15, 15, 15, 300]);
        strips.dedup();
        assert_eq!(strips.len(), 4, "every frame has its own label");
        let bar = |strip: &Vec<u8>| strip[23 * width..].iter().filter(|&&g| g == BAR_GREY).count();
        assert_eq!([bar(&strips[0]), bar(&strips[3])], [0, width]);
    }

    #[test]
    fn impossible_animations_are_errors_that_say_why() {
        let animation = Animation::default();
        assert!(matches!(animation.gif(&[]), Err(PictureError::NoImages)));
        let mut odd = frames(3);
        odd[2].picture = Grid::new(1).draw(&[0; 784]).unwrap();
        let error = animation.gif(&odd).unwrap_err().to_string();
        assert_eq!(error, "frame 2 has 60x60 pixels where the first has 118x118; all must be the same");
        let wide = Grid { scale: 2400, ..Grid::new(1) }.draw(&[0; 784]);
        assert!(matches!(wide, Err(PictureError::TooLarge { .. })));
        let long = Grid { scale: 1, ..Grid::new(1) }.draw(&vec![0; 784 * 2300]).unwrap();
        let error = animation.gif(&[Frame { epoch: 1, picture: long }]).unwrap_err();
        assert!(matches!(error, PictureError::TooLarge { .. }), "{error}");
    }

    #[test]
    fn delays_beyond_the_format_are_its_longest() {
        let animation = Animation { frame_ms: u32::MAX, last_frame_ms: u32::MAX };
        let bytes = animation.gif(&frames(1)).unwrap();
        let mut decoder = DecodeOptions::new().read_info(bytes.as_slice()).unwrap();
        assert_eq!(decoder.read_next_frame().unwrap().unwrap().delay, u16::MAX);
    }
}
