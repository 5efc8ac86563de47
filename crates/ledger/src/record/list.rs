//! Lists: renders a page of rows as a page of the API.

use headwater_protocol::v2::List;

use super::Refusal;
use crate::store::list::{Cursor, PageRequest, Slice};

/// Renders a page, or refuses the cursor when the store found no such item in scope.
pub(crate) fn render<R, T>(
    page: &PageRequest,
    slice: Option<Slice<R>>,
    render: impl Fn(R) -> T,
) -> Result<List<T>, Refusal> {
    let slice = slice.ok_or_else(|| {
        let (field, key) = match &page.cursor {
            Some(Cursor::Before(key)) => ("ending_before", key.as_str()),
            Some(Cursor::After(key)) => ("starting_after", key.as_str()),
            None => ("starting_after", ""),
        };
        Refusal::invalid(
            "unknown_cursor",
            field,
            format!("{field} must be an item's key, got '{}'", super::refusal::short(key)),
        )
    })?;
    let ending_cursor = slice.rows.last().map(|(key, _)| key.clone());
    let items = slice.rows.into_iter().map(|(_, row)| render(row)).collect();
    Ok(List { items, has_more: slice.has_more, ending_cursor })
}
