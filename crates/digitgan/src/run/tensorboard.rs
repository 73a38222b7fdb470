//! Event files for TensorBoard: scalars and images by step.
//!
//! An event file is a row of TFRecords: the length of a message, a masked CRC-32C of that length,
//! the message, a masked CRC-32C of the message. Messages are protocol buffers; the few fields used
//! here are declared by hand (`messages`), with TensorBoard's numbers.
//!
//! Each session of a run, the first and every resumed one, has its own file, as a file that a
//! killed session left may end in a torn record. Its second event is a session start that names the
//! first step the session will write: on reading it TensorBoard drops what earlier sessions wrote
//! from that step on. The *first* session has one too, since TensorBoard takes only the second and
//! later starts for restarts. TensorBoard's fast loader instead drops old points of a curve once
//! the curve's steps go back; for steps that are written again both come to the same.

mod messages;

use crate::files::{atomic, check_folder};
use messages::{
    Event, HyperparameterData, HyperparameterValue, Image, Metadata, PluginData, SessionLog, SessionStartInfo, Summary,
    Tensor, Value,
};
use prost::Message;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::time::{SystemTime, UNIX_EPOCH};

const FILE_PREFIX: &str = "events.out.tfevents.";
const FILE_VERSION: &str = "brain.Event:2";
/// `SessionLog.SessionStatus.START`.
const SESSION_START: i32 = 1;
/// `Summary.Image.colorspace` of grey images.
const GREYSCALE: i32 = 1;

/// Writes one event file, which is begun with its first event: a session that records nothing leaves none. Events are
/// buffered; dropping the writer flushes them unchecked.
#[derive(Debug)]
pub struct EventWriter {
    path: PathBuf,
    /// The events that a file begins with.
    beginning: Vec<Event>,
    /// The file, once there is one.
    out: Option<BufWriter<File>>,
    record: Vec<u8>,
}

impl EventWriter {
    /// A new event file in the folder `dir`, which is created where it is missing.
    ///
    /// `wall_time` is the time now in seconds since 1970. `purge_from_step` is the first step that
    /// this session will write; None for a new run. TensorBoard stops showing what is already
    /// recorded in `dir` for that and later steps.
    ///
    /// The file is `events.out.tfevents.<seconds>.digitgan.<process>`. TensorBoard reads the files
    /// of a folder by name, so `<seconds>` is later than in every file that is already there, even
    /// if the clock says otherwise.
    ///
    /// # Errors
    ///
    /// The folder cannot be made, read or written.
    pub fn create(dir: &Path, wall_time: f64, purge_from_step: Option<u64>) -> io::Result<Self> {
        fs::create_dir_all(dir)?;
        // The file itself comes later.
        check_folder(dir)?;
        // A cast from float to integer takes negative times and NaN to 0.
        let seconds = match newest_seconds(dir)? {
            Some(newest) => (wall_time as u64).max(newest.saturating_add(1)),
            None => wall_time as u64,
        };
        let name = format!("{FILE_PREFIX}{seconds:010}.digitgan.{}", process::id());
        let version = Event { wall_time, file_version: Some(FILE_VERSION.to_owned()), ..Event::default() };
        let start = Event {
            wall_time,
            step: event_step(purge_from_step.unwrap_or(0)),
            session_log: Some(SessionLog { status: SESSION_START }),
            ..Event::default()
        };
        Ok(Self { path: dir.join(name), beginning: vec![version, start], out: None, record: Vec::new() })
    }

    /// Records what a run was trained with, at the beginning of the file: TensorBoard's page HParams shows it, with the newest scalars of
    /// the run beside it.
    #[must_use]
    pub fn with_hyperparameters(mut self, wall_time: f64, settings: &[(String, Hyperparameter)]) -> Self {
        let hparams = settings.iter().map(|(name, value)| (name.clone(), value.message())).collect();
        let session_start_info = Some(SessionStartInfo { hparams, start_time_secs: wall_time });
        let content = HyperparameterData { session_start_info }.encode_to_vec();
        let plugin_data = Some(PluginData { plugin_name: "hparams".to_owned(), content });
        let value = Value {
            tag: "_hparams_/session_start_info".to_owned(),
            tensor: Some(Tensor::empty()),
            metadata: Some(Metadata { plugin_data }),
            ..Value::default()
        };
        self.beginning.push(Event { wall_time, summary: Some(Summary { value: vec![value] }), ..Event::default() });
        self
    }

