//! The loss of every step, as a CSV file: `losses.csv`.
//!
//! One row per step, from step 1, none left out. The columns are the same for every model; `d_class` and `g_class` are empty
//! where the model has no class head.

use super::survey::{LogKind, StepRecord};
use crate::train::LossRecord;

/// The first line of the file.
pub const HEADER: &str = "step,epoch,d_loss,g_loss,d_real,d_fake,d_fake_after,d_class,g_class";

impl StepRecord for LossRecord {
    const KIND: &'static LogKind = &LogKind {
        of: "losses",
        header: HEADER,
        every_step: true,
        // Ten million steps.
        max_bytes: 1 << 30,
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
    use crate::run::Note;
    use crate::run::lines::MAX_LINE_BYTES;
    use crate::run::step_log::{StepLog, check, read};
    use crate::run::survey::{StepLogError, Survey, survey_of, writer};
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

    fn rows(steps: &[u64]) -> String {
        String::from_utf8(bytes_of(&steps.iter().copied().map(record).collect::<Vec<_>>())).unwrap()
    }

    /// The texts of notes, which are one line each.
    fn told(notes: &[Note]) -> Vec<String> {
        let texts: Vec<String> = notes.iter().map(Note::to_string).collect();
        assert!(texts.iter().all(|text| !text.contains('\n') && text.len() < 700), "{texts:?}");
        texts
    }

    /// What is in the folder beside the log.
    fn beside(path: &Path) -> Vec<(String, String)> {
        let entries = fs::read_dir(path.parent().unwrap()).unwrap().map(|entry| entry.unwrap().path());
        let others = entries.filter(|other| other != path);
        let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
        others.map(|path| (name(&path), String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned())).collect()
    }

    #[test]
    fn a_damaged_file_is_mended_and_kept_as_it_was() {
        let whole = rows(&[1, 2, 3, 4, 5, 6]);
        let line = |step: u64| rows(&[step]).lines().nth(1).unwrap().to_owned();
        let zeros = "\0".repeat(3000);
        let exchange = |line: &str| {
            let mut fields: Vec<&str> = line.split(',').collect();
            fields.swap(2, 3);
            fields.join(",") + "\n"
        };
        let exchanged: String = whole.lines().map(exchange).collect();
        // The file, the steps that are there afterwards, what is told first, and how many lines are lost.
        let cases: Vec<(String, &[u64], &str, u64)> = vec![
            (whole.replace('\n', "\r\n"), &[1, 2, 3, 4], "not the header", 0),
            (whole.replace('\n', "\r"), &[1, 2, 3, 4], "not the header", 0),
            (whole.replacen('\n', "\r\r\n", 3), &[1, 2, 3, 4], "not the header", 0),
            (format!("\u{feff}{whole}"), &[1, 2, 3, 4], "not the header", 0),
            (whole.replacen(HEADER, "", 1).trim_start().to_owned(), &[1, 2, 3, 4], "not the header", 0),
            (format!("{whole}{whole}"), &[1, 2, 3, 4], "", 0),
            (whole.replace("\n3,", "\nthree,"), &[1, 2, 4], "line 4 is not a row of losses: \"three\" is no number", 1),
            (whole.replace("\n3,", "\n30,"), &[1, 2, 4], "line 4 has step 30 where step 3 belongs", 1),
            (whole.replace("\n3,", "\n2,"), &[1, 2, 4], "", 1),
            (whole.replace(&line(2), &format!("{}\n{}", line(2), line(2))), &[1, 2, 3, 4], "", 1),
            (whole.replace(&line(2), &format!("{}\n", line(2))), &[1, 2, 3, 4], "1 fields instead of 9", 1),
            (
                whole.replace(&line(3), "3,1,1,1,inf,1,1,,"),
                &[1, 2, 4],
                "line 4 is not a row of losses: a number that is not",
                1,
            ),
            (whole.replace(&line(3), "3,1,1,1,1e400,1,1,,"), &[1, 2, 4], "a number that is not finite", 1),
            (whole.replace(&line(2), &format!("{zeros}{}", line(2))), &[1, 2, 3, 4], "stray characters", 0),
            (whole.replace(&line(2), &zeros), &[1, 3, 4], "1 fields instead of 9", 1),
            (whole.replace(&line(3), &"9".repeat(600)), &[1, 2, 4], "line 4 is not a row", 2),
            ("something else\n".to_owned(), &[], "line 1 is \"something else\", not the header", 1),
            ("a word".to_owned(), &[], "line 1 is \"a word\", not the header", 1),
            // What follows the last row that belongs there is of later steps, or told.
            (format!("{whole}rubbish\n"), &[1, 2, 3, 4], "line 8 is not a row of losses: 1 fields instead of 9", 1),
            (
                format!("{}rubbish", rows(&[1, 2, 3, 4])),
                &[1, 2, 3, 4],
                "line 6 is not a row of losses: no row of numbers in \"rubbish\"",
                1,
            ),
            // Columns are what they are called.
            (exchanged, &[1, 2, 3, 4], "line 1 is \"step,epoch,g_loss,d_loss,d_real", 0),
            (format!("{HEADER}\n-1,1,1,1,1,1,1,,\n0,1,1,1,1,1,1,,\n"), &[], "\"-1\" is no number for step", 2),
        ];
        for (text, kept, says, lost) in cases {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("losses.csv");
            fs::write(&path, &text).unwrap();
            let before = told(&check::<LossRecord>(&path, 4));
            assert_eq!(fs::read_to_string(&path).unwrap(), text, "a check changes nothing");
            let mut log = Log::resume(&path, 4).unwrap();
            let notes = told(log.notes());
            assert!(says.is_empty() || notes[0].contains(says) && before[0].contains(says), "{text:?}: {notes:?}");
            assert_eq!(notes.len(), if kept.len() < 4 { 2 } else { usize::from(!notes.is_empty()) }, "{notes:?}");
            assert_eq!(log.records(), kept.iter().copied().map(record).collect::<Vec<_>>(), "{text:?}");
            let lines = if lost == 1 { "1 line could".to_owned() } else { format!("{lost} lines could") };
            assert!(lost == 0 || notes[0].contains(&lines), "{text:?}: {notes:?}");
            let others = if lost > 0 { vec![("losses.csv.damaged".to_owned(), text.clone())] } else { Vec::new() };
            assert_eq!(beside(&path), others, "{text:?}");
            // It goes on, and is as good as any log from now on, but for the gap.
            log.append(record(5)).unwrap();
            log.flush().unwrap();
            let steps: Vec<u64> = kept.iter().copied().chain([5]).collect();
            assert_eq!(fs::read_to_string(&path).unwrap(), rows(&steps), "{text:?}");
            let again = Log::resume(&path, 5).unwrap();
            assert!(again.notes().iter().all(|note| matches!(note, Note::Gap { .. })), "{:?}", again.notes());
            assert_eq!(again.notes().len(), usize::from(kept.len() < 4));
            assert_eq!(beside(&path), others, "it is kept once");
        }
    }

