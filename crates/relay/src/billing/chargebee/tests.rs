//! Chargebee's credentials, and single members of its objects.

use base64::Engine as _;
use headwater_protocol::Millis;
use headwater_protocol::event::CustomerRef;
use headwater_protocol::v2::ProductStatus;
use http::{HeaderMap, HeaderValue};
use serde_json::{Value, json};

use super::{Chargebee, read};
use crate::billing::outcome::{customers, lines, payments, refunds, subscriptions, taken};
use crate::billing::{Provider as _, Webhook, WebhookError};

mod fixtures;

const NOW: Millis = Millis(1_775_514_585_000);

fn webhook(kind: &str, content: &Value) -> Webhook {
    read(body(kind, content).as_bytes(), "1").unwrap()
}

fn body(kind: &str, content: &Value) -> String {
    json!({"id": "ev_1", "event_type": kind, "occurred_at": 1_775_514_585, "content": content}).to_string()
}

fn basic(pair: &str) -> String {
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
}

fn check(header: Option<&str>, expect: Result<(), &str>) {
    let mut headers = HeaderMap::new();
    if let Some(header) = header {
        headers.insert("authorization", HeaderValue::from_str(header).unwrap());
    }
    let result = Chargebee.verify(&headers, b"{}", &"hook:s3cret:example".to_owned().into(), NOW);
    match (result, expect) {
        (Ok(()), Ok(())) => {}
        (Err(WebhookError::Signature(reason)), Err(part)) => assert!(reason.contains(part), "{reason}"),
        (other, _) => panic!("{header:?}: {other:?}"),
    }
}

#[test]
fn only_the_basic_credentials_of_the_program_pass() {
    check(Some(&basic("hook:s3cret:example")), Ok(()));
    check(Some(&basic("hook:s3cret:example").replacen("Basic", "basic", 1)), Ok(()));
    for wrong in ["hook:s3cret:exampl", "hook:s3cret:example2", "Hook:s3cret:example", "hook", ":"] {
        check(Some(&basic(wrong)), Err("not those of this program's secret"));
    }
    for none in ["Bearer aG9vaw==", "Basic", "Basic ", "Basic !", "", "hook:s3cret:example"] {
        check(Some(none), Err("no Basic credentials"));
    }
    check(None, Err("no Basic credentials"));
}

fn customer(meta_data: &Value) -> Value {
    json!({"id": "cb_1", "email": "ada@example.com", "first_name": "A\u{0}da", "last_name": "", "meta_data": meta_data})
}

#[test]
fn what_a_buyer_typed_loses_nul_and_no_meta_data_refuses_a_webhook() {
    let content = json!({"customer": customer(&json!({"customer_id": 1001, "partner_key": null}))});
    let known = customers(&webhook("customer_changed", &content)).remove(0);
    assert_eq!((known.name.as_deref(), known.partner_key), (Some("Ada"), None));
    assert_eq!(known.customer.customer_key.as_deref(), Some("1001"), "a number counts as its text");
    for other in [json!(null), json!([]), json!("x"), json!({"customer_key": ["gk_1"]})] {
        assert_eq!(webhook("customer_created", &json!({"customer": customer(&other)})), Webhook::default());
    }
}

fn subscription(status: &str) -> Value {
    json!({"subscription": {"id": "sub_1", "status": status, "customer_id": "cb_1", "currency_code": "USD",
        "subscription_items": [{"item_price_id": "inbox", "item_type": "plan", "unit_price": 4900, "quantity": 3}]},
        "customer": customer(&json!({"customer_key": "gk_1"}))})
}

#[test]
fn every_status_of_a_subscription_is_a_status_of_its_products() {
    let status = |kind: &str, word: &str| {
        subscriptions(&webhook(kind, &subscription(word))).into_iter().next().map(|known| {
            assert_eq!((known.amount, known.external_subscription_key.as_str()), (Some(14_700), "sub_1"));
            known.status
        })
    };
    for (word, expect) in [
        ("future", None),
        ("in_trial", Some(ProductStatus::Trial)),
        ("active", Some(ProductStatus::Active)),
        ("non_renewing", Some(ProductStatus::Active)),
        ("paused", Some(ProductStatus::Churned)),
        ("cancelled", Some(ProductStatus::Churned)),
        ("transferred", Some(ProductStatus::Churned)),
        ("a_word_of_tomorrow", None),
    ] {
        assert_eq!(status("subscription_changed", word), expect, "{word}");
    }
    assert_eq!(status("subscription_deleted", "active"), Some(ProductStatus::Churned));
}

