//! The vendor's example (seed 001), and what must not pay.

use super::{CompiledTrigger, TriggerDecision, explain};
use crate::cap::CapUses;
use crate::facts::{CustomerFacts, Facts, PartnershipFacts, ProductFacts, TransactionFacts};
use headwater_protocol::v2::{
    Eligibility, FlatCommission, PercentCommission, ProductStatus, Rule, TriggerAction, TriggerEvent,
};
use headwater_protocol::{Currency, Millis};
use serde_json::{Map, json};

/// 2026-05-20T12:00:00Z, a Wednesday.
pub(crate) const NOW: Millis = Millis(1_779_278_400_000);

pub(crate) fn product(name: &str, status: ProductStatus) -> ProductFacts {
    ProductFacts {
        key: "prod_1".to_owned(),
        name: name.to_owned(),
        product_book_key: format!("pbook_{name}"),
        status,
        created_at: NOW,
    }
}

/// A payment of $99 by a customer of a partner in the gold group.
pub(crate) fn facts(product: Option<ProductFacts>) -> Facts {
    Facts {
        event: TriggerEvent::TransactionCreated,
        test_clock: false,
        transaction: Some(TransactionFacts {
            amount: 9900,
            currency: Currency::USD,
            category_key: None,
            product_key: None,
            metadata: Map::new(),
            test: false,
            created_at: NOW,
        }),
        customer: Some(CustomerFacts {
            fields: Map::new(),
            test: false,
            created_at: NOW,
            total_revenue: 9900,
            transaction_count: 1,
        }),
        partnership: PartnershipFacts {
            group: Some(("grup_1".to_owned(), "gold".to_owned())),
            tags: vec!["emea".to_owned()],
            tier: None,
            created_at: NOW,
        },
        products: product.into_iter().collect(),
        record: None,
    }
}

fn share(key: &str, percent: &str, rules: &Rule, eligibility: &Eligibility) -> CompiledTrigger {
    let event = TriggerEvent::TransactionCreated;
    CompiledTrigger::compile((key, key), event, rules, &percent_of(percent), eligibility).unwrap()
}

fn percent_of(percent: &str) -> TriggerAction {
    TriggerAction::CommissionPercent(PercentCommission {
        percent: percent.parse().unwrap(),
        ..PercentCommission::default()
    })
}

fn flat(amount: i64) -> TriggerAction {
    TriggerAction::CommissionFlat(FlatCommission {
        amount: Some(amount),
        currency: Some(Currency::USD),
        ..FlatCommission::default()
    })
}

fn always() -> Rule {
    Rule::All(Vec::new())
}

/// GigaKick's four triggers: «Name is any of […], nested: Status is any of Active».
fn gigakick() -> Vec<CompiledTrigger> {
    [("Live Chat", "10"), ("Knowledge Base", "15"), ("Surveys", "10"), ("Inbox", "20")]
        .map(|(name, percent)| {
            let rules = serde_json::from_value(json!({"where": {"object": "product", "rules": [
                {"field": "name", "operator": "is_any_of", "value": [name]},
                {"field": "status", "operator": "is_any_of", "value": ["Active"]},
            ]}}))
            .unwrap();
            share(name, percent, &rules, &Eligibility::default())
        })
        .into()
}

fn paid(triggers: &[CompiledTrigger], facts: &Facts) -> Vec<(String, i64)> {
    let pays = |trigger: &CompiledTrigger| match trigger.decide(facts, NOW)? {
        TriggerDecision::Pay(amount, _) => Some((trigger.key.clone(), amount)),
        TriggerDecision::GroupMove(_) | TriggerDecision::Message(_) => None,
    };
    let paid: Vec<_> = triggers.iter().filter_map(pays).collect();
    let explained = triggers.iter().map(|trigger| explain(trigger, facts, &CapUses::new(), NOW));
    let explained = explained.filter(|told| told.fired);
    let explained: Vec<_> = explained.map(|told| (told.trigger, told.amount.unwrap())).collect();
    assert_eq!(paid, explained, "what is explained is what is paid");
    paid
}

#[test]
fn each_gigakick_product_pays_its_own_commission_and_no_other() {
    let cases = [
        ("Live Chat", 4900, 490),
        ("Knowledge Base", 7900, 1185),
        ("Surveys", 3900, 390),
        ("Inbox", 9900, 1980),
    ];
    for (name, price, commission) in cases {
        let mut facts = facts(Some(product(name, ProductStatus::Active)));
        facts.transaction.as_mut().unwrap().amount = price;
        assert_eq!(paid(&gigakick(), &facts), [(name.to_owned(), commission)]);
    }
}

