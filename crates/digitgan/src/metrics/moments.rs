//! How a grey picture leans, from its moments.

/// The moments that say how a picture leans.
pub(crate) struct Moments {
    /// The height of its centre: a row, counted from 0.
    pub(super) middle: f64,
    /// μ₁₁ / μ₀₂: how far it goes to the right with every pixel down.
    pub(super) shear: f64,
}

impl Moments {
    /// Those of a picture that has ink.
    ///
    /// # Shapes
    /// `image`: `[height, width]`.
    pub(crate) fn of(image: &[u8], width: usize) -> Moments {
        let [mut mass, mut x, mut y, mut xy, mut yy] = [0u64; 5];
        for (row, greys) in (0..).zip(image.chunks_exact(width)) {
            let (mut of_row, mut x_of_row) = (0u64, 0u64);
            for (column, &grey) in (0..).zip(greys) {
                of_row += u64::from(grey);
                x_of_row += column * u64::from(grey);
            }
            mass += of_row;
            x += x_of_row;
            y += row * of_row;
            xy += row * x_of_row;
            yy += row * row * of_row;
        }
        let (mass, x, y) = (mass as f64, x as f64, y as f64);
        let (xy, yy) = (xy as f64 - x * y / mass, yy as f64 - y * y / mass);
        Moments { middle: y / mass, shear: xy / yy.max(1e-9) }
    }

    /// The angle by which it leans to the right, in radians. Rows count downwards, so what leans to the right goes left with them.
    pub(crate) fn slant(&self) -> f64 {
        (-self.shear).atan()
    }
}
