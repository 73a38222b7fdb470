use super::labelled::Labelled;
use super::plan::CHUNK_IMAGES;
use super::record::{Labels, Obstacle};
use super::summary::Summary;
use super::*;
use crate::IMAGE_PIXELS;
use crate::data::Reading;
use crate::data::{Dataset, DatasetIdentity};
use crate::judge::ClassifierFile;
use crate::load::path;
use crate::model::{ModelSpec, Variant, classifier_tensors, initial_classifier, initial_state};
use crate::sample::Sampler;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

const SHA256: &str = "of its file";
/// More than a chunk, and no multiple of anything.
pub(super) const TRAIN: u32 = CHUNK_IMAGES as u32 + 123;
pub(super) const THREE: [&str; 3] = ["a", "b", "ü"];

/// A generator as it is before its training: what it draws is noise, but of its class and place like any other.
pub(super) fn generator(variant: Variant, names: &[&str]) -> GeneratorFile {
    let spec = ModelSpec { variant, classes: names.len() };
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    GeneratorFile::from_state(&initial_state(&spec, 1), spec, &names, "letters", 42)
}

pub(super) fn device(threads: usize) -> Device {
    Device::cpu(Some(threads)).unwrap()
}

/// A judge of two classes that has learned nothing, but reads half of what `file` draws as either.
pub(super) fn judge(file: &GeneratorFile) -> Judge {
    judge_leaning(file, 0.0)
}

/// The same, that leans to the second class by so much.
fn judge_leaning(file: &GeneratorFile, lean: f32) -> Judge {
    let device = device(2);
    let state = initial_classifier(2, 1);
    let tensors = classifier_tensors(2).into_iter();
    let tensors = tensors.map(|t| (t.name.to_owned(), state[&format!("classifier.{}", t.name)].clone()));
    let identity = DatasetIdentity {
        name: "letters".to_owned(),
        sha256: "of letters".to_owned(),
        classes: 2,
        train_images: 0,
        test_images: 0,
    };
    let mut judge_file = ClassifierFile::new(ClassifierFile::rounded(tensors.collect()), &identity, 0);
    let images = Sampler::new(&device, file).unwrap().draw(9, &[0, 1].repeat(500)).unwrap();
    let read = Judge::new(&device, judge_file.clone()).unwrap().read(&images).unwrap();
    let mut leanings: Vec<f32> = read.probabilities.chunks_exact(2).map(|p| (p[1] / p[0]).ln()).collect();
    leanings.sort_by(f32::total_cmp);
    judge_file.tensors.get_mut("class_output.bias").unwrap().values[1] += lean - leanings[leanings.len() / 2];
    Judge::new(&device, judge_file).unwrap()
}

pub(super) fn plan(train: u32, test: u32, layout: Layout) -> Plan {
    Plan { train, test, seed: 5, layout, ..Plan::default() }
}

/// Generates into a folder of its own.
pub(super) fn made(
    plan: &Plan,
    file: &GeneratorFile,
    judge: Option<&mut Judge>,
) -> Result<(TempDir, SetRecord), GenerateError> {
    made_by(2, plan, file, judge)
}

/// The same, by so many threads. They are nobody else's, so that no other test's work is waited for.
pub(super) fn made_by(
    threads: usize,
    plan: &Plan,
    file: &GeneratorFile,
    judge: Option<&mut Judge>,
) -> Result<(TempDir, SetRecord), GenerateError> {
    let folder = tempfile::tempdir().unwrap();
    let device = device(threads);
    let source = Source { file, sha256: SHA256, device: &device, judge };
    let record = generate(folder.path(), plan, source, &mut |_, _| ControlFlow::Continue(()))?;
    Ok((folder, record))
}

fn loaded(folder: &TempDir) -> Dataset {
    path::load(folder.path(), &Reading::default(), &|_| ()).unwrap().0
}

/// The images of a split, sorted by class: what a folder of PNG files keeps of their order.
fn by_class(split: &crate::data::Split) -> Vec<(u8, Vec<u8>)> {
    let mut images: Vec<_> = (0..split.len()).map(|i| (split.labels[i], split.pixels(i).to_vec())).collect();
    images.sort_by_key(|(label, _)| *label);
    images
}

