//! In a terminal that can do no more, progress is plain lines.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use std::process::{Command, Stdio};
use support::{Place, said};

/// What a terminal of this kind shows of a training; `None`: of no kind.
fn shown(place: &Place, terminal: Option<&str>) -> String {
    let train = "train gan --data digits --watch off --batch-size 8 --max-steps 20 --epochs 4";
    let mut command = Command::new("script");
    command.arg("-qec").arg(format!("{} {train}", env!("CARGO_BIN_EXE_digitgan"))).arg("/dev/null");
    command.current_dir(place.path("")).env("XDG_CACHE_HOME", place.path("cache")).stdin(Stdio::null());
    command.env_remove("NO_COLOR").env_remove("TERM").envs(terminal.map(|name| ("TERM", name)));
    let said = said(command);
    assert_eq!(said.code, Some(0), "{said:?}");
    said.stdout
}

#[test]
fn a_dumb_terminal_gets_plain_lines() {
    let place = Place::new();
    for terminal in [Some("dumb"), Some(""), None] {
        let text = shown(&place, terminal);
        for line in ["epoch 1/4  step 6/20", "epoch 4/4  step 20/20"] {
            assert!(text.contains(line), "{terminal:?}: {text}");
        }
        assert!(!text.contains('\x1b'), "{terminal:?}: {text:?}");
    }
    // The last step, which ends an epoch here, is said once.
    let said = place.succeed("train gan --data digits --watch off --batch-size 8 --epochs 2");
    assert_eq!(said.stderr.matches("step 12/12").count(), 1, "{said:?}");
    let text = shown(&place, Some("xterm"));
    assert!(text.contains('\x1b') && text.contains("epoch 1/4"), "{text:?}");
}
