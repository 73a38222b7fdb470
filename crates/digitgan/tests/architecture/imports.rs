//! Who imports whom in a crate, read from its sources: an arrow from a file to the file that *defines* what it names.
//!
//! `mod` and `pub use` lines of a `mod.rs` or `lib.rs` are no imports: they only hand names on. Code of tests does not count.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use syn::visit::Visit;
use syn::{Attribute, Item, UseTree, Visibility};

/// A module's path without `crate`: empty for the crate's root.
pub(crate) type Module = Vec<String>;

/// An arrow's ends, as file names, with the names that tie them.
pub(crate) type Arrows = BTreeMap<(String, String), BTreeSet<String>>;

/// The files of a crate, by the modules that they are.
#[derive(Default)]
pub(crate) struct Sources {
    files: BTreeMap<Module, File>,
}

#[derive(Default)]
struct File {
    name: String,
    /// What is defined here by name.
    defined: BTreeSet<String>,
    /// What is handed on, under which name.
    handed_on: BTreeMap<String, Vec<String>>,
    /// Modules all of whose names are handed on.
    handed_on_whole: Vec<Vec<String>>,
    /// Paths that its code names: in `use` lines, types and expressions.
    named: BTreeSet<Vec<String>>,
}

impl Sources {
    /// Reads every file below `folder`.
    pub(crate) fn read(folder: &Path) -> Sources {
        let mut texts = Vec::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(current) = folders.pop() {
            for entry in fs::read_dir(&current).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    let name = path.strip_prefix(folder).unwrap().to_str().unwrap().replace('\\', "/");
                    texts.push((name, fs::read_to_string(&path).unwrap()));
                }
            }
        }
        Self::parse(texts.iter().map(|(name, text)| (name.as_str(), text.as_str())))
    }

    /// Reads files that are given by name and text. Those of tests are left out.
    pub(crate) fn parse<'a>(texts: impl IntoIterator<Item = (&'a str, &'a str)>) -> Sources {
        let mut sources = Sources::default();
        for (name, text) in texts {
            if !name.ends_with("tests.rs") && !name.split('/').any(|part| part == "tests") {
                let file = syn::parse_file(text).unwrap_or_else(|error| panic!("{name}: {error}"));
                sources.files.insert(module_of(name), File::of(name, &file));
            }
        }
        sources
    }

    /// The names of all top-level modules.
    pub(crate) fn modules(&self) -> BTreeSet<String> {
        self.files.keys().filter_map(|module| module.first().cloned()).collect()
    }

    /// The top-level module that a file belongs to; none for the crate's root.
    pub(crate) fn module_of_file(name: &str) -> Option<String> {
        module_of(name).into_iter().next()
    }

    /// All arrows between files.
    pub(crate) fn arrows(&self) -> Arrows {
        let mut arrows = Arrows::new();
        for (module, file) in &self.files {
            for path in &file.named {
                let Some(target) = self.absolute(module, path).and_then(|path| self.definer(&path, 0)) else {
                    continue;
                };
                if target != file.name {
                    let ends = (file.name.clone(), target);
                    arrows.entry(ends).or_default().insert(path.join("::"));
                }
            }
        }
        arrows
    }

    /// A path from the crate's root; none if it leads out of the crate.
    fn absolute(&self, module: &Module, path: &[String]) -> Option<Vec<String>> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => Some(rest.to_vec()),
            "self" => Some([module.as_slice(), rest].concat()),
            "super" => {
                let mut above = module.clone();
                above.pop()?;
                let mut rest = rest;
                while let Some((first, others)) = rest.split_first().filter(|(first, _)| *first == "super") {
                    let _ = first;
                    above.pop()?;
                    rest = others;
                }
                Some([above.as_slice(), rest].concat())
            }
            // A child module, named as such.
            _ => {
                let child = [module.as_slice(), &path[..1]].concat();
                self.files.contains_key(&child).then(|| [module.as_slice(), path].concat())
            }
        }
    }

    /// The file that defines what a path from the crate's root leads to.
    fn definer(&self, path: &[String], depth: usize) -> Option<String> {
        assert!(depth < 16, "names are handed on in a circle: {path:?}");
        let known = (0..=path.len()).rev().find(|&length| self.files.contains_key(&path[..length]))?;
        let (module, rest) = (path[..known].to_vec(), &path[known..]);
        let file = &self.files[&module];
        let Some(name) = rest.first() else { return Some(file.name.clone()) };
        if file.defined.contains(name) {
            return Some(file.name.clone());
        }
        if let Some(target) = file.handed_on.get(name) {
            return self.absolute(&module, target).and_then(|path| self.definer(&path, depth + 1));
        }
        let within = |whole: &Vec<String>| {
            let path = [self.absolute(&module, whole)?, vec![name.clone()]].concat();
            self.definer(&path, depth + 1).filter(|found| *found != file.name)
        };
        file.handed_on_whole.iter().find_map(within).or_else(|| Some(file.name.clone()))
    }
}

