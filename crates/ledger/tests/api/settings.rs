//! A program's number, credentials and settings.

use headwater_ledger::NewProgram;
use serde_json::{Value, json};

use crate::shop::Shop;
use crate::test_ledger::TestLedger;

#[tokio::test]
async fn programs_have_drawn_numbers_of_eight_digits() {
    let ledger = TestLedger::open().await;
    let mut numbers = vec![ledger.keys.program_id];
    for name in ["Second", "Third"] {
        let new = NewProgram { name: name.to_owned(), ..NewProgram::default() };
        numbers.push(ledger.handle.create_program(new).await.unwrap().program_id);
    }
    assert!(numbers.iter().all(|number| (10_000_000..100_000_000).contains(number)), "{numbers:?}");
    let (low, high) = (numbers.iter().min().unwrap(), numbers.iter().max().unwrap());
    assert!(high - low > 1_000, "{numbers:?}");
}

#[tokio::test]
async fn credentials_are_printed_without_their_secrets() {
    let keys = TestLedger::open().await.keys;
    let printed = format!("{keys:?}");
    assert!(printed.contains(&keys.public_key), "{printed}");
    let secrets = [
        &keys.secret_key,
        &keys.test_secret_key,
        &keys.tracking_token,
        &keys.test_tracking_token,
        &keys.admin_token,
    ];
    assert!(secrets.into_iter().all(|secret| !printed.contains(secret)), "{printed}");
}

#[tokio::test]
async fn signed_signups_need_the_secret_that_they_are_verified_with() {
    let shop = Shop::open().await;
    let refused = |reply: crate::test_ledger::Reply| {
        assert_eq!(reply.error(), (400, "invalid_value".to_owned(), "signups".to_owned()));
    };
    refused(shop.settings(json!({"signups": "signed"})).await);
    let both = json!({"signups": "signed", "identity_secret": "shh-it-is-secret"});
    let set = shop.settings(both).await;
    assert!(!set.text.contains("shh-it-is-secret"), "{}", set.text);
    assert_eq!(
        (&set.data()["signups"], &set.data()["identity_secret_set"]),
        (&json!("signed"), &json!(true))
    );
    refused(shop.settings(json!({"identity_secret": ""})).await);
    let loose = shop.settings(json!({"signups": "open", "identity_secret": ""})).await;
    assert_eq!(loose.data()["identity_secret_set"], false, "{}", loose.text);
}

#[tokio::test]
async fn an_empty_secret_removes_the_old_one_and_a_missing_one_leaves_it() {
    let shop = Shop::open().await;
    for mode in ["", "test_"] {
        let (secrets, providers) = (format!("{mode}webhook_secrets"), format!("{mode}webhook_providers"));
        let set = |secret: &str| json!({secrets.as_str(): {"stripe": secret}});
        for (change, shown) in [
            (set("whsec_example"), json!(["stripe"])),
            (json!({"name": "GigaKick"}), json!(["stripe"])),
            (json!({secrets.as_str(): {}}), json!(["stripe"])),
            (set(&"x".repeat(255)), json!(["stripe"])),
            (set(""), json!([])),
        ] {
            assert_eq!(shop.settings(change).await.data()[&providers], shown, "{providers}");
        }
        assert_eq!(shop.settings(set(&"x".repeat(256))).await.error().2, format!("{secrets}.stripe"));
        let unknown = shop.settings(json!({secrets.as_str(): {"strpe": "whsec_example"}})).await;
        assert_eq!(unknown.error().2, secrets);
        assert!(unknown.text.contains("'strpe' is not one of ['stripe', "), "{}", unknown.text);
    }
}

#[tokio::test]
async fn every_setting_is_kept_until_it_is_changed() {
    let shop = Shop::open().await;
    let before = shop.settings(json!({})).await.data();
    let changes = [
        ("name", json!("Kick")),
        ("claimed_signups", json!("accept")),
        ("product_claims", json!("ignore")),
        ("organic_signups", json!(true)),
        ("email_matching", json!(true)),
        ("checkout_amounts", json!("accept")),
        ("redirect_order", json!("2021")),
    ];
    for (name, value) in &changes {
        assert_ne!(before[name], *value, "{name}");
        assert_eq!(shop.settings(json!({*name: value})).await.data()[name], *value);
    }
    let after = shop.ledger.request(&shop.ledger.admin(), "GET", "/api/v2/program", "").await.data();
    for (name, value) in &changes {
        assert_eq!(after[name], *value, "{name}");
    }
    assert_eq!(shop.settings(json!({"name": ""})).await.error().2, "name");
}

#[tokio::test]
async fn origins_and_hosts_are_taken_in_their_normal_form_and_nothing_else() {
    let shop = Shop::open().await;
    let taken = [
        ("origins", "https://Shop.Example.com:443/", json!("https://shop.example.com")),
        ("origins", "http://127.0.0.1:8787", json!("http://127.0.0.1:8787")),
        ("link_destinations", "Shop.Example.com:80", json!("shop.example.com")),
        ("link_destinations", "127.0.0.1:8787", json!("127.0.0.1:8787")),
    ];
    for (field, given, kept) in taken {
        assert_eq!(shop.settings(json!({field: [given]})).await.data()[field], json!([kept]), "{given}");
    }
    let refused = [
        ("origins", "shop.example.com"),
        ("origins", "ftp://shop.example.com"),
        ("origins", "mailto:shop@example.com"),
        ("origins", "https://shop.example.com/path"),
        ("origins", "https://shop.example.com/?query"),
        ("link_destinations", ""),
        ("link_destinations", "shop.example.com/path"),
        ("link_destinations", "shop.example.com?query"),
        ("link_destinations", "shop.example.com#part"),
        ("link_destinations", "user@shop.example.com"),
    ];
    for (field, given) in refused {
        let reply = shop.settings(json!({field: [given]})).await;
        assert_eq!(reply.error(), (400, "invalid_value".to_owned(), format!("{field}[0]")), "{given}");
    }
    let unchanged: Value = shop.settings(json!({})).await.data();
    assert_eq!(unchanged["link_destinations"], json!(["127.0.0.1:8787"]));
}
