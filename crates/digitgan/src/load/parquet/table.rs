//! What files say beside images.

use crate::load::stored::Labels;

/// What they say.
pub(in crate::load) struct Table {
    pub(in crate::load) labels: Labels,
    /// What the classes are called, if the files say it.
    pub(in crate::load) names: Option<Vec<String>>,
    /// The names of columns that are not used.
    pub(in crate::load) unused: Vec<String>,
}
