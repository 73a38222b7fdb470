//! What the collapse monitor saw, as a CSV file: `watch.csv`.
//!
//! One row per look, by rising step. `agreement` is empty where G is not told the class.

use super::step_log::{LogKind, StepRecord};
use crate::train::CollapseRecord;

/// The first line of the file.
pub const HEADER: &str = "step,entropy,agreement,distance";

impl StepRecord for CollapseRecord {
    const KIND: &'static LogKind = &LogKind {
        of: "looks of the collapse monitor",
        header: HEADER,
        every_step: false,
        max_bytes: 64 << 20,
        remedy: "delete the file to go on without it",
    };

    fn step(&self) -> u64 {
        self.step
    }

    fn is_finite(&self) -> bool {
        let Self { step: _, entropy, agreement, distance } = *self;
        [Some(entropy), agreement, Some(distance)].into_iter().flatten().all(f32::is_finite)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::step_log::{StepLog, StepLogError as Error, read};
    use std::fs::{self, OpenOptions};
    use std::io::Write;

    type Log = StepLog<CollapseRecord>;

    fn record(step: u64) -> CollapseRecord {
        let agreement = step.is_multiple_of(2).then_some(0.1);
        CollapseRecord { step, entropy: 1.0 / 3.0, agreement, distance: step as f32 }
    }

    #[test]
    fn what_is_appended_is_read_and_cut_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("watch.csv");
        let mut log = Log::resume(&path, 7).unwrap();
        log.sync().unwrap();
        assert!(!path.exists(), "the file is begun with the first row");
        (1..=5).for_each(|look| log.append(record(10 * look)).unwrap());
        log.sync().unwrap();
        assert_eq!(read::<CollapseRecord>(&path).unwrap(), (1..=5).map(|look| record(10 * look)).collect::<Vec<_>>());
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("step,entropy,agreement,distance\n10,0.33333334,0.1,10.0\n20,"), "{text}");
        // A torn row, as a killed process leaves it.
        OpenOptions::new().append(true).open(&path).unwrap().write_all(b"60,0.5").unwrap();
        for (steps, looks) in [(60, 5), (35, 3), (30, 3), (9, 0)] {
            let log = Log::resume(&path, steps).unwrap();
            assert_eq!(log.records(), (1..=looks).map(|look| record(10 * look)).collect::<Vec<_>>());
            assert_eq!(read::<CollapseRecord>(&path).unwrap(), log.records());
        }
        assert!(Log::resume(&path, 0).unwrap().records().is_empty());
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{HEADER}\n"));
    }

    #[test]
    fn steps_that_do_not_rise_and_numbers_that_are_not_finite_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = Log::resume(&folder.path().join("watch.csv"), 0).unwrap();
        log.append(record(5)).unwrap();
        for step in [5, 4, 0] {
            assert!(matches!(log.append(record(step)), Err(Error::OutOfTurn { last: 5, .. })));
        }
        for distance in [f32::INFINITY, f32::NAN] {
            let refused = log.append(CollapseRecord { distance, ..record(6) });
            assert!(matches!(refused, Err(Error::NotFinite { step: 6, .. })));
        }
        log.append(record(6)).unwrap();
    }

    #[test]
    fn other_files_are_refused_with_their_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("watch.csv");
        for (text, message) in [
            ("something else\n".to_owned(), "line 1 is \"something else\", not the header"),
            (
                format!("{HEADER}\n1,2,3\n"),
                "line 2 is not a row of looks of the collapse monitor: 3 fields instead of 4",
            ),
            (format!("{HEADER}\n5,1,1,1\n5,1,1,1\n"), "line 3 has step 5 where step 6 or a later one belongs"),
            (
                format!("{HEADER}\n5,x,1,1\n"),
                "line 2 is not a row of looks of the collapse monitor: \"x\" is no number for entropy",
            ),
            (
                format!("{HEADER}\n5,1,,1\n6,0.99,,inf\n"),
                "line 3 is not a row of looks of the collapse monitor: a number that is not",
            ),
            (
                format!("{HEADER}\n5,1,nan,1\n"),
                "line 2 is not a row of looks of the collapse monitor: a number that is not finite",
            ),
            (
                format!("{HEADER}\n5,1e99,,1\n"),
                "line 2 is not a row of looks of the collapse monitor: a number that is not finite",
            ),
        ] {
            fs::write(&path, &text).unwrap();
            for error in [read::<CollapseRecord>(&path).unwrap_err(), Log::resume(&path, 9).unwrap_err()] {
                let error = error.to_string();
                assert!(error.contains(message) && error.contains("delete the file"), "{text:?}: {error}");
                assert!(!error.contains('\n'), "{error:?}");
            }
            assert_eq!(fs::read_to_string(&path).unwrap(), text, "a refused file stays as it is");
        }
    }

    #[test]
    fn files_that_are_too_large_are_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("watch.csv");
        fs::File::create(&path).unwrap().set_len(CollapseRecord::KIND.max_bytes + 1).unwrap();
        for error in [read::<CollapseRecord>(&path).unwrap_err(), Log::resume(&path, 9).unwrap_err()] {
            assert!(error.to_string().contains("67108865 bytes are too many"), "{error}");
        }
    }
}
