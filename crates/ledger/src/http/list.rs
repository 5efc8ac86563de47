//! The parameters every list takes (api.md section 2), and those of its own filters.

use std::marker::PhantomData;

use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use headwater_protocol::limits::{LIST_DEFAULT, LIST_MAX};
use headwater_protocol::v2::List;
use headwater_store::Unit;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};

use super::auth::Viewer;
use super::body::{Key, Params};
use super::envelope::{Answer, ApiResult};
use super::error::ApiFailure;
use super::operation::{Input, OperationTypes, flag, text};
use crate::Ledger;
use crate::record::Refusal;
use crate::record::filter;
use crate::record::list::{ListRequest, unknown_cursor};
use crate::record::resource::{self, Resource};
use crate::store::list::{Cursor, FilterBy, Listing, PageRequest};

/// The parameters of a list of `R`.
pub(crate) struct ListQuery<R> {
    pub(crate) params: Params,
    resource: PhantomData<fn() -> R>,
}

impl<R: Resource> ListQuery<R> {
    /// What the caller asks; a partner may not use the vendor's own filters.
    pub(crate) fn read(&self, viewer: Option<i64>) -> Result<ListRequest, Refusal> {
        let page = self.params.page(R::LISTING)?;
        let usable = R::LISTING.filters.iter().filter(|filter| viewer.is_none() || !filter.vendor_only);
        let given = usable.filter_map(|filter| Some((filter, self.params.get(filter.name)?.to_owned())));
        Ok(ListRequest { page, asked: given.collect() })
    }
}

impl<R: Resource> FromRequestParts<Ledger> for ListQuery<R> {
    type Rejection = ApiFailure;

    async fn from_request_parts(parts: &mut Parts, ledger: &Ledger) -> Result<Self, ApiFailure> {
        let params = Params::from_request_parts(parts, ledger).await?;
        Ok(Self { params, resource: PhantomData })
    }
}

impl<R: Resource> Input for ListQuery<R> {
    fn describe(types: &mut OperationTypes) {
        PageOfOne::describe(types);
        let orders = order_names(R::LISTING).flat_map(|name| [name.to_owned(), format!("-{name}")]);
        let orders = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(orders));
        types.query("order_by", "The order; with a dash the largest first. Newest first without it.", orders);
        for name in ["min_created", "max_created", "min_updated", "max_updated"] {
            let time = whole_number().format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)));
            types.query(name, "A bound in epoch milliseconds, itself included.", time);
        }
        if R::LISTING.archivable {
            types.query("include_archived", "Whether archived items are listed.", flag());
        }
        for filter in R::LISTING.filters {
            match filter.by {
                FilterBy::Text(_)
                | FilterBy::Within(_)
                | FilterBy::Record(..)
                | FilterBy::RecordOrText(..)
                | FilterBy::Contains(_) => types.query(filter.name, filter.about, text()),
                FilterBy::Flag(_) | FilterBy::Bool(_) => types.query(filter.name, filter.about, flag()),
                FilterBy::Word(_, words) => {
                    types.query(filter.name, filter.about, one_of(words.iter().copied()));
                }
                FilterBy::Case(cases) => {
                    types.query(filter.name, filter.about, one_of(cases.iter().map(|(word, _)| *word)));
                }
            }
        }
    }
}

fn whole_number() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Integer)
}

/// The parameters by which clients page, of a list that has one item: behind it comes an empty page.
pub(crate) struct PageOfOne(Params);

impl PageOfOne {
    /// What the caller asks of the list.
    pub(crate) fn of<T>(&self, list: List<T>) -> Result<List<T>, Refusal> {
        self.0.limit()?;
        match self.0.cursor()? {
            None => Ok(list),
            Some(Cursor::After(key) | Cursor::Before(key)) if list.ending_cursor.as_ref() == Some(&key) => {
                Ok(List { items: Vec::new(), ending_cursor: None, ..list })
            }
            Some(cursor) => Err(unknown_cursor(Some(&cursor))),
        }
    }
}

impl FromRequestParts<Ledger> for PageOfOne {
    type Rejection = ApiFailure;

    async fn from_request_parts(parts: &mut Parts, ledger: &Ledger) -> Result<Self, ApiFailure> {
        Ok(Self(Params::from_request_parts(parts, ledger).await?))
    }
}

impl Input for PageOfOne {
    fn describe(types: &mut OperationTypes) {
        let limit =
            whole_number().minimum(Some(1)).maximum(Some(LIST_MAX)).default(Some(LIST_DEFAULT.into()));
        types.query("limit", "Items of a page.", limit);
        types.query("starting_after", "The key of the item before the page's first.", text());
        types.query("ending_before", "The key of the item behind the page's last.", text());
    }
}

/// The schema of one of these words.
fn one_of(words: impl Iterator<Item = &'static str>) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words))
}

/// A page of `R`, for whoever `V` admits.
pub(crate) async fn list<R: Resource, V: Viewer>(
    State(ledger): State<Ledger>,
    caller: V,
    query: ListQuery<R>,
) -> ApiResult<List<R::Wire>> {
    let (ctx, viewer) = (caller.ctx(&ledger), caller.partnership());
    let request = query.read(viewer)?;
    let read = move |unit: &mut Unit<'_>| filter::list::<R>(unit, &ctx, viewer, &request);
    Ok(Answer::found(ledger.read(read).await?))
}

/// One `R`, for whoever `V` admits.
pub(crate) async fn get<R: Resource, V: Viewer>(
    State(ledger): State<Ledger>,
    caller: V,
    Key(key): Key,
) -> ApiResult<R::Wire> {
    let (ctx, viewer) = (caller.ctx(&ledger), caller.partnership());
    let read = move |unit: &mut Unit<'_>| resource::get::<R>(unit, &ctx, viewer, &key);
    Ok(Answer::found(ledger.read(read).await?))
}

/// The names of the orders of a list.
fn order_names(listing: &Listing) -> impl Iterator<Item = &'static str> {
    ["created_at", "updated_at"].into_iter().chain(listing.orders.iter().map(|(name, _)| *name))
}

impl Params {
    /// Reads the parameters that every list takes.
    fn page(&self, listing: &Listing) -> Result<PageRequest, Refusal> {
        let (order, ascending) = self.order(listing)?;
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
        let Some(text) = self.number("limit") else { return Ok(LIST_DEFAULT) };
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

    /// Newest first when `order_by` is absent: the latest change first where `updated_at` is bounded, so that the index
    /// by which the bound is found has the order too. A dash in front of the name means largest first.
    fn order(&self, listing: &Listing) -> Result<(&'static str, bool), Refusal> {
        let Some(text) = self.get("order_by") else {
            let by_change = ["min_updated", "max_updated"].into_iter().any(|name| self.get(name).is_some());
            return Ok((if by_change { "updated_at" } else { "created_at" }, false));
        };
        let (name, ascending) = text.strip_prefix('-').map_or((text, true), |name| (name, false));
        let known = order_names(listing).find(|known| *known == name);
        known.map(|known| (known, ascending)).ok_or_else(|| {
            let names: Vec<_> = order_names(listing).collect();
            let message =
                format!("order_by must be {}, with a dash before it for largest first", names.join(" or "));
            Refusal::invalid("invalid_value", "order_by", message)
        })
    }

    fn time(&self, name: &'static str) -> Result<Option<i64>, Refusal> {
        let Some(text) = self.number(name) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| {
            Refusal::invalid("wrong_type", name, format!("{name} must be a time in epoch milliseconds"))
        })
    }
}
