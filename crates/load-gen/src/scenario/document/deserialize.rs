//! From a tree to the types of the profiles, with the places that `Spanned` asks for.

use std::fmt::Display;
use std::ops::Range;

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_spanned::de::{SpannedDeserializer, is_spanned};

use super::super::error::suggestion;
use super::{Entry, Node, Tree};

/// What is wrong with a value, with its place as far as it is known.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub(in super::super) struct ReadError {
    pub(in super::super) span: Option<Range<usize>>,
    /// The keys on the way to it, the innermost first.
    pub(in super::super) path: Vec<String>,
    pub(in super::super) message: String,
}

/// Reads a tree as a type.
pub(in super::super) fn read_as<T: serde::de::DeserializeOwned>(
    node: &Node,
) -> Result<T, ReadError> {
    T::deserialize(NodeReader { node })
}

impl serde::de::Error for ReadError {
    fn custom<T: Display>(message: T) -> Self {
        Self {
            span: None,
            path: Vec::new(),
            message: message.to_string(),
        }
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::custom(format!(
            "unknown key `{field}`{}",
            suggestion(field, expected)
        ))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::custom(format!("`{field}` is missing"))
    }
}

impl ReadError {
    fn at(mut self, span: &Range<usize>) -> Self {
        self.span.get_or_insert_with(|| span.clone());
        self
    }
}

#[derive(Debug, Clone, Copy)]
struct NodeReader<'a> {
    node: &'a Node,
}

impl IntoDeserializer<'_, ReadError> for NodeReader<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for NodeReader<'_> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let result = match &self.node.tree {
            Tree::Nothing => visitor.visit_unit(),
            Tree::Truth(truth) => visitor.visit_bool(*truth),
            Tree::Whole(number) => visitor.visit_i64(*number),
            Tree::Real(number) => visitor.visit_f64(*number),
            Tree::Text(text) => visitor.visit_str(text),
            Tree::List(list) => visitor.visit_seq(Elements(list.iter())),
            Tree::Table(entries) => visitor.visit_map(Pairs {
                entries: entries.iter(),
                value: None,
            }),
        };
        result.map_err(|it| it.at(&self.node.span))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.node.tree {
            Tree::Nothing => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        if is_spanned(name) {
            let span = self.node.span.clone();
            return visitor.visit_map(SpannedDeserializer::new(self, span));
        }
        if !matches!(self.node.tree, Tree::Table(_)) {
            let message = format!("must be a table, got {}", self.node.kind());
            return Err(ReadError::custom(message).at(&self.node.span));
        }
        self.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

struct Elements<'a>(std::slice::Iter<'a, Node>);

impl<'de> SeqAccess<'de> for Elements<'_> {
    type Error = ReadError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, ReadError> {
        let next = self.0.next();
        next.map(|node| seed.deserialize(NodeReader { node }))
            .transpose()
    }
}

struct Pairs<'a> {
    entries: std::slice::Iter<'a, Entry>,
    value: Option<&'a Entry>,
}

impl<'de> MapAccess<'de> for Pairs<'_> {
    type Error = ReadError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, ReadError> {
        // A key without a value is as good as none.
        let entry = self
            .entries
            .find(|it| !matches!(it.node.tree, Tree::Nothing));
        let Some(entry) = entry else { return Ok(None) };
        self.value = Some(entry);
        let key = StrDeserializer::<ReadError>::new(&entry.key);
        seed.deserialize(key)
            .map(Some)
            .map_err(|it| it.at(&entry.key_span))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, ReadError> {
        let Some(entry) = self.value.take() else {
            return Err(ReadError::custom("a value without a key"));
        };
        seed.deserialize(NodeReader { node: &entry.node })
            .map_err(|mut error| {
                error.path.push(entry.key.clone());
                error.at(&entry.node.span)
            })
    }
}
