//! The names on the wire, each as clients know it, and the bounds of values.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::event::{CustomerRef, Data, Event, EventKind};
use crate::key::{Prefix, mint_company_key, mint_partner_key};
use crate::v2::{
    ClaimPolicy, ProductClaims, ProductStatus, RedirectOrder, RewardStatus, RotateKey, SignupClaims, Signups,
};
use crate::{Currency, Millis, Source, limits};

#[test]
fn each_object_and_credential_has_its_own_prefix_and_length() {
    let objects = [
        (Prefix::Customer, "cus_"),
        (Prefix::Partnership, "part_"),
        (Prefix::Product, "prod_"),
        (Prefix::ProductBook, "pbook_"),
        (Prefix::Transaction, "tran_"),
        (Prefix::Action, "act_"),
        (Prefix::Reward, "rwrd_"),
        (Prefix::Deal, "deal_"),
        (Prefix::Lead, "lead_"),
        (Prefix::Group, "grup_"),
        (Prefix::Member, "stck_"),
        (Prefix::Trigger, "trig_"),
        (Prefix::Webhook, "whk_"),
        (Prefix::Link, "link_"),
        (Prefix::Click, "clck_"),
    ];
    let credentials = [
        (Prefix::PublicKey, "pk_"),
        (Prefix::SecretKey, "sk_"),
        (Prefix::TrackingToken, "trk_"),
        (Prefix::PartnerToken, "pat_"),
        (Prefix::AdminToken, "adm_"),
    ];
    let random: [u8; 32] = std::array::from_fn(|at| u8::try_from(at + 60).unwrap());
    let now = Millis(1_795_281_600_000);
    let objects = objects.map(|(prefix, text)| (prefix, text, prefix.mint(now, &random), 20));
    let credentials = credentials.map(|(prefix, text)| (prefix, text, prefix.mint_credential(&random), 32));
    for (prefix, text, key, length) in objects.into_iter().chain(credentials) {
        assert_eq!(key.strip_prefix(text).map(str::len), Some(length), "{key}");
        assert!(prefix.matches(&key));
    }
    assert_eq!(Prefix::Customer.mint(now, &random), "cus_Vbd4dSiyz0123456789A");
    assert_eq!(Prefix::SecretKey.mint_test_credential(&random), "sk_test_yz0123456789ABCDEFGHIJKLMNO");
    assert_eq!(
        (mint_partner_key(&random), mint_company_key(&random)),
        ("yz0123456789".into(), "yz012345".into())
    );
}

#[test]
fn a_key_is_told_from_what_only_looks_like_one() {
    let most = "a".repeat(64);
    for good in ["cus_a", "cus_Z9", &format!("cus_{most}")] {
        assert!(Prefix::Customer.matches(good), "{good}");
    }
    for bad in ["cus_", "cus_é", "cus_a_b", "part_a", "a", &format!("cus_{most}a")] {
        assert!(!Prefix::Customer.matches(bad), "{bad}");
    }
}

fn words<T: Copy + PartialEq + Debug + Serialize + DeserializeOwned>(
    all: &[(T, &str)],
    name: impl Fn(T) -> &'static str,
    from_name: impl Fn(&str) -> Option<T>,
) {
    for (value, word) in all {
        assert_eq!((name(*value), from_name(word)), (*word, Some(*value)));
        let text = format!("\"{word}\"");
        assert!(serde_json::to_string(value).is_ok_and(|written| written == text), "{word}");
        assert!(serde_json::from_str::<T>(&text).is_ok_and(|read| read == *value), "{word}");
    }
    assert_eq!(from_name("xyzzy"), None);
}