fn invoice(members: &Value) -> Value {
    let mut invoice = json!({"id": "inv_1", "customer_id": "cb_1", "status": "paid", "currency_code": "USD",
        "total": 100, "amount_paid": 100, "amount_due": 0, "line_items": [{"id": "li_1", "amount": 100}]});
    invoice.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    json!({"invoice": invoice})
}

#[test]
fn the_events_customer_is_not_taken_for_one_who_is_billed_elsewhere() {
    let mut content = invoice(&json!({}));
    content["customer"] = customer(&json!({"customer_key": "gk_1"}));
    let who = |content: &Value| payments(&webhook("payment_succeeded", content)).remove(0).customer;
    let provider_key = Some("cb_1".to_owned());
    let known = who(&content);
    assert_eq!((known.customer_key.as_deref(), &known.provider_key), (Some("gk_1"), &provider_key));
    assert_eq!(known.email.as_deref(), Some("ada@example.com"));
    content["customer"]["id"] = json!("cb_parent");
    assert_eq!(who(&content), CustomerRef { provider_key, ..CustomerRef::default() });
    content["subscription"] = json!({"id": "sub_1", "status": "active", "customer_id": "cb_1",
        "meta_data": {"customer_key": "gk_2"}});
    assert_eq!(who(&content).customer_key.as_deref(), Some("gk_2"), "the subscription's own");
}

#[test]
fn a_line_is_of_one_of_several_products_if_its_own_subscription_sells_several() {
    let item = |id: &str| json!({"item_price_id": id, "item_type": "plan"});
    let line = |id: &str| json!({"id": id, "amount": 100, "entity_type": "plan_item_price", "entity_id": id});
    let key = |subscription: &str, items: &[&str], lines: &[&str]| {
        let mut content = invoice(&json!({"subscription_id": "sub_1",
            "line_items": lines.iter().map(|id| line(id)).collect::<Vec<_>>()}));
        content["subscription"] = json!({"id": subscription, "status": "active", "customer_id": "cb_1",
            "subscription_items": items.iter().map(|id| item(id)).collect::<Vec<_>>()});
        payments(&webhook("payment_succeeded", &content)).remove(0).subscription_key.unwrap()
    };
    assert_eq!(key("sub_1", &["inbox", "chat"], &["inbox"]), "sub_1/inbox");
    assert_eq!(key("sub_1", &["inbox"], &["inbox", "chat"]), "sub_1", "the plan was changed on this invoice");
    assert_eq!(key("sub_2", &["inbox", "chat"], &["inbox"]), "sub_1", "another subscription");
    assert_eq!(key("sub_1", &[], &["inbox", "chat"]), "sub_1/inbox", "only the lines say it");
}

#[test]
fn an_invoice_of_its_own_webhook_is_booked_only_when_no_payment_of_it_will_be() {
    let booked = |members: Value| payments(&webhook("invoice_updated", &invoice(&members))).len();
    assert_eq!(booked(json!({})), 0);
    assert_eq!(booked(json!({"linked_payments": [{"txn_date": 5, "txn_status": "success"}], "date": 5})), 0);
    for members in [
        json!({"credits_applied": 40}),
        json!({"amount_adjusted": 40}),
        json!({"write_off_amount": 40}),
        json!({"amount_paid": 0}),
        json!({"linked_payments": [{"txn_date": 4, "txn_status": "success"}], "date": 5}),
        json!({"linked_payments": [{"txn_amount": 500, "applied_amount": 100, "txn_status": "success"}]}),
    ] {
        assert_eq!(booked(members.clone()), 1, "{members}");
    }
    assert_eq!(booked(json!({"credits_applied": 40, "status": "payment_due", "amount_due": 60})), 0);
}

#[test]
fn a_discount_is_read_from_the_line_or_from_the_list_of_discounts() {
    let base = |line: Value| {
        let listed = json!([{"line_item_id": "li_1", "discount_amount": 30}, {"line_item_id": "li_2", "discount_amount": 9},
            {"line_item_id": "li_1", "discount_amount": 5}]);
        let content = invoice(&json!({"line_items": [line], "line_item_discounts": listed}));
        payments(&webhook("payment_succeeded", &content)).remove(0).amount
    };
    assert_eq!(base(json!({"id": "li_1", "amount": 100, "discount_amount": 35})), 65);
    assert_eq!(base(json!({"id": "li_1", "amount": 100})), 65);
    assert_eq!(base(json!({"id": "li_3", "amount": 100})), 100);
}

#[test]
fn a_line_without_an_id_is_named_by_its_place() {
    let content = invoice(&json!({"line_items": [{"amount": 0}, {"amount": 60}, {"amount": 40}]}));
    let keys: Vec<_> =
        payments(&webhook("payment_succeeded", &content)).into_iter().map(|paid| paid.key).collect();
    assert_eq!(keys, ["chargebee/inv_1/1", "chargebee/inv_1/2"]);
}

