//! Events are read tolerantly and refused exactly.

use super::{Data, Event, EventId, EventKind, Submission};
use crate::Millis;
use proptest::prelude::*;

const ID: &str = "019365b2-7c00-7abc-8def-0123456789ab";

fn event(kind: &str, data: &str) -> String {
    format!(r#"{{"id":"{ID}","type":"{kind}","occurred_at":1775514585468,"data":{data}}}"#)
}

fn refused(kind: &str, data: &str, field: &str, message: &str) {
    let error = Event::read(&event(kind, data)).unwrap_err();
    assert_eq!(error.field, field, "{error:?}");
    assert!(error.message.contains(message), "{}", error.message);
}

#[test]
fn the_golden_signup_is_read() {
    let text = include_str!("../../../../tests/fixtures/event-signup.json");
    let Data::Signup(signup) = Event::read(text).unwrap().data else { panic!("not a signup") };
    assert_eq!(signup.customer_key(), Some("gk_1001"));
    assert_eq!(signup.partner_key(), Some("pqR5sT7uVwX9"));
    assert_eq!(signup.xid.as_deref(), Some("Ab3dEf6hIj9kLm"));
}

#[test]
fn the_golden_batch_holds_a_signup_and_a_checkout() {
    let text = include_str!("../../../../tests/fixtures/events-batch.json");
    let batch = Submission::read(text).unwrap();
    let kinds: Vec<EventKind> = batch.events.iter().map(|text| Event::read(text).unwrap().kind()).collect();
    assert_eq!(kinds, [EventKind::Signup, EventKind::Checkout]);
}

#[test]
fn pages_may_write_loosely() {
    let Data::Signup(signup) = Event::read(&event(
        "signup",
        r#"{"customerKey":42,"email":"","partner_key":"p","partnerKey":"q","amount":19.99,"x":{}}"#,
    ))
    .unwrap()
    .data
    else {
        panic!("not a signup")
    };
    assert_eq!(
        (signup.customer_key(), signup.partner_key(), signup.email.as_deref()),
        (Some("42"), Some("p"), None)
    );
}

#[test]
fn a_name_in_an_older_spelling_is_still_there_when_the_event_is_written_anew() {
    for older in [r#""customerKey":42"#, r#""key":"42""#] {
        let read = Event::read(&event("signup", &format!(r#"{{{older},"partnerKey":"q"}}"#))).unwrap();
        assert_eq!(Event::read(&read.write()).as_ref(), Ok(&read));
        let Data::Signup(signup) = read.data else { panic!("not a signup") };
        assert_eq!((signup.customer_key(), signup.partner_key()), (Some("42"), Some("q")));
    }
}

#[test]
fn bad_fields_are_named_with_their_bound() {
    refused("signup", "{}", "data.customer_key", "'customer_key' is a required property");
    refused("signup", r#"{"customer_key":"k","email":"a"}"#, "data.email", "4 to 255");
    refused("checkout", r#"{"customer_key":"k"}"#, "data.products", "needs products");
    refused(
        "checkout",
        r#"{"customer_key":"k","products":[{"product_book_key":"a"},{"product_book_key":"b","amount":19.99}]}"#,
        "data.products[1].amount",
        "19.99 is not of type 'integer' (minor units, such as cents)",
    );
    refused(
        "checkout",
        r#"{"customer_key":"k","products":[{"product_book_key":"b","currency":"XXQ"}]}"#,
        "data.products[0].currency",
        "ISO 4217",
    );
    refused("checkout", r#"{"products":[]}"#, "data.customer_key", "required property");
    refused("teleport", "{}", "type", "signup, checkout");
    refused(
        "payment",
        r#"{"customer":{},"key":"in_1","amount":1,"currency":"USD"}"#,
        "data.customer",
        "customer_key",
    );
    let error = Event::read(r#"{"id":"x","type":"signup","occurred_at":1,"data":{}}"#).unwrap_err();
    assert_eq!(error.field, "id");
}

fn signup(data: &str) -> super::Signup {
    match Event::read(&event("signup", data)).unwrap().data {
        Data::Signup(signup) => signup,
        other => panic!("not a signup: {other:?}"),
    }
}

#[test]
fn a_name_that_is_too_long_is_cut_and_loses_no_referral() {
    let long = "ä".repeat(150);
    let read = signup(&format!(r#"{{"customer_key":"k","partner_key":"p","name":"{long}"}}"#));
    assert_eq!(read.full_name().unwrap(), "ä".repeat(100));
    assert_eq!(read.cut_name(), Some(("name", 150)));
    let (first, last) = ("a".repeat(60), "b".repeat(60));
    let read = signup(&format!(r#"{{"customer_key":"k","first_name":"{first}","last_name":"{last}"}}"#));
    assert_eq!(read.full_name().unwrap(), format!("{first} {}", "b".repeat(39)));
    assert_eq!(read.cut_name(), Some(("first_name", 121)));
    assert_eq!(signup(&format!(r#"{{"customer_key":"k","name":"{}"}}"#, "a".repeat(100))).cut_name(), None);
}

#[test]
fn a_sub_id_that_the_ledger_would_refuse_is_refused_here() {
    let most = "s".repeat(crate::limits::SUB_ID_MAX);
    assert_eq!(signup(&format!(r#"{{"customer_key":"k","sub_ids":["{most}"]}}"#)).sub_ids, [most.as_str()]);
    let data = format!(r#"{{"customer_key":"k","sub_ids":["a","{most}s"]}}"#);
    refused("signup", &data, "data.sub_ids[1]", "at most 255 characters");
    let many = [r#""s""#; 11].join(",");
    refused(
        "signup",
        &format!(r#"{{"customer_key":"k","sub_ids":[{many}]}}"#),
        "data.sub_ids",
        "may hold 10",
    );
}

#[test]
fn a_signup_says_what_was_paid_when_it_is_a_whole_amount_of_a_known_currency() {
    let paid = |amount: &str, currency: &str| {
        let read = signup(&format!(r#"{{"customer_key":"k","amount":{amount},"currency":{currency}}}"#));
        (read.amount, read.currency.map(crate::Currency::code))
    };
    assert_eq!(paid("4900", r#""usd""#), (Some(4900), Some("USD")));
    assert_eq!(paid(r#""4900""#, r#""EUR""#), (Some(4900), Some("EUR")));
    assert_eq!(paid("19.99", r#""dollars""#), (None, None));
    assert_eq!(paid("{}", "7"), (None, None));
    assert_eq!(paid("50000000001", r#""usd""#), (None, Some("USD")));
}

#[test]
fn a_single_event_stands_beside_its_key() {
    let body =
        event("signup", r#"{"customer_key":"k"}"#).replacen('{', r#"{"public_key":"pk_test_example","#, 1);
    let submission = Submission::read(&body).unwrap();
    assert_eq!(submission.public_key.as_deref(), Some("pk_test_example"));
    assert_eq!(Event::read(submission.events[0]).unwrap().kind(), EventKind::Signup);
}

#[test]
fn a_batch_has_a_bound() {
    let body = format!(r#"{{"events":[{}]}}"#, vec!["1"; 51].join(","));
    assert!(Submission::read(&body).unwrap_err().message.contains("1 to 50"));
}

proptest! {
    #[test]
    fn a_written_event_reads_back(millis in 0i64..4_000_000_000_000, random: [u8; 10], key in "[a-z0-9@.]{4,40}", amount in -5_000_000i64..5_000_000) {
        let text = format!(r#"{{"customer":{{"customer_key":"{key}"}},"key":"{key}","amount":{amount},"currency":"eur"}}"#);
        let id = EventId::v7(Millis(millis), &random);
        let read = Event::read(&format!(r#"{{"id":"{id}","type":"payment","occurred_at":{millis},"data":{text}}}"#)).unwrap();
        prop_assert_eq!(Event::read(&read.write()).unwrap(), read);
    }

    #[test]
    fn ids_of_one_millisecond_sort_after_ids_of_an_earlier_one(millis in 0i64..200_000_000_000_000, one: [u8; 10], two: [u8; 10], digest: [u8; 32]) {
        prop_assert!(EventId::v7(Millis(millis), &one) < EventId::v7(Millis(millis + 1), &two));
        prop_assert_eq!(EventId::derived(Millis(millis), &digest), EventId::derived(Millis(millis), &digest));
        let id = EventId::v7(Millis(millis), &one);
        prop_assert_eq!(EventId::from_bytes(id.bytes()), id);
    }

    #[test]
    fn no_text_breaks_the_reader(text in "\\PC{0,200}") {
        let _ = Event::read(&text);
        let _ = Submission::read(&text);
    }
}

#[test]
fn a_number_in_meta_is_written_as_it_was_read() {
    let text = r#"{"id":"019365b2-7c00-7abc-8def-0123456789ab","type":"signup","occurred_at":1775514585468,
        "data":{"customer_key":"gk_1","meta":{"share":0.055555555555}}}"#;
    let event = Event::read(text).unwrap();
    assert!(event.write().contains(r#""share":0.055555555555}"#), "{}", event.write());
    assert_eq!(Event::read(&event.write()).unwrap(), event);
}