    #[test]
    fn rows_in_another_order_are_put_in_order() {
        // The steps in their order, those that are there afterwards up to step 4, and how many lines are lost.
        let cases: [(&[u64], &[u64], u64); 6] = [
            (&[6, 5, 4, 3, 2, 1], &[1, 2, 3, 4], 0),
            (&[4, 5, 6, 1, 2, 3], &[1, 2, 3, 4], 0),
            (&[1, 3, 2, 4], &[1, 2, 3, 4], 0),
            (&[2, 2, 1], &[1, 2], 1),
            (&[4, 3, 1], &[1, 3, 4], 0),
            (&[3, 2, 1, 0], &[1, 2, 3], 1),
        ];
        for (steps, kept, lost) in cases {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("losses.csv");
            fs::write(&path, rows(steps)).unwrap();
            let log = Log::resume(&path, 4).unwrap();
            assert_eq!(log.records(), kept.iter().copied().map(record).collect::<Vec<_>>(), "{steps:?}");
            let notes = told(log.notes());
            let says = match lost {
                0 => "its rows were put in order, and the file as it was is ",
                _ => "; 1 line could not be read, and the file as it was is ",
            };
            assert!(notes[0].contains(&format!("line 2 has step {}", steps[0])) || steps[0] == 1, "{notes:?}");
            assert!(notes[0].contains(says), "{steps:?}: {notes:?}");
            assert_eq!(notes.len(), 1 + usize::from(kept.len() < 4), "{notes:?}");
            assert_eq!(beside(&path), [("losses.csv.damaged".to_owned(), rows(steps))]);
            assert_eq!(fs::read_to_string(&path).unwrap(), rows(kept));
        }
    }

    /// What follows a million lines that are no rows is not read: that would take minutes, and is no log.
    #[test]
    fn a_file_of_other_lines_is_not_read_to_its_end() {
        let text = format!("{}{}{}", rows(&[1]), "\n".repeat(1_000_001), &rows(&[2])[HEADER.len() + 1..]);
        let found: Survey<LossRecord> = survey_of(text.as_bytes(), 2).unwrap();
        assert_eq!((found.records, found.lost), (vec![record(1)], 1_000_000));
    }

    #[test]
    fn the_largest_file_grows_with_the_run() {
        let kind = LossRecord::KIND;
        assert_eq!((kind.most_bytes(0), kind.most_bytes(18_740)), (1 << 30, 1 << 30));
        // Every step of a long run can have the longest row.
        let longest = LossRecord { step: u64::MAX, epoch: u32::MAX, ..record(1) };
        let nine = [1.175_494_4e-38_f32; 7];
        let [d_loss, g_loss, d_real, d_fake, d_fake_after, d_class, g_class] = nine.map(|x| -x);
        let (d_class, g_class) = (Some(d_class), Some(g_class));
        let longest = LossRecord { d_loss, g_loss, d_real, d_fake, d_fake_after, d_class, g_class, ..longest };
        let steps = 1 << 40;
        assert!(kind.most_bytes(steps) >= steps * plain_row(&longest).len() as u64);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("losses.csv");
        fs::File::create(&path).unwrap().set_len(20 << 30).unwrap();
        assert!(
            told(&check::<LossRecord>(&path, 2))[0].ends_with("21474836480 bytes are too many for a file of losses")
        );
        let log = Log::resume(&path, 2).unwrap();
        assert!(matches!(log.notes(), [Note::MovedAway { .. }, Note::Gap { .. }]), "{:?}", log.notes());
    }

