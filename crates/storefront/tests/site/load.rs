//! What the site creates in an empty program.

use headwater_storefront::example::OFFERS;
use headwater_storefront::site::Site;
use serde_json::{Value, json};

use crate::headwater::Served;
use crate::shop::{ORIGIN, given, load_into};

#[tokio::test]
async fn loading_the_example_twice_makes_everything_once() {
    let served = Served::start().await;
    let site = Site::open(None, given()).unwrap();
    let first = load_into(&served, &site, ORIGIN).await;
    let once = served.made().await;
    let second = load_into(&served, &site, ORIGIN).await;
    assert_eq!(served.made().await, once);
    assert_eq!(first.link, second.link);
    // The testkit's program has a group and a partner of its own.
    let links = "links/partnership/robin@partner.example";
    assert_eq!(once, [("groups", 2), (links, 1), ("partnerships", 2), ("product_book", 4), ("triggers", 4)]);
    let program = served.headwater.program(0).admin().get("program").await.data();
    assert_eq!(program["origins"], json!([ORIGIN]));
    assert_eq!(program["link_destinations"], json!(["www.example.com", "127.0.0.1:8788"]));
}

#[tokio::test]
async fn each_product_has_a_trigger_for_its_own_name_and_percent_while_active() {
    let served = Served::start().await;
    load_into(&served, &Site::open(None, given()).unwrap(), ORIGIN).await;
    let mut triggers = served.headwater.all("triggers").await;
    triggers.sort_by_key(|trigger| trigger["position"].as_i64());
    let rules: Vec<_> = triggers
        .into_iter()
        .map(|trigger| {
            let scope = &trigger["rules"]["where"];
            assert_eq!(scope["object"], "product");
            assert_eq!(scope["rules"][1]["field"], "status");
            assert_eq!(scope["rules"][1]["value"], json!(["active"]));
            (scope["rules"][0]["value"][0].clone(), trigger["action"]["percent"].clone())
        })
        .collect();
    let expected = [("Live Chat", "10"), ("Knowledge Base", "15"), ("Surveys", "10"), ("Inbox", "20")];
    assert_eq!(rules, expected.map(|(name, percent)| (json!(name), json!(percent))));
}

#[tokio::test]
async fn the_catalogue_carries_the_providers_product_ids() {
    let served = Served::start().await;
    load_into(&served, &Site::open(None, given()).unwrap(), ORIGIN).await;
    let catalogue = served.headwater.all("product_book").await;
    let mut keys: Vec<_> = catalogue.iter().map(|entry| entry["external_key"].clone()).collect();
    keys.sort_by_key(Value::to_string);
    let mut sold = OFFERS.map(|offer| json!(offer.key));
    sold.sort_by_key(Value::to_string);
    assert_eq!(keys, sold);
}

#[tokio::test]
async fn a_site_that_moved_gets_a_second_link_and_one_that_lost_its_state_repeats_no_customer() {
    let served = Served::start().await;
    let site = Site::open(None, given()).unwrap();
    let first = load_into(&served, &site, ORIGIN).await;
    let old = json!({"customer_key": "gk_41", "email": "old@customer.example",
        "partner_key": robin(&served).await});
    served.headwater.api("POST", "customers", old).await.data();
    let moved = load_into(&served, &site, "http://127.0.0.1:9999").await;
    assert!(first.link.ends_with("/robin") && moved.link.ends_with("/robin-9999"), "{}", moved.link);
    assert_eq!(site.sign_up("Ana", "ana@customer.example").unwrap().as_deref(), Some("gk_42"));
}

async fn robin(served: &Served) -> Value {
    let partner = served.headwater.api("GET", "partnerships/robin@partner.example", Value::Null).await;
    partner.data()["partner_key"].clone()
}
