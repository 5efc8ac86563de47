//! `/imports`: CSV files, as a browser's form for files or `curl --data-binary` sends them.

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, State};
use axum::http::Request;
use axum::http::request::Parts;
use headwater_import::{AmountForm, Delimiter, ReadOptions};
use headwater_protocol::Source;
use headwater_protocol::limits::IMPORT_BODY_MAX;
use headwater_protocol::v2::{ImportKind, ImportReport};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};

use super::auth::Vendor;
use super::body::{Key, Params, media_type, whole, wrong_media_type};
use super::envelope::{Answer, ApiResult};
use super::error::ApiFailure;
use super::operation::{Input, OperationTypes, flag, text};
use super::routes::Routes;
use crate::Ledger;
use crate::import::ImportOrder;
use crate::record::{Refusal, RefusalKind};

pub(crate) fn routes() -> Routes {
    Routes::of("imports").post("/api/v2/imports/{kind}", "Import a file", post_import)
}

/// A file of rows.
struct CsvFile(Bytes);

impl FromRequest<Ledger> for CsvFile {
    type Rejection = ApiFailure;

    async fn from_request(request: Request<Body>, _: &Ledger) -> Result<Self, ApiFailure> {
        let media = media_type(request.headers());
        // Windows calls a CSV file Excel's where Excel is installed.
        let known = ["", "text/csv", "text/plain", "text/tab-separated-values", "application/octet-stream"];
        if !known.contains(&media.as_str()) && media != "application/vnd.ms-excel" {
            return Err(wrong_media_type("text/csv", &media).into());
        }
        let read = whole(request.into_body(), IMPORT_BODY_MAX).await;
        read.map(Self).map_err(|refusal| match refusal.kind {
            RefusalKind::TooLarge => {
                refusal.hint("`headwater import` sends a longer file in pieces; so does splitting it").into()
            }
            _ => refusal.into(),
        })
    }
}

impl Input for CsvFile {
    fn describe(types: &mut OperationTypes) {
        types.body = Some(text());
        types.media = Some("text/csv");
    }
}

/// What the query says about the file.
struct ImportQuery {
    dry_run: bool,
    options: ReadOptions,
}

impl FromRequestParts<Ledger> for ImportQuery {
    type Rejection = ApiFailure;

    async fn from_request_parts(parts: &mut Parts, ledger: &Ledger) -> Result<Self, ApiFailure> {
        let params = Params::from_request_parts(parts, ledger).await?;
        let delimiter = word(&params, "delimiter", &Delimiter::ALL.map(Delimiter::name))?;
        let amounts = word(&params, "amounts", &AmountForm::ALL.map(AmountForm::name))?;
        let columns = params.all("column").map(|text| {
            text.rsplit_once('=').map(|(theirs, ours)| (theirs.to_owned(), ours.to_owned())).ok_or_else(
                || Refusal::invalid("invalid_value", "column", "column must be as `Their name=customer_key`"),
            )
        });
        let options = ReadOptions {
            delimiter: delimiter.and_then(Delimiter::from_name),
            amounts: amounts.and_then(AmountForm::from_name).unwrap_or_default(),
            columns: columns.collect::<Result<_, _>>()?,
        };
        Ok(Self { dry_run: params.flag("dry_run")?, options })
    }
}

/// A parameter that is one of these words.
fn word<'p>(params: &'p Params, name: &'static str, known: &[&str]) -> Result<Option<&'p str>, Refusal> {
    match params.get(name) {
        Some(given) if !known.contains(&given) => {
            let message = format!("{name} must be one of {}", known.join(", "));
            Err(Refusal::invalid("invalid_value", name, message))
        }
        given => Ok(given),
    }
}

impl Input for ImportQuery {
    fn describe(types: &mut OperationTypes) {
        types.query("dry_run", "Whether the file is only checked, and nothing is changed.", flag());
        types.query(
            "delimiter",
            "What separates cells; read from the first line without it.",
            words(&Delimiter::ALL.map(Delimiter::name)),
        );
        types.query(
            "amounts",
            "How amounts are written: in whole minor units, as everywhere in the API, or in major units with decimals.",
            words(&AmountForm::ALL.map(AmountForm::name)),
        );
        let mapping =
            "A column of the file and what it stands for, as `Their name=customer_key`. Repeatable.";
        types.query("column", mapping, ArrayBuilder::new().items(text()));
    }
}

fn words(known: &[&'static str]) -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(known.iter().copied())).into()
}

async fn post_import(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    Key(kind): Key,
    query: ImportQuery,
    file: CsvFile,
) -> ApiResult<ImportReport> {
    let Some(kind) = ImportKind::from_name(&kind) else {
        let message = "the path names no kind of rows";
        let known = ImportKind::ALL.map(ImportKind::name).join(", ");
        return Err(Refusal::invalid("invalid_value", "kind", message)
            .hint(format!("known are {known}"))
            .into());
    };
    if vendor.source != Source::Vendor {
        let message = "a file is the company's own word, never another's claim";
        return Err(Refusal::new(RefusalKind::Forbidden, "claim_refused", message).into());
    }
    let ctx = match kind {
        ImportKind::Partnerships => vendor.shared(&ledger)?,
        _ => vendor.ctx(&ledger),
    };
    let order = ImportOrder { kind, dry_run: query.dry_run, options: query.options };
    let message = if order.dry_run { "File checked; nothing was changed" } else { "File imported" };
    Ok(Answer::new(200, message, ledger.import(&ctx, &order, &file.0).await?))
}
