use super::*;
use crate::engine::Device;
use crate::judge::Judge;
use crate::sample::Sampler;

/// The largest that is allowed: what is built in is in every binary.
const MOST_BYTES: usize = 1_000_000;

#[test]
fn cards_belong_to_their_generators() {
    for built_in in BuiltIn::ALL {
        let (card, generator) = (built_in.card(), built_in.generator());
        assert!(built_in.bytes().len() < MOST_BYTES, "{built_in}: {}", built_in.bytes().len());
        assert_eq!((card.name.as_str(), card.sha256), (built_in.name(), built_in.sha256()));
        assert_eq!((generator.spec.variant, generator.dataset.as_str()), (built_in.variant(), "mnist"));
        assert_eq!(card.config.model, built_in.variant());
        assert_eq!((card.evaluation.step, card.evaluation.model), (generator.step, Some(built_in.variant())));
        let steps = card.data.identity.train_images as u64 / card.config.batch_size as u64;
        assert_eq!(u64::from(card.epoch) * steps, generator.step, "the epoch");
        // The rule: the nearest of all.
        let nearest = card.selection.candidates.iter().min_by(|a, b| a.distance.total_cmp(&b.distance)).unwrap();
        assert_eq!((nearest.seed, nearest.epoch), (card.config.seed, card.epoch));
        assert!(card.data.licence.contains("CC BY-SA 3.0"));
    }
}

/// The card's figures are those of this generator: a thousand digits of other seeds are read as it says.
#[test]
fn what_is_built_in_draws_what_its_card_says() {
    let device = Device::cpu(Some(2)).unwrap();
    let mut judge = Judge::of_mnist(&device);
    let labels: Vec<u8> = (0..1000).map(|image| (image % 10) as u8).collect();
    for built_in in BuiltIn::ALL {
        let digits = Sampler::new(&device, &built_in.generator()).unwrap().draw(2026, &labels).unwrap();
        let read = judge.read(&digits).unwrap().labels;
        let agreed = read.iter().zip(&labels).filter(|(read, label)| read == label).count();
        assert!(agreed >= 985, "{built_in}: {agreed} of 1000");
        assert!(built_in.card().evaluation.agreement.unwrap().mean >= 0.99, "{built_in}");
    }
}

#[test]
fn names_are_those_of_the_models() {
    assert_eq!(BuiltIn::ALL.map(|built_in| BuiltIn::named(built_in.name())), BuiltIn::ALL.map(Some));
    assert_eq!(BuiltIn::named("ACGAN"), None);
    assert_eq!(BuiltIn::default().to_string(), "acgan");
}
