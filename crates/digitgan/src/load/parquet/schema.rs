//! Which columns of a Parquet file hold images and labels, and what the classes are called.

use super::error::ParquetError;
use crate::load::error::one_line;
use ::parquet::basic::{ConvertedType, LogicalType, Type as Physical};
use ::parquet::file::metadata::FileMetaData;
use ::parquet::schema::types::{ColumnDescriptor, SchemaDescriptor, Type};
use serde_json::Value;

/// Names of a column of images, in lower case, from the most usual.
const IMAGE_NAMES: [&str; 8] = ["image", "images", "img", "picture", "pixels", "pixel_values", "png", "jpg"];
/// Names of a column of labels, in lower case, from the most usual.
const LABEL_NAMES: [&str; 13] = [
    "label",
    "labels",
    "class",
    "classes",
    "digit",
    "target",
    "targets",
    "y",
    "fine_label",
    "character",
    "cls",
    "class_label",
    "category",
];
/// Names of columns that number the rows.
const INDEX_NAMES: [&str; 4] = ["index", "idx", "id", "row"];
/// How the names of columns begin that pandas adds to number the rows.
const PANDAS_INDEX: &str = "__index_level_";
/// How many columns a message names.
const NAMED: usize = 8;

/// The columns that are read, as indices of leaves of the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Columns {
    pub(super) images: Images,
    pub(super) label: usize,
    /// What the classes with the numbers 0, 1, 2 … are called.
    pub(super) class_names: Option<Vec<String>>,
    /// The names of columns that are not read, but for those that pandas adds to number the rows.
    pub(super) unused: Vec<String>,
}

/// How images are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Images {
    /// PNG, JPEG or TIFF files.
    Files { leaf: usize },
    /// Lists of pixels, or of rows of pixels.
    Lists { leaf: usize },
}

/// What a leaf may be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    Files,
    Lists,
    Numbers,
    /// Numbers that need not be whole, or true and false: labels only by name.
    Reals,
    Texts,
    None,
}

impl Images {
    pub(super) fn leaf(self) -> usize {
        match self {
            Images::Files { leaf } | Images::Lists { leaf } => leaf,
        }
    }
}

impl Columns {
    /// Finds them.
    pub(super) fn find(file: &FileMetaData) -> Result<Columns, ParquetError> {
        let schema = file.schema_descr();
        let uses: Vec<Use> = schema.columns().iter().map(|leaf| Use::of(leaf)).collect();
        let known = ClassNames::read(file);
        let (images, label) = images(schema, &uses)
            .zip(label(schema, &uses, &known))
            .ok_or_else(|| ParquetError::Columns { columns: describe(schema) })?;
        let class_names = known.into_iter().find(|known| known.column == name(schema, label));
        let used = [name(schema, images.leaf()), name(schema, label)];
        let names = schema.root_schema().get_fields().iter().map(|field| field.name());
        let unused = names.filter(|name| !used.contains(name) && !name.starts_with(PANDAS_INDEX)).map(short).collect();
        Ok(Columns { images, label, class_names: class_names.map(|known| known.names), unused })
    }
}

impl Use {
    fn of(leaf: &ColumnDescriptor) -> Use {
        let parts = leaf.path().parts();
        let is_number =
            matches!(leaf.physical_type(), Physical::INT32 | Physical::INT64 | Physical::FLOAT | Physical::DOUBLE);
        let is_whole = matches!(leaf.physical_type(), Physical::INT32 | Physical::INT64) && is_plain_number(leaf);
        let is_real = matches!(leaf.physical_type(), Physical::FLOAT | Physical::DOUBLE | Physical::BOOLEAN)
            || is_decimal(leaf)
            || is_half(leaf);
        match (leaf.physical_type(), leaf.max_rep_level(), parts.len()) {
            (Physical::BYTE_ARRAY, 0, 1) if is_text(leaf) => Use::Texts,
            (Physical::BYTE_ARRAY, 0, 1 | 2) if !is_text(leaf) && !is_decimal(leaf) => Use::Files,
            (_, 0, 1) if is_whole => Use::Numbers,
            (_, 0, 1) if is_real => Use::Reals,
            (_, 1 | 2, _) if is_number => Use::Lists,
            _ => Use::None,
        }
    }
}

fn is_text(leaf: &ColumnDescriptor) -> bool {
    matches!(leaf.logical_type_ref(), Some(LogicalType::String | LogicalType::Enum | LogicalType::Json))
        || matches!(leaf.converted_type(), ConvertedType::UTF8 | ConvertedType::ENUM | ConvertedType::JSON)
}

/// Not a date, a time or a decimal fraction.
fn is_plain_number(leaf: &ColumnDescriptor) -> bool {
    matches!(leaf.logical_type_ref(), None | Some(LogicalType::Integer { .. }))
        && !matches!(leaf.converted_type(), ConvertedType::DECIMAL | ConvertedType::DATE)
}

/// Whether it holds decimal fractions.
pub(super) fn is_decimal(leaf: &ColumnDescriptor) -> bool {
    matches!(leaf.logical_type_ref(), Some(LogicalType::Decimal { .. }))
        || leaf.converted_type() == ConvertedType::DECIMAL
}

/// Whether it holds real numbers of 16 bits.
pub(super) fn is_half(leaf: &ColumnDescriptor) -> bool {
    matches!(leaf.logical_type_ref(), Some(LogicalType::Float16))
}