#[test]
fn what_is_generated_is_loaded_as_it_was_drawn() {
    let file = generator(Variant::Cgan, &THREE);
    let (folder, record) = made(&plan(TRAIN, 100, Layout::Idx), &file, None).unwrap();
    let set = loaded(&folder);
    assert_eq!((set.classes, &set.class_names), (3, &file.class_names));
    assert_eq!((set.train.len(), set.test.len()), (TRAIN as usize, 100));
    let mut sampler = Sampler::new(&device(2), &file).unwrap();
    assert!(sampler.draw_at(5, 0, &set.train.labels).unwrap() == set.train.images);
    assert!(sampler.draw_at(5, 1 << 32, &set.test.labels).unwrap() == set.test.images);
    for (split, said) in [(&set.train, &record.train), (&set.test, &record.test)] {
        let mut summary = Summary::new(3, false);
        summary.add(&Labelled { images: split.images.clone(), labels: split.labels.clone(), latents: Vec::new() });
        assert_eq!(&summary.finish(), said);
        let (least, most) = (said.counts.iter().min().unwrap(), said.counts.iter().max().unwrap());
        assert!(most - least <= 1, "{said:?}");
    }
    assert_eq!(SetRecord::read(folder.path()).unwrap(), record);
    assert_eq!((record.labels, record.drawn, &record.judge), (Labels::Asked, u64::from(TRAIN) + 100, &None));

    let (png, png_record) = made(&plan(TRAIN, 100, Layout::Png), &file, None).unwrap();
    assert_eq!(SetRecord { layout: Layout::Idx, ..png_record }, record);
    let from_png = loaded(&png);
    assert_eq!(from_png.class_names, file.class_names);
    for (png, idx) in [(&from_png.train, &set.train), (&from_png.test, &set.test)] {
        assert!(by_class(png) == by_class(idx));
    }
    for layout in [Layout::Npz, Layout::Parquet] {
        let (folder, other) = made(&plan(TRAIN, 100, layout), &file, None).unwrap();
        assert_eq!(SetRecord { layout: Layout::Idx, ..other }, record);
        let loaded = loaded(&folder);
        assert_eq!(loaded.class_names, file.class_names, "{layout:?}");
        assert!(loaded.train == set.train && loaded.test == set.test, "{layout:?}");
    }
}

#[test]
fn images_depend_on_their_number_alone() {
    let file = generator(Variant::Acgan, &THREE);
    let set = |train, test, threads| {
        let (folder, _) = made_by(threads, &plan(train, test, Layout::Idx), &file, None).unwrap();
        let names =
            ["t10k-images-idx3-ubyte.gz", "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz", FILE_NAME];
        (names.map(|name| fs::read(folder.path().join(name)).unwrap()), loaded(&folder))
    };
    let (files, many) = set(TRAIN, 50, 2);
    assert!(set(TRAIN, 50, 1).0 == files && set(TRAIN, 50, 3).0 == files);
    let few = set(100, 20, 1).1;
    assert_eq!(few.train.labels, many.train.labels[..100]);
    assert!(few.train.images == many.train.images[..100 * IMAGE_PIXELS]);
    assert!(few.test.images == many.test.images[..20 * IMAGE_PIXELS]);
    assert!(few.test.images != few.train.images[..20 * IMAGE_PIXELS]);
}

#[test]
fn a_judge_reads_what_a_gan_has_drawn() {
    let file = generator(Variant::Gan, &["a", "b"]);
    assert!(matches!(made(&plan(10, 0, Layout::Idx), &file, None), Err(GenerateError::NoJudge)));
    let mut judge = judge(&file);
    let (folder, record) = made(&plan(500, 20, Layout::Idx), &file, Some(&mut judge)).unwrap();
    let set = loaded(&folder);
    assert!(Sampler::new(&device(2), &file).unwrap().draw(5, &[0; 500]).unwrap() == set.train.images);
    assert_eq!(set.train.labels, judge.read(&set.train.images).unwrap().labels);
    assert!(record.train.counts.iter().all(|&count| count > 100), "{record:?}");
    assert_eq!((record.labels, record.judge.as_ref()), (Labels::Read, Some(judge.identity())));
}

