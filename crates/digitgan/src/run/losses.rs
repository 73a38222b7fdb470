//! The loss of every step, as a CSV file: `losses.csv`.
//!
//! One row per step, from step 1, none left out. The columns are the same for every model; `d_class` and `g_class` are empty
//! where the model has no class head.

use super::step_log::{LogKind, StepRecord};
use crate::train::LossRecord;

/// The first line of the file.
pub const HEADER: &str = "step,epoch,d_loss,g_loss,d_real,d_fake,d_fake_after,d_class,g_class";

impl StepRecord for LossRecord {
    const KIND: &'static LogKind = &LogKind {
        of: "losses",
        header: HEADER,
        every_step: true,
        // Half a billion steps.
        max_bytes: 64 << 30,
        remedy: "restore the file",
    };

    fn step(&self) -> u64 {
        self.step
    }

    fn is_finite(&self) -> bool {
        let Self { step: _, epoch: _, d_loss, g_loss, d_real, d_fake, d_fake_after, d_class, g_class } = *self;
        let classes = [d_class, g_class].into_iter().flatten();
        [d_loss, g_loss, d_real, d_fake, d_fake_after].into_iter().chain(classes).all(f32::is_finite)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::step_log::{MAX_LINE_BYTES, Rows, StepLog, StepLogError, read, writer};
    use proptest::prelude::*;
    use std::fs;
    use std::path::Path;

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

    type Log = StepLog<LossRecord>;

    fn begun(path: &Path) -> Log {
        Log::resume(path, 0).unwrap()
    }

    fn bytes_of(records: &[LossRecord]) -> Vec<u8> {
        let mut rows = writer(format!("{HEADER}\n").into_bytes());
        records.iter().for_each(|record| rows.serialize(record).unwrap());
        rows.into_inner().unwrap()
    }

    /// A record's numbers as bits, so that −0 does not equal 0.
    fn bits(record: &LossRecord) -> (u64, u32, Vec<Option<u32>>) {
        let floats = [record.d_loss, record.g_loss, record.d_real, record.d_fake];
        let classes = [Some(record.d_fake_after), record.d_class, record.g_class];
        let all = floats.into_iter().map(Some).chain(classes);
        (record.step, record.epoch, all.map(|x| x.map(f32::to_bits)).collect())
    }

    /// A row as it should be, by Rust's own formatting.
    fn plain_row(record: &LossRecord) -> String {
        let LossRecord { step, epoch, d_loss, g_loss, d_real, d_fake, d_fake_after, d_class, g_class } = record;
        let [d_class, g_class] = [d_class, g_class].map(|loss| loss.map_or(String::new(), |loss| format!("{loss:?}")));
        format!("{step},{epoch},{d_loss:?},{g_loss:?},{d_real:?},{d_fake:?},{d_fake_after:?},{d_class},{g_class}\n")
    }

    #[test]
    fn the_file_reads_as_people_expect() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("losses.csv");
        let mut writer = begun(&path);
        writer.append(record(1)).unwrap();
        writer.append(record(2)).unwrap();
        assert_eq!(read::<LossRecord>(&path).unwrap(), [], "rows are buffered");
        writer.sync().unwrap();
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            "step,epoch,d_loss,g_loss,d_real,d_fake,d_fake_after,d_class,g_class\n\
             1,1,1.0,1.0,0.5,1e-9,0.25,,\n\
             2,1,0.5,1.4142135,0.5,2e-9,0.25,2.0,\n"
        );
        assert_eq!(read::<LossRecord>(&path).unwrap(), [record(1), record(2)]);
    }

    #[test]
    fn records_out_of_turn_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = begun(&folder.path().join("losses.csv"));
        for step in [0, 2, u64::MAX] {
            let error = writer.append(record(step)).unwrap_err();
            assert!(matches!(error, StepLogError::OutOfTurn { last: 0, .. }), "{error}");
        }
        writer.append(record(1)).unwrap();
        assert!(writer.append(record(1)).is_err());
        let refused = writer.append(LossRecord { g_class: Some(f32::NAN), ..record(2) });
        assert!(matches!(refused, Err(StepLogError::NotFinite { step: 2, .. })));
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
            let mut writer = Log::resume(&path, resumed).unwrap();
            (resumed + 1..=40).for_each(|step| writer.append(record(step)).unwrap());
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
            (format!("{HEADER}\n1,1,1,1,NaN,1,1,,\n"), "line 2 is not a row of losses: a number that is not finite"),
            (format!("{HEADER}\n{}\n\n", row(1)), "line 3 is not a row of losses: 1 fields instead of 9"),
            (format!("{HEADER}\n{}\n", "9".repeat(600)), "line 2 is not a row"),
            (format!("{HEADER}\n{}", "9".repeat(600)), "line 2 is not a row"),
            (format!("{HEADER}\n{}\n", row(1)), "end with step 1 but the run resumes after step 3"),
        ];
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("losses.csv");
        for (text, message) in cases {
            fs::write(&path, &text).unwrap();
            let error = Log::resume(&path, 3).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
            assert!(!error.contains('\n'), "{error:?}");
            assert_eq!(fs::read_to_string(&path).unwrap(), text, "a refused file stays as it is");
        }
        assert!(Log::resume(&folder.path().join("none.csv"), 1).is_err());
        fs::write(&path, b"\xff\xfe\n").unwrap();
        assert!(read::<LossRecord>(&path).is_err());
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
        fn every_finite_number_comes_back_exactly(record in any_record(1)) {
            let bytes = bytes_of(&[record]);
            prop_assert!((bytes.len() as u64) < MAX_LINE_BYTES);
            let text = plain_row(&record);
            prop_assert_eq!(&bytes[HEADER.len() + 1..], text.as_bytes());
            let found = Rows::<_, LossRecord>::new(bytes.as_slice()).unwrap().next();
            if record.is_finite() {
                prop_assert_eq!(bits(&found.unwrap().unwrap()), bits(&record));
            } else {
                let error = found.unwrap_err().to_string();
                prop_assert!(error.contains("line 2 is not a row of losses: a number that is not finite"), "{}", error);
            }
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
            let resumed = Log::resume(&path, steps);
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
            let Ok(mut rows) = Rows::<_, LossRecord>::new(text.as_slice()) else { return Ok(()) };
            while let Ok(Some(_)) = rows.next() {}
        }
    }
}
