//! The fixed geometry of the networks.
//!
//! G and D have the same layers in opposite directions. G goes up, from 7×7 to 28×28; D goes down, from
//! 28×28 to 7×7; and the gradient of each goes the other way. So there are just two convolutions, each
//! 4×4 with stride 2 and padding 1. Every layer of either network, forward or backward, computes one of
//! them *down* (convolution), *up* (transposed convolution) or as the gradient of its *weights*:
//!
//! | | upper side | lower side |
//! | --- | --- | --- |
//! | **outer** convolution | 28×28 pixels, 1 channel | 14×14, 32 channels |
//! | **inner** convolution | 14×14, 32 channels | 7×7, 64 channels |
//!
//! Tensors are channels-last (NHWC; of one image `[height, width, channels]`), so that a vector register
//! holds channels of one pixel. Where a convolution reads beyond the border, the tensor is stored with its
//! *zero padding*, which is written once, when the buffer is made, and never again.

/// Side of the picture.
pub const IMAGE_SIDE: usize = 28;
/// Side of the middle feature maps.
pub const MIDDLE_SIDE: usize = 14;
/// Side of the smallest feature maps.
pub const BOTTOM_SIDE: usize = 7;
/// Channels of the middle feature maps.
pub const MIDDLE_CHANNELS: usize = 32;
/// Channels of the smallest feature maps.
pub const BOTTOM_CHANNELS: usize = 64;

/// Filter taps of a 4×4 convolution.
pub const FILTER_TAPS: usize = 16;

/// Elements of a padded picture: 30×30.
pub const PADDED_IMAGE: usize = (IMAGE_SIDE + 2) * (IMAGE_SIDE + 2);
/// Elements of the middle feature maps: 14×14×32.
pub const MIDDLE: usize = MIDDLE_SIDE * MIDDLE_SIDE * MIDDLE_CHANNELS;
/// Elements of the smallest feature maps: 7×7×64.
pub const BOTTOM: usize = BOTTOM_SIDE * BOTTOM_SIDE * BOTTOM_CHANNELS;
/// Elements of the padded smallest feature maps: 9×9×64.
pub const PADDED_BOTTOM: usize = (BOTTOM_SIDE + 2) * (BOTTOM_SIDE + 2) * BOTTOM_CHANNELS;

/// Weights of the outer convolution, `[4, 4, 1, 32]`.
pub const OUTER_WEIGHTS: usize = FILTER_TAPS * MIDDLE_CHANNELS;
/// Weights of the inner convolution, `[4, 4, 32, 64]`.
pub const INNER_WEIGHTS: usize = FILTER_TAPS * MIDDLE_CHANNELS * BOTTOM_CHANNELS;

/// How a feature map lies in its buffer: square, with or without zero padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MapLayout {
    /// Height and width without the padding.
    pub side: usize,
    /// Channels of a pixel.
    pub channels: usize,
    /// Pixels of zero padding on each side: 0 or 1.
    pub padding: usize,
}

impl MapLayout {
    /// The middle feature maps, 14×14×32.
    pub const MIDDLE: MapLayout = MapLayout { side: MIDDLE_SIDE, channels: MIDDLE_CHANNELS, padding: 0 };
    /// The smallest feature maps, 7×7×64.
    pub const BOTTOM: MapLayout = MapLayout { side: BOTTOM_SIDE, channels: BOTTOM_CHANNELS, padding: 0 };
    /// The smallest feature maps with their zero padding, 9×9×64.
    pub const PADDED_BOTTOM: MapLayout = MapLayout { padding: 1, ..Self::BOTTOM };

    /// Elements of one map, padding included.
    pub const fn elements(self) -> usize {
        let side = self.side + 2 * self.padding;
        side * side * self.channels
    }

    /// Elements of a row of pixels without the padding.
    pub const fn row(self) -> usize {
        self.side * self.channels
    }

    /// Where row `y` of the pixels inside the padding starts.
    pub const fn row_start(self, y: usize) -> usize {
        ((y + self.padding) * (self.side + 2 * self.padding) + self.padding) * self.channels
    }
}