#[test]
fn only_what_is_read_as_asked_for_is_kept_where_that_is_wanted() {
    let file = generator(Variant::Cgan, &["a", "b"]);
    let mut judge = judge(&file);
    let all = made(&plan(TRAIN, 0, Layout::Idx), &file, None).unwrap();
    let keep = Plan { keep: Keep::Agreed, ..plan(TRAIN, 0, Layout::Idx) };
    let (folder, record) = made(&keep, &file, Some(&mut judge)).unwrap();
    let (kept, all) = (loaded(&folder).train, loaded(&all.0).train);
    assert_eq!(kept.labels, all.labels, "the classes are what they were");
    let read = judge.read(&all.images).unwrap().labels;
    let mut replaced = 0;
    for (index, (read, label)) in read.iter().zip(&all.labels).enumerate() {
        let agreed = read == label;
        assert_eq!(kept.image(index) == all.image(index), agreed, "image {index}");
        replaced += u64::from(!agreed);
    }
    assert!(replaced > 1000, "{replaced}");
    assert_eq!(judge.read(&kept.images).unwrap().labels, kept.labels);
    assert!(record.drawn >= u64::from(TRAIN) + replaced, "{record:?}");
    assert_eq!(record.judge.as_ref(), Some(judge.identity()));
    // Fewer of them are the first of them.
    let few = loaded(&made(&Plan { train: 99, ..keep }, &file, Some(&mut judge)).unwrap().0).train;
    assert!(few.images == kept.images[..99 * IMAGE_PIXELS]);
}

#[test]
fn a_generator_that_never_draws_a_class_is_given_up() {
    let file = generator(Variant::Cgan, &["a", "b"]);
    let mut judge = judge_leaning(&file, 1e4);
    let keep = Plan { keep: Keep::Agreed, ..plan(50, 0, Layout::Idx) };
    let error = made(&keep, &file, Some(&mut judge)).unwrap_err();
    assert!(matches!(&error, GenerateError::NeverAgreed { class, tries: 100 } if class == "a"), "{error}");
}

#[test]
fn what_cannot_be_generated_is_refused_and_leaves_nothing() {
    let (cgan, gan) = (generator(Variant::Cgan, &THREE), generator(Variant::Gan, &THREE));
    let mut other = judge(&generator(Variant::Gan, &["a", "b"]));
    let classes = |classes: &[u8]| Some(classes.iter().copied().collect());
    let base = plan(10, 0, Layout::Png);
    let agreed = Plan { keep: Keep::Agreed, ..base.clone() };
    let nameless = generator(Variant::Cgan, &["a", "../b"]);
    for (plan, file, text) in [
        (Plan { classes: classes(&[3]), ..base.clone() }, &cgan, "there is no class 3: this generator has 3"),
        (Plan { classes: classes(&[]), ..base.clone() }, &cgan, "there is no class to draw"),
        (Plan { classes: classes(&[0]), ..base.clone() }, &gan, "cannot be asked for classes"),
        (base.clone(), &gan, "the judge knows 2 classes, but the generator draws 3"),
        (agreed.clone(), &cgan, "the judge knows 2 classes"),
        (agreed, &gan, "no image of it is read as asked for"),
        (base.clone(), &nameless, "\"../b\" cannot have a folder"),
        (Plan { train: MAX_PNG_IMAGES as u32 + 1, ..base }, &cgan, "100000001 PNG files are too many"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let device = device(2);
        let source = Source { file, sha256: SHA256, device: &device, judge: Some(&mut other) };
        let out = folder.path().join("out");
        let error = generate(&out, &plan, source, &mut |_, _| ControlFlow::Continue(())).unwrap_err().to_string();
        assert!(error.contains(text) && !error.contains('\n'), "{error}");
        assert!(!out.exists(), "{error}");
    }
}

/// Generates into `out` and stops when so many images are done.
pub(super) fn stopped_at(
    out: &Path,
    plan: &Plan,
    file: &GeneratorFile,
    judge: Option<&mut Judge>,
    images: u64,
) -> Result<SetRecord, GenerateError> {
    let device = device(2);
    let source = Source { file, sha256: SHA256, device: &device, judge };
    generate(out, plan, source, &mut |done, _| match done >= images {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    })
}

/// All files of a folder, by their names.
pub(super) fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        match entry.path().is_dir() {
            true => found
                .extend(contents(&entry.path()).into_iter().map(|(inner, bytes)| (format!("{name}/{inner}"), bytes))),
            false => drop(found.insert(name, fs::read(entry.path()).unwrap())),
        }
    }
    found
}

#[test]
fn a_stop_before_the_first_image_leaves_nothing() {
    let (file, folder) = (generator(Variant::Cgan, &THREE), tempfile::tempdir().unwrap());
    let out = folder.path().join("out");
    let stopped = stopped_at(&out, &plan(TRAIN, 0, Layout::Idx), &file, None, 0).unwrap_err();
    assert!(matches!(stopped, GenerateError::Stopped { done: 0, all } if all == u64::from(TRAIN)));
    assert!(!out.exists());
}

