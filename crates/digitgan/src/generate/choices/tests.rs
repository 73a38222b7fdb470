//! Every layout, with what can be chosen beside it: shards, mixes of classes, rejection, noise.

use super::{Cut, Mix};
use crate::generate::error::GenerateError;
use crate::generate::labelled::Labelled;
use crate::generate::plan::{CHUNK_IMAGES, Part, Plan};
use crate::generate::record::SetRecord;
use crate::generate::tests::{THREE, TRAIN, contents, device, generator, judge, made, made_by, plan, stopped_at};
use crate::generate::{formats, shards};
use crate::load::generated::{FILE_NAME, Layout};
use crate::model::Variant;
use crate::sample::Sampler;
use crate::weights::GeneratorFile;
use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

/// All layouts.
const LAYOUTS: [Layout; 5] = [Layout::Idx, Layout::Png, Layout::Npz, Layout::Parquet, Layout::WebDataset];

/// Everything that is written is read back, latents too, and is what the record says; what is damaged is not.
#[test]
fn a_finished_set_is_known_by_its_images() {
    let file = generator(Variant::Cgan, &THREE);
    for (layout, latents) in LAYOUTS.into_iter().flat_map(|layout| [(layout, false), (layout, true)]) {
        let plan = Plan { latents, ..plan(TRAIN, 100, layout) };
        let (folder, record) = made(&plan, &file, None).unwrap();
        let mut all = Labelled::default();
        for piece in plan.pieces() {
            let reader = formats::PieceReader::open(&plan, folder.path(), &file.class_names, &piece);
            let mut reader = reader.unwrap();
            while let Some((first, some)) = reader.next().unwrap() {
                assert!(piece.images.contains(&first));
                all.images.extend(some.images);
                all.labels.extend(some.labels);
                all.latents.extend(some.latents);
            }
        }
        assert_eq!(all.labels.len(), TRAIN as usize + 100, "{layout:?}");
        if latents {
            // The images are those of the latents that are written along.
            let mut sampler = Sampler::new(&device(2), &file).unwrap();
            assert!(sampler.draw_latents(&all.latents, &all.labels).unwrap() == all.images, "{layout:?}");
            assert_ne!(record.train.latents_sha256, "");
        }
        let call = |plan: &Plan| stopped_at(folder.path(), plan, &file, None, u64::MAX);
        assert_eq!(call(&plan).unwrap(), record, "{layout:?}");
        let refused = call(&Plan { latents: !latents, ..plan.clone() }).unwrap_err();
        assert!(refused.to_string().contains("its keeping of latents is"), "{refused}");
        let files = contents(folder.path());
        let (name, bytes) = files.iter().find(|(name, _)| name.contains("train") || name.contains("digits")).unwrap();
        fs::write(folder.path().join(name), &bytes[..bytes.len() / 2]).unwrap();
        assert!(matches!(call(&plan), Err(GenerateError::Damaged { .. })), "{layout:?}");
    }
}

/// Each shard has the files that one run into as many files has; and those of one file hold the same images.
#[test]
fn shards_are_the_parts_of_one_run() {
    let file = generator(Variant::Acgan, &THREE);
    let (test, of) = (50, 3);
    for layout in LAYOUTS {
        // Files of their own take long.
        let train = if layout == Layout::Png { 600 } else { 3 * TRAIN };
        let base = Plan { latents: true, ..plan(train, test, layout) };
        let cut = |cut| Plan { cut, ..base.clone() };
        let (whole, record) = made(&cut(Cut::Files(of)), &file, None).unwrap();
        let mut parts = BTreeMap::new();
        let mut counts = vec![0; 3];
        for index in (0..of).rev() {
            let threads = 1 + index as usize;
            let (shard, record) = made_by(threads, &cut(Cut::Shard { index, of }), &file, None).unwrap();
            record.train.counts.iter().zip(&mut counts).for_each(|(count, sum)| *sum += count);
            let told = record.shard.unwrap();
            assert_eq!((told.index, told.of, told.train, told.test), (index, of, train, test));
            for (name, bytes) in contents(shard.path()) {
                let twice = parts.insert(name.clone(), bytes);
                assert!(twice.is_none() || name == FILE_NAME, "{layout:?}: {name}");
            }
        }
        assert_eq!(counts, record.train.counts, "{layout:?}");
        let mut whole = contents(whole.path());
        for files in [&mut whole, &mut parts] {
            files.remove(FILE_NAME);
        }
        if layout == Layout::Png {
            // Of these, one run writes all latents into one file for each shard too.
            assert!(whole.keys().any(|name| name == "latents/train-00000-of-00003.npy"));
        }
        assert!(whole == parts, "{layout:?}: {:?} {:?}", whole.keys(), parts.keys());
    }
}

