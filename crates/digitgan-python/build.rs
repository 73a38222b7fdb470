//! Says to the linker that Python's functions come from whoever loads the library, where it must be told.

fn main() {
    // Not when a file of the Python part changes.
    println!("cargo::rerun-if-changed=build.rs");
    pyo3_build_config::add_extension_module_link_args();
}
