//! What the collapse monitor saw, as a CSV file: `watch.csv`.
//!
//! One row per look, by rising step. `agreement` is empty where G is not told the class.

use super::survey::{LogKind, StepRecord};
use crate::train::CollapseRecord;

/// The first line of the file.
pub const HEADER: &str = "step,entropy,agreement,distance";

impl StepRecord for CollapseRecord {
    const KIND: &'static LogKind =
        &LogKind { of: "looks of the collapse monitor", header: HEADER, every_step: false, max_bytes: 64 << 20 };

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
    use crate::run::Note;
    use crate::run::StepLogError as Error;
    use crate::run::step_log::{StepLog, check, read};
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
    fn a_damaged_file_is_told_with_its_line_mended_and_kept() {
        // The file, the steps that are kept, what is told of the damage, and among which steps looks are missing.
        for (text, kept, message, missing) in [
            ("something else\n".to_owned(), &[][..], "line 1 is \"something else\", not the header", None),
            (
                format!("{HEADER}\n1,2,3\n"),
                &[],
                "line 2 is not a row of looks of the collapse monitor: 3 fields instead",
                Some((1, 9)),
            ),
            (
                format!("{HEADER}\n5,1,1,1\n5,1,1,1\n"),
                &[5],
                "line 3 has step 5 where step 6 or a later one belongs",
                None,
            ),
            (format!("{HEADER}\n5,x,1,1\n6,1,1,1\n"), &[6], "\"x\" is no number for entropy", Some((1, 5))),
            (
                format!("{HEADER}\n5,1,,1\n6,0.99,,inf\n"),
                &[5],
                "line 3 is not a row of looks of the collapse monitor: a number",
                Some((6, 9)),
            ),
            (format!("{HEADER}\n5,1,nan,1\n9,1,1,1\n"), &[9], "a number that is not finite", Some((1, 8))),
            (format!("{HEADER}\n5,1e99,,1\n"), &[], "a number that is not finite", Some((1, 9))),
            (format!("{HEADER}\n2,1,,1\n4,1,\n6,1,,1\n8,\n9,1,,1\n"), &[2, 6, 9], "3 fields", Some((3, 8))),
            (format!("{HEADER}\n8,1,,1\n4,1,,1\n"), &[4, 8], "line 2 has step 8 where step 1 or a later", None),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("watch.csv");
            fs::write(&path, &text).unwrap();
            let error = read::<CollapseRecord>(&path).unwrap_err().to_string();
            let notes = check::<CollapseRecord>(&path, 9);
            assert_eq!(fs::read_to_string(&path).unwrap(), text, "a reader leaves it as it is");
            let log = Log::resume(&path, 9).unwrap();
            let damaged = folder.path().join("watch.csv.damaged");
            let is_kept = |note: &Note| matches!(note, Note::Mended { kept: Some(kept), .. } if *kept == damaged);
            assert!(is_kept(&log.notes()[0]), "{:?}", log.notes());
            for text in [error, notes[0].to_string(), log.notes()[0].to_string()] {
                assert!(text.contains(message) && !text.contains('\n'), "{text:?}");
            }
            let (path, of) = (path.clone(), CollapseRecord::KIND.of);
            let gap = missing.map(|(first, last)| Note::Gap { path, of, first, last, steps: last - first + 1 });
            assert_eq!((log.notes()[1..].first(), notes[1..].first()), (gap.as_ref(), gap.as_ref()), "{text:?}");
            assert!(log.notes().len() < 3 && notes.len() < 3);
            let path = folder.path().join("watch.csv");
            let steps: Vec<u64> = log.records().iter().map(|look| look.step).collect();
            assert_eq!(steps, kept);
            assert_eq!(read::<CollapseRecord>(&path).unwrap(), log.records());
            assert_eq!(fs::read_to_string(damaged).unwrap(), text);
        }
    }

    #[test]
    fn files_that_are_too_large_are_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("watch.csv");
        fs::File::create(&path).unwrap().set_len(CollapseRecord::KIND.max_bytes + 1).unwrap();
        let error = read::<CollapseRecord>(&path).unwrap_err().to_string();
        let checked = check::<CollapseRecord>(&path, 9)[0].to_string();
        let log = Log::resume(&path, 9).unwrap();
        assert!(matches!(log.notes(), [Note::MovedAway { .. }]));
        for text in [error, checked, log.notes()[0].to_string()] {
            assert!(text.contains("67108865 bytes are too many"), "{text}");
        }
        assert!(!path.exists(), "the file is begun with the first row");
    }
}