/// After any number of chunks, whatever was damaged since, the same call comes to the same bytes.
#[test]
fn what_was_stopped_is_gone_on_with() {
    let (cgan, gan) = (generator(Variant::Cgan, &["a", "b"]), generator(Variant::Gan, &["a", "b"]));
    let mut judge = judge(&cgan);
    let (chunk, train) = (CHUNK_IMAGES as u64, 2 * CHUNK_IMAGES as u32 + 123);
    let hidden = ".unfinished/";
    for (layout, file, keep, latents) in [
        (Layout::Idx, &cgan, Keep::Agreed, false),
        (Layout::Idx, &gan, Keep::All, true),
        (Layout::Png, &gan, Keep::All, true),
        (Layout::Npz, &cgan, Keep::Agreed, true),
        (Layout::Parquet, &gan, Keep::All, true),
        (Layout::WebDataset, &gan, Keep::All, true),
    ] {
        let plan = Plan { keep, latents, ..plan(train, 200, layout) };
        let (whole, record) = made(&plan, file, Some(&mut judge)).unwrap();
        let whole = contents(whole.path());
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        let images = |part: &str| match layout {
            Layout::Idx => format!("{hidden}{part}-images-idx3-ubyte.gz"),
            Layout::Npz => format!("{hidden}digits.npz"),
            Layout::Parquet => format!("{hidden}data/{part}-00000-of-00001.parquet"),
            Layout::WebDataset => format!("{hidden}{part}-000000.tar"),
            Layout::Png => format!(
                "{hidden}train/{}/{:08}.png",
                if out.join(hidden).join("train/a/00004099.png").exists() { "a" } else { "b" },
                4099
            ),
        };
        let cut = |name: &str, bytes: i64| {
            let path = out.join(name);
            let length = fs::metadata(&path).unwrap().len().checked_add_signed(bytes).unwrap();
            fs::File::options().write(true).open(path).unwrap().set_len(length).unwrap();
        };
        // More than the end of a file whose images are all there.
        let lost = if layout == Layout::WebDataset { -1030 } else { -20 };
        // How far it comes, what is damaged then, and how many are there in the next call.
        let mut stops = vec![(chunk, "", 0, 0), (2 * chunk, "", 0, chunk), (2 * chunk, "journal", -3, 2 * chunk)];
        stops.extend([(u64::from(train), "journal", 17, chunk), (u64::from(train), "images", lost, u64::from(train))]);
        // The last chunk of the training images is damaged, or one in the middle of them.
        stops.push((u64::from(train) + 200, "", 0, if layout == Layout::Png { chunk } else { 2 * chunk }));
        if layout == Layout::Npz {
            // What is joined to the images is there aside, too.
            stops.last_mut().unwrap().3 = u64::from(train);
        }
        if layout == Layout::Parquet {
            // What was not ended is begun again; the end of a file is all that says what is in it.
            let (train, all) = (u64::from(train), u64::from(train) + 200);
            stops = vec![(chunk, "", 0, 0), (2 * chunk, "journal", -3, 0), (all, "", 0, 0)];
            stops.extend([(all, "journal", 17, train), (all, "images", -1, train), (all, "", 0, 0)]);
        }
        for (images_done, damaged, bytes, before) in stops {
            let (device, mut told) = (device(2), None);
            let source = Source { file, sha256: SHA256, device: &device, judge: Some(&mut judge) };
            let stopped = generate(&out, &plan, source, &mut |done, _| {
                told.get_or_insert(done);
                if done >= images_done { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            let case = format!("{layout:?} {keep:?}, at {images_done}, {damaged}");
            assert!(matches!(&stopped, Err(GenerateError::Stopped { .. })), "{case}: {stopped:?}");
            assert_eq!(told, Some(before), "{case}");
            assert!(path::load(&out, &Reading::default(), &|_| ()).is_err(), "{case}");
            match damaged {
                "journal" => cut(&format!("{hidden}finished.jsonl"), bytes),
                "images" => cut(&images("train"), bytes),
                _ => {}
            }
        }
        let other = Plan { seed: 6, ..plan.clone() };
        let refused = stopped_at(&out, &other, file, Some(&mut judge), 1);
        assert!(matches!(refused, Err(GenerateError::OtherUnfinished { .. })), "{refused:?}");
        let again = stopped_at(&out, &plan, file, Some(&mut judge), u64::MAX).unwrap();
        assert_eq!(again, record, "{layout:?} {keep:?}");
        let again = contents(&out);
        assert!(again.keys().eq(whole.keys()), "{layout:?} {keep:?}");
        let different: Vec<_> =
            whole.iter().filter(|(name, bytes)| again[*name] != **bytes).map(|(name, _)| name).collect();
        assert!(different.is_empty(), "{layout:?} {keep:?}: {different:?}");
    }
}

#[test]
fn a_set_that_no_disk_holds_is_refused_at_once() {
    let (file, folder) = (generator(Variant::Cgan, &THREE), tempfile::tempdir().unwrap());
    let plan = plan(u32::MAX, u32::MAX, Layout::Idx);
    let out = folder.path().join("out");
    let free = crate::files::free_bytes(folder.path());
    if free.is_some_and(|free| free < 1 << 40) {
        let refused = stopped_at(&out, &plan, &file, None, 1).unwrap_err();
        assert!(matches!(refused, GenerateError::NoRoom { .. }), "{refused}");
        assert!(!out.exists());
    }
}

/// What a record says of training on its data set is what the loader does.
#[test]
fn obstacles_are_those_of_the_loaders() {
    let ten = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
    let file = generator(Variant::Cgan, &ten);
    for (layout, classes, train, test, expected) in [
        (Layout::Idx, None, 10, 0, None),
        (Layout::Idx, None, 10, 10, None),
        (Layout::Idx, Some(vec![0, 1, 2]), 10, 0, None),
        (Layout::Idx, Some(vec![3, 5]), 10, 0, None),
        (Layout::Idx, Some(vec![3, 4]), 10, 0, None),
        (Layout::Idx, Some(vec![3, 4, 5]), 10, 10, None),
        (Layout::Idx, Some(vec![0]), 10, 0, Some(Obstacle::TooFewClasses)),
        (Layout::Npz, None, 10, 0, None),
        (Layout::Npz, None, 10, 10, None),
        (Layout::Npz, Some(vec![3, 5]), 10, 0, None),
        (Layout::Npz, Some(vec![0]), 10, 0, Some(Obstacle::TooFewClasses)),
        (Layout::Parquet, None, 10, 0, None),
        (Layout::Parquet, None, 10, 10, None),
        (Layout::Parquet, Some(vec![3, 5]), 10, 0, None),
        (Layout::Parquet, Some(vec![0]), 10, 0, Some(Obstacle::TooFewClasses)),
        (Layout::WebDataset, None, 10, 10, Some(Obstacle::WrittenOnly)),
        (Layout::Png, Some(vec![3, 5]), 10, 2, None),
        (Layout::Png, Some(vec![3, 5]), 10, 0, None),
        (Layout::Png, Some(vec![7]), 10, 0, Some(Obstacle::TooFewClasses)),
        (Layout::Png, Some(vec![3, 5, 7]), 2, 3, Some(Obstacle::OnlyTested("?".to_owned()))),
    ] {
        let plan = Plan { classes: classes.map(|c| c.into_iter().collect()), ..plan(train, test, layout) };
        let (folder, record) = made(&plan, &file, None).unwrap();
        let obstacle = record.obstacle();
        assert_eq!(
            path::load(folder.path(), &Reading::default(), &|_| ()).is_err(),
            obstacle.is_some(),
            "{plan:?}: {obstacle:?}"
        );
        match (&obstacle, &expected) {
            (Some(Obstacle::OnlyTested(_)), Some(Obstacle::OnlyTested(_))) => {}
            _ => assert_eq!(obstacle, expected, "{plan:?}"),
        }
    }
}

#[test]
fn a_record_that_is_none_is_not_one() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(SetRecord::read(folder.path()), None);
    let (made, record) = made(&plan(10, 0, Layout::Idx), &generator(Variant::Cgan, &THREE), None).unwrap();
    let text = fs::read_to_string(record::path(made.path())).unwrap();
    for other in ["", "{}", "[1]", &text.replace("\"format\": 1", "\"format\": 2")] {
        fs::write(record::path(folder.path()), other).unwrap();
        assert_eq!(SetRecord::read(folder.path()), None, "{other}");
    }
    fs::write(record::path(folder.path()), text).unwrap();
    assert_eq!(SetRecord::read(folder.path()), Some(record));
}
