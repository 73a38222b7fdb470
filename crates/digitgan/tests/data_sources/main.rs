//! Data sets from outside: good ones are read as they are, bad ones are told apart and told of.
#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod augment;
mod download;
mod folders;
mod idx;
mod idx_folders;
mod layouts;
mod mnist;
mod npz;
mod support;