#[test]
fn of_two_reports_within_a_second_the_later_version_counts() {
    let note = |status: &str, version: i64| {
        let note = json!({"id": "cn_1", "reference_invoice_id": "inv_1", "total": 50, "status": status,
            "resource_version": version});
        webhook("credit_note_updated", &json!({"credit_note": note}))
    };
    let paid = || webhook("payment_succeeded", &invoice(&json!({})));
    let name = "in:chargebee/inv_1";
    assert_eq!(taken(&[paid(), note("refunded", 7), note("voided", 8)], name), [0]);
    assert_eq!(taken(&[paid(), note("refunded", 8), note("voided", 7)], name), [50]);
    let deleted = json!({"credit_note": {"id": "cn_1", "reference_invoice_id": "inv_1", "total": 50}});
    assert_eq!(taken(&[paid(), note("refunded", 9), webhook("credit_note_deleted", &deleted)], name), [0]);
    let about_nothing = json!({"credit_note": {"id": "cn_2", "total": 50}});
    assert_eq!(webhook("credit_note_created", &about_nothing), Webhook::default(), "a credit of no invoice");
}

#[test]
fn only_an_invoice_that_was_paid_before_takes_back_when_it_is_owed_or_voided() {
    let events = |kind: &str, members: Value| refunds(&webhook(kind, &invoice(&members)));
    let due = |status: &str| json!({"status": "payment_due", "amount_due": 100, "amount_paid": 0, "linked_payments": [{"txn_status": status}]});
    assert_eq!(events("payment_failed", due("failure")), 0, "an ordinary failure");
    assert_eq!(events("payment_failed", due("late_failure")), 1);
    assert_eq!(events("invoice_updated", due("voided")), 1);
    assert_eq!(events("invoice_updated", json!({"status": "voided"})), 0, "never paid");
    assert_eq!(events("invoice_updated", json!({"status": "voided", "paid_at": 5})), 1);
    assert_eq!(events("invoice_deleted", json!({"linked_payments": [{"txn_status": "success"}]})), 1);
    assert_eq!(events("invoice_deleted", json!({})), 0);
    let paid = webhook("payment_succeeded", &invoice(&json!({})));
    let pending = invoice(&json!({"status": "pending", "amount_due": 100, "resource_version": 9}));
    let pending = webhook("invoice_updated", &pending);
    assert_eq!(taken(&[paid, pending], "in:chargebee/inv_1"), [0], "nothing is due before it is issued");
}

#[test]
fn a_replayed_webhook_makes_the_same_ids_and_another_program_others() {
    let body = body("payment_succeeded", &invoice(&json!({})));
    let id = |scope| read(body.as_bytes(), scope).unwrap().events[0].event.id;
    assert_eq!(id("1"), id("1"));
    assert_ne!(id("1"), id("1t"), "one site may feed two programs");
}

#[test]
fn an_unknown_type_makes_nothing_and_a_bad_body_is_refused_by_its_field() {
    for kind in ["plan_created", "omnichannel_subscription_created", "invoice", ""] {
        assert_eq!(webhook(kind, &json!({"invoice": 7})), Webhook::default(), "{kind}");
    }
    let ramp = json!({"subscription_ramp": {"id": "ramp_1"}});
    assert_eq!(webhook("subscription_ramp_created", &ramp), Webhook::default(), "no subscription is in it");
    let field = |body: &str| match read(body.as_bytes(), "1") {
        Err(WebhookError::Body(error)) => error.field,
        other => panic!("{body}: {other:?}"),
    };
    assert_eq!(field("{}"), "id");
    assert_eq!(field("[]"), "");
    assert_eq!(field("{"), "");
    assert_eq!(field(&body("customer_created", &json!(7))), "content");
    assert_eq!(
        field(&body("payment_succeeded", &invoice(&json!({"line_items": [{"id": "li_1", "amount": "1"}]})))),
        "content.invoice.line_items[0].amount"
    );
    assert_eq!(
        field(&body("payment_succeeded", &invoice(&json!({"currency_code": "credits"})))),
        "content.invoice.currency"
    );
    assert_eq!(
        field(&body(
            "subscription_created",
            &json!({"subscription": {"id": "s", "status": "active", "plan_id": "p"}})
        )),
        "content.customer"
    );
    assert_eq!(
        lines(&webhook("payment_succeeded", &json!({}))),
        Vec::<[String; 4]>::new(),
        "an advance payment"
    );
}
