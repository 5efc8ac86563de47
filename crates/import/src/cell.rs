//! One cell as the member that it fills.

use headwater_protocol::Currency;
use serde_json::Value;

use crate::columns::CellKind;
use crate::layout::AmountForm;
use crate::problem::RowProblem;
use crate::{amount, time};

/// What a spreadsheet writes where a formula has no value.
const BROKEN: [&str; 7] = ["#REF!", "#N/A", "#NAME?", "#VALUE!", "#DIV/0!", "#NULL!", "#NUM!"];

/// The text of a cell without the space around it.
pub(crate) fn text(bytes: &[u8]) -> Result<&str, RowProblem> {
    let text = std::str::from_utf8(bytes).map_err(|_| {
        RowProblem::new("not_utf8", "the text is not UTF-8").hint("save the file as `CSV UTF-8`")
    })?;
    if text.contains('\0') {
        let message = "the text contains the character NUL";
        return Err(RowProblem::new("invalid_value", message).hint("save the file as `CSV UTF-8`"));
    }
    Ok(text.trim())
}

/// Reads a cell that is not empty.
pub(crate) fn read(
    kind: CellKind,
    text: &str,
    amounts: AmountForm,
    currency: Option<Currency>,
) -> Result<Value, RowProblem> {
    if text.starts_with('=') || BROKEN.contains(&text) {
        return Err(RowProblem::new("formula", "the cell holds a formula, not its value")
            .hint("save the file with values; whoever opens an export of it would run the formula"));
    }
    Ok(match kind {
        CellKind::Text if text.contains(['\n', '\r']) => {
            return Err(RowProblem::new("invalid_value", "the cell holds several lines")
                .hint("write it on one; a quote that is not closed takes in the rows below it"));
        }
        CellKind::Text | CellKind::Prose => text.into(),
        CellKind::Amount => amount::read(text, amounts, currency)?.into(),
        CellKind::Currency => currency_of(text)?.code().into(),
        CellKind::Time => time::read(text)?.into(),
        CellKind::Flag => flag(text)?.into(),
        CellKind::Word(words) => word(words, text)?.into(),
        CellKind::List => {
            let parts = text.split([',', ';', '|']).map(str::trim).filter(|part| !part.is_empty());
            parts.collect::<Vec<_>>().into()
        }
    })
}

pub(crate) fn currency_of(text: &str) -> Result<Currency, RowProblem> {
    text.parse().map_err(|_| {
        RowProblem::new("unknown_currency", "a currency must be an ISO 4217 code such as USD")
            .hint("write the three letters, no sign")
    })
}

fn flag(text: &str) -> Result<bool, RowProblem> {
    match text.to_lowercase().as_str() {
        "true" | "yes" | "1" => Ok(true),
        "false" | "no" | "0" => Ok(false),
        _ => Err(RowProblem::new("invalid_value", "the cell must be true or false")),
    }
}

fn word(words: &'static [&'static str], text: &str) -> Result<&'static str, RowProblem> {
    let lower = text.to_lowercase();
    words.iter().find(|word| **word == lower).copied().ok_or_else(|| {
        RowProblem::new("invalid_value", format!("the cell must be one of {}", words.join(", ")))
    })
}
