//! Routes together with the description of each operation.

use std::borrow::Cow;

use axum::Router;
use axum::routing::{self, MethodRouter};
use utoipa::openapi::path::HttpMethod;

use super::auth::{Vendor, VendorOrPartner};
use super::list;
use super::operation::{OperationTypes, Typed};
use super::write::{Writes, create, update, without_body};
use crate::Ledger;
use crate::record::resource::{Editable, Resource};

/// The name of one object with its article.
fn one(name: &str) -> String {
    let article = if name.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {name}")
}

/// The sentence that answers a change, such as `Stage created`.
fn done<R: Resource>(what: &str) -> String {
    let (first, rest) = R::NAME.split_at(1);
    format!("{}{rest} {what}", first.to_ascii_uppercase())
}

/// One operation of the API.
pub(crate) struct Operation {
    pub(crate) method: HttpMethod,
    pub(crate) path: String,
    /// A short sentence without a point at its end.
    pub(crate) summary: Cow<'static, str>,
    /// The resource that it belongs to.
    pub(crate) tag: &'static str,
    /// The statuses of its successes.
    pub(crate) statuses: &'static [u16],
    /// Asked only when the document is written.
    pub(crate) types: fn() -> OperationTypes,
}

/// Routes of one resource, or of all of them.
pub(crate) struct Routes {
    router: Router<Ledger>,
    operations: Vec<Operation>,
    tag: &'static str,
}

impl Routes {
    /// No routes yet. `tag` is the resource that they are about.
    pub(crate) fn of(tag: &'static str) -> Self {
        Self { router: Router::new(), operations: Vec::new(), tag }
    }

    /// Adds the routes of another resource.
    pub(crate) fn merge(mut self, other: Self) -> Self {
        self.operations.extend(other.operations);
        Self { router: self.router.merge(other.router), ..self }
    }

    fn with<H: Typed<T>, T: 'static>(
        mut self,
        method: HttpMethod,
        path: &str,
        summary: impl Into<Cow<'static, str>>,
        route: MethodRouter<Ledger>,
    ) -> Self {
        let (path, tag, summary) = (path.to_owned(), self.tag, summary.into());
        self.router = self.router.route(&path, route);
        self.operations.push(Operation { method, path, summary, tag, statuses: &[200], types: H::types });
        self
    }

    pub(crate) fn get<H: Typed<T>, T: 'static>(
        self,
        path: &str,
        summary: impl Into<Cow<'static, str>>,
        handler: H,
    ) -> Self {
        self.with::<H, T>(HttpMethod::Get, path, summary, routing::get(handler))
    }

    pub(crate) fn post<H: Typed<T>, T: 'static>(
        self,
        path: &str,
        summary: impl Into<Cow<'static, str>>,
        handler: H,
    ) -> Self {
        self.with::<H, T>(HttpMethod::Post, path, summary, routing::post(handler))
    }

    /// PATCH, and PUT with the same meaning: clients use either (api.md section 3).
    pub(crate) fn patch<H: Typed<T>, T: 'static>(
        self,
        path: &str,
        summary: impl Into<Cow<'static, str>>,
        handler: H,
    ) -> Self {
        let summary = summary.into();
        self.with::<H, T>(HttpMethod::Patch, path, summary.clone(), routing::patch(handler.clone()))
            .with::<H, T>(HttpMethod::Put, path, summary, routing::put(handler))
    }

    pub(crate) fn delete<H: Typed<T>, T: 'static>(
        self,
        path: &str,
        summary: impl Into<Cow<'static, str>>,
        handler: H,
    ) -> Self {
        self.with::<H, T>(HttpMethod::Delete, path, summary, routing::delete(handler))
    }

    /// Lists of `R` at `path`, and one at its key below: for partners too where the list has a condition on the
    /// partnership.
    pub(crate) fn reads<R: Resource>(self, path: &str) -> Self {
        let (many, one) = (format!("List {}", self.tag), format!("Get {}", one(R::NAME)));
        let below = format!("{path}/{{key}}");
        if R::LISTING.partner.is_some() {
            self.get(path, many, list::list::<R, VendorOrPartner>).get(
                &below,
                one,
                list::get::<R, VendorOrPartner>,
            )
        } else {
            self.get(path, many, list::list::<R, Vendor>).get(&below, one, list::get::<R, Vendor>)
        }
    }

    /// Makes, changes and archives `R` as the vendor, at `path` and at its key below.
    pub(crate) fn edits<R: Editable>(self, path: &str, writes: Writes) -> Self {
        let below = format!("{path}/{{key}}");
        let name = one(R::NAME);
        self.post(path, format!("Create {name}"), create(writes, done::<R>("created"), R::record))
            .patch(&below, format!("Change {name}"), update(writes, done::<R>("updated"), R::update))
            .delete(
                &below,
                format!("Archive {name}"),
                without_body(writes, done::<R>("archived"), R::archive),
            )
    }

    /// Says that the operation added last succeeds with these statuses, in place of 200.
    pub(crate) fn succeeds_with(mut self, statuses: &'static [u16]) -> Self {
        if let Some(last) = self.operations.last_mut() {
            last.statuses = statuses;
        }
        self
    }

    /// The router of these routes.
    pub(crate) fn into_router(self) -> Router<Ledger> {
        self.router
    }

    /// The operations of these routes.
    pub(crate) fn operations(&self) -> &[Operation] {
        &self.operations
    }
}