/// The name of the column that a leaf is of.
fn name(schema: &SchemaDescriptor, leaf: usize) -> &str {
    schema.column(leaf).path().parts().first().map_or("", |_| schema.get_column_root(leaf).name())
}

/// The leaf among `leaves` whose column has the first of the names that is there, or the only one.
fn by_name_or_only(schema: &SchemaDescriptor, leaves: &[usize], names: &[&str]) -> Option<usize> {
    let by_name = |wanted: &&str| leaves.iter().copied().find(|&leaf| name(schema, leaf).eq_ignore_ascii_case(wanted));
    let only = || match leaves {
        [only] => Some(*only),
        _ => None,
    };
    names.iter().find_map(by_name).or_else(only)
}

fn leaves(uses: &[Use], wanted: &[Use]) -> Vec<usize> {
    (0..uses.len()).filter(|&leaf| wanted.contains(&uses[leaf])).collect()
}

fn images(schema: &SchemaDescriptor, uses: &[Use]) -> Option<Images> {
    let files = by_name_or_only(schema, &leaves(uses, &[Use::Files]), &IMAGE_NAMES);
    let lists = || by_name_or_only(schema, &leaves(uses, &[Use::Lists]), &IMAGE_NAMES);
    files.map(|leaf| Images::Files { leaf }).or_else(|| lists().map(|leaf| Images::Lists { leaf }))
}

fn label(schema: &SchemaDescriptor, uses: &[Use], known: &[ClassNames]) -> Option<usize> {
    let is_index = |&leaf: &usize| {
        let name = name(schema, leaf).to_lowercase();
        name.starts_with(PANDAS_INDEX) || INDEX_NAMES.contains(&name.as_str())
    };
    let mut numbers = leaves(uses, &[Use::Numbers]);
    numbers.retain(|leaf| !is_index(leaf));
    let named = leaves(uses, &[Use::Numbers, Use::Reals, Use::Texts]);
    let classes: Vec<usize> =
        numbers.iter().copied().filter(|&leaf| known.iter().any(|known| known.column == name(schema, leaf))).collect();
    by_name_or_only(schema, &classes, &LABEL_NAMES)
        .or_else(|| LABEL_NAMES.iter().find_map(|wanted| by_exact_name(schema, &named, wanted)))
        .or_else(|| by_name_or_only(schema, &numbers, &[]))
}

fn by_exact_name(schema: &SchemaDescriptor, leaves: &[usize], wanted: &str) -> Option<usize> {
    leaves.iter().copied().find(|&leaf| name(schema, leaf).eq_ignore_ascii_case(wanted))
}

/// The names of a column's classes, as Hugging Face's `datasets` writes them into the metadata.
struct ClassNames {
    column: String,
    names: Vec<String>,
}

impl ClassNames {
    /// Those of all columns of `ClassLabel`; none if there is no such metadata, or if it cannot be read.
    fn read(file: &FileMetaData) -> Vec<ClassNames> {
        let text = file.key_value_metadata().into_iter().flatten().find(|entry| entry.key == "huggingface");
        let text = text.and_then(|entry| entry.value.as_deref()).unwrap_or_default();
        let value: Value = serde_json::from_str(text).unwrap_or_default();
        let features = value.pointer("/info/features").and_then(Value::as_object);
        let names = |feature: &Value| -> Option<Vec<String>> {
            let names = feature.get("names").filter(|_| feature["_type"] == "ClassLabel")?.as_array()?;
            names.iter().map(|name| name.as_str().map(one_line)).collect()
        };
        let of_column = |(column, feature): (&String, &Value)| {
            names(feature).map(|names| ClassNames { column: column.clone(), names })
        };
        features.into_iter().flatten().filter_map(of_column).collect()
    }
}

/// The columns by name and type, as a message shows them.
pub(super) fn describe(schema: &SchemaDescriptor) -> String {
    let fields = schema.root_schema().get_fields();
    let count = fields.len();
    let shown: Vec<String> = fields.iter().take(NAMED).map(|field| describe_column(field)).collect();
    let more = if count > NAMED { format!(" and {} more", count - NAMED) } else { String::new() };
    let noun = if count == 1 { "the column" } else { "the columns" };
    format!("{noun} {}{more}", shown.join(", "))
}

/// A name as it goes into a message.
fn short(name: &str) -> String {
    one_line(&name.chars().take(40).collect::<String>())
}

fn describe_column(field: &Type) -> String {
    let kind = match field {
        Type::PrimitiveType { physical_type, .. } => match (physical_type, field.get_basic_info().converted_type()) {
            (Physical::BYTE_ARRAY, ConvertedType::UTF8) => "text".to_owned(),
            (Physical::BYTE_ARRAY, _) => "bytes".to_owned(),
            (physical, _) => physical.to_string().to_lowercase(),
        },
        Type::GroupType { fields, .. } => match field.get_basic_info().converted_type() {
            ConvertedType::LIST => "lists".to_owned(),
            ConvertedType::MAP => "maps".to_owned(),
            _ => {
                let names: Vec<String> = fields.iter().take(NAMED).map(|field| short(field.name())).collect();
                format!("struct of {}", names.join(", "))
            }
        },
    };
    format!("{} ({kind})", short(field.name()))
}
