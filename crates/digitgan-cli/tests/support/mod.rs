//! What the tests of the command line share: a temporary folder with a small data set, and the program run in it.
#![allow(dead_code, reason = "every test uses its part")]

use digitgan::IMAGE_PIXELS;
use digitgan::data::strokes;
use digitgan::run::RunDirectory;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Training images of the small data set: with batches of eight, six steps per epoch and a rest of two.
pub(crate) const TRAIN_IMAGES: usize = 50;

/// A temporary folder, with a small data set in `digits`, that the program is run in.
pub(crate) struct Place {
    folder: TempDir,
}

/// What the program said.
#[derive(Debug)]
pub(crate) struct Said {
    /// The exit code; none if a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Place {
    pub(crate) fn new() -> Place {
        let folder = tempfile::tempdir().unwrap();
        write_digits(&folder.path().join("digits"), TRAIN_IMAGES, 10);
        Place { folder }
    }

    /// Writes another data set of so many images into the folder `name`.
    pub(crate) fn write_digits(&self, name: &str, train: usize, test: usize) {
        write_digits(&self.path(name), train, test);
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The run called `name`.
    pub(crate) fn run_directory(&self, name: &str) -> RunDirectory {
        RunDirectory::new(self.path("runs").join(name))
    }

    /// The program with arguments that hold no spaces.
    pub(crate) fn command(&self, args: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_digitgan"));
        self.prepare(&mut command);
        command.args(args.split_whitespace());
        command
    }

    /// The same through `sh`, which first does `before`.
    #[cfg(unix)]
    pub(crate) fn shell(&self, before: &str, args: &str) -> Said {
        let mut command = Command::new("sh");
        self.prepare(&mut command);
        command.arg("-c").arg(format!("{before}; exec \"$0\" {args}")).arg(env!("CARGO_BIN_EXE_digitgan"));
        said(command)
    }

    fn prepare(&self, command: &mut Command) {
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        // Judges are kept in the user's cache folder: here, one of this place's own.
        command.env("XDG_CACHE_HOME", self.path("cache"));
        for variable in ["DIGITGAN_SIMD", "DIGITGAN_DATA_DIR", "NO_COLOR"] {
            command.env_remove(variable);
        }
    }

    /// Runs the program to its end.
    pub(crate) fn digitgan(&self, args: &str) -> Said {
        said(self.command(args))
    }

    /// Runs the program, which must succeed.
    pub(crate) fn succeed(&self, args: &str) -> Said {
        let said = self.digitgan(args);
        assert_eq!(said.code, Some(0), "digitgan {args}\n{}{}", said.stdout, said.stderr);
        said
    }

    /// Runs the program to its end, which must come within a minute.
    pub(crate) fn within_a_minute(&self, args: &str) -> Said {
        let mut command = self.command(args);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let started = Instant::now();
        while child.try_wait().unwrap().is_none() {
            if started.elapsed() > Duration::from_secs(60) {
                child.kill().unwrap();
                panic!("digitgan {args} does not end: {:?}", said_in(child.wait_with_output().unwrap()));
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        said_in(child.wait_with_output().unwrap())
    }

    /// Starts the program and leaves it alone. It heeds signals, also where the tests were started so that some are ignored.
    pub(crate) fn spawn(&self, args: &str) -> Child {
        let mut command = heeding(env!("CARGO_BIN_EXE_digitgan"));
        self.prepare(&mut command);
        command.args(args.split_whitespace()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    }
}

/// A program that begins with no signal ignored: shells ignore interrupts for what they start in the background, and the
/// program keeps to that.
pub(crate) fn heeding(program: &str) -> Command {
    if !cfg!(target_os = "linux") {
        return Command::new(program);
    }
    let mut command = Command::new("env");
    command.args(["--default-signal", program]);
    command
}

/// Runs a command to its end.
pub(crate) fn said(mut command: Command) -> Said {
    said_in(command.output().unwrap())
}

/// What a program said that has ended.
pub(crate) fn said_in(output: Output) -> Said {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// What was printed as JSON.
pub(crate) fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// What is wrong with what was said; none if nothing is.
pub(crate) fn complaint(said: &Said, code: i32, says: &[&str]) -> Option<String> {
    let lines: Vec<&str> = said.stderr.lines().collect();
    let errors: Vec<&&str> = lines.iter().filter(|line| line.starts_with("error:")).collect();
    let [error] = errors[..] else { return Some(format!("{} error lines", errors.len())) };
    let by_clap = said.stderr.contains("For more information, try '--help'");
    let missing: Vec<_> = says.iter().filter(|text| !error.contains(**text)).collect();
    if said.code != Some(code) {
        Some(format!("exit code {:?} instead of {code}", said.code))
    } else if said.stderr.contains("panicked") || said.stdout.contains("panicked") {
        Some("a panic".to_owned())
    } else if !missing.is_empty() {
        Some(format!("no word of {missing:?}"))
    } else if !by_clap && lines.last() != Some(error) {
        Some("the error is not the last line".to_owned())
    } else {
        None
    }
}

/// Width and pixels of a grey PNG file.
pub(crate) fn png_bytes(png: &[u8]) -> (usize, Vec<u8>) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    (reader.info().width as usize, pixels)
}

/// Writes the four IDX files of a small data set: drawn strokes, as many images of every digit.
pub(crate) fn write_digits(folder: &Path, train: usize, test: usize) {
    let labelled = |first: u64, count: usize| -> (Vec<u8>, Vec<u8>) {
        let mut left = [count / 10; 10];
        let (mut images, mut labels) = (Vec::new(), Vec::new());
        for drawing in (first..).map(|index| strokes::draw(strokes::SEED, index)) {
            let wanted = &mut left[usize::from(drawing.label)];
            if *wanted > 0 {
                *wanted -= 1;
                images.extend(drawing.image);
                labels.push(drawing.label);
            } else if left == [0; 10] {
                break;
            }
        }
        (images, labels)
    };
    fs::create_dir_all(folder).unwrap();
    for (prefix, (images, labels)) in [("train", labelled(0, train)), ("t10k", labelled(60_000, test))] {
        fs::write(folder.join(format!("{prefix}-images-idx3-ubyte")), idx_images(&images)).unwrap();
        fs::write(folder.join(format!("{prefix}-labels-idx1-ubyte")), idx_labels(&labels)).unwrap();
    }
}

/// The bytes of an IDX file of 28×28 images.
pub(crate) fn idx_images(pixels: &[u8]) -> Vec<u8> {
    let header = [0x0803, pixels.len() / IMAGE_PIXELS, 28, 28].map(|word| (word as u32).to_be_bytes());
    [header.as_flattened(), pixels].concat()
}

/// The bytes of an IDX file of labels.
pub(crate) fn idx_labels(labels: &[u8]) -> Vec<u8> {
    let header = [0x0801, labels.len()].map(|word| (word as u32).to_be_bytes());
    [header.as_flattened(), labels].concat()
}

/// Every file below `folder`, by its path from there; folders end in a slash.
pub(crate) fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(inner) = folders.pop() {
        for entry in fs::read_dir(inner).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                found.insert(format!("{name}/"), Vec::new());
                folders.push(path);
            } else {
                found.insert(name, fs::read(path).unwrap());
            }
        }
    }
    found
}

/// What a run came to: all its files but its lock, timing.json and the event files of TensorBoard, which hold the time, and but
/// the checkpoints before the newest, which depend on when it was stopped.
pub(crate) fn outcome(run: &RunDirectory) -> BTreeMap<String, Vec<u8>> {
    let newest = run.checkpoint_steps().unwrap().last().map(|&step| run.checkpoint(step));
    let newest = newest.map(|path| format!("checkpoints/{}", path.file_name().unwrap().to_str().unwrap()));
    let mut files = files(run.path());
    files.retain(|name, _| match name.split_once('/') {
        Some(("tensorboard", _)) => false,
        Some(("checkpoints", file)) if file.ends_with(".safetensors") => Some(name) == newest.as_ref(),
        _ => !["timing.json", ".digitgan.lock"].contains(&name.as_str()),
    });
    files
}

/// The names of the files that are not the same in both.
pub(crate) fn differences(a: &BTreeMap<String, Vec<u8>>, b: &BTreeMap<String, Vec<u8>>) -> Vec<String> {
    let names: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    names.into_iter().filter(|&name| a.get(name) != b.get(name)).cloned().collect()
}

/// Copies a folder.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for (name, bytes) in files(from) {
        match name.ends_with('/') {
            true => fs::create_dir_all(to.join(name)).unwrap(),
            false => {
                fs::create_dir_all(to.join(&name).parent().unwrap()).unwrap();
                fs::write(to.join(name), bytes).unwrap();
            }
        }
    }
}

/// The next number in [0, 1): splitmix64, the same in every run of the test.
pub(crate) fn next_share(state: &mut u64) -> f64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}
