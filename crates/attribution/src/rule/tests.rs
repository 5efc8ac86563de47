//! Tables of rules: which compile, which hold, and how a failed one is explained.

use super::compile;
use crate::evaluate::tests::{NOW, facts, product};
use crate::facts::{ActionFacts, DealFacts, LeadFacts, LinkFacts, RecordFacts};
use headwater_protocol::Millis;
use headwater_protocol::v2::{ProductStatus, Rule, TriggerEvent};
use serde_json::{Value, json};

fn rule(value: Value) -> Rule {
    serde_json::from_value(value).unwrap()
}

#[allow(clippy::needless_pass_by_value, reason = "every caller makes its value in place")]
fn leaf(object: &str, field: &str, operator: &str, value: Value) -> Value {
    json!({"object": object, "field": field, "operator": operator, "value": value})
}

#[test]
fn each_operator_compares_as_its_name_says() {
    let mut facts = facts(Some(product("Inbox", ProductStatus::Active)));
    facts.products[0].created_at = NOW.plus(-2 * Millis::DAY);
    facts.transaction.as_mut().unwrap().metadata =
        serde_json::from_value(json!({"plan": "Pro yearly", "seats": "12", "rate": 1.5})).unwrap();
    let cases = [
        ("product", "name", "is", json!("Inbox"), true),
        ("product", "name", "is", json!("inbox"), false),
        ("product", "status", "is_any_of", json!(["Active"]), true),
        ("product", "status", "is_none_of", json!(["churned", "trial"]), true),
        ("product", "status", "is_not", json!("ACTIVE"), false),
        ("product", "created", "older_than", json!(1), true),
        ("product", "created", "older_than", json!(2), false),
        ("product", "created", "newer_than", json!(3), true),
        ("product", "created", "within", json!("rolling_7_days"), true),
        ("product", "created", "within", json!("current_day"), false),
        ("product", "product_book_key", "starts_with", json!("pbook_"), true),
        ("transaction", "amount", "greater_than", json!(9899), true),
        ("transaction", "amount", "greater_than", json!(9900), false),
        ("transaction", "amount", "less_than", json!(9900.5), true),
        ("transaction", "amount", "between", json!([9900, 9900]), true),
        ("transaction", "currency", "is", json!("usd"), true),
        ("transaction", "category_key", "exists", json!(false), true),
        ("transaction", "category_key", "is_not", json!("x"), true),
        ("transaction", "category_key", "is", json!("x"), false),
        ("transaction", "metadata.plan", "contains", json!("year"), true),
        ("transaction", "metadata.seats", "greater_than", json!(10), true),
        ("transaction", "metadata.rate", "is", json!(1.5), true),
        ("transaction", "metadata.none", "exists", Value::Null, false),
        ("customer", "test", "is", json!(false), true),
        ("customer", "transaction_count", "is", json!(1), true),
        ("partnership", "group", "is", json!("gold"), true),
        ("partnership", "group", "is_any_of", json!(["grup_1"]), true),
        ("partnership", "tags", "is", json!("emea"), true),
        ("partnership", "tags", "is_none_of", json!(["emea"]), false),
    ];
    for (object, field, operator, value, expected) in cases {
        let text = format!("{object} {field} {operator} {value}");
        let compiled =
            compile(&rule(leaf(object, field, operator, value)), TriggerEvent::TransactionCreated).unwrap();
        assert_eq!(compiled.matches(&facts, NOW), expected, "{text}");
        assert_eq!(compiled.failed(&facts, NOW).is_none(), expected, "{text}");
    }
}

