//! tract, with a batch of any length.

use super::{Array, Numbers, Outcome, Runtime};
use std::path::Path;
use std::sync::Arc;
use tract_onnx::prelude::*;

struct Plan {
    plan: Arc<TypedRunnableModel>,
    inputs: Vec<String>,
    outputs: Vec<String>,
}

pub(crate) fn load(path: &Path) -> Outcome<Box<dyn Runtime>> {
    let model = tract_onnx::onnx().model_for_path(path)?;
    let names = |outlets: &[OutletId]| outlets.iter().map(|outlet| model.node(outlet.node).name.clone()).collect();
    let (inputs, outputs) = (names(model.input_outlets()?), names(model.output_outlets()?));
    Ok(Box::new(Plan { plan: model.into_optimized()?.into_runnable()?, inputs, outputs }))
}

fn value(array: &Array) -> TractResult<TValue> {
    Ok(match &array.numbers {
        Numbers::Floats(values) => Tensor::from_shape(&array.shape, values)?,
        Numbers::Integers(values) => Tensor::from_shape(&array.shape, values)?,
    }
    .into())
}

impl Runtime for Plan {
    fn run(&self, inputs: &[Array], outputs: &[String]) -> Outcome<Vec<Vec<f32>>> {
        let by_name = |name: &String| inputs.iter().find(|input| input.name == *name).ok_or(format!("no input {name}"));
        let given = self.inputs.iter().map(|name| Ok(value(by_name(name)?)?)).collect::<Outcome<TVec<TValue>>>()?;
        let found = self.plan.run(given)?;
        let place = |name: &String| self.outputs.iter().position(|own| own == name).ok_or(format!("no output {name}"));
        let floats = |name: &String| Ok(found[place(name)?].to_plain_array_view::<f32>()?.iter().copied().collect());
        outputs.iter().map(floats).collect()
    }
}
