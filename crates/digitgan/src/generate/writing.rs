//! Everything drawn and written, file by file and chunk by chunk, but for what an earlier call left there.

use super::choices::Cut;
use super::error::GenerateError;
use super::formats::{self, SetFile};
use super::journal::{Chunk, Journal};
use super::labelled::{Checksums, Labelled};
use super::plan::{CHUNK_IMAGES, Part, Piece, Plan};
use super::record::{self, Labels, SetRecord, ShardRecord};
use super::staging::Staging;
use super::summary::Summary;
use super::whole::Whole;
use crate::load::generated::FORMAT;
use std::ops::ControlFlow;

/// Draws what is not there yet, and writes the record of the whole.
pub(super) fn write_all(
    staging: &mut Staging,
    whole: Whole,
    source: &mut dyn Images,
    watch: &mut (dyn FnMut(u64, u64) -> ControlFlow<()> + Send),
) -> Result<SetRecord, GenerateError> {
    let Whole { plan, class_names, generator, judge, versions } = whole;
    let progress = Progress { done: 0, all: plan.all_here(), told: false, watch };
    let summary = || Summary::new(class_names.len(), plan.latents);
    let mut work = Work { staging, source, drawn: 0, progress, summaries: [summary(), summary()] };
    for index in plan.indices() {
        let mut file = formats::open(&plan, work.staging.path(), &class_names)?;
        for piece in Part::ALL.into_iter().filter_map(|part| plan.piece(part, index)) {
            work.write_piece(&mut *file, &piece)?;
        }
        file.finish()?;
    }
    work.progress.begin()?;
    let drawn = work.source.drawn_elsewhere().unwrap_or(work.drawn);
    let labels = work.source.labels();
    let [train, test] = work.summaries.map(Summary::finish);
    let kept = train.images + test.images;
    let record = SetRecord {
        format: FORMAT,
        layout: plan.layout,
        class_names,
        seed: plan.seed,
        generator,
        labels,
        keep: plan.keep,
        files: if let Cut::Files(files) = plan.cut { Some(files) } else { None },
        shard: shard(&plan),
        classes: plan.classes,
        mix: plan.mix,
        truncation: plan.truncation,
        reject_below: plan.reject_below,
        rejected: plan.reject_below.map(|_| drawn.saturating_sub(kept)),
        latents: plan.latents,
        drawn,
        judge,
        train,
        test,
        versions,
    };
    record.write(staging.path()).map_err(GenerateError::write(&record::path(staging.path())))?;
    Ok(record)
}

fn shard(plan: &Plan) -> Option<ShardRecord> {
    let Cut::Shard { index, of } = plan.cut else { return None };
    Some(ShardRecord { index, of, train: plan.train, test: plan.test })
}

/// How far it is, and who is told.
struct Progress<'a> {
    done: u64,
    all: u64,
    /// Whether somebody was told how many were there at the beginning.
    told: bool,
    watch: &'a mut (dyn FnMut(u64, u64) -> ControlFlow<()> + Send),
}

impl Progress<'_> {
    /// Before images are drawn.
    fn begin(&mut self) -> Result<(), GenerateError> {
        if std::mem::replace(&mut self.told, true) { Ok(()) } else { self.tell() }
    }

    fn advance(&mut self, images: u64) -> Result<(), GenerateError> {
        self.done += images;
        self.tell()
    }

    fn tell(&mut self) -> Result<(), GenerateError> {
        match (self.watch)(self.done, self.all) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(GenerateError::Stopped { done: self.done, all: self.all }),
        }
    }
}

/// Where images come from.
pub(super) trait Images {
    /// Whence their labels are.
    fn labels(&self) -> Labels;

    /// `count` images from number `first` on, and how many were drawn for them.
    fn take(&mut self, part: Part, first: u64, count: usize) -> Result<(Labelled, u64), GenerateError>;

    /// How many were drawn, kept or not, where that is not the sum of what [`Self::take`] says.
    fn drawn_elsewhere(&self) -> Option<u64> {
        None
    }
}

/// What is at work.
struct Work<'a> {
    staging: &'a mut Staging,
    source: &'a mut dyn Images,
    /// Images that were drawn, kept or not.
    drawn: u64,
    progress: Progress<'a>,
    /// Of each part.
    summaries: [Summary; 2],
}

impl Work<'_> {
    /// Writes what a file holds of a part, but for the chunks that are there.
    fn write_piece(&mut self, file: &mut dyn SetFile, piece: &Piece) -> Result<(), GenerateError> {
        let mut first = self.read_back(file, piece)?;
        while first < piece.images.end {
            self.progress.begin()?;
            let images = chunk_images(piece, first);
            let (some, drawn) = self.source.take(piece.part, first, images as usize)?;
            self.drawn += drawn;
            let summary = &mut self.summaries[piece.part as usize];
            let (written, checksums) = rayon::join(
                || file.write(first, &some),
                || {
                    summary.add(&some);
                    some.checksums()
                },
            );
            let (lengths, Checksums { pixels, labels, latents }) = (written?, checksums);
            self.staging.journal.add(&Chunk {
                part: piece.part,
                images,
                drawn,
                pixels_crc32: pixels,
                labels_crc32: labels,
                latents_crc32: latents,
                pixels_bytes: lengths.pixels,
                labels_bytes: lengths.labels,
                latents_bytes: lengths.latents,
            })?;
            self.staging.keep();
            first += images;
            self.progress.advance(images)?;
        }
        file.end()
    }

    /// Begins a file's part and takes what is there of it; the number of the first image that is not.
    fn read_back(&mut self, file: &mut dyn SetFile, piece: &Piece) -> Result<u64, GenerateError> {
        let mut first = piece.images.start;
        let (mark, drawn) = (self.staging.journal.mark(), self.drawn);
        let summary = self.summaries[piece.part as usize].clone();
        file.begin(piece)?;
        while first < piece.images.end
            && let Some((some, drawn)) =
                next_chunk(&mut self.staging.journal, file, piece.part, first, chunk_images(piece, first))?
        {
            self.summaries[piece.part as usize].add(&some);
            self.drawn += drawn;
            first += some.labels.len() as u64;
        }
        if first < piece.images.end && first > piece.images.start && !file.goes_on() {
            self.staging.journal.go_back(mark)?;
            self.drawn = drawn;
            self.summaries[piece.part as usize] = summary;
            first = piece.images.start;
            file.begin(piece)?;
        }
        self.progress.done += first - piece.images.start;
        Ok(first)
    }
}

/// Images of the chunk that begins with this one.
fn chunk_images(piece: &Piece, first: u64) -> u64 {
    (CHUNK_IMAGES as u64).min(piece.images.end - first)
}

/// The next chunk, if it is there as it was finished: its images, and how many were drawn for it.
fn next_chunk(
    journal: &mut Journal,
    file: &mut dyn SetFile,
    part: Part,
    first: u64,
    images: u64,
) -> Result<Option<(Labelled, u64)>, GenerateError> {
    let mut found = None;
    let chunk = journal.next(part, |chunk| {
        if chunk.images == images {
            found = file.read_back(first, chunk)?;
        }
        Ok(found.is_some())
    })?;
    Ok(found.zip(chunk.map(|chunk| chunk.drawn)))
}
