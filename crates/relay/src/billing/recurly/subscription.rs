//! Subscriptions: the status of the plan. Its add-ons belong to it, since an invoice does not tell them apart.

use headwater_protocol::event::{Data, Subscription};
use headwater_protocol::v2::ProductStatus;
use headwater_protocol::{FieldError, Millis, Source};

use super::xml::XmlTree;
use super::{customer, draft};
use crate::billing::draft::WebhookDraft;
use crate::billing::fact::{self, FactBody};

/// A notification about a subscription.
pub(super) fn reported<'a>(tree: &XmlTree, scope: &'a str) -> Result<Option<WebhookDraft<'a>>, FieldError> {
    let id = tree.id("subscription.uuid")?;
    let state = tree.text("subscription.state").unwrap_or_default().trim();
    let ended = match state {
        // A canceled subscription runs until it expires, and a paused one resumes by itself.
        "active" | "canceled" | "paused" => false,
        "expired" | "failed" => true,
        // One that begins later is told again when it does.
        _ => return Ok(None),
    };
    let at = since(tree, ended)?;
    let trial = tree.time("subscription.trial_ends_at")?.is_some_and(|end| end > at);
    let status = match (ended, trial) {
        (true, _) => ProductStatus::Churned,
        (false, true) => ProductStatus::Trial,
        (false, false) => ProductStatus::Active,
    };
    let plan = tree.id("subscription.plan.plan_code")?;
    let quantity = tree.text("subscription.quantity").unwrap_or_default();
    let total = tree.text("subscription.total_amount_in_cents").unwrap_or_default();
    let mut draft = draft(tree, scope, &[id, state, plan, quantity, total], at);
    draft.fact(&FactBody::Reported, &fact::subscription(id), "told", 0);
    let subscription = Subscription {
        customer: customer(tree),
        external_subscription_key: id.to_owned(),
        status,
        product_book_key: Some(plan.to_owned()),
        catalogue_keys: Vec::new(),
        // The notification tells no currency.
        amount: None,
        currency: None,
    };
    draft.push_event(Source::Billing, Data::Subscription(subscription));
    Ok(Some(draft))
}

/// Since when the subscription is as it is told. The notification does not say when it was written: the end of an ended
/// subscription, else the begin of its present period, so that a later period and an end are the newer ones and two
/// reports of one period count in their order of arrival.
fn since(tree: &XmlTree, ended: bool) -> Result<Millis, FieldError> {
    let begun = [
        tree.time("subscription.activated_at")?,
        tree.time("subscription.current_period_started_at")?,
        tree.time("subscription.trial_started_at")?,
    ];
    let begun = begun.into_iter().flatten().max();
    let end = tree.time("subscription.expires_at")?.filter(|_| ended);
    let path = "subscription.current_period_started_at";
    begun.max(end).ok_or_else(|| FieldError::required(path))
}
