//! Errors for wrong input name the member, what was expected and what was given.

use headwater_tracker::npm::Tracker;
use serde_json::{Value, json};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

use super::{CLICK, answered, calls, events, failure, fresh, js, options, signup, stored, tracker_at};

fn option_error(options: &JsValue) -> String {
    failure(&Tracker::new(options).unwrap_err())["message"].as_str().unwrap().to_owned()
}

#[wasm_bindgen_test]
fn wrong_options_are_named() {
    fresh("");
    for (given, message) in [
        (json!({ "endpoint": null }), "endpoint is required"),
        (json!({ "endpoint": "" }), "endpoint is required"),
        (
            json!({ "endpoint": "go.example.com" }),
            r#"endpoint: expected an http or https URL, got "go.example.com""#,
        ),
        (json!({ "endpoint": "https:///x" }), r#"endpoint: expected an http or https URL, got "https:///x""#),
        (json!({ "endpoint": 7 }), "endpoint: expected an http or https URL, got 7"),
        (json!({ "key": "" }), "key is required"),
        (json!({ "key": "sk_example" }), "key: expected a public key, pk_…, got a secret key"),
        (json!({ "key": "adm_example" }), "key: expected a public key, pk_…, got a secret key"),
        (json!({ "key": [] }), "key: expected a public key, pk_…, got 0 entries"),
        (json!({ "consent": "maybe" }), r#"consent: expected granted or pending or denied, got "maybe""#),
        (json!({ "consent": true }), "consent: expected granted or pending or denied, got true"),
        (json!({ "model": "middle" }), r#"model: expected last or first, got "middle""#),
        (json!({ "organic": "yes" }), r#"organic: expected true or false, got "yes""#),
        (json!({ "aliases": ["via"] }), "aliases: expected 1 to 255 characters, got 1 entries"),
    ] {
        assert_eq!(option_error(&js(&options(&given))), message);
    }
    assert_eq!(option_error(&JsValue::UNDEFINED), "endpoint is required");
    assert_eq!(option_error(&"text".into()), "expected an object, got \"text\"");
    assert!(calls().is_empty());
}

#[wasm_bindgen_test]
async fn wrong_members_are_named_and_nothing_is_kept() {
    let tracker = tracker_at(CLICK, &json!({}));
    for (customer, field, message) in [
        (json!({}), "customer_key", "customer_key or email is required"),
        (json!({ "customer_key": "", "email": "" }), "customer_key", "customer_key or email is required"),
        (
            json!({ "customer_key": true }),
            "customer_key",
            "customer_key: expected 1 to 255 characters, got true",
        ),
        (json!({ "email": "a@b" }), "email", r#"email: expected 4 to 255 characters, got "a@b""#),
        (
            json!({ "email": "x@y.example", "name": {} }),
            "name",
            "name: expected 1 to 100 characters, got an object",
        ),
        (json!([1, 2]), "", "expected an object, got 2 entries"),
    ] {
        let error = signup(&tracker, &customer).await.unwrap_err();
        assert_eq!((error["field"].as_str(), error["message"].as_str()), (Some(field), Some(message)));
    }
    let long = signup(&tracker, &json!({ "customer_key": "k".repeat(256) })).await.unwrap_err();
    assert_eq!(
        long["message"],
        format!("customer_key: expected 1 to 255 characters, got \"{}\"", "k".repeat(40))
    );
    let large =
        signup(&tracker, &json!({ "customer_key": "k", "meta": "m".repeat(33_000) })).await.unwrap_err();
    assert_eq!(
        large,
        json!({ "code": "too_large", "field": "", "message": "expected at most 32768 bytes in all" })
    );
    assert_eq!((calls().len(), stored()), (0, 0));
}

fn product(more: &Value) -> Value {
    let mut product = json!({ "product_book_key": "seats" });
    product.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
    product
}

#[wasm_bindgen_test]
async fn a_wrong_checkout_is_named_down_to_the_product() {
    let tracker = tracker_at(CLICK, &json!({}));
    let products = |products: Value| json!({ "customer_key": "c", "products": products });
    let paid = |transaction: Value| json!({ "customer_key": "c", "transaction": transaction });
    let good = product(&json!({}));
    for (checkout, message) in [
        (json!({ "products": [good] }), "customer_key is required"),
        (json!({ "customer_key": "c" }), "a checkout needs products or a transaction"),
        (products(json!([])), "a checkout needs products or a transaction"),
        (products(json!("seats")), r#"products: expected a list of at most 25, got "seats""#),
        (products(json!(vec![good.clone(); 26])), "products: expected a list of at most 25, got 26 entries"),
        (products(json!([good, 7])), "products[1]: expected an object, got 7"),
        (products(json!([good, {}])), "products[1].product_book_key is required"),
        (
            products(json!([good, product(&json!({ "amount": 19.99 }))])),
            "products[1].amount: expected integer cents, got 19.99",
        ),
        (
            products(json!([product(&json!({ "amount": "1999" }))])),
            r#"products[0].amount: expected integer cents, got "1999""#,
        ),
        (
            products(json!([product(&json!({ "amount": 60_000_000_000_i64 }))])),
            "products[0].amount: expected integer cents, got 60000000000",
        ),
        (
            products(json!([product(&json!({ "status": "paused" }))])),
            r#"products[0].status: expected trial or active or churned, got "paused""#,
        ),
        (
            products(json!([product(&json!({ "currency": "dollars" }))])),
            r#"products[0].currency: expected 3 characters, got "dollars""#,
        ),
        (paid(json!({ "currency": "USD" })), "transaction.amount is required"),
        (
            paid(json!({ "amount": 1, "currency": "USD", "key": "abc" })),
            r#"transaction.key: expected 4 to 255 characters, got "abc""#,
        ),
    ] {
        let error = answered(tracker.track_checkout(&js(&checkout))).await.unwrap_err();
        assert_eq!(error["message"], message, "{checkout}");
    }
    assert_eq!((calls().len(), stored()), (0, 0));
    let checkout = json!({
        "customer_key": 7,
        "products": [product(&json!({ "amount": 1999, "currency": "USD", "note": { "deep": [[[1]]] } }))],
        "transaction": { "amount": -5, "currency": "USD", "subscription_key": " s " },
    });
    assert_eq!(answered(tracker.track_checkout(&js(&checkout))).await.unwrap()["state"], "accepted");
    assert_eq!((&events()[0]["type"], &events()[0]["data"]), (&json!("checkout"), &checkout));
}

#[wasm_bindgen_test]
async fn what_json_has_no_form_for_is_named_or_left_out() {
    let tracker = tracker_at(CLICK, &json!({}));
    let object =
        |text: &str| js_sys::Function::new_no_args(&format!("return {text}")).call0(&JsValue::NULL).unwrap();
    let endless = object("{ customer_key: 'c', products: [{ product_book_key: 'b', amount: NaN }] }");
    let error = answered(tracker.track_checkout(&endless)).await.unwrap_err();
    assert_eq!(error["message"], r#"products[0].amount: expected integer cents, got "NaN""#);
    let cycle = object("(() => { const c = { customer_key: 'c' }; c.self = c; return c; })()");
    assert_eq!(answered(tracker.signup(&cycle)).await.unwrap()["state"], "accepted");
    let throws = object("{ get customer_key() { throw new Error('no'); } }");
    assert_eq!(answered(tracker.signup(&throws)).await.unwrap_err()["code"], "required");
    let large = object("{ customer_key: 12345678901234567890n, at: new Date(0) }");
    answered(tracker.signup(&large)).await.unwrap();
    let data = &events()[1]["data"];
    assert_eq!(
        (&data["customer_key"], &data["at"]),
        (&json!("12345678901234567890"), &json!("1970-01-01T00:00:00.000Z"))
    );
}
