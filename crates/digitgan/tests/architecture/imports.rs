//! Who imports whom in a crate, read from its sources: an arrow from a file to the file that *defines* what it names.
//!
//! `mod` and `pub use` lines of a `mod.rs` or `lib.rs` are no imports: they only hand names on. Code of tests does not count.

use crate::names::{Names, Written};
use crate::rust_files::rust_files;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A module's path without `crate`: empty for the crate's root.
type Module = Vec<String>;

/// An arrow's ends, as file names, with the names that tie them, each with the first line that has it.
pub(crate) type Arrows = BTreeMap<(String, String), BTreeMap<String, usize>>;

/// The files of a crate, by the modules that they are.
#[derive(Default)]
pub(crate) struct Sources {
    files: BTreeMap<Module, File>,
}

/// A file by its name from the crate's sources on, and what stands in it.
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) names: Names,
}

impl Sources {
    /// Reads every file below `folder`.
    pub(crate) fn read(folder: &Path) -> Sources {
        let texts = rust_files(folder);
        Self::parse(texts.iter().map(|(name, text)| (name.as_str(), text.as_str())))
    }

    /// Reads files that are given by name and text. Those of tests are left out.
    pub(crate) fn parse<'a>(texts: impl IntoIterator<Item = (&'a str, &'a str)>) -> Sources {
        let of_tests = |name: &str| name.split('/').any(|piece| piece == "tests" || piece == "tests.rs");
        let file = |(name, text): (&str, &str)| {
            (module_of(name), File { name: name.to_owned(), names: Names::read(name, text) })
        };
        Sources { files: texts.into_iter().filter(|(name, _)| !of_tests(name)).map(file).collect() }
    }

    /// Every file.
    pub(crate) fn files(&self) -> impl Iterator<Item = &File> {
        self.files.values()
    }

    /// The names of all top-level modules.
    pub(crate) fn modules(&self) -> BTreeSet<String> {
        self.files.keys().filter_map(|module| module.first().cloned()).collect()
    }

    /// All arrows between files.
    pub(crate) fn arrows(&self) -> Arrows {
        let mut arrows = Arrows::new();
        for (module, file) in &self.files {
            for (line, path) in &file.names.paths {
                let Some(target) = self.leads_to(module, path, 0) else { continue };
                if target != file.name {
                    let names = arrows.entry((file.name.clone(), target)).or_default();
                    names.entry(path.join("::")).or_insert(*line);
                }
            }
        }
        arrows
    }

    /// The file that defines what a path leads to that is written in `module`; none if that is no file of this crate.
    fn leads_to(&self, module: &Module, path: &Written, depth: usize) -> Option<String> {
        assert!(depth < 16, "names are handed on in a circle: {path:?}");
        let path = self.absolute(module, path)?;
        let known = (0..=path.len()).rev().find(|&length| self.files.contains_key(&path[..length]))?;
        let (module, rest) = (path[..known].to_vec(), &path[known..]);
        let file = &self.files[&module];
        let Some(name) = rest.first().filter(|name| !file.names.defined.contains(*name)) else {
            return Some(file.name.clone());
        };
        if file.names.brought_in.contains_key(name) {
            return self.leads_to(&module, &rest.to_vec(), depth + 1);
        }
        let within = |whole: &Written| {
            let path = [whole.as_slice(), rest].concat();
            self.leads_to(&module, &path, depth + 1).filter(|found| *found != file.name)
        };
        file.names.handed_on_whole.iter().find_map(within).or_else(|| Some(file.name.clone()))
    }

    /// A path from the crate's root; none if it leads out of the crate, or if it is a single name of the file's own.
    fn absolute(&self, module: &Module, path: &Written) -> Option<Module> {
        let path = self.files[module].spelled_out(path);
        match path[0].as_str() {
            "crate" => Some(path[1..].to_vec()),
            "self" => Some([module.as_slice(), &path[1..]].concat()),
            "super" => {
                let supers = path.iter().take_while(|piece| *piece == "super").count();
                let above = module.len().checked_sub(supers)?;
                Some([&module[..above], &path[supers..]].concat())
            }
            // A child module, named as such.
            _ => {
                let child = [module.as_slice(), &path[..1]].concat();
                (path.len() > 1 && self.files.contains_key(&child)).then(|| [module.as_slice(), &path].concat())
            }
        }
    }
}

impl File {
    /// The top-level module that it belongs to; none for the crate's root.
    pub(crate) fn top_level_module(&self) -> Option<String> {
        top_level_module(&self.name)
    }

    /// A path with what its first name stands for in place of that name.
    pub(crate) fn spelled_out(&self, path: &Written) -> Written {
        let mut path = path.clone();
        // A name may be brought in through another that is.
        for _ in 0..4 {
            let Some(whole) = self.names.brought_in.get(&path[0]) else { break };
            let again = whole[0] != path[0];
            path.splice(..1, whole.iter().cloned());
            if !again {
                break;
            }
        }
        path
    }
}

/// The top-level module that the file `name` belongs to; none for the crate's root.
pub(crate) fn top_level_module(name: &str) -> Option<String> {
    module_of(name).into_iter().next()
}

/// Groups of files that import each other in circles.
pub(crate) fn circles(arrows: &Arrows) -> BTreeSet<BTreeSet<String>> {
    let reached = |start: &String| {
        let (mut seen, mut next) = (BTreeSet::new(), vec![start]);
        while let Some(file) = next.pop() {
            let targets = arrows.keys().filter(|(from, _)| from == file).map(|(_, to)| to);
            next.extend(targets.filter(|to| seen.insert((*to).clone())));
        }
        seen
    };
    let files: BTreeSet<&String> = arrows.keys().map(|(from, _)| from).collect();
    let reach: BTreeMap<&String, BTreeSet<String>> = files.iter().map(|file| (*file, reached(file))).collect();
    let circle = |file: &&String| -> BTreeSet<String> {
        let back = |other: &&String| reach.get(other).is_some_and(|reached| reached.contains(*file));
        reach[*file].iter().filter(back).cloned().collect()
    };
    files.iter().map(circle).filter(|circle| circle.len() > 1).collect()
}

fn module_of(name: &str) -> Module {
    let mut module: Module = name.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if ["mod", "lib", "main"].contains(&module[module.len() - 1].as_str()) {
        module.pop();
    }
    module
}