#[test]
fn a_churned_product_earns_nothing() {
    for status in [ProductStatus::Churned, ProductStatus::Trial] {
        assert_eq!(paid(&gigakick(), &facts(Some(product("Surveys", status)))), []);
    }
}

#[test]
fn a_trigger_without_product_rules_behaves_as_if_products_did_not_exist() {
    let triggers = [share("any", "5", &always(), &Eligibility::default())];
    let expected = [("any".to_owned(), 495)];
    assert_eq!(paid(&triggers, &facts(None)), expected);
    assert_eq!(paid(&triggers, &facts(Some(product("Inbox", ProductStatus::Churned)))), expected);
    assert_eq!(paid(&gigakick(), &facts(None)), []);
    assert!(!triggers[0].asks_products() && gigakick().iter().all(CompiledTrigger::asks_products));
}

#[test]
fn a_trigger_says_whether_it_asks_for_history_or_products() {
    let rules = |value| serde_json::from_value::<Rule>(value).unwrap();
    let leaf = |object: &str, field: &str| json!({"object": object, "field": field, "operator": "exists"});
    let cases = [
        (json!({"all": []}), false, false),
        (json!({"any": [leaf("transaction", "amount"), leaf("customer", "total_revenue")]}), true, false),
        (json!({"all": [leaf("customer", "transaction_count")]}), true, false),
        (json!({"all": [leaf("customer", "created"), leaf("partnership", "tags")]}), false, false),
        (json!({"any": [leaf("transaction", "amount"), leaf("product", "name")]}), false, true),
        (json!({"all": [{"where": {"object": "product", "rules": []}}]}), false, true),
        (json!({"where": {"object": "product", "rules": [leaf("customer", "total_revenue")]}}), true, true),
    ];
    for (written, history, products) in cases {
        let trigger = share("any", "5", &rules(written.clone()), &Eligibility::default());
        assert_eq!((trigger.needs_history(), trigger.asks_products()), (history, products), "{written}");
    }
}

#[test]
fn an_offer_pays_only_partners_it_is_for() {
    let for_whom = |groups: &[&str], tags: &[&str]| Eligibility {
        groups: groups.iter().map(ToString::to_string).collect(),
        tags: tags.iter().map(ToString::to_string).collect(),
    };
    let cases = [
        (for_whom(&["silver", "gold"], &[]), true),
        (for_whom(&["grup_1"], &["emea", "apac"]), true),
        (for_whom(&["silver"], &["emea"]), false),
        (for_whom(&["gold"], &["apac"]), false),
    ];
    for (eligibility, expected) in cases {
        let triggers = [share("any", "5", &always(), &eligibility)];
        assert_eq!(!paid(&triggers, &facts(None)).is_empty(), expected, "{eligibility:?}");
    }
    let mut outside = facts(None);
    outside.partnership.group = None;
    assert_eq!(paid(&[share("any", "5", &always(), &for_whom(&["gold"], &[]))], &outside), []);
}

#[test]
fn test_records_earn_nothing() {
    let triggers = [share("any", "5", &always(), &Eligibility::default())];
    let mut tried = facts(None);
    tried.transaction.as_mut().unwrap().test = true;
    assert_eq!(paid(&triggers, &tried), []);
    let mut tried = facts(None);
    tried.customer.as_mut().unwrap().test = true;
    assert_eq!(paid(&triggers, &tried), []);
    tried.test_clock = true;
    assert_eq!(paid(&triggers, &tried), [("any".to_owned(), 495)], "under a test clock they do");
}

#[test]
fn money_going_back_takes_its_share_and_no_fixed_sum() {
    let event = TriggerEvent::TransactionCreated;
    let compile = |action: TriggerAction| {
        CompiledTrigger::compile(("flat", "flat"), event, &always(), &action, &Eligibility::default())
    };
    let triggers = [compile(flat(2500)).unwrap(), share("share", "10", &always(), &Eligibility::default())];
    let mut back = facts(None);
    back.transaction.as_mut().unwrap().amount = -9905;
    assert_eq!(paid(&triggers, &back), [("share".to_owned(), -991)]);
    back.transaction.as_mut().unwrap().amount = 0;
    assert_eq!(paid(&triggers, &back), [("flat".to_owned(), 2500)]);
    assert_eq!(compile(flat(0)).unwrap_err().field, "action.amount");
}

#[test]
fn a_share_needs_a_payment() {
    let event = TriggerEvent::CustomerCreated;
    let made =
        CompiledTrigger::compile(("a", "a"), event, &always(), &percent_of("10"), &Eligibility::default());
    assert!(made.unwrap_err().message.contains("transaction_created"));
}
