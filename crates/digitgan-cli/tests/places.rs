//! Places and preconditions are looked at before the work, and a result that cannot be written is printed.
#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use std::fs;
use support::{Place, complaint, differences, files, said};

/// A place with a data set `many`, one with too few test images, `few`, and a run on either.
fn place() -> Place {
    let place = Place::new();
    place.write_digits("many", 1000, 100);
    place.write_digits("few", 300, 10);
    place.succeed("train cgan --data many --batch-size 16 --max-steps 70 --name a");
    place.succeed("train cgan --data few --batch-size 16 --max-steps 4 --name fewer");
    fs::write(place.path("file"), "mine").unwrap();
    for file in ["evaluation.json", "evaluation/neighbours.png"] {
        let blocked = place.path("runs/blocked").join(file.split('.').next().unwrap().replace('/', "-"));
        support::copy(&place.path("runs/a"), &blocked);
        fs::create_dir_all(blocked.join(file)).unwrap();
    }
    place
}

#[test]
fn what_cannot_end_well_is_refused_before_the_work_and_without_a_trace() {
    let place = place();
    let before = files(&place.path(""));
    let mut cases: Vec<(&str, &[&str])> = vec![
        ("evaluate fewer --quick", &["few has 300 training and 10 test images"]),
        ("page fewer --quick", &["few has 300 training and 10 test images"]),
        ("reproduce --data few --out r --epochs 1", &["few has 300 training and 10 test images"]),
        ("evaluate runs/a/generator.safetensors --data few", &["few has 300 training and 10 test images"]),
        ("evaluate a --out file", &["cannot write into file", "--out"]),
        ("evaluate a --out file/e", &["cannot write into file/e"]),
        (
            "evaluate runs/blocked/evaluation --quick",
            &["cannot write runs/blocked/evaluation/evaluation.json: ", "directory", "--out"],
        ),
        (
            "page runs/blocked/evaluation-neighbours --quick",
            &["cannot write runs/blocked/evaluation-neighbours/evaluation/neighbours.png: ", "directory"],
        ),
        ("judge train --data many --out digits", &["cannot write digits", "directory", "choose another --out"]),
        ("judge train --data many --out file/j.safetensors", &["cannot write file/j.safetensors"]),
        ("page a --out file/p", &["cannot write file/p"]),
        ("reproduce --data many --out file/r", &["cannot write file/r"]),
        ("train gan --data many --out file/run", &["file/run"]),
        ("train gan --data nowhere --out file/run", &["file/run"]),
        ("generate a --count 10 --out file", &["file is not a folder"]),
        ("sample a --out file/x.png", &["cannot write file/x.png", "directory"]),
        ("data show --data many --out file/x.png", &["cannot write file/x.png", "directory"]),
    ];
    // Outside, as what leads nowhere cannot be compared afterwards.
    let links = tempfile::tempdir().unwrap();
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("no/where", links.path().join("dangling")).unwrap();
        cases.extend([
            ("evaluate a --out LINKS/dangling", &["cannot write into ", "dangling"][..]),
            ("page a --out LINKS/dangling", &["cannot write ", "dangling"]),
            ("reproduce --data many --out LINKS/dangling", &["cannot write ", "dangling"]),
            ("train gan --data many --out LINKS/dangling", &["dangling"]),
            (
                "generate a --count 10 --out LINKS/dangling",
                &["cannot write ", "dangling: it is a link that leads nowhere; make room or choose another place"],
            ),
        ]);
    }
    // A folder that takes no files, whoever asks.
    if cfg!(target_os = "linux") {
        cases.extend([
            ("evaluate a --quick --data-dir /proc/sys", &["cannot write /proc/sys/judges/", "--data-dir"][..]),
            ("judge test --data many --data-dir /proc/sys", &["cannot write /proc/sys/judges/", "--data-dir"]),
            ("page a --quick --data-dir /proc/sys", &["cannot write /proc/sys/judges/", "--data-dir"]),
            ("reproduce --data many --data-dir /proc/sys --out r", &["cannot write /proc/sys/judges/", "--data-dir"]),
            ("train gan --data many --watch on --data-dir /proc/sys --name w", &["cannot write /proc/sys/judges/"]),
            ("evaluate a --out /proc/sys/e", &["cannot write into /proc/sys/e"]),
            ("judge train --data many --out /proc/sys/j.safetensors", &["cannot write /proc/sys/j.safetensors"]),
            ("page a --out /proc/sys/p", &["cannot write /proc/sys/p"]),
            ("reproduce --data many --out /proc/sys/r", &["cannot write /proc/sys/r"]),
            ("train gan --data many --out /proc/sys/run", &["/proc/sys/run"]),
            ("generate a --count 10 --out /proc/sys/g", &["cannot write /proc/sys/g"]),
            ("sample a --out /proc/sys/x.png", &["cannot write /proc/sys/x.png"]),
            ("data show --data many --out /proc/sys/x.png", &["cannot write /proc/sys/x.png"]),
        ]);
    }
    let mut failures = Vec::new();
    for (args, says) in cases {
        let said = place.digitgan(&args.replace("LINKS", links.path().to_str().unwrap()));
        failures.extend(complaint(&said, 1, says).map(|what| format!("{args}: {what}\n{}", said.stderr)));
        failures.extend(said.stderr.contains("is kept").then(|| format!("{args}: nothing is\n{}", said.stderr)));
        if said.stderr.contains("training") && !said.stderr.contains("training and")
            || said.stderr.contains("measuring")
        {
            failures.push(format!("{args}: it worked before\n{}", said.stderr));
        }
        let changed = differences(&before, &files(&place.path("")));
        failures.extend((!changed.is_empty()).then(|| format!("{args}: changed {changed:?}")));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The places pass when they are looked at; then the disk fills up.
#[cfg(unix)]
#[test]
fn a_result_that_cannot_be_written_is_printed_and_a_judge_that_cannot_be_kept_is_used() {
    let place = place();
    // Without the signal a write beyond the limit, in blocks of 512 bytes, is an error, as it is on a full disk.
    let full = |blocks: u32| format!("trap '' XFSZ; ulimit -f {blocks}");
    let evaluate = "evaluate a --quick --samples 100 --repeats 2";
    // All but a judge of 471 kB fits.
    let said = place.shell(&full(800), evaluate);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(
        said.stderr.contains("note: the judge is used now, but the next time it must be trained again"),
        "{said:?}"
    );
    assert!(place.path("runs/a/evaluation.json").exists());

    place.succeed("judge train --data many --epochs 1 --out judge.safetensors");
    let whole = place.succeed(&format!("{evaluate} --judge judge.safetensors --json --out whole")).stdout;
    let given = format!("{evaluate} --judge judge.safetensors --out e");
    let said = place.shell(&full(1), &format!("{given} --json"));
    assert_eq!(complaint(&said, 1, &["cannot write e/evaluation/", "make room"]), None, "{said:?}");
    assert_eq!(said.stdout, whole);
    let said = place.shell(&full(1), &given);
    assert!(said.code == Some(1) && said.stdout.contains("Fréchet distance"), "{said:?}");
    let said = place.shell(&full(1), "judge train --data many --epochs 1 --out other.safetensors");
    assert_eq!(complaint(&said, 1, &["cannot write other.safetensors"]), None, "{said:?}");
    assert!(said.stdout.contains("of the test images") && !place.path("other.safetensors").exists(), "{said:?}");
}

#[test]
fn a_download_that_fails_leaves_no_folders() {
    let place = Place::new();
    fs::create_dir(place.path("there")).unwrap();
    let before = files(&place.path(""));
    for (folder, data, code) in [("new/place", "mnist", 1), ("there", "mnist", 1), ("new", "auto", 0)] {
        let mut command = place.command(&format!("data info --data {data} --data-dir {folder}"));
        // Nobody listens there.
        command.env("HTTPS_PROXY", "http://127.0.0.1:1").env("https_proxy", "http://127.0.0.1:1");
        let said = said(command);
        assert_eq!(said.code, Some(code), "{said:?}");
        assert_eq!(differences(&before, &files(&place.path(""))), [""; 0], "{folder}");
    }
}
