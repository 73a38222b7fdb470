//! A graph of ONNX operators while it is put together, and its bytes.

use onnx_rs::ast::{
    Attribute, AttributeType, DataType, Dimension, Graph as GraphProto, Model, Node, OpType, OperatorSetId,
    StringStringEntry, TensorProto, TensorShape, TensorShapeDimension, TensorTypeProto, TypeProto, TypeValue,
    ValueInfo,
};
use std::collections::BTreeMap;

/// The version of ONNX's operators that the models use: the first whose batch normalisation ONNX's own evaluator computes by the
/// running statistics.
pub const OPSET: i64 = 14;
/// The version of ONNX's format, the one that came with [`OPSET`]: ONNX 1.9, of 2021.
pub const IR_VERSION: i64 = 7;
/// The name of the one dimension that is not known beforehand.
const BATCH: &str = "batch";

/// What a model says of itself, by its key.
pub(super) type Facts = BTreeMap<String, String>;

/// Operators, weights, inputs and outputs.
#[derive(Default)]
pub(super) struct Graph {
    nodes: Vec<Node<'static>>,
    inputs: Vec<ValueInfo<'static>>,
    outputs: Vec<ValueInfo<'static>>,
    constants: Vec<Constant>,
}

/// Numbers that the model holds.
struct Constant {
    name: &'static str,
    shape: Vec<i64>,
    kind: DataType,
    bytes: Vec<u8>,
}

impl Constant {
    fn tensor(&self) -> TensorProto<'_> {
        TensorProto::from_raw(self.name, self.shape.clone(), self.kind, &self.bytes)
    }
}

impl Graph {
    /// An input of 32-bit floats: a batch of such shapes.
    pub(super) fn input(&mut self, name: &'static str, shape: &[usize], doc: &'static str) {
        self.inputs.push(value(name, DataType::Float, shape, doc));
    }

    /// An input of one class each.
    pub(super) fn class_input(&mut self) -> &'static str {
        self.inputs.push(value("class", DataType::Int64, &[], "the class of each, from 0"));
        "class"
    }

    /// An output, which some node makes: a batch of such shapes.
    pub(super) fn output(&mut self, name: &'static str, shape: &[usize], doc: &'static str) {
        self.outputs.push(value(name, DataType::Float, shape, doc));
    }

    /// Weights.
    pub(super) fn floats(&mut self, name: &'static str, shape: &[usize], values: &[f32]) -> &'static str {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let shape = shape.iter().map(|&length| length as i64).collect();
        self.constants.push(Constant { name, shape, kind: DataType::Float, bytes });
        name
    }

    /// A short list of whole numbers, such as a shape.
    pub(super) fn integers(&mut self, name: &'static str, values: &[i64]) -> &'static str {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.constants.push(Constant { name, shape: vec![values.len() as i64], kind: DataType::Int64, bytes });
        name
    }

    /// An operator, whose output is named; the name goes on.
    pub(super) fn node(
        &mut self,
        op: OpType<'static>,
        inputs: &[&'static str],
        output: &'static str,
        attribute: Vec<Attribute<'static>>,
    ) -> &'static str {
        let node = Node {
            op_type: op,
            name: output,
            input: inputs.to_vec(),
            output: vec![output],
            attribute,
            ..Node::default()
        };
        self.nodes.push(node);
        output
    }

    /// The bytes of a model with this graph.
    pub(super) fn to_bytes(&self, name: &str, doc: &str, facts: &Facts) -> Vec<u8> {
        let graph = GraphProto {
            name,
            doc_string: doc,
            node: self.nodes.clone(),
            initializer: self.constants.iter().map(Constant::tensor).collect(),
            input: self.inputs.clone(),
            output: self.outputs.clone(),
            ..GraphProto::default()
        };
        onnx_rs::encode(&Model {
            ir_version: IR_VERSION,
            opset_import: vec![OperatorSetId { domain: "", version: OPSET }],
            producer_name: "digitgan",
            producer_version: env!("CARGO_PKG_VERSION"),
            doc_string: doc,
            graph: Some(graph),
            metadata_props: facts.iter().map(|(key, value)| StringStringEntry { key, value }).collect(),
            ..Model::default()
        })
    }
}

/// A batch of a kind and shape, as inputs and outputs declare it.
fn value(name: &'static str, kind: DataType, shape: &[usize], doc: &'static str) -> ValueInfo<'static> {
    let lengths = shape.iter().map(|&length| Dimension::Value(length as i64));
    let dim = std::iter::once(Dimension::Param(BATCH)).chain(lengths);
    let dim = dim.map(|value| TensorShapeDimension { value, denotation: "" }).collect();
    let tensor = TensorTypeProto { elem_type: kind, shape: Some(TensorShape { dim }) };
    let kind = TypeProto { value: Some(TypeValue::Tensor(tensor)), denotation: "" };
    ValueInfo { name, r#type: Some(kind), doc_string: doc, ..ValueInfo::default() }
}

/// An attribute that is a list of whole numbers.
pub(super) fn ints(name: &'static str, ints: &[i64]) -> Attribute<'static> {
    Attribute { name, r#type: AttributeType::Ints, ints: ints.to_vec(), ..Attribute::default() }
}

/// An attribute that is a whole number other than 0, which the encoder leaves out: OpenCV misses it then.
pub(super) fn int(name: &'static str, i: i64) -> Attribute<'static> {
    Attribute { name, r#type: AttributeType::Int, i, ..Attribute::default() }
}

/// An attribute that is a float.
pub(super) fn float(name: &'static str, f: f32) -> Attribute<'static> {
    Attribute { name, r#type: AttributeType::Float, f, ..Attribute::default() }
}
