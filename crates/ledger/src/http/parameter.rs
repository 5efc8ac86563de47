//! Parameters of single operations. Those of lists are in `list.rs`.

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use utoipa::openapi::{RefOr, Schema};

use super::body::Params;
use super::error::ApiFailure;
use super::operation::{Input, OperationTypes, flag, text};
use crate::Ledger;
use crate::record::Refusal;

/// A parameter of the query, by a type of its own.
pub(crate) trait Parameter: Send + 'static {
    const NAME: &'static str;
    const ABOUT: &'static str;

    fn schema() -> RefOr<Schema> {
        text()
    }
}

/// What a request gives as the parameter `P`.
pub(crate) struct Asked<P> {
    params: Params,
    parameter: PhantomData<fn() -> P>,
}

impl<P: Parameter> Asked<P> {
    pub(crate) fn text(&self) -> Option<String> {
        self.params.get(P::NAME).map(str::to_owned)
    }

    /// True or false; absent means false.
    pub(crate) fn flag(&self) -> Result<bool, Refusal> {
        self.params.flag(P::NAME)
    }
}

impl<P: Parameter> FromRequestParts<Ledger> for Asked<P> {
    type Rejection = ApiFailure;

    async fn from_request_parts(parts: &mut Parts, ledger: &Ledger) -> Result<Self, ApiFailure> {
        Ok(Self { params: Params::from_request_parts(parts, ledger).await?, parameter: PhantomData })
    }
}

impl<P: Parameter> Input for Asked<P> {
    fn describe(types: &mut OperationTypes) {
        types.query(P::NAME, P::ABOUT, P::schema());
    }
}

/// `?upsert=true`
pub(crate) struct Upsert;

impl Parameter for Upsert {
    const NAME: &'static str = "upsert";
    const ABOUT: &'static str = "Whether an object that exists is changed in place of being refused.";

    fn schema() -> RefOr<Schema> {
        flag()
    }
}

/// `?include_offers=true`
pub(crate) struct IncludeOffers;

impl Parameter for IncludeOffers {
    const NAME: &'static str = "include_offers";
    const ABOUT: &'static str = "Whether each partner's offers are shown.";

    fn schema() -> RefOr<Schema> {
        flag()
    }
}

/// `?customer_key=`, where a subscription's name is not enough.
pub(crate) struct OfCustomer;

impl Parameter for OfCustomer {
    const NAME: &'static str = "customer_key";
    const ABOUT: &'static str = "Whose product it is, where two customers use one subscription name.";
}

/// `?month=`
pub(crate) struct OfMonth;

impl Parameter for OfMonth {
    const NAME: &'static str = "month";
    const ABOUT: &'static str = "A month, as `2026-11`; the last one without it.";
}
