//! Reads an XML notification into a tree of elements. A document type is refused and no entity but XML's own five is
//! known, so nothing is ever expanded; depth is bounded. Attributes are not read.

use std::borrow::Cow;

use headwater_protocol::{FieldError, Millis, field};
use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, Event};

/// How deep elements may nest; Recurly's go to five.
const DEPTH_MAX: usize = 16;

/// How long an id of Recurly's may be; they have 32 letters. It becomes part of names, which have bounds of their own.
const ID_MAX: usize = 128;

struct XmlElement {
    /// The place of the element around it. The root is around itself.
    parent: usize,
    name: String,
    text: String,
}

/// The elements of a document, each after the one around it.
pub(super) struct XmlTree {
    elements: Vec<XmlElement>,
}

impl XmlTree {
    /// Reads a document.
    ///
    /// # Errors
    /// For what is not well-formed, not UTF-8, too deep, or has a document type.
    pub(super) fn parse(body: &[u8]) -> Result<Self, FieldError> {
        let text = std::str::from_utf8(body).map_err(|_| malformed("it is not UTF-8"))?;
        let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
        let mut tree = Self { elements: Vec::new() };
        let mut around = Vec::new();
        loop {
            match reader.read_event().map_err(malformed)? {
                Event::Start(tag) => around.push(tree.open(&around, tag.name().as_ref())?),
                Event::Empty(tag) => {
                    tree.open(&around, tag.name().as_ref())?;
                }
                Event::End(_) => {
                    around.pop();
                }
                Event::Text(text) => tree.write(&around, &text.decode().map_err(malformed)?),
                Event::CData(text) => tree.write(&around, &text.decode().map_err(malformed)?),
                Event::GeneralRef(entity) => tree.write(&around, &character(&entity)?),
                Event::DocType(_) => return Err(malformed("a document type is not taken")),
                Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
                Event::Eof => break,
            }
        }
        if !around.is_empty() || tree.elements.is_empty() {
            return Err(malformed("it ends too early"));
        }
        Ok(tree)
    }

    fn open(&mut self, around: &[usize], name: &[u8]) -> Result<usize, FieldError> {
        let place = self.elements.len();
        if around.len() >= DEPTH_MAX {
            return Err(malformed(format!("its elements nest deeper than {DEPTH_MAX}")));
        }
        if around.is_empty() && place > 0 {
            return Err(malformed("it has two roots"));
        }
        let parent = around.last().copied().unwrap_or(place);
        let name = String::from_utf8_lossy(name).into_owned();
        self.elements.push(XmlElement { parent, name, text: String::new() });
        Ok(place)
    }

    /// Adds text to the innermost element, less NUL: a buyer may have typed it, and the payment counts all the same.
    fn write(&mut self, around: &[usize], text: &str) {
        if let Some(place) = around.last() {
            self.elements[*place].text.extend(text.chars().filter(|letter| *letter != '\0'));
        }
    }

    /// The name of the outermost element.
    pub(super) fn root(&self) -> &str {
        &self.elements[0].name
    }

    /// The texts of all elements at `path` below the root, as in `invoice.uuid`, without blank ones. Unlike the values
    /// of dates and numbers they are not trimmed: the ledger compares keys byte for byte.
    pub(super) fn texts(&self, path: &str) -> Vec<&str> {
        let mut found = vec![0];
        for name in path.split('.') {
            let mut inner = Vec::new();
            for (place, element) in self.elements.iter().enumerate().skip(1) {
                // Elements stand after the one around them, so `found` is in order.
                if element.name == name && found.binary_search(&element.parent).is_ok() {
                    inner.push(place);
                }
            }
            found = inner;
        }
        let texts = found.into_iter().map(|place| self.elements[place].text.as_str());
        texts.filter(|text| !text.trim().is_empty()).collect()
    }

    /// The first text at `path`.
    pub(super) fn text(&self, path: &str) -> Option<&str> {
        self.texts(path).first().copied()
    }

    /// The id at `path`.
    ///
    /// # Errors
    /// If there is none, or it is too long.
    pub(super) fn id(&self, path: &str) -> Result<&str, FieldError> {
        let id = self.text(path).ok_or_else(|| FieldError::required(path))?.trim();
        field::check_length(path, id, 1, ID_MAX)?;
        Ok(id)
    }

    /// The integer at `path`.
    ///
    /// # Errors
    /// If the text is no integer.
    pub(super) fn integer(&self, path: &str) -> Result<Option<i64>, FieldError> {
        let Some(text) = self.text(path) else { return Ok(None) };
        let wrong =
            |_| FieldError::new("wrong_type", path, format!("{path} must be an integer, got '{text}'"));
        text.trim().parse().map(Some).map_err(wrong)
    }

    /// The time at `path`.
    ///
    /// # Errors
    /// If the text is no time such as `2018-02-13T16:00:04Z`.
    pub(super) fn time(&self, path: &str) -> Result<Option<Millis>, FieldError> {
        let Some(text) = self.text(path) else { return Ok(None) };
        let wrong = |_| {
            let message = format!("{path} must be a time such as 2018-02-13T16:00:04Z, got '{text}'");
            FieldError::new("wrong_type", path, message)
        };
        let time: jiff::Timestamp = text.trim().parse().map_err(wrong)?;
        Ok(Some(Millis(time.as_millisecond())))
    }
}

/// The character that a reference stands for.
fn character(entity: &BytesRef<'_>) -> Result<Cow<'static, str>, FieldError> {
    match &**entity {
        // XML has no such character; it is dropped as in any other text.
        b"#0" | b"#x0" => return Ok(Cow::Borrowed("")),
        _ => {}
    }
    if let Some(letter) = entity.resolve_char_ref().map_err(malformed)? {
        return Ok(Cow::Owned(letter.to_string()));
    }
    let name = entity.decode().map_err(malformed)?;
    resolve_predefined_entity(&name)
        .map(Cow::Borrowed)
        .ok_or_else(|| malformed(format!("the entity '{name}' is not known")))
}

fn malformed(why: impl std::fmt::Display) -> FieldError {
    FieldError::new("malformed_xml", "", format!("the body is not XML that can be read: {why}"))
}

#[cfg(test)]
mod tests;