    /// Records a number for each tag at `step`, all in one event. Tags with slashes are grouped by
    /// what stands before the first.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn scalars(&mut self, step: u64, wall_time: f64, scalars: &[(&str, f32)]) -> io::Result<()> {
        self.write(&scalars_event(step, wall_time, scalars))
    }

    /// Records a grey picture of `width` × `height` pixels, a PNG file in memory, at `step`.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn image(
        &mut self,
        step: u64,
        wall_time: f64,
        tag: &str,
        png: &[u8],
        width: usize,
        height: usize,
    ) -> io::Result<()> {
        let image = Image {
            height: i32::try_from(height).unwrap_or(i32::MAX),
            width: i32::try_from(width).unwrap_or(i32::MAX),
            colorspace: GREYSCALE,
            encoded_image_string: png.to_vec(),
        };
        let value = Value { tag: tag.to_owned(), image: Some(image), ..Value::default() };
        let summary = Some(Summary { value: vec![value] });
        self.write(&Event { wall_time, step: event_step(step), summary, ..Event::default() })
    }

    /// Hands all events to the operating system: TensorBoard sees them.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.as_mut().map_or(Ok(()), BufWriter::flush)
    }

    fn write(&mut self, event: &Event) -> io::Result<()> {
        let out = match &mut self.out {
            Some(out) => out,
            None => {
                let mut out = BufWriter::new(File::create_new(&self.path)?);
                self.beginning.iter().try_for_each(|event| write(&mut out, &mut self.record, event))?;
                out.flush()?;
                self.out.insert(out)
            }
        };
        write(out, &mut self.record, event)
    }
}

/// What a run was trained with: one of [`EventWriter::with_hyperparameters`].
#[derive(Clone, Debug, PartialEq)]
pub enum Hyperparameter {
    /// A number.
    Number(f64),
    /// A word.
    Text(String),
    /// Yes or no.
    Flag(bool),
}

impl Hyperparameter {
    fn message(&self) -> HyperparameterValue {
        match self {
            Hyperparameter::Number(number) => HyperparameterValue { number_value: Some(*number), ..Default::default() },
            Hyperparameter::Text(text) => {
                HyperparameterValue { string_value: Some(text.clone()), ..Default::default() }
            }
            Hyperparameter::Flag(flag) => HyperparameterValue { bool_value: Some(*flag), ..Default::default() },
        }
    }
}

/// Seconds since 1970.
pub fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

/// Writes a file of numbers at one step into the folder `dir`, in the place of an earlier one of that step: what is found out about a run
/// now and then, such as its metrics. The folder is made where it is missing; no session is in it.
///
/// # Errors
/// The folder cannot be made, or the file cannot be written.
pub fn write_scalars(dir: &Path, step: u64, wall_time: f64, scalars: &[(&str, f32)]) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    // TensorBoard reads the files of a folder by name, and so by step.
    let path = dir.join(format!("{FILE_PREFIX}{step:010}.digitgan"));
    let version = Event { wall_time, file_version: Some(FILE_VERSION.to_owned()), ..Event::default() };
    let scalars = scalars_event(step, wall_time, scalars);
    let mut record = Vec::new();
    atomic::write(&path, |out| [version, scalars].iter().try_for_each(|event| write(out, &mut record, event)))
}

/// Removes the files of [`write_scalars`] of steps after `step`: a training that goes on from there takes these steps anew.
///
/// # Errors
/// A folder that cannot be read, or a file that cannot be removed.
pub fn remove_scalars_after(dir: &Path, step: u64) -> io::Result<()> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let of = name.strip_prefix(FILE_PREFIX).and_then(|rest| rest.strip_suffix(".digitgan"));
        if of.and_then(|step| step.parse::<u64>().ok()).is_some_and(|of| of > step) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

fn scalars_event(step: u64, wall_time: f64, scalars: &[(&str, f32)]) -> Event {
    let value =
        |&(tag, value): &(&str, f32)| Value { tag: tag.to_owned(), simple_value: Some(value), ..Value::default() };
    let summary = Some(Summary { value: scalars.iter().map(value).collect() });
    Event { wall_time, step: event_step(step), summary, ..Event::default() }
}