/// Makes a shard where shards of one data set lie.
fn made_in(folder: &Path, plan: &Plan, file: &GeneratorFile, images: u64) -> Result<SetRecord, GenerateError> {
    let Cut::Shard { index, of } = plan.cut else { panic!("no shard") };
    stopped_at(&folder.join(shards::folder_name(index, of)), plan, file, None, images)
}

/// What is missing is told, and what is whole is put together to the files of one run.
#[test]
fn shards_are_looked_at_and_put_together() {
    let file = generator(Variant::Acgan, &THREE);
    for layout in LAYOUTS {
        let train = if layout == Layout::Png { TRAIN } else { 2 * TRAIN };
        let base = Plan { latents: layout != Layout::Idx, ..plan(train, 50, layout) };
        let shard = |index| Plan { cut: Cut::Shard { index, of: 3 }, ..base.clone() };
        let (folder, joined) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let look = || shards::look(&[folder.path().to_owned()]);
        assert!(matches!(look(), Err(GenerateError::NoShards { .. })));
        made_in(folder.path(), &shard(2), &file, u64::MAX).unwrap();
        made_in(folder.path(), &shard(0), &file, 1).unwrap_err();
        let found = look().unwrap();
        assert_eq!((found.of, found.missing.as_slice(), found.whole.len()), (3, &[0, 1][..], 1), "{layout:?}");
        assert!(found.unfinished.len() == 1 && found.images() == Some((train, 50)) && !found.is_complete());
        let error = shards::join(joined.path(), &found, &mut |_, _| ControlFlow::Continue(())).unwrap_err();
        assert!(matches!(error, GenerateError::MissingShards { missing: 2, of: 3 }), "{error}");
        // Another seed is another data set; the first that is found is the one that is looked for.
        made_in(folder.path(), &Plan { seed: 6, ..shard(1) }, &file, u64::MAX).unwrap();
        made_in(folder.path(), &shard(0), &file, u64::MAX).unwrap();
        let found = look().unwrap();
        assert_eq!((found.missing.as_slice(), found.others.len()), (&[1][..], 1), "{layout:?}");
        assert!(found.others[0].1.contains("its seed is 6, not 5"), "{found:?}");
        let second = folder.path().join(shards::folder_name(1, 3));
        fs::remove_dir_all(&second).unwrap();
        made_in(folder.path(), &shard(1), &file, u64::MAX).unwrap();
        let found = look().unwrap();
        assert!(
            found.is_complete() && found.missing.is_empty() && found.unfinished.is_empty(),
            "{layout:?}: {found:?}"
        );
        let mut stop_in_between = |done: u64, _| match done >= CHUNK_IMAGES as u64 {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        };
        let stopped = shards::join(joined.path(), &found, &mut stop_in_between).unwrap_err();
        assert!(matches!(stopped, GenerateError::Stopped { .. }), "{stopped}");
        let record = shards::join(joined.path(), &found, &mut |_, _| ControlFlow::Continue(())).unwrap();
        let (whole, expected) = made(&base, &file, None).unwrap();
        assert_eq!(record, expected, "{layout:?}");
        assert!(contents(joined.path()) == contents(whole.path()), "{layout:?}");
        let is_images = |name: &str| name.contains("train") || name.contains("digits");
        let (name, bytes) = contents(&second).into_iter().find(|(name, _)| is_images(name)).unwrap();
        fs::write(second.join(name), &bytes[..bytes.len() / 2]).unwrap();
        let found = look().unwrap();
        assert_eq!((found.missing.as_slice(), found.damaged), (&[1][..], vec![second]), "{layout:?}");
    }
}

