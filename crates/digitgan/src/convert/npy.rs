//! NPY files, NumPy's arrays: a header that is a Python dictionary, then the values of the array, row by row.

/// What an NPY file begins with, version 1.0, if its values are of the type `descr`: its length is a multiple of 64.
pub(crate) fn header(descr: &str, shape: &[usize]) -> Vec<u8> {
    const MAGIC: &[u8] = b"\x93NUMPY\x01\x00";
    let sides: String = shape.iter().map(|side| format!("{side}, ")).collect();
    let sides = if shape.len() > 1 { sides.trim_end_matches(", ") } else { sides.trim_end() };
    let mut text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({sides}), }}");
    let unpadded = MAGIC.len() + 2 + text.len() + 1;
    text.extend(std::iter::repeat_n(' ', unpadded.next_multiple_of(64) - unpadded));
    text.push('\n');
    [MAGIC, &(text.len() as u16).to_le_bytes(), text.as_bytes()].concat()
}

/// An NPY file of texts of one length, in UTF-32, padded with zeros.
pub(crate) fn texts(texts: &[String]) -> Vec<u8> {
    let length = texts.iter().map(|text| text.chars().count()).max().unwrap_or_default().max(1);
    let mut bytes = header(&format!("<U{length}"), &[texts.len()]);
    for text in texts {
        let letters = text.chars().map(u32::from).chain(std::iter::repeat(0)).take(length);
        bytes.extend(letters.flat_map(u32::to_le_bytes));
    }
    bytes
}
