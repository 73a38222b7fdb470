//! Arguments from Python: arrays of NumPy and whatever NumPy makes one of, classes by number or by name, whole numbers.

use crate::error::{mistyped, unfit};
use digitgan::IMAGE_SIDE;
use digitgan::model::LATENT;
use numpy::{
    PyArray, PyArrayDescrMethods, PyArrayDyn, PyArrayMethods, PyReadonlyArrayDyn, PyUntypedArray, PyUntypedArrayMethods,
};
use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyBool, PyInt, PyString};

/// A whole number that is not negative, `default` where there is none.
pub(crate) fn whole(argument: &str, value: Option<&Bound<'_, PyAny>>, default: u64) -> PyResult<u64> {
    let Some(value) = value.filter(|value| !value.is_none()) else { return Ok(default) };
    let as_index = || value.call_method0("__index__").ok()?.cast_into::<PyInt>().ok();
    let number = if value.is_instance_of::<PyBool>() { None } else { as_index() };
    let number = number.ok_or_else(|| mistyped(argument, format_args!("{} is no whole number", type_of(value))))?;
    number.extract().map_err(|_| unfit(argument, format_args!("{number} is not from 0 to {}", u64::MAX)))
}

/// A count.
pub(crate) fn count(argument: &str, value: Option<&Bound<'_, PyAny>>, default: u64) -> PyResult<usize> {
    let number = whole(argument, value, default)?;
    usize::try_from(number).map_err(|_| unfit(argument, format_args!("{number} are too many")))
}

/// The name of a value's type, as in `a list`.
pub(crate) fn type_of(value: &Bound<'_, PyAny>) -> String {
    value.get_type().name().map_or_else(|_| "this".to_owned(), |name| format!("type {name}"))
}

/// What NumPy makes of a value; of a single number, a row.
fn array<'py>(argument: &str, value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyUntypedArray>> {
    let numpy = value.py().import("numpy")?;
    let array = numpy.call_method1("ascontiguousarray", (value,));
    let array = array.map_err(|error| mistyped(argument, format_args!("no array: {error}")))?;
    Ok(array.cast_into::<PyUntypedArray>()?)
}

/// The kind of an array's numbers, in NumPy's letters: `i`, `u`, `f`, `U`, …
fn kind(array: &Bound<'_, PyUntypedArray>) -> u8 {
    array.dtype().kind()
}

/// An array's numbers as another type, row by row.
fn numbers<T: numpy::Element + Copy>(array: &Bound<'_, PyUntypedArray>, dtype: &str) -> PyResult<Vec<T>> {
    let options = [
        ("order", "C".into_pyobject(array.py())?.into_any()),
        ("copy", PyBool::new(array.py(), false).to_owned().into_any()),
    ];
    let array = array.call_method("astype", (dtype,), Some(&options.into_py_dict(array.py())?))?;
    let array: PyReadonlyArrayDyn<'_, T> = array.cast_into::<PyArrayDyn<T>>()?.readonly();
    Ok(array.as_slice()?.to_vec())
}

/// A shape, as Python writes it.
fn shape(array: &Bound<'_, PyUntypedArray>) -> String {
    let sides: Vec<String> = array.shape().iter().map(ToString::to_string).collect();
    if sides.len() == 1 { format!("({},)", sides[0]) } else { format!("({})", sides.join(", ")) }
}

/// Images: bytes, `[n, 28, 28]`.
pub(crate) fn images(argument: &str, value: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    let array = array(argument, value)?;
    let dtype = array.dtype();
    if kind(&array) != b'u' || dtype.itemsize() != 1 {
        return Err(mistyped(argument, format_args!("{dtype} numbers, expected uint8 from 0 (black) to 255 (white)")));
    }
    match array.shape() {
        [_, IMAGE_SIDE, IMAGE_SIDE] => numbers(&array, "u1"),
        _ => Err(unfit(argument, format_args!("shape {}, expected (n, 28, 28)", shape(&array)))),
    }
}

/// Rows of numbers, `[n, d]`, with n and d.
pub(crate) fn rows(argument: &str, value: &Bound<'_, PyAny>) -> PyResult<(Vec<f32>, usize, usize)> {
    let array = array(argument, value)?;
    if kind(&array) != b'f' {
        return Err(mistyped(argument, format_args!("{} numbers, expected floats", array.dtype())));
    }
    match *array.shape() {
        [count, size] => Ok((numbers(&array, "f4")?, count, size)),
        _ => Err(unfit(argument, format_args!("shape {}, expected (n, d)", shape(&array)))),
    }
}

/// Latents: `[n, 100]`, with n.
pub(crate) fn latents(argument: &str, value: &Bound<'_, PyAny>) -> PyResult<(Vec<f32>, usize)> {
    match rows(argument, value)? {
        (numbers, count, LATENT) => Ok((numbers, count)),
        (_, count, size) => Err(unfit(argument, format_args!("shape ({count}, {size}), expected (n, {LATENT})"))),
    }
}

/// Classes: one or many, by their numbers or by names. A text is a class's name or, if no class is called so, a name a character.
pub(crate) fn classes(argument: &str, value: &Bound<'_, PyAny>, names: &[String]) -> PyResult<Vec<u8>> {
    if let Ok(text) = value.cast::<PyString>() {
        let text = text.to_cow()?;
        return match names.iter().any(|name| *name == *text) {
            true => Ok(vec![named(argument, &text, names)?]),
            false => text.chars().map(|one| named(argument, &one.to_string(), names)).collect(),
        };
    }
    let array = array(argument, value)?;
    if array.ndim() > 1 {
        return Err(unfit(argument, format_args!("shape {}, expected (n,)", shape(&array))));
    }
    match kind(&array) {
        _ if array.len() == 0 => Ok(Vec::new()),
        b'i' | b'u' => {
            let found: Vec<i64> = numbers(&array, "i8")?;
            found.iter().enumerate().map(|(place, &class)| numbered(argument, place, class, names.len())).collect()
        }
        b'U' => {
            let texts: Vec<String> = array.call_method0("tolist")?.extract()?;
            texts.iter().map(|text| named(argument, text, names)).collect()
        }
        _ => Err(mistyped(
            argument,
            format_args!("{} of {}, expected whole numbers or names of classes", type_of(value), array.dtype()),
        )),
    }
}

fn numbered(argument: &str, place: usize, class: i64, classes: usize) -> PyResult<u8> {
    let found = u8::try_from(class).ok().filter(|&class| usize::from(class) < classes);
    found.ok_or_else(|| {
        let what = format!("class {class} (number {place}, counted from 0) is none of the {classes} classes");
        unfit(argument, format_args!("{what}, 0 to {}", classes - 1))
    })
}

fn named(argument: &str, text: &str, names: &[String]) -> PyResult<u8> {
    let found = names.iter().position(|name| name == text);
    found.map(|class| class as u8).ok_or_else(|| {
        unfit(argument, format_args!("{text:?} is no class of this generator: it knows {}", names.join(", ")))
    })
}

/// An array that owns `numbers`: nothing is copied.
pub(crate) fn owned<'py, T: numpy::Element, const N: usize>(
    py: Python<'py>,
    numbers: Vec<T>,
    shape: [usize; N],
) -> PyResult<Bound<'py, PyAny>>
where
    [usize; N]: numpy::ndarray::IntoDimension,
{
    Ok(PyArray::from_vec(py, numbers).reshape(shape)?.into_any())
}