    #[test]
    fn rows_that_are_not_there_are_a_gap() {
        // The steps that the file has, those to resume after, and what is told.
        let cases: [(Option<&[u64]>, u64, &str); 7] = [
            (None, 3, "has no losses of steps 1 to 3"),
            (Some(&[]), 1, "has no losses of step 1"),
            (Some(&[1, 2]), 4, "has no losses of steps 3 to 4"),
            (Some(&[3, 4, 5]), 4, "has no losses of steps 1 to 2"),
            (Some(&[1, 2, 5, 6]), 6, "has no losses of steps 3 to 4"),
            (Some(&[1, 3, 5, 6]), 6, "has no losses of 2 steps from 2 to 4"),
            (Some(&[1, 2, 3, 9]), 3, ""),
        ];
        for (steps, resumed, says) in cases {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("losses.csv");
            if let Some(steps) = steps {
                fs::write(&path, rows(steps)).unwrap();
            }
            let checked = told(&check::<LossRecord>(&path, resumed));
            let mut log = Log::resume(&path, resumed).unwrap();
            let notes = told(log.notes());
            assert_eq!(notes, checked);
            assert_eq!(notes.len(), usize::from(!says.is_empty()));
            assert!(notes.iter().all(|note| note.ends_with(says)), "{notes:?}");
            log.append(record(resumed + 1)).unwrap();
            log.flush().unwrap();
            let kept = steps.unwrap_or_default().iter().copied().filter(|step| *step <= resumed);
            assert_eq!(fs::read_to_string(&path).unwrap(), rows(&kept.chain([resumed + 1]).collect::<Vec<_>>()));
            assert_eq!(beside(&path), []);
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_is_moved_away() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("losses.csv");
        for (number, steps) in [(1, 3), (2, 0)] {
            assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
            assert!(told(&check::<LossRecord>(&path, 3))[0].ends_with("it is a named pipe, not a regular file"));
            let log = Log::resume(&path, steps).unwrap();
            assert!(matches!(log.notes()[0], Note::MovedAway { .. }), "{:?}", log.notes());
            assert_eq!(fs::read_to_string(&path).unwrap(), format!("{HEADER}\n"));
            fs::remove_file(&path).unwrap();
            let moved = crate::run::directory::damaged(&path, number);
            assert!(!moved.metadata().unwrap().is_file());
        }
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
            let found: Survey<LossRecord> = survey_of(bytes.as_slice(), 1).unwrap();
            if record.is_finite() {
                prop_assert!(found.problem.is_none());
                prop_assert_eq!(bits(&found.records[0]), bits(&record));
            } else {
                let error = found.problem.unwrap().to_string();
                prop_assert!(error.contains("line 2 is not a row of losses: a number that is not finite"), "{}", error);
            }
        }

        #[test]
        fn a_file_cut_anywhere_resumes_with_what_is_left(cut in 0usize..700, steps in 0u64..14) {
            let whole = bytes_of(&(1..=12).map(record).collect::<Vec<_>>());
            let cut = &whole[..cut.min(whole.len())];
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("losses.csv");
            fs::write(&path, cut).unwrap();
            let whole_lines = cut.iter().filter(|&&byte| byte == b'\n').count() as u64;
            let left = steps.min(whole_lines.saturating_sub(1));
            let log = Log::resume(&path, steps).unwrap();
            prop_assert_eq!(log.notes().len(), usize::from(left < steps));
            drop(log);
            prop_assert_eq!(fs::read(&path).unwrap(), bytes_of(&(1..=left).map(record).collect::<Vec<_>>()));
        }

        #[test]
        fn one_flipped_byte_costs_two_rows_at_most(place in 0usize..700, value in any::<u8>()) {
            let mut bytes = bytes_of(&(1..=12).map(record).collect::<Vec<_>>());
            let place = place % bytes.len();
            bytes[place] = value;
            let found: Survey<LossRecord> = survey_of(bytes.as_slice(), 12).unwrap();
            prop_assert!(found.records.len() >= 10, "{}", found.records.len());
        }

        #[test]
        fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..900)) {
            let text = [HEADER.as_bytes(), b"\n", &bytes].concat();
            let _: Survey<LossRecord> = survey_of(text.as_slice(), 7).unwrap();
            let _: Survey<LossRecord> = survey_of(bytes.as_slice(), 7).unwrap();
        }
    }
}
