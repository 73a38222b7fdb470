//! What a pickle of tensors says, without running it: a pickle is a program, and may call whatever Python has. Here only those
//! operators are known that PyTorch's `save` writes for state dicts, and only the names that make dictionaries and tensors.

use std::collections::HashMap;

/// A value, which refers to others by their place among all values.
#[derive(Debug)]
pub(super) enum Value {
    /// Numbers, booleans and nothing at all, of which only whole numbers are needed.
    Other,
    Number(i64),
    Text(String),
    /// A tuple or a list.
    Sequence(Vec<usize>),
    Dictionary(Vec<(usize, usize)>),
    Name(Name),
    Storage(Storage),
    Tensor(TensorPlace),
}

/// What may be named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    OrderedDict,
    RebuildTensor,
    RebuildParameter,
    Numbers(Kind),
}

/// Kinds of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    F64,
    F32,
    F16,
    Bf16,
    /// Whole numbers and truth values, by PyTorch's name.
    Whole(&'static str),
}

/// Where numbers lie: `data/KEY` in the archive.
#[derive(Clone, Debug)]
pub(super) struct Storage {
    pub(super) kind: Kind,
    pub(super) key: String,
}

/// A tensor: a view of a storage.
#[derive(Clone, Debug)]
pub(super) struct TensorPlace {
    pub(super) storage: Storage,
    pub(super) offset: usize,
    pub(super) shape: Vec<usize>,
    pub(super) strides: Vec<usize>,
}

const STORAGES: [(&str, Kind); 10] = [
    ("DoubleStorage", Kind::F64),
    ("FloatStorage", Kind::F32),
    ("HalfStorage", Kind::F16),
    ("BFloat16Storage", Kind::Bf16),
    ("LongStorage", Kind::Whole("I64")),
    ("IntStorage", Kind::Whole("I32")),
    ("ShortStorage", Kind::Whole("I16")),
    ("CharStorage", Kind::Whole("I8")),
    ("ByteStorage", Kind::Whole("U8")),
    ("BoolStorage", Kind::Whole("BOOL")),
];

/// All values of a pickle, and which of them is the whole.
pub(super) fn read(bytes: &[u8]) -> Result<(Vec<Value>, usize), String> {
    let mut machine = Machine { bytes, ..Machine::default() };
    while let Some(operator) = machine.take(1)?.first().copied() {
        if operator == b'.' {
            let whole = machine.pop()?;
            return Ok((machine.values, whole));
        }
        machine.step(operator)?;
    }
    Err(CUT.to_owned())
}

/// Most axes of a tensor, and letters of a storage's key: nothing that is recalled often is long.
const MOST_AXES: usize = 8;
const LONGEST_KEY: usize = 64;
const CUT: &str = "its pickle ends too early";

#[derive(Default)]
struct Machine<'a> {
    bytes: &'a [u8],
    values: Vec<Value>,
    stack: Vec<usize>,
    /// How high the stack was at each mark.
    marks: Vec<usize>,
    memo: HashMap<u32, usize>,
}