#[test]
fn every_field_is_read_from_its_own_record() {
    let mut facts = facts(Some(product("Inbox", ProductStatus::Active)));
    let payment = facts.transaction.as_mut().unwrap();
    payment.category_key = Some("chat".to_owned());
    payment.product_key = Some("live_chat".to_owned());
    payment.created_at = NOW.plus(-2 * Millis::DAY);
    payment.metadata = serde_json::from_value(json!({"seats": "12", "rate": 7})).unwrap();
    let customer = facts.customer.as_mut().unwrap();
    customer.created_at = NOW.plus(-4 * Millis::DAY);
    customer.fields = serde_json::from_value(json!({"size": 40})).unwrap();
    facts.partnership.created_at = NOW.plus(-6 * Millis::DAY);
    facts.partnership.tags.clear();
    let aged = |object: &'static str, days: i64| {
        [
            (object, "created", "older_than", json!(days - 1), true),
            (object, "created", "older_than", json!(days), false),
            (object, "created", "newer_than", json!(days), false),
            (object, "created", "newer_than", json!(days + 1), true),
        ]
    };
    let mut cases = [
        ("transaction", "category_key", "is", json!("chat"), true),
        ("transaction", "product_key", "is", json!("live_chat"), true),
        ("transaction", "amount", "less_than", json!(9900), false),
        ("transaction", "metadata.seats", "is", json!(12), true),
        ("transaction", "metadata.seats", "is", json!(13), false),
        ("transaction", "metadata.rate", "is", json!("7"), true),
        ("transaction", "metadata.rate", "is", json!("8"), false),
        ("transaction", "metadata.seats", "contains", json!("3"), false),
        ("customer", "total_revenue", "is", json!(9900), true),
        ("customer", "fields.size", "greater_than", json!(39), true),
        ("partnership", "tags", "exists", json!(false), true),
        ("partnership", "group", "exists", json!(true), true),
    ]
    .to_vec();
    cases.extend(aged("transaction", 2).into_iter().chain(aged("customer", 4)).chain(aged("partnership", 6)));
    for (object, field, operator, value, expected) in cases {
        let text = format!("{object} {field} {operator} {value}");
        let compiled =
            compile(&rule(leaf(object, field, operator, value)), TriggerEvent::TransactionCreated).unwrap();
        assert_eq!(compiled.matches(&facts, NOW), expected, "{text}");
    }
}

#[test]
fn one_of_several_is_enough_and_needs_no_product() {
    let written = json!({"any": [leaf("transaction", "amount", "is", json!(1)),
        leaf("transaction", "amount", "is", json!(9900))]});
    let compiled = compile(&rule(written), TriggerEvent::TransactionCreated).unwrap();
    let mut facts = facts(None);
    assert!(compiled.matches(&facts, NOW));
    facts.transaction.as_mut().unwrap().amount = 2;
    assert!(!compiled.matches(&facts, NOW));
}

#[test]
fn an_explanation_shows_numbers_as_they_are_and_whose_field_it_was() {
    let mut facts = facts(None);
    facts.transaction.as_mut().unwrap().metadata =
        serde_json::from_value(json!({"whole": 12, "half": 1.5})).unwrap();
    for (field, actual) in [("metadata.whole", json!(12)), ("metadata.half", json!("1.5"))] {
        let asked = json!({"field": field, "operator": "is", "value": 1});
        let written = json!({"where": {"object": "transaction", "rules": [asked]}});
        let compiled = compile(&rule(written), TriggerEvent::TransactionCreated).unwrap();
        let failed = compiled.failed(&facts, NOW).unwrap();
        assert_eq!(failed.actual, actual);
        assert_eq!(failed.rule, Some(rule(leaf("transaction", field, "is", json!(1)))));
    }
}

#[test]
fn nested_rules_ask_the_same_product() {
    let mut facts = facts(Some(product("Inbox", ProductStatus::Churned)));
    facts.products.push(product("Surveys", ProductStatus::Active));
    let rules = json!([
        leaf("product", "name", "is", json!("Inbox")),
        leaf("product", "status", "is", json!("active"))
    ]);
    let event = TriggerEvent::TransactionCreated;
    let apart = compile(&rule(json!({"all": rules})), event).unwrap();
    assert!(apart.matches(&facts, NOW), "each holds for one of them");
    let together = compile(&rule(json!({"where": {"object": "product", "rules": rules}})), event).unwrap();
    assert!(!together.matches(&facts, NOW));
    facts.products[0].status = ProductStatus::Active;
    assert!(together.matches(&facts, NOW));
}

