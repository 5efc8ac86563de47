//! `/webhooks`: where a program's events are sent, and the log of what was sent. Webhooks are shared by both modes;
//! each mode has its own deliveries.

use axum::extract::State;
use headwater_protocol::v2::{CreateWebhook, List, OutgoingWebhook, RotateWebhook, WebhookDelivery};
use headwater_store::Unit;

use super::auth::Vendor;
use super::body::{Key, KeyBelow, Posted};
use super::envelope::{Answer, ApiResult};
use super::list::{self, ListQuery};
use super::routes::Routes;
use super::write::{self, Writes, update, without_body};
use crate::Ledger;
use crate::record::delivery::{self, Deliveries};
use crate::record::webhook::{self, Webhooks};

pub(crate) fn routes() -> Routes {
    let (all, one) = ("/api/v2/webhooks", "/api/v2/webhooks/{key}");
    let delivery = "/api/v2/webhooks/{key}/deliveries/{below}";
    Routes::of("webhooks")
        .get(all, "List webhooks", list::list::<Webhooks, Vendor>)
        .get(one, "Get a webhook", get_webhook)
        .post(all, "Create a webhook", post_webhook)
        .patch(one, "Change a webhook", update(Writes::Shared, "Webhook updated", webhook::update))
        .delete(one, "Archive a webhook", without_body(Writes::Shared, "Webhook archived", webhook::archive))
        .post("/api/v2/webhooks/{key}/rotate", "Make a new secret in place of the old one", post_rotate)
        .post(
            "/api/v2/webhooks/{key}/resume",
            "Resume a paused webhook",
            without_body(Writes::Shared, "Webhook resumed", webhook::resume),
        )
        .post(
            "/api/v2/webhooks/{key}/ping",
            "Send a test event",
            without_body(Writes::OwnMode, "Test event queued", webhook::ping),
        )
        .get("/api/v2/webhooks/{key}/deliveries", "List a webhook's deliveries", list_deliveries)
        .get(delivery, "Get a delivery", get_delivery)
        .post(&format!("{delivery}/resend"), "Send a delivery again", post_resend)
}

async fn get_webhook(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    Key(key): Key,
) -> ApiResult<OutgoingWebhook> {
    let ctx = vendor.ctx(&ledger);
    let (shown, warnings) = ledger.read(move |unit| webhook::get(unit, &ctx, &key)).await?;
    Ok(Answer::with_warnings(200, "OK", shown, warnings))
}

/// Each call makes a webhook. `Idempotency-Key` is ignored here, because a stored answer would keep the secret.
async fn post_webhook(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    posted: Posted<CreateWebhook>,
) -> ApiResult<OutgoingWebhook> {
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        let made = webhook::record(unit, ctx, posted.value.clone())?;
        Ok(Answer::new(200, "Webhook created; its secret is shown this once", made))
    };
    write::change(&ledger, vendor.shared(&ledger)?, work).await
}

/// The same for a secret in place of another.
async fn post_rotate(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    Key(key): Key,
    posted: Posted<RotateWebhook>,
) -> ApiResult<OutgoingWebhook> {
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        let rotated = webhook::rotate(unit, ctx, &key, &posted.value)?;
        Ok(Answer::new(200, "Secret replaced; the new one is shown this once", rotated))
    };
    write::change(&ledger, vendor.shared(&ledger)?, work).await
}

async fn list_deliveries(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    Key(key): Key,
    query: ListQuery<Deliveries>,
) -> ApiResult<List<WebhookDelivery>> {
    let (ctx, request) = (vendor.ctx(&ledger), query.read(None)?);
    Ok(Answer::found(ledger.read(move |unit| delivery::list(unit, &ctx, &key, &request)).await?))
}

async fn get_delivery(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    KeyBelow { key, below }: KeyBelow,
) -> ApiResult<WebhookDelivery> {
    let ctx = vendor.ctx(&ledger);
    Ok(Answer::found(ledger.read(move |unit| delivery::get(unit, &ctx, (&key, &below))).await?))
}

async fn post_resend(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    KeyBelow { key, below }: KeyBelow,
) -> ApiResult<WebhookDelivery> {
    let work = move |unit: &mut Unit<'_>, ctx: &_| {
        let queued = delivery::resend(unit, ctx, (&key, &below))?;
        Ok(Answer::new(200, "Delivery queued again", queued))
    };
    write::change(&ledger, vendor.ctx(&ledger), work).await
}