impl<'a> Machine<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], String> {
        let (taken, rest) = self.bytes.split_at_checked(count).ok_or(CUT)?;
        self.bytes = rest;
        Ok(taken)
    }

    fn number<const BYTES: usize>(&mut self) -> Result<[u8; BYTES], String> {
        self.take(BYTES)?.try_into().map_err(|_| CUT.to_owned())
    }

    fn text(&mut self, length: usize) -> Result<Value, String> {
        let text = str::from_utf8(self.take(length)?).map_err(|_| "its pickle holds a text that is none")?;
        Ok(Value::Text(text.to_owned()))
    }

    fn line(&mut self) -> Result<&'a str, String> {
        let end = self.bytes.iter().position(|&byte| byte == b'\n').ok_or(CUT)?;
        let line = &self.take(end + 1)?[..end];
        str::from_utf8(line).map_err(|_| "its pickle holds a name that is none".to_owned())
    }

    fn push(&mut self, value: Value) {
        self.stack.push(self.values.len());
        self.values.push(value);
    }

    fn pop(&mut self) -> Result<usize, String> {
        match self.stack.len() > self.marks.last().copied().unwrap_or(0) {
            true => self.stack.pop().ok_or_else(|| CUT.to_owned()),
            false => Err("its pickle takes what is not there".to_owned()),
        }
    }

    fn top(&self) -> Result<usize, String> {
        self.stack.last().copied().ok_or_else(|| "its pickle takes what is not there".to_owned())
    }

    /// What lies above the last mark.
    fn marked(&mut self) -> Result<Vec<usize>, String> {
        let mark = self.marks.pop().ok_or("its pickle takes what is not there")?;
        Ok(self.stack.split_off(mark.min(self.stack.len())))
    }

    fn step(&mut self, operator: u8) -> Result<(), String> {
        match operator {
            0x80 => drop(self.take(1)?),
            0x95 => drop(self.take(8)?),
            b'(' => self.marks.push(self.stack.len()),
            b')' => self.push(Value::Sequence(Vec::new())),
            b']' => self.push(Value::Sequence(Vec::new())),
            b'}' => self.push(Value::Dictionary(Vec::new())),
            b't' => {
                let parts = self.marked()?;
                self.push(Value::Sequence(parts));
            }
            0x85..=0x87 => {
                let mut parts = (0..operator - 0x84).map(|_| self.pop()).collect::<Result<Vec<_>, _>>()?;
                parts.reverse();
                self.push(Value::Sequence(parts));
            }
            b'N' | 0x88 | 0x89 => self.push(Value::Other),
            b'G' => {
                self.take(8)?;
                self.push(Value::Other);
            }
            b'K' | b'M' | b'J' | 0x8a => self.whole_number(operator)?,
            b'X' => {
                let length = u32::from_le_bytes(self.number()?) as usize;
                let text = self.text(length)?;
                self.push(text);
            }
            0x8c => {
                let length = usize::from(self.take(1)?[0]);
                let text = self.text(length)?;
                self.push(text);
            }
            b'q' | b'r' | b'h' | b'j' | 0x94 => self.remember(operator)?,
            b'a' | b'e' | b's' | b'u' => self.add(operator)?,
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                let name = known(module, name)?;
                self.push(Value::Name(name));
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                let name = known(self.as_text(module)?, self.as_text(name)?)?;
                self.push(Value::Name(name));
            }
            b'Q' => self.storage()?,
            b'R' => self.call()?,
            // Attributes of a dictionary, such as a state dict's `_metadata`.
            b'b' => {
                self.pop()?;
                match &self.values[self.top()?] {
                    Value::Dictionary(_) => {}
                    _ => return Err("its pickle sets the state of an object that is no dictionary".to_owned()),
                }
            }
            other => return Err(format!("its pickle has the operator {other:#04x}, which state dicts have not")),
        }
        Ok(())
    }

    fn whole_number(&mut self, operator: u8) -> Result<(), String> {
        let number = match operator {
            b'K' => i64::from(self.take(1)?[0]),
            b'M' => i64::from(u16::from_le_bytes(self.number()?)),
            b'J' => i64::from(i32::from_le_bytes(self.number()?)),
            _ => {
                let length = usize::from(self.take(1)?[0]);
                let bytes = self.take(length)?;
                if length > 8 {
                    return Err("its pickle holds a number of more than 64 bits".to_owned());
                }
                let negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
                let mut wide = [if negative { 0xff } else { 0 }; 8];
                wide[..length].copy_from_slice(bytes);
                i64::from_le_bytes(wide)
            }
        };
        self.push(Value::Number(number));
        Ok(())
    }

    fn remember(&mut self, operator: u8) -> Result<(), String> {
        let key = match operator {
            b'q' | b'h' => u32::from(self.take(1)?[0]),
            0x94 => self.memo.len() as u32,
            _ => u32::from_le_bytes(self.number()?),
        };
        if matches!(operator, b'h' | b'j') {
            let place = self.memo.get(&key).ok_or("its pickle recalls what it never kept")?;
            self.stack.push(*place);
        } else {
            let top = self.top()?;
            self.memo.insert(key, top);
        }
        Ok(())
    }

    /// Puts values into a list or a dictionary.
    fn add(&mut self, operator: u8) -> Result<(), String> {
        let parts = match operator {
            b'a' => vec![self.pop()?],
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                vec![key, value]
            }
            _ => self.marked()?,
        };
        let top = self.top()?;
        match (&mut self.values[top], operator) {
            (Value::Sequence(list), b'a' | b'e') => list.extend(parts),
            (Value::Dictionary(entries), b's' | b'u') if parts.len().is_multiple_of(2) => {
                entries.extend(parts.as_chunks().0.iter().map(|&[key, value]| (key, value)));
            }
            _ => return Err("its pickle puts values into what holds none".to_owned()),
        }
        Ok(())
    }

    /// A storage, by what PyTorch writes of it: ("storage", kind, key, device, count).
    fn storage(&mut self) -> Result<(), String> {
        let place = self.pop()?;
        let storage = match &self.values[place] {
            Value::Sequence(parts) => match parts.as_slice() {
                [_, kind, key, _, _] => match (&self.values[*kind], &self.values[*key]) {
                    (Value::Name(Name::Numbers(kind)), Value::Text(key)) if key.len() <= LONGEST_KEY => {
                        Some(Storage { kind: *kind, key: key.clone() })
                    }
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        };
        self.push(Value::Storage(storage.ok_or("its pickle refers to something that is no storage of numbers")?));
        Ok(())
    }

    /// The call of a known name.
    fn call(&mut self) -> Result<(), String> {
        let (arguments, name) = (self.pop()?, self.pop()?);
        let Value::Sequence(arguments) = &self.values[arguments] else {
            return Err("its pickle calls something without arguments".to_owned());
        };
        let made = match self.values[name] {
            Value::Name(Name::OrderedDict) if arguments.is_empty() => Value::Dictionary(Vec::new()),
            Value::Name(Name::RebuildTensor) => {
                let tensor =
                    self.tensor(arguments).ok_or("its pickle describes a tensor in a way that is not known")?;
                Value::Tensor(tensor)
            }
            Value::Name(Name::RebuildParameter) => match arguments.first().map(|&data| &self.values[data]) {
                Some(Value::Tensor(tensor)) => Value::Tensor(tensor.clone()),
                _ => return Err("its pickle makes a parameter of what is no tensor".to_owned()),
            },
            _ => return Err("its pickle calls what is no function that makes a tensor".to_owned()),
        };
        self.push(made);
        Ok(())
    }

    fn tensor(&self, arguments: &[usize]) -> Option<TensorPlace> {
        let [storage, offset, shape, strides, ..] = arguments else { return None };
        let Value::Storage(storage) = &self.values[*storage] else { return None };
        let lengths = |place: usize| match &self.values[place] {
            Value::Sequence(parts) if parts.len() <= MOST_AXES => {
                parts.iter().map(|&part| self.length(part)).collect::<Option<Vec<usize>>>()
            }
            _ => None,
        };
        let (shape, strides) = (lengths(*shape)?, lengths(*strides)?);
        let tensor = TensorPlace { storage: storage.clone(), offset: self.length(*offset)?, shape, strides };
        (tensor.shape.len() == tensor.strides.len()).then_some(tensor)
    }

    fn length(&self, place: usize) -> Option<usize> {
        match self.values[place] {
            Value::Number(number) => usize::try_from(number).ok(),
            _ => None,
        }
    }

    fn as_text(&self, place: usize) -> Result<&str, String> {
        match &self.values[place] {
            Value::Text(text) => Ok(text),
            _ => Err("its pickle names something by what is no text".to_owned()),
        }
    }
}

/// The name, if it is one of those that may be.
fn known(module: &str, name: &str) -> Result<Name, String> {
    match (module, name) {
        ("collections", "OrderedDict") => Ok(Name::OrderedDict),
        ("torch._utils", "_rebuild_tensor_v2") => Ok(Name::RebuildTensor),
        ("torch._utils", "_rebuild_parameter") => Ok(Name::RebuildParameter),
        ("torch", storage) if STORAGES.iter().any(|(known, _)| *known == storage) => {
            let kind = STORAGES.iter().find(|(known, _)| *known == storage).map(|(_, kind)| *kind);
            kind.map(Name::Numbers).ok_or_else(|| CUT.to_owned())
        }
        _ => Err(format!(
            "its pickle names {:?}, which is not run here: save the state dict alone, with torch.save(model.state_dict(), …)",
            format!("{module}.{name}")
        )),
    }
}
