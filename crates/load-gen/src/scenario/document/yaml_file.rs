//! YAML with places: one document of plain data. Aliases are filled in, as far as that stays small.

use std::collections::HashMap;
use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle, Tag};

use super::super::error::Problems;
use super::{DEEPEST, Entry, Node, Tree};

/// Values that a file may have after its aliases were filled in, and bytes of their texts.
const MOST_VALUES: usize = 200_000;
const MOST_BYTES: usize = 8 * 1024 * 1024;

type Wrong = (Range<usize>, String);

pub(super) fn parse(text: &str, problems: &mut Problems<'_>) -> Option<Node> {
    match Builder::default().build(text) {
        Ok(node) => Some(node),
        Err((span, message)) => {
            problems.at(span, "file", message);
            None
        }
    }
}

/// A list or table that is not complete yet.
#[derive(Debug)]
struct Open {
    content: Content,
    start: usize,
    anchor: usize,
}

#[derive(Debug)]
enum Content {
    List(Vec<Node>),
    Table {
        entries: Vec<Entry>,
        /// Tables that `<<` names; their entries stand behind those of the table itself.
        merged: Vec<Entry>,
        key: Option<(String, Range<usize>)>,
    },
}

#[derive(Debug, Default)]
struct Builder {
    open: Vec<Open>,
    anchors: HashMap<usize, (Node, Size)>,
    root: Option<Node>,
    total: Size,
    documents: usize,
}

/// How much a value holds.
#[derive(Debug, Clone, Copy, Default)]
struct Size {
    values: usize,
    bytes: usize,
}

impl Builder {
    fn build(mut self, text: &str) -> Result<Node, Wrong> {
        for event in Parser::new_from_str(text) {
            let (event, span) = event.map_err(|error| {
                let at = error.marker().byte_offset().unwrap_or(text.len());
                (at..at, error.info())
            })?;
            self.see(event, &span.byte_range().unwrap_or(0..0))?;
        }
        Ok(self.root.unwrap_or(Node {
            tree: Tree::Table(Vec::new()),
            span: 0..0,
        }))
    }

    fn see(&mut self, event: Event<'_>, span: &Range<usize>) -> Result<(), Wrong> {
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    let message = "a scenario is one YAML document, here begins a second one";
                    return Err((span.clone(), message.to_owned()));
                }
                Ok(())
            }
            Event::Scalar(text, style, anchor, tag) => {
                let tree = scalar(&text, style, tag.as_deref(), span)?;
                let bytes = text.len();
                let node = Node {
                    tree,
                    span: span.clone(),
                };
                self.place(node, anchor, Size { values: 1, bytes }, Some(&text))
            }
            Event::SequenceStart(_, anchor, _) => {
                self.begin(Content::List(Vec::new()), anchor, span)
            }
            Event::MappingStart(_, anchor, _) => {
                let content = Content::Table {
                    entries: Vec::new(),
                    merged: Vec::new(),
                    key: None,
                };
                self.begin(content, anchor, span)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(span),
            Event::Alias(anchor) => {
                let found = self.anchors.get(&anchor).cloned();
                let Some((mut node, size)) = found else {
                    let message = "an alias inside of what it stands for has no end";
                    return Err((span.clone(), message.to_owned()));
                };
                node.span = span.clone();
                let text = node.plain();
                self.place(node, 0, size, text.as_deref())
            }
            _ => Ok(()),
        }
    }

    fn begin(&mut self, content: Content, anchor: usize, span: &Range<usize>) -> Result<(), Wrong> {
        if self.open.len() >= DEEPEST {
            let message = format!("values lie more than {DEEPEST} deep in each other");
            return Err((span.clone(), message));
        }
        self.open.push(Open {
            content,
            start: span.start,
            anchor,
        });
        Ok(())
    }

    fn end(&mut self, span: &Range<usize>) -> Result<(), Wrong> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        let tree = match open.content {
            Content::List(list) => Tree::List(list),
            Content::Table {
                mut entries,
                merged,
                ..
            } => {
                for entry in merged {
                    if entries.iter().all(|it| it.key != entry.key) {
                        entries.push(entry);
                    }
                }
                Tree::Table(entries)
            }
        };
        let node = Node {
            tree,
            span: open.start..span.end.max(open.start),
        };
        let size = Size {
            values: 1,
            bytes: 0,
        };
        self.place(node, open.anchor, size, None)
    }

    /// Puts a complete value where it belongs; `text` is what it is as a key. `size` counts what was not
    /// counted when its parts were placed.
    fn place(
        &mut self,
        node: Node,
        anchor: usize,
        size: Size,
        text: Option<&str>,
    ) -> Result<(), Wrong> {
        self.total.values += size.values;
        self.total.bytes += size.bytes;
        if self.total.values > MOST_VALUES || self.total.bytes > MOST_BYTES {
            let message =
                format!("with its aliases filled in the file has more than {MOST_VALUES} values");
            return Err((node.span, message));
        }
        if anchor > 0 {
            self.anchors.insert(anchor, (node.clone(), size_of(&node)));
        }
        match self.open.last_mut().map(|it| &mut it.content) {
            None => self.root = Some(node),
            Some(Content::List(list)) => list.push(node),
            Some(Content::Table {
                entries,
                merged,
                key,
            }) => match key.take() {
                None => {
                    let Some(text) = text else {
                        let message = "a key must be a text, not a list or a table";
                        return Err((node.span, message.to_owned()));
                    };
                    if entries.iter().any(|it| it.key == text) {
                        return Err((node.span, format!("the key `{text}` occurs twice")));
                    }
                    *key = Some((text.to_owned(), node.span));
                }
                Some((name, key_span)) if name == "<<" => match node.tree {
                    Tree::Table(others) => merged.extend(others),
                    _ => return Err((key_span, "`<<` needs an alias of a table".to_owned())),
                },
                Some((key, key_span)) => entries.push(Entry {
                    key,
                    key_span,
                    node,
                }),
            },
        }
        Ok(())
    }
}