/// Groups of files that import each other in circles, each with the arrows within.
pub(crate) fn circles(arrows: &Arrows) -> Vec<BTreeSet<String>> {
    let files: BTreeSet<&String> = arrows.keys().flat_map(|(from, to)| [from, to]).collect();
    let reached = |start: &String| {
        let (mut seen, mut next) = (BTreeSet::new(), vec![start.clone()]);
        while let Some(file) = next.pop() {
            for (_, to) in arrows.keys().filter(|(from, _)| *from == file) {
                if seen.insert(to.clone()) {
                    next.push(to.clone());
                }
            }
        }
        seen
    };
    let reach: BTreeMap<&String, BTreeSet<String>> = files.iter().map(|file| (*file, reached(file))).collect();
    let circle = |file: &String| -> BTreeSet<String> {
        reach[file].iter().filter(|other| reach[other].contains(file)).cloned().collect()
    };
    let all: BTreeSet<BTreeSet<String>> = files.into_iter().map(circle).filter(|circle| circle.len() > 1).collect();
    all.into_iter().collect()
}

fn module_of(name: &str) -> Module {
    let path = name.trim_end_matches(".rs");
    let mut module: Module = path.split('/').map(str::to_owned).collect();
    if ["mod", "lib", "main"].contains(&module.last().unwrap().as_str()) {
        module.pop();
    }
    module
}

fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let list = attribute.meta.require_list();
        attribute.path().is_ident("cfg") && list.is_ok_and(|list| list.tokens.to_string() == "test")
    })
}

impl File {
    fn of(name: &str, parsed: &syn::File) -> File {
        let hands_on = ["mod.rs", "lib.rs"].contains(&name.rsplit('/').next().unwrap());
        let mut file = File { name: name.to_owned(), ..File::default() };
        for item in &parsed.items {
            file.add(item, hands_on);
        }
        file
    }

    fn add(&mut self, item: &Item, hands_on: bool) {
        if is_for_tests(attributes(item)) {
            return;
        }
        if let Some(name) = defined_name(item) {
            self.defined.insert(name);
        }
        match item {
            Item::Use(line) => {
                let handed_on = hands_on && !matches!(line.vis, Visibility::Inherited);
                let mut paths = Vec::new();
                leaves(&line.tree, &mut Vec::new(), &mut paths);
                for (path, name) in paths {
                    match (handed_on, name) {
                        (true, Some(name)) => drop(self.handed_on.insert(name, path)),
                        (true, None) => self.handed_on_whole.push(path),
                        (false, _) => drop(self.named.insert(path)),
                    }
                }
            }
            other => Names(&mut self.named).visit_item(other),
        }
    }
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn defined_name(item: &Item) -> Option<String> {
    Some(match item {
        Item::Const(item) => item.ident.to_string(),
        Item::Enum(item) => item.ident.to_string(),
        Item::Fn(item) => item.sig.ident.to_string(),
        Item::Macro(item) => item.ident.as_ref()?.to_string(),
        Item::Static(item) => item.ident.to_string(),
        Item::Struct(item) => item.ident.to_string(),
        Item::Trait(item) => item.ident.to_string(),
        Item::Type(item) => item.ident.to_string(),
        _ => return None,
    })
}

/// The paths of a `use` line, each with the name that it brings in; none where it brings in all.
fn leaves(tree: &UseTree, before: &mut Vec<String>, found: &mut Vec<(Vec<String>, Option<String>)>) {
    let with = |name: String, before: &[String]| {
        let mut path = before.to_vec();
        // `self` in a group is the module itself.
        if name != "self" || path.is_empty() {
            path.push(name);
        }
        path
    };
    match tree {
        UseTree::Path(path) => {
            before.push(path.ident.to_string());
            leaves(&path.tree, before, found);
            before.pop();
        }
        UseTree::Name(name) => {
            let path = with(name.ident.to_string(), before);
            let last = path.last().cloned();
            found.push((path, last));
        }
        UseTree::Rename(rename) => {
            found.push((with(rename.ident.to_string(), before), Some(rename.rename.to_string())));
        }
        UseTree::Glob(_) => found.push((before.clone(), None)),
        UseTree::Group(group) => group.items.iter().for_each(|tree| leaves(tree, before, found)),
    }
}

/// Collects the paths that code names.
struct Names<'a>(&'a mut BTreeSet<Vec<String>>);

impl<'ast> Visit<'ast> for Names<'_> {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if segments.len() > 1 {
            self.0.insert(segments);
        }
        syn::visit::visit_path(self, path);
    }

    fn visit_item_use(&mut self, line: &'ast syn::ItemUse) {
        let mut paths = Vec::new();
        leaves(&line.tree, &mut Vec::new(), &mut paths);
        self.0.extend(paths.into_iter().map(|(path, _)| path));
    }

    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if !is_for_tests(&module.attrs) {
            syn::visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        if !is_for_tests(&function.attrs) {
            syn::visit::visit_item_fn(self, function);
        }
    }
}
