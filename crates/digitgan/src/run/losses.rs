//! The loss of every step, as a CSV file that people can plot: `losses.csv`.
//!
//! One header, then one row a step, from step 1, none left out. The columns are the same for every
//! model; `d_class` and `g_class` are empty where the model has no class head. Floats are written
//! as the shortest text that reads back as the same number, so they are exact.
//!
//! The file is appended to while a run goes on and cut back to the checkpoint's step when a run is
//! resumed. As everything else in training is deterministic, the file of a run that was interrupted
//! is in the end byte for byte that of one that was not.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::str::FromStr;

/// The first line of the file.
pub const HEADER: &str = "step,epoch,d_loss,g_loss,d_real,d_fake,d_fake_after,d_class,g_class";

/// Longest line that is read, in bytes. The longest row has about 150; the file may be anything.
const MAX_LINE_BYTES: u64 = 512;

/// The losses of one training step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LossRecord {
    /// Finished steps, this one included: the first step is 1.
    pub step: u64,
    /// The epoch that the step belongs to, from 1.
    pub epoch: u32,
    /// Loss of the discriminator, class loss included.
    pub d_loss: f32,
    /// Loss of the generator, class loss included.
    pub g_loss: f32,
    /// Mean of D(x), the probability that the discriminator gives to real images being real.
    pub d_real: f32,
    /// Mean of D(G(z)) before the discriminator's update.
    pub d_fake: f32,
    /// Mean of D(G(z)) after the discriminator's update.
    pub d_fake_after: f32,
    /// The class part of the discriminator's loss, where it predicts classes.
    pub d_class: Option<f32>,
    /// The class part of the generator's loss, where the discriminator predicts classes.
    pub g_class: Option<f32>,
}

/// Why a loss file cannot be read, continued or added to.
#[derive(Debug, thiserror::Error)]
pub enum LossError {
    /// Reading or writing failed.
    #[error("cannot access the loss file: {0}")]
    Io(#[from] io::Error),
    /// The file does not start as a loss file does.
    #[error("line 1 is {found:?}, not the header of a loss file ({HEADER}); restore the file")]
    Header {
        /// What stands in the first line.
        found: String,
    },
    /// A line is not a row.
    #[error("line {line} is not a row of losses: {problem} in {found:?}; restore the file")]
    Row {
        /// Number of the line, from 1.
        line: u64,
        /// What is wrong with it.
        problem: String,
        /// The line.
        found: String,
    },
    /// A row is missing, double or misplaced.
    #[error("line {line} has step {found} where step {expected} belongs; restore the file")]
    Order {
        /// Number of the line, from 1.
        line: u64,
        /// The step that belongs there.
        expected: u64,
        /// The step found.
        found: u64,
    },
    /// The file ends before the step to resume from.
    #[error(
        "the losses end with step {found} but the run resumes after step {steps}; \
         restore the file or resume from an older checkpoint"
    )]
    Missing {
        /// Steps that the resumed run has finished.
        steps: u64,
        /// The last step in the file.
        found: u64,
    },
    /// A record was added out of turn.
    #[error("step {found} was recorded where step {expected} belongs")]
    OutOfTurn {
        /// The step that would be next.
        expected: u64,
        /// The step given.
        found: u64,
    },
}

/// Appends records to a loss file. Rows are buffered; dropping the writer flushes them unchecked.
#[derive(Debug)]
pub struct LossWriter {
    out: BufWriter<File>,
    /// Steps in the file.
    steps: u64,
}