/// What a value holds in all, iteratively deep as its nesting, which is limited.
fn size_of(node: &Node) -> Size {
    let parts: Vec<Size> = match &node.tree {
        Tree::List(list) => list.iter().map(size_of).collect(),
        Tree::Table(entries) => entries.iter().map(|it| size_of(&it.node)).collect(),
        _ => Vec::new(),
    };
    let bytes = node.text().map_or(0, str::len);
    parts
        .into_iter()
        .fold(Size { values: 1, bytes }, |sum, it| Size {
            values: sum.values + it.values,
            bytes: sum.bytes + it.bytes,
        })
}

/// A plain scalar by the core schema of YAML 1.2; whatever is quoted is a text.
fn scalar(
    text: &str,
    style: ScalarStyle,
    tag: Option<&Tag>,
    span: &Range<usize>,
) -> Result<Tree, Wrong> {
    match tag.map(|it| it.core_suffix()) {
        Some(Some("str")) => return Ok(Tree::Text(text.to_owned())),
        Some(None) => {
            let message = "tags of one's own mean nothing here";
            return Err((span.clone(), message.to_owned()));
        }
        Some(Some(_)) | None => {}
    }
    if style != ScalarStyle::Plain {
        return Ok(Tree::Text(text.to_owned()));
    }
    Ok(match text {
        "" | "~" | "null" | "Null" | "NULL" => Tree::Nothing,
        "true" | "True" | "TRUE" => Tree::Truth(true),
        "false" | "False" | "FALSE" => Tree::Truth(false),
        _ => whole(text)
            .map(Tree::Whole)
            .or_else(|| real(text).map(Tree::Real))
            .unwrap_or_else(|| Tree::Text(text.to_owned())),
    })
}

fn whole(text: &str) -> Option<i64> {
    if let Some(digits) = text.strip_prefix("0x") {
        return i64::from_str_radix(digits, 16).ok();
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return i64::from_str_radix(digits, 8).ok();
    }
    text.parse().ok()
}

/// A number with digits; Rust also reads `inf` and `nan`, which are words in YAML.
fn real(text: &str) -> Option<f64> {
    let has_digit = text.bytes().any(|it| it.is_ascii_digit());
    let is_numeric = text
        .bytes()
        .all(|it| it.is_ascii_digit() || b"+-.eE".contains(&it));
    if has_digit && is_numeric {
        text.parse().ok()
    } else {
        None
    }
}
