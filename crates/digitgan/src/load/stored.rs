//! What the readers of formats hand over: images as they are stored, and their labels.

use crate::data::Ground;

/// Grey values as they are stored.
#[derive(Clone, Copy, Debug)]
pub(super) enum Values<'a> {
    /// Whole numbers below 256.
    Bytes(&'a [u8]),
    /// Whole numbers below 65,536.
    Words(&'a [u16]),
    /// Any numbers.
    Floats(&'a [f32]),
}

/// The types of values, from the narrowest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    #[default]
    Bytes,
    Words,
    Floats,
}

/// Images of one size, one after the other, row by row: `[count, rows, columns]`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stored<'a> {
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) values: Values<'a>,
}

/// A picture as grey values.
pub(super) struct Picture {
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) grey: Grey,
    /// None if it is opaque.
    pub(super) clear: Option<Clear>,
}

/// What is behind a picture that is partly transparent: its own grey values are on the opposite of its ink.
pub(super) struct Clear {
    pub(super) own: Ground,
    /// The same picture on the other ground.
    pub(super) on_other: Grey,
}

pub(super) enum Grey {
    Bytes(Vec<u8>),
    Words(Vec<u16>),
    Floats(Vec<f32>),
}

impl Grey {
    fn values(&self) -> Values<'_> {
        match self {
            Grey::Bytes(values) => Values::Bytes(values),
            Grey::Words(values) => Values::Words(values),
            Grey::Floats(values) => Values::Floats(values),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.values().len()
    }
}

impl Picture {
    /// A picture with nothing behind it.
    pub(super) fn opaque(rows: usize, columns: usize, grey: Grey) -> Picture {
        Picture { rows, columns, grey, clear: None }
    }

    /// As it looks by itself.
    pub(super) fn stored(&self) -> Stored<'_> {
        Stored { rows: self.rows, columns: self.columns, values: self.grey.values() }
    }

    /// As it looks in a set on this ground, which is behind all of its pictures.
    pub(super) fn on(&self, ground: Ground) -> Stored<'_> {
        match &self.clear {
            Some(Clear { own, on_other }) if *own != ground => Stored { values: on_other.values(), ..self.stored() },
            _ => self.stored(),
        }
    }

    pub(super) fn kind(&self) -> Kind {
        self.stored().values.kind()
    }
}

/// What stands where an image has no label.
const NO_LABEL: i64 = -1;

/// One label for each image, in the order of the images.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Labels {
    /// Numbers of classes.
    Numbers(Vec<i64>),
    /// Names of classes.
    Names(Vec<String>),
}

impl Values<'_> {
    pub(super) fn kind(&self) -> Kind {
        match self {
            Values::Bytes(_) => Kind::Bytes,
            Values::Words(_) => Kind::Words,
            Values::Floats(_) => Kind::Floats,
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Values::Bytes(values) => values.len(),
            Values::Words(values) => values.len(),
            Values::Floats(values) => values.len(),
        }
    }
}

impl<'a> Stored<'a> {
    /// How many images there are.
    pub(super) fn count(&self) -> usize {
        self.values.len() / (self.rows * self.columns)
    }

    /// The image at `index`, which is below [`Stored::count`].
    pub(super) fn image(&self, index: usize) -> Stored<'a> {
        let size = self.rows * self.columns;
        let place = index * size..(index + 1) * size;
        let values = match self.values {
            Values::Bytes(values) => Values::Bytes(&values[place]),
            Values::Words(values) => Values::Words(&values[place]),
            Values::Floats(values) => Values::Floats(&values[place]),
        };
        Stored { values, ..*self }
    }
}

impl Labels {
    /// How many labels there are.
    pub(super) fn len(&self) -> usize {
        match self {
            Labels::Numbers(labels) => labels.len(),
            Labels::Names(labels) => labels.len(),
        }
    }

    /// Whether they say of every image that it has none, as Hugging Face does by -1.
    pub(super) fn are_none(&self) -> bool {
        matches!(self, Labels::Numbers(labels) if labels.iter().all(|&label| label == NO_LABEL) && !labels.is_empty())
    }

    /// Adds the labels of `more`: numbers as long as all are.
    pub(super) fn append(&mut self, more: Labels) {
        match (&mut *self, more) {
            (Labels::Numbers(all), Labels::Numbers(more)) => all.extend(more),
            (Labels::Names(all), Labels::Names(more)) => all.extend(more),
            (Labels::Names(all), Labels::Numbers(more)) => all.extend(more.iter().map(i64::to_string)),
            (Labels::Numbers(all), Labels::Names(more)) => {
                let names = all.iter().map(i64::to_string).chain(more).collect();
                *self = Labels::Names(names);
            }
        }
    }
}
