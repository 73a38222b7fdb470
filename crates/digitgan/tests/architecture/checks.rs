//! The checks find what they look for, in made-up sources.

use super::{flags, in_circles, needs, upward};
use crate::imports::Sources;

#[test]
fn an_import_that_runs_upward_is_found_with_its_line() {
    for (text, name) in [
        ("\nuse crate::high::Thing;", "crate::high::Thing"),
        ("\nfn f() { crate::high::thing() }", "crate::high::thing"),
        ("\nfn f(x: &dyn super::high::T) {}", "super::high::T"),
        ("\nfn f() { assert!(g(crate::high::N)); }", "crate::high::N"),
        ("\n#[error(\"{}\", super::high::text(x))] struct E;", "super::high::text"),
    ] {
        let sources = Sources::parse([("low.rs", text), ("high.rs", "pub struct Thing;")]);
        let expected = format!("low.rs:2: low imports high, which stands above it: {name}");
        assert_eq!(upward(&sources, &["low", "high"]), [expected], "{text}");
        assert!(upward(&sources, &["high", "low"]).is_empty(), "{text}");
    }
    // A module without a place stands above all others.
    let sources = Sources::parse([("low.rs", "use crate::new::Thing;"), ("new.rs", "pub struct Thing;")]);
    assert_eq!(upward(&sources, &["low"]).len(), 1);
}

#[test]
fn circles_of_files_are_found_through_names_that_are_handed_on() {
    for (files, circle) in [
        // By a `use` line and by a path in an expression.
        (
            &[("m/a.rs", "pub fn a() { super::b::b() }"), ("m/b.rs", "use super::a::a; pub fn b() { a() }")][..],
            "2 files",
        ),
        // In a macro's call.
        (&[("m/a.rs", "fn a() { vec![super::b::B] }"), ("m/b.rs", "use super::a::a; pub struct B;")], "2 files"),
        // Of three files, by a name that the parent hands on.
        (
            &[
                ("m/mod.rs", "mod a; mod b; mod c; pub use c::C;"),
                ("m/a.rs", "use super::C; pub struct A;"),
                ("m/b.rs", "use super::a::A; pub struct B;"),
                ("m/c.rs", "pub struct C; impl C { fn c(b: super::b::B) {} }"),
            ],
            "3 files:\n    m/a.rs -> m/c.rs: super::C\n",
        ),
        // By a module that is brought in, and all of whose names are handed on.
        (
            &[
                ("m/mod.rs", "pub mod inner;"),
                ("m/inner/mod.rs", "mod deep; pub use deep::*;"),
                ("m/inner/deep.rs", "use crate::other::O; pub fn f() {}"),
                ("other.rs", "use crate::m::inner as i; pub struct O; fn o() { i::f() }"),
            ],
            "2 files:\n    m/inner/deep.rs -> other.rs: crate::other::O\n    other.rs -> m/inner/deep.rs: i::f",
        ),
        // A parent that uses its child, which uses the parent; by a name that it hands on, too.
        (
            &[("m/mod.rs", "mod a; use a::A; pub const N: u8 = 1;"), ("m/a.rs", "use super::N; pub struct A;")],
            "2 files",
        ),
        (
            &[
                ("m/mod.rs", "mod a; pub use a::a; pub const N: u8 = 1; fn f() { a() }"),
                ("m/a.rs", "use super::N; pub fn a() {}"),
            ],
            "2 files",
        ),
        // From a module within the file.
        (
            &[
                ("m/a.rs", "pub struct A; mod inner { use super::super::b::B; }"),
                ("m/b.rs", "use super::a::A; pub struct B;"),
            ],
            "2 files",
        ),
    ] {
        let found = in_circles(&Sources::parse(files.iter().copied()));
        assert!(found.len() == 1 && found[0].starts_with(circle), "{files:?}: {found:?}");
    }
}

#[test]
fn what_is_no_circle_is_not_found() {
    for files in [
        // A parent that only hands on, whatever its variables and fields are called.
        [
            ("m/mod.rs", "mod a; pub use a::A; pub const N: u8 = 1; fn f(a: u8) { g!(x.A, a) }"),
            ("m/a.rs", "use super::N; pub struct A;"),
        ],
        // What only the parent may see.
        [("m/mod.rs", "mod a; use a::A;"), ("m/a.rs", "pub(super) struct A; m! { pub(super) struct B; }")],
        // Tests may import what they like, and documentation name it.
        [
            ("m/a.rs", "pub struct A; #[cfg(test)] mod tests { use super::super::b::B; }"),
            ("m/b.rs", "use super::a::A; pub struct B;"),
        ],
        [("m/a/tests.rs", "use crate::m::b::B; pub struct A;"), ("m/b.rs", "use super::a::tests::A; pub struct B;")],
        [
            ("m/a.rs", "/// See [`super::b::B`].\npub struct A; // super::b::B"),
            ("m/b.rs", "use super::a::A; pub struct B;"),
        ],
        // `super` in a module of the file is the file.
        [("m/mod.rs", "use a::A; pub struct M;"), ("m/a.rs", "pub struct A; mod inner { use super::A; }")],
        // A crate that is called like a file.
        [("m/a.rs", "use b::B; pub struct A;"), ("m/b.rs", "use super::a::A; pub struct B;")],
    ] {
        let found = in_circles(&Sources::parse(files));
        assert!(found.is_empty(), "{files:?}: {found:?}");
    }
}

#[test]
fn needs_are_found_however_they_are_written() {
    for text in [
        "use std::fs;",
        "use std::{fmt, fs::File};",
        "fn f() { std::env::var(\"X\") }",
        "fn f() { assert!(std::process::id() > 0) }",
        "use std::time::Instant as Now;",
        "use std::io; fn f() { io::stdout() }",
        "fn f() { println!() }",
        "fn f() { g!(eprintln!()) }",
        "#[cfg(test)] mod tests; use std::net::IpAddr;",
    ] {
        let sources = Sources::parse([("low.rs", text)]);
        assert_eq!(needs(&sources, &["low"]).len(), 1, "{text}");
        assert!(needs(&sources, &["high"]).is_empty());
    }
    let fine =
        "use std::io::Write; fn f(out: &mut dyn Write) { writeln!(out) } #[cfg(test)] mod tests { use std::fs; }";
    assert!(needs(&Sources::parse([("low.rs", fine)]), &["low"]).is_empty());
}

#[test]
fn flags_are_found_in_texts_alone() {
    for (text, count) in [
        ("const A: &str = \"choose another --out\";", 1),
        ("const A: &[u8] = b\"--out\";", 1),
        ("#[error(\"--lr is {found}\")] struct E;", 1),
        ("fn f() { format!(\"a\n --lr\") }", 1),
        ("/// `--out` says where.\nfn f() {} // --out", 0),
        ("settings! { /// `--out` says where.\n out }", 0),
        ("const A: &str = \"a -- b, --9\"; fn f(x: i8) -> i8 { --x }", 0),
        ("#[cfg(test)] mod tests { const A: &str = \"--out\"; }", 0),
    ] {
        assert_eq!(flags(&Sources::parse([("a.rs", text)])).len(), count, "{text}");
    }
}
