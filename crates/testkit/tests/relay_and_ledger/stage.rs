//! The set-up of most of these tests: a program with partners and catalogue, whose customer `gk_1` was referred by
//! Robin.

use headwater_testkit::{Headwater, KitOptions, START, TestEvent, stripe::event};
use serde_json::{Value, json};

use crate::stripe::{CUSTOMER, Item, subscription};

/// The signup of `gk_1`, who is `cus_ada` at Stripe, sent by a page that names Robin.
pub(crate) fn signup() -> TestEvent {
    TestEvent::of_page(
        "signup",
        json!({"customer_key": "gk_1", "email": "ada@shop.example", "partner_key": "robin",
               "provider_key": CUSTOMER}),
    )
}

/// A program with partners and catalogue.
pub(crate) async fn with_catalogue(options: KitOptions) -> Headwater {
    let headwater = Headwater::start_with(options).await;
    headwater.set_up_catalogue().await;
    headwater
}

/// The same, with the customer.
pub(crate) async fn signed_up(options: KitOptions) -> Headwater {
    let headwater = with_catalogue(options).await;
    headwater.event(signup()).await.expect(202);
    headwater.deliver().await;
    headwater
}

/// The same, with a running subscription of these items.
pub(crate) async fn subscribed(items: &[Item<'_>]) -> Headwater {
    let headwater = signed_up(KitOptions::default()).await;
    let begun =
        event("evt_begun", "customer.subscription.created", START - 100_000, &subscription("active", items));
    tell(&headwater, &begun).await;
    headwater
}

/// Sends an event of Stripe's and delivers it.
pub(crate) async fn tell(headwater: &Headwater, event: &Value) {
    headwater.stripe(event).await.expect(200);
    headwater.deliver().await;
}