#[test]
fn what_a_judge_is_not_sure_of_is_rejected_and_counted() {
    let (cgan, gan) = (generator(Variant::Cgan, &["a", "b"]), generator(Variant::Gan, &["a", "b"]));
    let mut judge = judge(&cgan);
    // Half of what is drawn is read with more.
    let drawn = Sampler::new(&device(2), &cgan).unwrap().draw(9, &[0, 1].repeat(500)).unwrap();
    let read = judge.read(&drawn).unwrap();
    let mut surest: Vec<f32> = read.probabilities.chunks_exact(2).map(|p| p[0].max(p[1])).collect();
    surest.sort_by(f32::total_cmp);
    let least = surest[500];
    for (file, layout) in [(&cgan, Layout::Idx), (&gan, Layout::Npz)] {
        let plan = Plan { reject_below: Some(least), ..plan(1000, 0, layout) };
        let (folder, record) = made(&plan, file, Some(&mut judge)).unwrap();
        let mut reader =
            formats::PieceReader::open(&plan, folder.path(), &file.class_names, &plan.piece(Part::Train, 0).unwrap())
                .unwrap();
        let (_, some) = reader.next().unwrap().unwrap();
        let read = judge.read(&some.images).unwrap();
        for (index, &label) in some.labels.iter().enumerate() {
            assert!(read.probabilities[2 * index + usize::from(label)] >= least, "image {index}");
        }
        assert_eq!(record.rejected, Some(record.drawn - 1000));
        assert!(record.rejected > Some(0) && record.judge.is_some(), "{record:?}");
    }
    let never = Plan { reject_below: Some(1.0), ..plan(50, 0, Layout::Idx) };
    let error = made(&never, &cgan, Some(&mut judge)).unwrap_err();
    assert!(matches!(&error, GenerateError::NeverSure { tries: 100, .. }), "{error}");
    let nobody = made(&never, &cgan, None);
    assert!(matches!(nobody, Err(GenerateError::NoJudge)));
}

#[test]
fn classes_and_noise_are_as_they_were_chosen() {
    let file = generator(Variant::Cgan, &THREE);
    let base = plan(600, 90, Layout::Idx);
    let counted = Plan { mix: Mix::Counts([(0, 100), (2, 500)].into()), ..base.clone() };
    let (_folder, record) = made(&counted, &file, None).unwrap();
    assert_eq!((record.train.counts, record.test.counts), (vec![100, 0, 500], vec![45, 0, 45]));
    let uniform = made(&Plan { mix: Mix::Uniform, ..base.clone() }, &file, None).unwrap().1;
    assert!(uniform.train.counts.iter().all(|&count| (150..250).contains(&count)), "{uniform:?}");
    assert_ne!(uniform.train.counts, [200; 3]);
    let (folder, plain) = made(&base, &file, None).unwrap();
    let truncated = Plan { truncation: Some(0.5), latents: true, ..base };
    let (other, record) = made(&truncated, &file, None).unwrap();
    assert_eq!(record.train.labels_sha256, plain.train.labels_sha256);
    assert_ne!(record.train.images_sha256, plain.train.images_sha256);
    // The record says it all: the same call finds its own, and no other takes it.
    assert_eq!(stopped_at(other.path(), &truncated, &file, None, u64::MAX).unwrap(), record);
    let refused = stopped_at(folder.path(), &truncated, &file, None, u64::MAX).unwrap_err().to_string();
    assert!(refused.contains("its truncation is none, not 0.5, its keeping of latents is off, not on"), "{refused}");
}