impl LossWriter {
    /// Starts a loss file at `path`, replacing what is there.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn create(path: &Path) -> Result<Self, LossError> {
        let mut out = BufWriter::new(File::create(path)?);
        writeln!(out, "{HEADER}")?;
        out.flush()?;
        Ok(Self { out, steps: 0 })
    }

    /// Continues the loss file at `path` after `steps` finished steps.
    ///
    /// The rows of those steps stay as they are; all that follows is cut off, torn lines included.
    /// With `steps` 0 the file is started anew and need not exist.
    ///
    /// # Errors
    ///
    /// The file lacks some of the rows, or has others in their place; it is then left unchanged.
    pub fn resume(path: &Path, steps: u64) -> Result<Self, LossError> {
        if steps == 0 {
            return Self::create(path);
        }
        let mut file = OpenOptions::new().read(true).write(true).open(path)?;
        let mut rows = Rows::new(BufReader::new(&file))?;
        while rows.steps < steps {
            if rows.next()?.is_none() {
                return Err(LossError::Missing { steps, found: rows.steps });
            }
        }
        let kept_bytes = rows.read_bytes;
        file.set_len(kept_bytes)?;
        file.seek(SeekFrom::Start(kept_bytes))?;
        Ok(Self { out: BufWriter::new(file), steps })
    }

    /// Adds the row of `record`.
    ///
    /// # Errors
    ///
    /// `record.step` is not one more than the step before, or the file cannot be written.
    pub fn append(&mut self, record: &LossRecord) -> Result<(), LossError> {
        let expected = self.steps + 1;
        if record.step != expected {
            return Err(LossError::OutOfTurn { expected, found: record.step });
        }
        write_row(&mut self.out, record)?;
        self.steps = record.step;
        Ok(())
    }

    /// Hands all rows to the operating system: other programs see them.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn flush(&mut self) -> Result<(), LossError> {
        Ok(self.out.flush()?)
    }

    /// Brings all rows to the disk. Do this before a checkpoint that relies on them is written.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn sync(&mut self) -> Result<(), LossError> {
        self.out.flush()?;
        Ok(self.out.get_ref().sync_data()?)
    }
}

/// All records of the loss file at `path`. A last line without line feed is still being written,
/// or torn by a crash, and left out.
///
/// # Errors
///
/// The file cannot be read, or some line is not the row of the step that belongs there.
pub fn read(path: &Path) -> Result<Vec<LossRecord>, LossError> {
    let mut rows = Rows::new(BufReader::new(File::open(path)?))?;
    let mut records = Vec::new();
    while let Some(record) = rows.next()? {
        records.push(record);
    }
    Ok(records)
}

fn write_row(out: &mut impl Write, record: &LossRecord) -> io::Result<()> {
    let LossRecord { step, epoch, d_loss, g_loss, d_real, d_fake, d_fake_after, d_class, g_class } = *record;
    // `?` is the shortest text that reads back the same, with exponents where those are shorter.
    write!(out, "{step},{epoch},{d_loss:?},{g_loss:?},{d_real:?},{d_fake:?},{d_fake_after:?}")?;
    for class in [d_class, g_class] {
        match class {
            Some(loss) => write!(out, ",{loss:?}")?,
            None => write!(out, ",")?,
        }
    }
    writeln!(out)
}

/// Reads a loss file row by row.
struct Rows<R> {
    input: R,
    /// Lines read, the header included.
    lines: u64,
    /// Rows read; rows being consecutive, also the last step.
    steps: u64,
    /// Bytes of the lines read.
    read_bytes: u64,
}

impl<R: BufRead> Rows<R> {
    fn new(input: R) -> Result<Self, LossError> {
        let mut rows = Self { input, lines: 0, steps: 0, read_bytes: 0 };
        match rows.line()? {
            Some(line) if line == HEADER => Ok(rows),
            line => Err(LossError::Header { found: line.unwrap_or_default() }),
        }
    }

    /// The next record; none at the end or before a torn line.
    fn next(&mut self) -> Result<Option<LossRecord>, LossError> {
        let Some(line) = self.line()? else {
            return Ok(None);
        };
        let record = parse_row(&line).map_err(|problem| LossError::Row { line: self.lines, problem, found: line })?;
        let expected = self.steps + 1;
        if record.step != expected {
            return Err(LossError::Order { line: self.lines, expected, found: record.step });
        }
        self.steps = expected;
        Ok(Some(record))
    }

    /// The next line without its line feed; none where no whole line follows.
    fn line(&mut self) -> Result<Option<String>, LossError> {
        let mut bytes = Vec::new();
        self.input.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut bytes)?;
        let is_whole = bytes.last() == Some(&b'\n');
        if !is_whole && (bytes.len() as u64) < MAX_LINE_BYTES {
            return Ok(None);
        }
        self.lines += 1;
        self.read_bytes += bytes.len() as u64;
        if is_whole {
            bytes.pop();
        }
        // Text that is not UTF-8 is no row; the replacement shows in the error where it was.
        Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
    }
}

