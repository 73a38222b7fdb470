//! What one file defines, brings in, names and says, read with `syn`. Tests and documentation do not count.

use proc_macro2::{Ident, Literal, Spacing, TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, Meta, UseTree, Visibility};

/// A path as it is written, piece by piece.
pub(crate) type Written = Vec<String>;

/// What stands in one file.
#[derive(Default)]
pub(crate) struct Names {
    /// Items that are defined here.
    pub(crate) defined: BTreeSet<String>,
    /// What `use` lines bring in, by the name that it has here.
    pub(crate) brought_in: BTreeMap<String, Written>,
    /// Modules all of whose names are handed on.
    pub(crate) handed_on_whole: Vec<Written>,
    /// Every path that code names, with its line.
    pub(crate) paths: BTreeSet<(usize, Written)>,
    /// Every macro that code calls, with its line.
    pub(crate) macros: Vec<(usize, String)>,
    /// Every text in code, with its line.
    pub(crate) strings: Vec<(usize, String)>,
    /// Whether the file's `pub use` lines only hand names on.
    hands_on: bool,
    /// Modules within the file around what is being read.
    depth: usize,
}

impl Names {
    /// Reads the text of the file `name`.
    pub(crate) fn read(name: &str, text: &str) -> Names {
        let parsed = syn::parse_file(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let hands_on = ["mod.rs", "lib.rs"].contains(&name.rsplit('/').next().unwrap());
        let mut names = Names { hands_on, ..Names::default() };
        names.defined.extend(parsed.items.iter().filter(|item| !is_for_tests(attributes(item))).filter_map(defined));
        names.visit_file(&parsed);
        names
    }

    /// Notes a path. Within modules of the file, `super` leads no further than to the file itself.
    fn note(&mut self, line: usize, mut path: Written) {
        let supers = path.iter().take(self.depth).take_while(|piece| *piece == "super").count();
        if supers > 0 {
            path.splice(..supers, ["self".to_owned()]);
            if path.get(1).is_some_and(|piece| piece == "super") {
                path.remove(0);
            }
        }
        self.paths.insert((line, path));
    }

    /// Reads what stands in a macro's call or in an attribute: `syn` knows no more of it than its tokens.
    fn tokens(&mut self, stream: TokenStream) {
        let tokens: Vec<TokenTree> = stream.into_iter().collect();
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            match token {
                TokenTree::Group(group) if !documents(at.checked_sub(1).map(|before| &tokens[before]), token) => {
                    self.tokens(group.stream());
                }
                TokenTree::Literal(literal) => self.literal(literal),
                TokenTree::Ident(first) => at += self.path_in_tokens(first, &tokens[..at], &tokens[at + 1..]),
                _ => {}
            }
            at += 1;
        }
    }

    /// Notes the path that begins with `first`, if it is none of a field or method. Returns how many tokens it goes on for.
    fn path_in_tokens(&mut self, first: &Ident, before: &[TokenTree], after: &[TokenTree]) -> usize {
        let line = first.span().start().line;
        let mut path = vec![first.to_string()];
        let mut rest = after;
        while let [one, two, TokenTree::Ident(piece), others @ ..] = rest {
            if !is_punct(one, ':') || !is_punct(two, ':') {
                break;
            }
            path.push(piece.to_string());
            rest = others;
        }
        if let [TokenTree::Punct(mark), ..] = rest
            && mark.as_char() == '!'
            && mark.spacing() == Spacing::Alone
        {
            self.macros.push((line, path[path.len() - 1].clone()));
        }
        // `pub(super)` names no import here either.
        let of_visibility = path.len() == 1 && ["crate", "super"].contains(&path[0].as_str());
        let after_dot = matches!(before, [.., dot] if is_punct(dot, '.'));
        let after_range = matches!(before, [.., one, two] if is_punct(one, '.') && is_punct(two, '.'));
        if !of_visibility && (!after_dot || after_range) {
            self.note(line, path);
        }
        after.len() - rest.len()
    }

    fn literal(&mut self, literal: &Literal) {
        match syn::Lit::new(literal.clone()) {
            syn::Lit::Str(text) => self.visit_lit_str(&text),
            syn::Lit::ByteStr(text) => self.visit_lit_byte_str(&text),
            _ => {}
        }
    }
}