#[test]
fn states_and_settings_are_called_as_clients_know_them() {
    use ProductStatus::{Active, Churned, Trial};
    words(
        &[(Trial, "trial"), (Active, "active"), (Churned, "churned")],
        ProductStatus::name,
        ProductStatus::from_name,
    );
    let rewards = ["hold", "pending", "approved", "declined", "paid", "scheduled"];
    let rewards = rewards.map(|word| (RewardStatus::from_name(word).unwrap(), word));
    words(&rewards, RewardStatus::name, RewardStatus::from_name);
    let policies =
        [(ClaimPolicy::Confirm, "confirm"), (ClaimPolicy::Accept, "accept"), (ClaimPolicy::Ignore, "ignore")];
    words(&policies, ClaimPolicy::name, ClaimPolicy::from_name);
    let products =
        [(ProductClaims::Hold, "hold"), (ProductClaims::Accept, "accept"), (ProductClaims::Ignore, "ignore")];
    words(&products, ProductClaims::name, ProductClaims::from_name);
    let signups = [(SignupClaims::Hold, "hold"), (SignupClaims::Accept, "accept")];
    words(&signups, SignupClaims::name, SignupClaims::from_name);
    words(&[(Signups::Open, "open"), (Signups::Signed, "signed")], Signups::name, Signups::from_name);
    let orders = [(RedirectOrder::Present, "present"), (RedirectOrder::Of2021, "2021")];
    words(&orders, RedirectOrder::name, RedirectOrder::from_name);
    for (source, word) in Source::ALL.into_iter().zip(["page", "signed", "billing", "vendor"]) {
        assert_eq!((source.name(), Source::from_name(word)), (word, Some(source)));
        assert_eq!(source.is_claim(), word == "page");
    }
    let rotate: RotateKey = serde_json::from_str(r#"{"which":"test_tracking"}"#).unwrap();
    assert_eq!(rotate.overlap_hours, 24);
}

#[test]
fn a_page_may_send_signups_and_checkouts_and_nothing_else() {
    let names = ["signup", "checkout", "payment", "subscription", "provider_customer", "refund"];
    for (kind, name) in EventKind::ALL.into_iter().zip(names) {
        assert_eq!((kind.name(), name.parse::<EventKind>()), (name, Ok(kind)));
        assert_eq!(kind.from_browser(), ["signup", "checkout"].contains(&name));
    }
}

#[test]
fn a_customer_is_named_by_the_first_name_given_and_billed_in_the_providers_lane() {
    let own = |text: &str| Some(text.to_owned());
    let all =
        CustomerRef { customer_key: own("gk_1"), provider_key: own("cus_1"), email: own("a@b.example") };
    assert_eq!((all.lane(), all.billing_lane()), ("c:gk_1".into(), "p:cus_1".into()));
    assert_eq!(all.names(), ["c:gk_1", "p:cus_1", "e:a@b.example"]);
    let paid = CustomerRef { customer_key: None, ..all.clone() };
    assert_eq!(paid.lane(), "p:cus_1");
    let mailed = CustomerRef { provider_key: None, ..paid };
    assert_eq!((mailed.lane(), mailed.billing_lane()), ("e:a@b.example".into(), "e:a@b.example".into()));
    assert_eq!(
        (CustomerRef::default().lane(), CustomerRef::by_key(None)),
        (String::new(), CustomerRef::default())
    );
    assert_eq!(CustomerRef::by_key(Some("gk_1")).names(), ["c:gk_1"]);
}

/// Parses an event of this kind with this data; the error is the refused field.
fn read(kind: &str, data: &str) -> Result<Event, String> {
    let id = "019365b2-7c00-7abc-8def-0123456789ab";
    Event::read(&format!(r#"{{"id":"{id}","type":"{kind}","occurred_at":1,"data":{data}}}"#))
        .map_err(|error| error.field)
}

#[test]
fn every_kind_of_event_says_whose_it_is_and_is_written_as_it_was_read() {
    let kinds = [
        ("signup", r#"{"customer_key":"gk_1","email":"a@b.example"}"#, "c:gk_1"),
        (
            "checkout",
            r#"{"customer_key":"gk_1","products":[{"product_book_key":"b","status":"trial"}]}"#,
            "c:gk_1",
        ),
        (
            "payment",
            r#"{"customer":{"email":"a@b.example"},"key":"in_1","amount":1,"currency":"USD"}"#,
            "e:a@b.example",
        ),
        (
            "subscription",
            r#"{"customer":{"provider_key":"cus_1"},"external_subscription_key":"s","status":"active"}"#,
            "p:cus_1",
        ),
        ("provider_customer", r#"{"customer":{"customer_key":"gk_1"},"name":"Ada"}"#, "c:gk_1"),
        ("refund", r#"{"customer":{},"transaction_key":"in_1/il_1","about":"ch:1","refunded_at":1}"#, ""),
    ];
    for (kind, data, lane) in kinds {
        let event = read(kind, data).unwrap();
        assert_eq!((event.kind().name(), event.data.customer().lane()), (kind, lane.to_owned()));
        assert_eq!(Event::read(&event.write()).as_ref(), Ok(&event));
    }
}

#[test]
fn what_a_provider_says_has_its_bounds_too() {
    let long = "k".repeat(limits::CUSTOMER_KEY_MAX + 1);
    let nobody = r#"{"customer":{},"external_subscription_key":"s","status":"active"}"#;
    assert_eq!(read("subscription", nobody), Err("data.customer".into()));
    let who = r#""customer":{"provider_key":"cus_1"}"#;
    let keys = |count: usize| {
        let names = vec![r#""k""#; count].join(",");
        format!(r#"{{{who},"external_subscription_key":"s","status":"active","catalogue_keys":[{names}]}}"#)
    };
    assert!(read("subscription", &keys(limits::CATALOGUE_KEYS_MAX)).is_ok());
    let refused = [
        ("subscription", keys(limits::CATALOGUE_KEYS_MAX + 1), "data.catalogue_keys"),
        (
            "subscription",
            format!(r#"{{{who},"external_subscription_key":"","status":"active"}}"#),
            "data.external_subscription_key",
        ),
        (
            "subscription",
            format!(r#"{{{who},"external_subscription_key":"s","status":"active","amount":50000000001}}"#),
            "data.amount",
        ),
        ("provider_customer", format!(r#"{{{who},"partner_key":""}}"#), "data.partner_key"),
        (
            "provider_customer",
            format!(r#"{{"customer":{{"provider_key":"{long}"}}}}"#),
            "data.customer.provider_key",
        ),
        ("refund", r#"{"customer":{},"transaction_key":"in_1","refunded_at":1}"#.into(), "data.customer"),
        (
            "refund",
            r#"{"customer":{"email":"a"},"transaction_key":"in_1","about":"ch:1","refunded_at":1}"#.into(),
            "data.customer.email",
        ),
        ("refund", format!(r#"{{{who},"transaction_key":"in","refunded_at":1}}"#), "data.transaction_key"),
        (
            "payment",
            format!(r#"{{{who},"key":"in_1","amount":50000000001,"currency":"USD"}}"#),
            "data.amount",
        ),
    ];
    for (kind, data, field) in refused {
        assert_eq!(read(kind, &data), Err(field.into()), "{data}");
    }
}

#[test]
fn a_checkout_and_its_claimed_payment_have_bounds() {
    let product = r#"{"product_book_key":"b"}"#;
    let many =
        |count: usize| format!(r#"{{"customer_key":7,"products":[{}]}}"#, vec![product; count].join(","));
    let Data::Checkout(checkout) = read("checkout", &many(limits::CHECKOUT_PRODUCTS_MAX)).unwrap().data
    else {
        panic!("not a checkout")
    };
    assert_eq!((checkout.customer_key.as_str(), checkout.products[0].status), ("7", ProductStatus::Active));
    let claimed = |key: &str| {
        format!(r#"{{"customer_key":"k","transaction":{{"key":"{key}","amount":1,"currency":"USD"}}}}"#)
    };
    assert!(read("checkout", &claimed("thank-you")).is_ok(), "a payment alone");
    for (data, field) in [
        (many(limits::CHECKOUT_PRODUCTS_MAX + 1), "data.products"),
        (claimed("abc"), "data.transaction.key"),
        (r#"{"customer_key":null,"products":[]}"#.into(), "data.customer_key"),
        (
            r#"{"customer_key":"k","products":[{"product_book_key":""}]}"#.into(),
            "data.products[0].product_book_key",
        ),
    ] {
        assert_eq!(read("checkout", &data), Err(field.into()), "{data}");
    }
}

#[test]
fn an_event_may_be_as_long_as_its_bound_and_no_longer() {
    let of_length = |length: usize| {
        let empty = r#"{"id":"019365b2-7c00-7abc-8def-0123456789ab","type":"signup","occurred_at":1,"data":{"customer_key":"k","note":""}}"#;
        Event::read(
            &empty.replace(r#""note":"""#, &format!(r#""note":"{}""#, "x".repeat(length - empty.len()))),
        )
    };
    assert!(of_length(limits::EVENT_MAX).is_ok());
    assert_eq!(of_length(limits::EVENT_MAX + 1).unwrap_err().code, "too_large");
}

#[test]
fn time_and_money_are_counted_in_whole_units() {
    let noon = Millis(1_775_514_585_000);
    assert_eq!(
        (noon.plus(5), noon.plus(5).since(noon), noon.since(noon.plus(7))),
        (Millis(noon.0 + 5), 5, -7)
    );
    let exponents = ["USD", "JPY", "KWD"].map(|code| code.parse::<Currency>().unwrap().exponent());
    assert_eq!(exponents, [2, 0, 3]);
}
