//! The parameters every list takes (api.md section 2).

use headwater_protocol::limits::{LIST_DEFAULT, LIST_MAX};

use super::body::Params;
use crate::record::Refusal;
use crate::store::list::{Cursor, PageRequest};

impl Params {
    /// Reads a list's parameters. `orders` are those the list accepts beside `created_at`.
    pub(crate) fn page(&self, orders: &[&'static str]) -> Result<PageRequest, Refusal> {
        let (order, ascending) = self.order(orders)?;
        Ok(PageRequest {
            limit: self.limit()?,
            cursor: self.cursor()?,
            order,
            ascending,
            min_created: self.time("min_created")?,
            max_created: self.time("max_created")?,
            min_updated: self.time("min_updated")?,
            max_updated: self.time("max_updated")?,
            include_archived: self.flag("include_archived")?,
        })
    }

    fn limit(&self) -> Result<u32, Refusal> {
        let Some(text) = self.get("limit") else { return Ok(LIST_DEFAULT) };
        text.parse().ok().filter(|limit| (1..=LIST_MAX).contains(limit)).ok_or_else(|| {
            let message = format!("limit must be an integer from 1 to {LIST_MAX}");
            Refusal::invalid("out_of_range", "limit", message)
        })
    }

    fn cursor(&self) -> Result<Option<Cursor>, Refusal> {
        match (self.get("starting_after"), self.get("ending_before")) {
            (None, None) => Ok(None),
            (Some(key), None) => Ok(Some(Cursor::After(key.to_owned()))),
            (None, Some(key)) => Ok(Some(Cursor::Before(key.to_owned()))),
            (Some(_), Some(_)) => {
                let message = "ending_before and starting_after cannot be given together";
                Err(Refusal::invalid("invalid_value", "ending_before", message))
            }
        }
    }

    /// Newest first when `order_by` is absent; a dash in front of the name means largest first.
    fn order(&self, orders: &[&'static str]) -> Result<(&'static str, bool), Refusal> {
        let Some(text) = self.get("order_by") else { return Ok(("created_at", false)) };
        let (name, ascending) = text.strip_prefix('-').map_or((text, true), |name| (name, false));
        let known = std::iter::once(&"created_at").chain(orders).find(|known| **known == name);
        known.map(|known| (*known, ascending)).ok_or_else(|| {
            let names: Vec<_> = std::iter::once(&"created_at").chain(orders).copied().collect();
            let message =
                format!("order_by must be {}, with a dash before it for largest first", names.join(" or "));
            Refusal::invalid("invalid_value", "order_by", message)
        })
    }

    fn time(&self, name: &'static str) -> Result<Option<i64>, Refusal> {
        let Some(text) = self.get(name) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| {
            Refusal::invalid("wrong_type", name, format!("{name} must be a time in epoch milliseconds"))
        })
    }
}