/// The record in `line`, or what is wrong with it.
fn parse_row(line: &str) -> Result<LossRecord, String> {
    let fields: Vec<&str> = line.split(',').collect();
    let columns = HEADER.split(',').count();
    if fields.len() != columns {
        return Err(format!("{} fields instead of {columns}", fields.len()));
    }
    let class = |column: usize| match fields[column] {
        "" => Ok(None),
        _ => parse_field(&fields, column).map(Some),
    };
    Ok(LossRecord {
        step: parse_field(&fields, 0)?,
        epoch: parse_field(&fields, 1)?,
        d_loss: parse_field(&fields, 2)?,
        g_loss: parse_field(&fields, 3)?,
        d_real: parse_field(&fields, 4)?,
        d_fake: parse_field(&fields, 5)?,
        d_fake_after: parse_field(&fields, 6)?,
        d_class: class(7)?,
        g_class: class(8)?,
    })
}

fn parse_field<T: FromStr>(fields: &[&str], column: usize) -> Result<T, String> {
    let name = || HEADER.split(',').nth(column).unwrap_or_default();
    fields[column].parse().map_err(|_| format!("{:?} is no number for {}", fields[column], name()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::fs;

    fn record(step: u64) -> LossRecord {
        let x = step as f32;
        LossRecord {
            step,
            epoch: 1 + (step / 3) as u32,
            d_loss: 1.0 / x,
            g_loss: x.sqrt(),
            d_real: 0.5,
            d_fake: 1e-9 * x,
            d_fake_after: 0.25,
            d_class: step.is_multiple_of(2).then_some(x),
            g_class: None,
        }
    }

    fn bytes_of(records: &[LossRecord]) -> Vec<u8> {
        let mut bytes = format!("{HEADER}\n").into_bytes();
        records.iter().for_each(|record| write_row(&mut bytes, record).unwrap());
        bytes
    }

    /// A record's numbers as bits, so that NaN equals itself and −0 does not equal 0.
    fn bits(record: &LossRecord) -> (u64, u32, Vec<Option<u32>>) {
        let floats = [record.d_loss, record.g_loss, record.d_real, record.d_fake];
        let classes = [Some(record.d_fake_after), record.d_class, record.g_class];
        let all = floats.into_iter().map(Some).chain(classes);
        (record.step, record.epoch, all.map(|x| x.map(f32::to_bits)).collect())
    }

    #[test]
    fn the_file_reads_as_people_expect() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("losses.csv");
        let mut writer = LossWriter::create(&path).unwrap();
        writer.append(&record(1)).unwrap();
        writer.append(&record(2)).unwrap();
        assert_eq!(read(&path).unwrap(), [], "rows are buffered");
        writer.sync().unwrap();
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            "step,epoch,d_loss,g_loss,d_real,d_fake,d_fake_after,d_class,g_class\n\
             1,1,1.0,1.0,0.5,1e-9,0.25,,\n\
             2,1,0.5,1.4142135,0.5,2e-9,0.25,2.0,\n"
        );
        assert_eq!(read(&path).unwrap(), [record(1), record(2)]);
    }

    #[test]
    fn records_out_of_turn_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = LossWriter::create(&folder.path().join("losses.csv")).unwrap();
        for step in [0, 2, u64::MAX] {
            let error = writer.append(&record(step)).unwrap_err();
            assert!(matches!(error, LossError::OutOfTurn { expected: 1, .. }), "{error}");
        }
        writer.append(&record(1)).unwrap();
        assert!(writer.append(&record(1)).is_err());
    }

    #[test]
    fn an_interrupted_run_leaves_the_same_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("losses.csv");
        let whole = bytes_of(&(1..=40).map(record).collect::<Vec<_>>());
        for (seen, torn, resumed) in [(20, 7, 15), (20, 0, 20), (3, 1, 0), (40, 0, 1)] {
            let mut bytes = bytes_of(&(1..=seen).map(record).collect::<Vec<_>>());
            bytes.extend_from_slice(&b"21,7,0.1"[..torn]);
            fs::write(&path, bytes).unwrap();
            let mut writer = LossWriter::resume(&path, resumed).unwrap();
            (resumed + 1..=40).for_each(|step| writer.append(&record(step)).unwrap());
            writer.flush().unwrap();
            assert_eq!(fs::read(&path).unwrap(), whole, "resumed after {resumed}");
        }
    }

    #[test]
    fn damaged_files_are_errors_that_say_where_and_what() {
        let row = |step| String::from_utf8(bytes_of(&[record(step)])).unwrap();
        let row = |step| row(step).lines().nth(1).map(str::to_owned).unwrap();
        let cases = [
            (String::new(), "line 1 is \"\", not the header"),
            ("a,b\n".into(), "line 1 is \"a,b\", not the header"),
            (format!("{HEADER}\r\n"), "not the header"),
            (format!("{HEADER}\n{}\n{}\n", row(1), row(3)), "line 3 has step 3 where step 2"),
            (format!("{HEADER}\n{}\n{}\n", row(1), row(1)), "line 3 has step 1 where step 2"),
            (format!("{HEADER}\n1,2\n"), "line 2 is not a row of losses: 2 fields instead of 9"),
            (format!("{HEADER}\n1,1,x,1,1,1,1,,\n"), "\"x\" is no number for d_loss"),
            (format!("{HEADER}\n1,1,1,1,1,1,1,,y\n"), "\"y\" is no number for g_class"),
            (format!("{HEADER}\n-1,1,1,1,1,1,1,,\n"), "\"-1\" is no number for step"),
            (format!("{HEADER}\n{}\n", "9".repeat(600)), "line 2 is not a row"),
            (format!("{HEADER}\n{}", "9".repeat(600)), "line 2 is not a row"),
            (format!("{HEADER}\n{}\n", row(1)), "end with step 1 but the run resumes after step 3"),
        ];
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("losses.csv");
        for (text, message) in cases {
            fs::write(&path, &text).unwrap();
            let error = LossWriter::resume(&path, 3).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
            assert!(!error.contains('\n'), "{error:?}");
            assert_eq!(fs::read_to_string(&path).unwrap(), text, "a refused file stays as it is");
        }
        assert!(LossWriter::resume(&folder.path().join("none.csv"), 1).is_err());
        fs::write(&path, b"\xff\xfe\n").unwrap();
        assert!(read(&path).is_err());
    }

    fn any_record(step: u64) -> impl Strategy<Value = LossRecord> {
        let loss = || any::<u32>().prop_map(f32::from_bits);
        let class = || prop::option::of(any::<u32>().prop_map(f32::from_bits));
        (any::<u32>(), prop::array::uniform5(loss()), class(), class()).prop_map(
            move |(epoch, [d_loss, g_loss, d_real, d_fake, d_fake_after], d_class, g_class)| LossRecord {
                step,
                epoch,
                d_loss,
                g_loss,
                d_real,
                d_fake,
                d_fake_after,
                d_class,
                g_class,
            },
        )
    }

    proptest! {
        #[test]
        fn every_number_comes_back_exactly(record in any_record(1)) {
            let bytes = bytes_of(&[record]);
            prop_assert!((bytes.len() as u64) < MAX_LINE_BYTES);
            let found = Rows::new(bytes.as_slice()).unwrap().next().unwrap().unwrap();
            // NaN has many bit patterns and one text.
            let canonical = |x: f32| if x.is_nan() { f32::NAN } else { x };
            let expected = LossRecord {
                d_loss: canonical(record.d_loss),
                g_loss: canonical(record.g_loss),
                d_real: canonical(record.d_real),
                d_fake: canonical(record.d_fake),
                d_fake_after: canonical(record.d_fake_after),
                d_class: record.d_class.map(canonical),
                g_class: record.g_class.map(canonical),
                ..record
            };
            prop_assert_eq!(bits(&found), bits(&expected));
        }

        #[test]
        fn a_file_cut_anywhere_resumes_where_it_can(cut in 0usize..700, steps in 0u64..14) {
            let whole = bytes_of(&(1..=12).map(record).collect::<Vec<_>>());
            let cut = &whole[..cut.min(whole.len())];
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("losses.csv");
            fs::write(&path, cut).unwrap();
            let whole_lines = cut.iter().filter(|&&byte| byte == b'\n').count() as u64;
            let possible = steps == 0 || whole_lines > steps;
            let resumed = LossWriter::resume(&path, steps);
            prop_assert_eq!(resumed.is_ok(), possible);
            drop(resumed);
            if possible {
                let kept = bytes_of(&(1..=steps).map(record).collect::<Vec<_>>());
                prop_assert_eq!(fs::read(&path).unwrap(), kept);
            }
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..900)) {
            let text = [HEADER.as_bytes(), b"\n", &bytes].concat();
            let Ok(mut rows) = Rows::new(text.as_slice()) else { return Ok(()) };
            while let Ok(Some(_)) = rows.next() {}
        }
    }
}
