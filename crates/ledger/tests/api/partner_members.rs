//! Which members of each object partners see: every one is listed here, so that a new one is shown only after somebody
//! has decided so (api.md section 7).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::partner_view::{close, operations, trade};
use crate::shop::Shop;

/// The partner's lists, and the members of their items. Those after a `-` are the company's alone: empty for partners.
const SEEN: &[(&str, &str)] = &[
    ("clicks", "bot created_at key link_key partnership_key sub_ids updated_at xid"),
    (
        "customers",
        "archived company.key company.name confirmed_at country_iso created_at -customer_key -email -external_key \
         -field_data -fields has_paid key -mdata -meta name partner_key partnership_key -provider_key shared_id source \
         source_key source_type sub_ids test updated_at",
    ),
    (
        "deals",
        "account_name amount approved archived close_date contact_email contact_first_name contact_last_name \
         created_at currency customer_key external_key fields group_key key member_key meta name partner_key \
         partnership_key source stage test updated_at",
    ),
    ("deals/form-templates", FORM),
    ("form-templates", FORM),
    ("leads/form-templates", FORM),
    (
        "invoices",
        "amount created_at currency key month partnership_key payment_date rewards status updated_at",
    ),
    (
        "leads",
        "amount approved archived company created_at currency customer_key email external_key fields first_name \
         group_key key last_name member_key meta name partner_key partnership_key source status test updated_at",
    ),
    ("links", "archived created_at dest key partnership_key slug updated_at url"),
    ("marketplace/programs", "group joined_at key name offers partner_key partnership_key status"),
    ("partners", "email key name status"),
    (
        "partnerships",
        "address approved_status archived claimed created_at email -fields first_name group group_key joined_at key \
         last_name manager mdata partner_key stats status -tags team.key team.name tier updated_at",
    ),
    ("payouts", "amount created_at currency invoice_key key partnership_key payment_date status updated_at"),
    (
        "products",
        "amount click_xid company_id created_at currency customer_key -external_subscription_key field_data key \
         member_email member_logo member_name -metadata name partner_logo partner_name partnership_key \
         product_book_key stack_key status team_color updated_at",
    ),
    (
        "rewards",
        "action amount created_at currency -customer.email -customer.external_key customer.key customer.name \
         description invoice.key invoice.payment_date invoice.status key offer.description offer.key \
         partnership.email partnership.group partnership.key partnership.name ready_at reason reverses \
         reward_status status transaction.amount transaction.currency transaction.key -trigger updated_at",
    ),
    (
        "transactions",
        "amount amount_usd approved archived -category_key company created_at currency -customer.email \
         -customer.external_key customer.key customer.sub_ids customer_key extension key member_key -metadata \
         partnership_key product_key source status -subscription_key test updated_at",
    ),
];
const FORM: &str = "archived created_at fields group_key key name type updated_at";
/// Objects that are shown as they are, or not at all.
const WHOLE: &[&str] = &["group", "manager", "meta", "stats"];

/// The members of objects, those of inner objects as `customer.email`, and whether any of the objects has something
/// there.
fn members(items: &[Value]) -> BTreeMap<String, bool> {
    fn collect(value: &Value, place: &str, into: &mut BTreeMap<String, bool>) {
        match value {
            Value::Object(inner) if !WHOLE.iter().any(|name| place.ends_with(name)) => {
                for (name, value) in inner {
                    let place = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
                    collect(value, &place, into);
                }
            }
            _ => {
                let empty = [json!(null), json!(""), json!([])].contains(value);
                *into.entry(place.to_owned()).or_default() |= !empty;
            }
        }
    }
    let mut found = BTreeMap::new();
    for item in items {
        collect(item, "", &mut found);
    }
    // Where one item has an inner object and another has null, the object counts.
    let outer: BTreeSet<_> =
        found.keys().filter_map(|place| place.split_once('.')).map(|(outer, _)| outer.to_owned()).collect();
    found.retain(|place, _| !outer.contains(place));
    found
}

#[tokio::test]
async fn a_partner_sees_the_members_that_somebody_has_decided_to_show() {
    let shop = Shop::open().await;
    let ledger = &shop.ledger;
    trade(&shop, "mine", "referrer").await;
    let change = json!({"provider_key": "cus_1", "fields": {"seats": 2}});
    shop.patch("/api/v2/customers/mine-1", change).await.data();
    let product = json!({"customer_key": "mine-1", "product_book_key": "book/Surveys", "status": "active",
        "external_subscription_key": "sub-2", "metadata": {"note": "x"}});
    ledger.make("products", &product).await;
    let paid = json!({"customer_key": "mine-1", "amount": 1, "currency": "USD", "subscription_key": "sub-3",
        "product_key": "Free text", "category_key": "books", "metadata": {"note": "x"}});
    ledger.make("transactions", &paid).await;
    let profile = json!({"tags": ["eu"], "fields": {"size": "5"}, "manager_email": "m@company.example"});
    shop.patch("/api/v2/partnerships/referrer", profile).await.data();
    ledger.make("form-templates", &json!({"type": "deal", "name": "Deal", "fields": []})).await;
    ledger.make("form-templates", &json!({"type": "lead", "name": "Lead", "fields": []})).await;
    let sale = json!({"partner_key": "referrer", "account_name": "Acme", "meta": {"note": "x"}});
    ledger.make("deals", &sale).await;
    let lead = json!({"partner_key": "referrer", "email": "lead@site.example", "meta": {"note": "x"}});
    ledger.make("leads", &lead).await;
    ledger.pass(40 * headwater_protocol::Millis::DAY);
    close(&shop).await;
    let token = ledger.partner_token(&shop.partner).await;
    let mut seen = BTreeSet::new();
    for (path, _) in operations(ledger, "get").await {
        if path.contains('{') {
            continue;
        }
        let list = path.trim_start_matches("/api/v2/");
        let page = ledger.request(&token, "GET", &path, "").await.data();
        // One client maps over the forms, so these lists are bare.
        let shown = members(page.as_array().or(page["items"].as_array()).unwrap());
        let known = SEEN.iter().find(|(known, _)| *known == list).map_or("", |(_, members)| *members);
        let listed: BTreeSet<_> = known.split_whitespace().map(|name| name.trim_start_matches('-')).collect();
        assert_eq!(shown.keys().map(String::as_str).collect::<BTreeSet<_>>(), listed, "{list}");
        let hidden: Vec<_> = known.split_whitespace().filter_map(|name| name.strip_prefix('-')).collect();
        if hidden.is_empty() {
            continue;
        }
        let page = ledger.get(&format!("{path}?limit=250")).await.data();
        let told = members(page.as_array().or(page["items"].as_array()).unwrap());
        for name in hidden {
            assert!(!shown[name], "{name} of {list} is shown to partners");
            let filled = told.iter().any(|(place, filled)| *filled && place.starts_with(name));
            assert!(filled, "{name} of {list} is empty for the company, too, so this shows nothing");
        }
        seen.insert(list.to_owned());
    }
    assert!(SEEN.iter().all(|(list, members)| !members.contains('-') || seen.contains(*list)), "{seen:?}");
}
