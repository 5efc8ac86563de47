//! All providers behind the one interface, and the names that they store facts under.

use headwater_protocol::Millis;
use headwater_protocol::v2::BillingProvider;
use http::HeaderMap;

use super::{WebhookError, fact, provider};

macro_rules! fixture {
    ($name:literal) => {
        include_bytes!(concat!("../../tests/fixtures/", $name)).as_slice()
    };
}

/// A webhook of a payment.
fn paid(name: BillingProvider) -> &'static [u8] {
    match name {
        BillingProvider::Stripe => fixture!("stripe/2023-10-16-invoice.paid-exclusive-tax.json"),
        BillingProvider::Chargebee => fixture!("chargebee/payment_succeeded-exclusive-tax.json"),
        BillingProvider::Recurly => fixture!("recurly/paid_charge_invoice-taxed-coupon.xml"),
        BillingProvider::Maxio => fixture!("maxio/payment_success.form"),
        BillingProvider::Paddle => fixture!("paddle/transaction.completed-checkout.json"),
    }
}

#[test]
fn every_provider_reads_its_webhooks_and_refuses_one_that_nothing_proves() {
    for name in BillingProvider::ALL.iter().copied() {
        let read = provider(name).read(paid(name), "1").unwrap();
        assert!(!read.events.is_empty() && !read.facts.is_empty(), "{name:?}: {read:?}");
        for secret in ["signing_key_example", "user:password_example"] {
            let secret = secret.to_owned().into();
            let refused = provider(name).verify(&HeaderMap::new(), paid(name), &secret, Millis(0));
            assert!(matches!(refused, Err(WebhookError::Signature(_))), "{name:?}: {refused:?}");
        }
    }
}

#[test]
fn facts_keep_the_names_that_older_versions_stored_them_under() {
    assert_eq!(fact::invoice("1"), "in:1");
    assert_eq!(fact::invoice_of(BillingProvider::Paddle, "1"), "in:paddle/1");
    assert_eq!(fact::invoice_number("recurly/1"), "no:recurly/1");
    assert_eq!(fact::intent("1"), "pi:1");
    assert_eq!(fact::charge("1"), "ch:1");
    assert_eq!(fact::subscription("1"), "sub:1");
}
