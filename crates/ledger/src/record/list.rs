//! Lists: what a request asks of one, and its page as the API shows it.

use headwater_protocol::v2::List;

use super::Refusal;
use crate::store::list::{Cursor, ListFilter, PageRequest, Slice};

/// What a request asks of a list.
#[derive(Clone)]
pub(crate) struct ListRequest {
    pub(crate) page: PageRequest,
    /// The list's filters that the request gave, and their texts.
    pub(crate) asked: Vec<(&'static ListFilter, String)>,
}

impl ListRequest {
    /// The text that was given for a filter.
    pub(crate) fn asked(&self, name: &str) -> Option<&str> {
        self.asked.iter().find(|(filter, _)| filter.name == name).map(|(_, text)| text.as_str())
    }
}

/// A list that is complete.
pub(crate) fn whole<T>(items: Vec<T>, key: impl Fn(&T) -> &String) -> List<T> {
    let ending_cursor = items.last().map(|item| key(item).clone());
    List { items, has_more: false, ending_cursor, total: None }
}

/// The refusal of a cursor that names no item.
pub(crate) fn unknown_cursor(cursor: Option<&Cursor>) -> Refusal {
    let (field, key) = match cursor {
        Some(Cursor::Before(key)) => ("ending_before", key.as_str()),
        Some(Cursor::After(key)) => ("starting_after", key.as_str()),
        None => ("starting_after", ""),
    };
    let message = format!("{field} must be an item's key, got '{}'", super::refusal::short(key));
    Refusal::invalid("unknown_cursor", field, message)
}

/// Renders a page, or refuses the cursor when the store found no such item in scope.
pub(crate) fn render<R, T>(
    page: &PageRequest,
    slice: Option<Slice<R>>,
    render: impl Fn(R) -> T,
) -> Result<List<T>, Refusal> {
    let slice = slice.ok_or_else(|| unknown_cursor(page.cursor.as_ref()))?;
    let ending_cursor = slice.rows.last().map(|(key, _)| key.clone());
    let items = slice.rows.into_iter().map(|(_, row)| render(row)).collect();
    Ok(List { items, has_more: slice.has_more, ending_cursor, total: None })
}

/// A page whose items could all be rendered, or the first refusal.
pub(crate) fn all_rendered<T>(page: List<Result<T, Refusal>>) -> Result<List<T>, Refusal> {
    let List { items, has_more, ending_cursor, total } = page;
    Ok(List { items: items.into_iter().collect::<Result<_, _>>()?, has_more, ending_cursor, total })
}