#[test]
fn without_a_linked_product_every_product_rule_is_false() {
    let facts = facts(None);
    let leaves = [
        leaf("product", "name", "is_not", json!("Inbox")),
        leaf("product", "name", "exists", json!(false)),
        json!({"where": {"object": "product", "rules": []}}),
    ];
    for written in leaves {
        let compiled = compile(&rule(written), TriggerEvent::TransactionCreated).unwrap();
        assert!(!compiled.matches(&facts, NOW));
        let reason = compiled.failed(&facts, NOW).unwrap().reason;
        assert!(reason.contains("no product is linked"), "{reason}");
    }
}

#[test]
fn an_explanation_names_the_first_rule_that_failed_and_both_values() {
    let facts = facts(Some(product("Inbox", ProductStatus::Churned)));
    let written = json!({"where": {"object": "product", "rules": [
        {"field": "name", "operator": "is_any_of", "value": ["Inbox"]},
        {"field": "status", "operator": "is_any_of", "value": ["Active"]},
    ]}});
    let failed =
        compile(&rule(written), TriggerEvent::TransactionCreated).unwrap().failed(&facts, NOW).unwrap();
    assert_eq!(failed.path, "rules.where.rules[1]");
    assert_eq!(failed.actual, json!("churned"));
    assert_eq!(failed.reason, "product status is \"churned\", and the rule wants is_any_of [\"Active\"]");
}

#[test]
fn a_mistake_names_its_path_and_what_is_allowed() {
    let deep = (0..9).fold(leaf("customer", "test", "is", json!(true)), |inner, _| json!({"all": [inner]}));
    let many: Vec<_> = (0..101).map(|_| leaf("customer", "test", "is", json!(true))).collect();
    let cases = [
        (leaf("gizmo", "x", "is", json!(1)), "rules.object", "product, transaction, customer"),
        (leaf("product", "colour", "is", json!(1)), "rules.field", "name, status, created"),
        (leaf("product", "status", "contains", json!("a")), "rules.operator", "is, is_not, is_any_of"),
        (leaf("product", "status", "is", json!("gone")), "rules.value", "trial, active or churned"),
        (leaf("product", "name", "is_any_of", json!(["a", 7])), "rules.value[1]", "text"),
        (leaf("product", "name", "is_any_of", json!([])), "rules.value", "1 to 250"),
        (leaf("product", "created", "within", json!("next_week")), "rules.value", "rolling_N_days"),
        (leaf("transaction", "amount", "between", json!([2, 1])), "rules.value", "low not above high"),
        (leaf("transaction", "currency", "is", json!("dollars")), "rules.value", "ISO 4217"),
        (leaf("product", "status", "is", json!(7)), "rules.value", "trial, active or churned, got 7"),
        (leaf("transaction", "amount", "is", json!("7")), "rules.value", "must be a number, got"),
        (leaf("customer", "test", "is", json!("yes")), "rules.value", "true or false, got"),
        (leaf("product", "name", "contains", json!("")), "rules.value", "text that is not empty"),
        (leaf("transaction", "metadata.", "is", json!("x")), "rules.field", "metadata.NAME"),
        (json!({"field": "name", "operator": "is", "value": "x"}), "rules.object", "required"),
        (json!({"all": [{"any": []}]}), "rules.all[0].any", "one rule at least"),
        (deep, "rules.all[0].all[0].all[0].all[0].all[0].all[0].all[0].all[0]", "at most 8"),
        (json!({"all": many}), "rules.all[100]", "at most 100"),
    ];
    for (written, path, says) in cases {
        let error = compile(&rule(written), TriggerEvent::TransactionCreated).unwrap_err();
        assert_eq!(error.field, path, "{error:?}");
        assert!(error.message.contains(says), "{}", error.message);
    }
    let written = rule(leaf("product", "name", "is", json!("Inbox")));
    let error = compile(&written, TriggerEvent::CustomerCreated).unwrap_err();
    assert!(error.message.contains("transaction_created, product_updated only"), "{}", error.message);
}

