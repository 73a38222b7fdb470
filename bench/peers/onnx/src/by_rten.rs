//! rten, which computes with classes of 32 bits.

use super::{Array, Numbers, Outcome, Runtime};
use rten::{Model, Value, ValueOrView};
use rten_tensor::Tensor;
use rten_tensor::prelude::*;
use std::path::Path;

pub(crate) fn load(path: &Path) -> Outcome<Box<dyn Runtime>> {
    Ok(Box::new(Model::load_file(path)?))
}

fn value(array: &Array) -> Value {
    match &array.numbers {
        Numbers::Floats(values) => Tensor::from_data(array.shape.as_slice(), values.clone()).into(),
        Numbers::Integers(values) => {
            let values: Vec<i32> = values.iter().map(|&value| value as i32).collect();
            Tensor::from_data(array.shape.as_slice(), values).into()
        }
    }
}

impl Runtime for Model {
    fn run(&self, inputs: &[Array], outputs: &[String]) -> Outcome<Vec<Vec<f32>>> {
        let given = inputs.iter().map(|input| Ok((self.node_id(&input.name)?, ValueOrView::from(value(input)))));
        let given = given.collect::<Outcome<Vec<_>>>()?;
        let wanted = outputs.iter().map(|name| Ok(self.node_id(name)?)).collect::<Outcome<Vec<_>>>()?;
        let found = Model::run(self, given, &wanted, None)?;
        found.into_iter().map(|value| Ok(Tensor::<f32>::try_from(value)?.to_vec())).collect()
    }
}