impl<'ast> Visit<'ast> for Names {
    fn visit_item(&mut self, item: &'ast Item) {
        if !is_for_tests(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        if !is_for_tests(&function.attrs) {
            visit::visit_impl_item_fn(self, function);
        }
    }

    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        self.depth += 1;
        visit::visit_item_mod(self, module);
        self.depth -= 1;
    }

    fn visit_item_use(&mut self, line: &'ast syn::ItemUse) {
        let handed_on = self.hands_on && self.depth == 0 && !matches!(line.vis, Visibility::Inherited);
        let mut found = Vec::new();
        leaves(&line.tree, &mut Vec::new(), &mut found);
        for (path, name, line) in found {
            if !handed_on {
                self.note(line, path.clone());
            }
            match name {
                Some(name) if self.depth == 0 => drop(self.brought_in.insert(name, path)),
                None if handed_on => self.handed_on_whole.push(path),
                _ => {}
            }
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let pieces: Written = path.segments.iter().map(|piece| piece.ident.to_string()).collect();
        self.note(path.segments[0].ident.span().start().line, pieces);
        visit::visit_path(self, path);
    }

    /// `pub(super)` names no import.
    fn visit_visibility(&mut self, _: &'ast Visibility) {}

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        let name = &call.path.segments.last().unwrap().ident;
        self.macros.push((name.span().start().line, name.to_string()));
        self.tokens(call.tokens.clone());
        visit::visit_macro(self, call);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        match &attribute.meta {
            Meta::List(list) => self.tokens(list.tokens.clone()),
            Meta::NameValue(pair) if !pair.path.is_ident("doc") => self.visit_expr(&pair.value),
            _ => {}
        }
    }

    fn visit_lit_str(&mut self, text: &'ast syn::LitStr) {
        self.strings.push((text.span().start().line, text.value()));
    }

    fn visit_lit_byte_str(&mut self, text: &'ast syn::LitByteStr) {
        self.strings.push((text.span().start().line, String::from_utf8_lossy(&text.value()).into_owned()));
    }
}

fn is_punct(token: &TokenTree, mark: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == mark)
}

/// Whether a group of tokens is `[doc = "…"]` behind a `#`.
fn documents(before: Option<&TokenTree>, group: &TokenTree) -> bool {
    let TokenTree::Group(group) = group else { return false };
    let first = group.stream().into_iter().next();
    before.is_some_and(|before| is_punct(before, '#')) && first.is_some_and(|first| first.to_string() == "doc")
}

/// `#[test]`, `#[cfg(test)]` or `#[cfg(all(test, …))]`.
fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let condition = attribute.meta.require_list().map(|list| list.tokens.to_string().replace(' ', ""));
        let only_tests = |condition: String| condition == "test" || condition.starts_with("all(test,");
        attribute.path().is_ident("test") || attribute.path().is_ident("cfg") && condition.is_ok_and(only_tests)
    })
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

fn defined(item: &Item) -> Option<String> {
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

/// The paths of a `use` line, each with the name that it brings in and its line; no name where it brings in all.
fn leaves(tree: &UseTree, before: &mut Written, found: &mut Vec<(Written, Option<String>, usize)>) {
    // `self` in a group is the module itself.
    let with = |name: &Ident, before: &[String]| {
        let more = (name != "self" || before.is_empty()).then(|| name.to_string());
        before.iter().cloned().chain(more).collect::<Written>()
    };
    match tree {
        UseTree::Path(path) => {
            before.push(path.ident.to_string());
            leaves(&path.tree, before, found);
            before.pop();
        }
        UseTree::Name(name) => {
            let path = with(&name.ident, before);
            let last = path.last().cloned();
            found.push((path, last, name.ident.span().start().line));
        }
        UseTree::Rename(name) => {
            let line = name.ident.span().start().line;
            found.push((with(&name.ident, before), Some(name.rename.to_string()), line));
        }
        UseTree::Glob(all) => found.push((before.clone(), None, all.star_token.spans[0].start().line)),
        UseTree::Group(group) => group.items.iter().for_each(|tree| leaves(tree, before, found)),
    }
}