#[test]
fn every_event_knows_its_own_record_and_no_other() {
    let fields = || serde_json::from_value(json!({"size": 40})).unwrap();
    let records = [
        RecordFacts::Action(ActionFacts { kind: "demo".to_owned(), value: 3, created_at: NOW }),
        RecordFacts::Deal(DealFacts {
            stage: Some("won".to_owned()),
            amount: Some(50),
            currency: "EUR".parse().ok(),
            fields: fields(),
            created_at: NOW,
        }),
        RecordFacts::Lead(LeadFacts {
            status: Some("open".to_owned()),
            amount: Some(60),
            fields: fields(),
            created_at: NOW,
        }),
        RecordFacts::Link(LinkFacts {
            key: "link_1".to_owned(),
            slug: "spring".to_owned(),
            dest: "https://www.example.com/a".to_owned(),
        }),
    ];
    let cases = [
        ("action", "type", json!("demo")),
        ("action", "value", json!(3)),
        ("deal", "stage", json!("won")),
        ("deal", "amount", json!(50)),
        ("deal", "currency", json!("EUR")),
        ("deal", "fields.size", json!(40)),
        ("lead", "status", json!("open")),
        ("lead", "amount", json!(60)),
        ("lead", "fields.size", json!(40)),
        ("link", "key", json!("link_1")),
        ("link", "slug", json!("spring")),
        ("link", "dest", json!("https://www.example.com/a")),
    ];
    let mut compiles = 0;
    for (object, field, value) in cases {
        let written = rule(leaf(object, field, "is", value));
        for event in TriggerEvent::ALL {
            let Ok(compiled) = compile(&written, event) else { continue };
            compiles += 1;
            let mut facts = facts(None);
            facts.event = event;
            assert!(!compiled.matches(&facts, NOW), "absent: {object} {field}");
            let holds = records.iter().filter(|record| {
                facts.record = Some((*record).clone());
                compiled.matches(&facts, NOW)
            });
            assert_eq!(holds.count(), 1, "{object} {field}");
        }
    }
    assert_eq!(compiles, 12, "each is known to one event");
}

#[test]
fn an_age_is_the_number_of_whole_days_and_a_tier_has_a_key_and_a_name() {
    let mut facts = facts(None);
    facts.customer.as_mut().unwrap().created_at = NOW.plus(1 - 3 * Millis::DAY);
    facts.partnership.created_at = NOW.plus(-3 * Millis::DAY);
    facts.partnership.tier = Some(("tier_1".to_owned(), "Silver".to_owned()));
    let cases = [
        ("customer", "age", "is", json!(2)),
        ("customer", "age", "between", json!([2, 2])),
        ("partnership", "age", "is", json!(3)),
        ("partnership", "tier", "is", json!("Silver")),
        ("partnership", "tier", "is_any_of", json!(["tier_1"])),
    ];
    for (object, field, operator, value) in cases {
        let written = rule(leaf(object, field, operator, value));
        let compiled = compile(&written, TriggerEvent::CustomerCreated).unwrap();
        assert!(compiled.matches(&facts, NOW), "{written:?}");
    }
}

#[test]
fn of_an_event_of_the_past_only_what_can_change_is_asked_again() {
    let event = TriggerEvent::TransactionCreated;
    let mut past = facts(Some(product("Inbox", ProductStatus::Active)));
    let later = NOW.plus(200 * Millis::DAY);
    let written = json!({"all": [
        leaf("product", "created", "within", json!("current_month")),
        leaf("customer", "transaction_count", "is", json!(1)),
        leaf("customer", "age", "less_than", json!(30)),
        leaf("product", "status", "is", json!("active")),
    ]});
    let compiled = compile(&rule(written), event).unwrap();
    past.customer.as_mut().unwrap().transaction_count = 9;
    assert!(!compiled.matches(&past, later));
    assert_eq!(compiled.ended(&past, NOW), None);
    past.products[0].status = ProductStatus::Churned;
    assert_eq!(compiled.ended(&past, NOW).unwrap().path, "rules.all[3]");
    let action = compile(&rule(leaf("action", "type", "is", json!("demo"))), TriggerEvent::ActionRecorded);
    assert_eq!(action.unwrap().ended(&past, NOW), None, "what was recorded stays recorded");
}