/// Writes an event by way of `record`. One write a record: the buffer is then flushed between records, never inside one.
fn write(out: &mut (impl Write + ?Sized), record: &mut Vec<u8>, event: &Event) -> io::Result<()> {
    fill_record(record, event);
    out.write_all(record)
}

/// Makes `record` the TFRecord of `event`.
fn fill_record(record: &mut Vec<u8>, event: &Event) {
    record.clear();
    let length = (event.encoded_len() as u64).to_le_bytes();
    record.extend_from_slice(&length);
    record.extend_from_slice(&masked_crc(&length));
    event.encode_raw(record);
    let crc = masked_crc(&record[12..]);
    record.extend_from_slice(&crc);
}

/// The CRC-32C of `bytes`, rotated and offset as TFRecords have it, since a CRC of bytes that hold
/// CRCs is a weak one.
fn masked_crc(bytes: &[u8]) -> [u8; 4] {
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8).to_le_bytes()
}

/// TensorBoard's steps are signed.
fn event_step(step: u64) -> i64 {
    i64::try_from(step).unwrap_or(i64::MAX)
}

/// The latest `<seconds>` in the names of the event files in `dir`.
fn newest_seconds(dir: &Path) -> io::Result<Option<u64>> {
    let mut newest = None;
    for entry in fs::read_dir(dir)? {
        let name = entry?.file_name();
        let seconds = name
            .to_str()
            .and_then(|name| name.strip_prefix(FILE_PREFIX))
            .and_then(|rest| rest.split('.').next())
            .and_then(|seconds| seconds.parse().ok());
        newest = newest.max(seconds);
    }
    Ok(newest)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same four events as in [`bytes_are_those_of_tensorboards_own_writer`], written by
    /// TensorBoard 2.21's `RecordWriter`.
    const GOLDEN: &str = "\
        1800000000000000a37f4b220900002040fc54d9411a0d627261696e2e4576656e743a322b353110\
        2c00000000000000f4aecc450900005040fc54d94110ac022a1e0a0d0a066c6f73732f6415000000\
        000a0d0a066c6f73732f67150000c0bf7c703be1\
        0f000000000000006d532b090900008040fc54d94110073a020801d1e17c88\
        1f00000000000000514b44180900008040fc54d94110072a120a100a0173220b0838101c18012203\
        706e67d09baf8f";

    #[test]
    fn bytes_are_those_of_tensorboards_own_writer() {
        let scalar = |tag: &str, value| Value { tag: tag.to_owned(), simple_value: Some(value), ..Value::default() };
        let image = Image { height: 56, width: 28, colorspace: GREYSCALE, encoded_image_string: b"png".to_vec() };
        let summary = |value| Some(Summary { value });
        let at = |wall_time, step| Event { wall_time, step, ..Event::default() };
        let events = [
            Event { file_version: Some(FILE_VERSION.to_owned()), ..at(1_700_000_000.5, 0) },
            Event {
                summary: summary(vec![scalar("loss/d", 0.0), scalar("loss/g", -1.5)]),
                ..at(1_700_000_001.25, 300)
            },
            Event { session_log: Some(SessionLog { status: SESSION_START }), ..at(1_700_000_002.0, 7) },
            Event {
                summary: summary(vec![Value { tag: "s".to_owned(), image: Some(image), ..Value::default() }]),
                ..at(1_700_000_002.0, 7)
            },
        ];
        let mut hex = String::new();
        let mut record = Vec::new();
        for event in &events {
            fill_record(&mut record, event);
            hex.extend(record.iter().map(|byte| format!("{byte:02x}")));
        }
        assert_eq!(hex, GOLDEN);
    }

    /// Checks the framing of an event file and decodes its events.
    fn events(mut bytes: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        while !bytes.is_empty() {
            let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
            assert_eq!(bytes[8..12], masked_crc(&bytes[..8]));
            let (message, rest) = bytes[12..].split_at(length);
            assert_eq!(rest[..4], masked_crc(message));
            events.push(Event::decode(message).unwrap());
            bytes = &rest[4..];
        }
        events
    }

    #[test]
    fn every_session_starts_a_later_file_that_says_where_it_starts() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("tensorboard");
        // The clock stands still, goes back and fails.
        for (wall_time, purge) in [(1.7e9, None), (1.7e9, Some(61)), (5.0, Some(31)), (f64::NAN, Some(u64::MAX))] {
            let mut writer = EventWriter::create(&dir, wall_time, purge).unwrap();
            writer.scalars(61, wall_time, &[("a", 1.0), ("b", f32::NAN)]).unwrap();
            writer.flush().unwrap();
        }
        let mut names: Vec<_> = fs::read_dir(&dir).unwrap().map(|e| e.unwrap().path()).collect();
        names.sort();
        let starts: Vec<i64> = names
            .iter()
            .map(|name| {
                let events = events(&fs::read(name).unwrap());
                assert_eq!(events.len(), 3);
                assert_eq!(events[0].file_version.as_deref(), Some(FILE_VERSION));
                assert_eq!(events[1].session_log.as_ref().unwrap().status, SESSION_START);
                assert_eq!(events[2].summary.as_ref().unwrap().value.len(), 2);
                events[1].step
            })
            .collect();
        assert_eq!(starts, [0, 61, 31, i64::MAX]);
        let name = names[0].file_name().unwrap().to_str().unwrap();
        let process = process::id();
        assert_eq!(name, format!("events.out.tfevents.1700000000.digitgan.{process}"));
    }

    #[test]
    fn settings_stand_at_the_beginning_and_numbers_apart_from_sessions() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("tensorboard");
        let settings = [
            ("lr", Hyperparameter::Number(0.5)),
            ("model", Hyperparameter::Text("gan".to_owned())),
            ("odd", Hyperparameter::Flag(true)),
        ]
        .map(|(name, value)| (name.to_owned(), value));
        let mut writer = EventWriter::create(&dir, 5.0, None).unwrap().with_hyperparameters(5.0, &settings);
        writer.scalars(1, 6.0, &[("a", 1.0)]).unwrap();
        writer.flush().unwrap();
        let file = fs::read_dir(&dir).unwrap().next().unwrap().unwrap().path();
        let found = events(&fs::read(file).unwrap());
        let told = &found[2].summary.as_ref().unwrap().value[0];
        let plugin = told.metadata.as_ref().unwrap().plugin_data.as_ref().unwrap();
        assert_eq!((told.tag.as_str(), plugin.plugin_name.as_str()), ("_hparams_/session_start_info", "hparams"));
        let told = HyperparameterData::decode(plugin.content.as_slice()).unwrap().session_start_info.unwrap();
        assert_eq!(told.hparams["lr"].number_value, Some(0.5));
        assert_eq!(told.hparams["model"].string_value.as_deref(), Some("gan"));
        assert_eq!(told.hparams["odd"].bool_value, Some(true));

        let below = dir.join("evaluation");
        remove_scalars_after(&below, 0).unwrap();
        for (step, value) in [(300, 0.1), (60, 0.2), (60, 0.3)] {
            write_scalars(&below, step, 7.0, &[("recall", value)]).unwrap();
        }
        fs::write(below.join("notes.txt"), b"?").unwrap();
        let found = events(&fs::read(below.join("events.out.tfevents.0000000060.digitgan")).unwrap());
        assert!(found.iter().all(|event| event.session_log.is_none()), "a session would take what others wrote");
        assert_eq!((found[1].step, found[1].summary.as_ref().unwrap().value[0].simple_value), (60, Some(0.3)));
        remove_scalars_after(&below, 60).unwrap();
        let left: std::collections::BTreeSet<_> =
            fs::read_dir(&below).unwrap().map(|file| file.unwrap().file_name()).collect();
        assert_eq!(left.into_iter().collect::<Vec<_>>(), ["events.out.tfevents.0000000060.digitgan", "notes.txt"]);
    }

    #[test]
    fn foreign_files_in_the_folder_do_not_matter() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["losses.csv", "events.out.tfevents.", "events.out.tfevents.x.y.z"] {
            fs::write(folder.path().join(name), b"?").unwrap();
        }
        assert_eq!(newest_seconds(folder.path()).unwrap(), None);
        fs::write(folder.path().join("events.out.tfevents.0000000012.host.1"), b"").unwrap();
        assert_eq!(newest_seconds(folder.path()).unwrap(), Some(12));
        let mut writer = EventWriter::create(folder.path(), 3.0, None).unwrap();
        writer.flush().unwrap();
        assert_eq!(newest_seconds(folder.path()).unwrap(), Some(12), "nothing was recorded");
        writer.scalars(1, 3.0, &[("a", 1.0)]).unwrap();
        assert_eq!(newest_seconds(folder.path()).unwrap(), Some(13));
    }
}
