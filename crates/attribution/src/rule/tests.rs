//! The GigaKick example (seed 001), and what rules refuse.

use protocol::v2::{Eligibility, ProductStatus, Rule, TriggerAction};
use protocol::{Currency, Millis, field};

use super::compile;
use crate::evaluate::{Outcome, Program, evaluate, explain};
use crate::facts::{CustomerFacts, Facts, PartnershipFacts, ProductFacts, TransactionFacts};

const NOW: Millis = Millis(1_775_514_585_468);

fn rule(text: &str) -> Rule {
    field::parse(text.as_bytes()).unwrap()
}

fn active(name: &str) -> Rule {
    rule(&format!(
        r#"{{"where":{{"object":"product","rules":[{{"field":"name","operator":"is_any_of","value":["{name}"]}},{{"field":"status","operator":"is_any_of","value":["Active"]}}]}}}}"#
    ))
}

fn trigger(key: &str, rules: &Rule, percent: &str) -> Program {
    let action = TriggerAction::CommissionPercent { percent: percent.parse().unwrap() };
    Program {
        key: key.to_owned(),
        rules: compile(rules).unwrap(),
        action,
        eligibility: Eligibility::default(),
    }
}

fn gigakick() -> Vec<Program> {
    [("Live Chat", "10"), ("Knowledge Base", "15"), ("Surveys", "10"), ("Inbox", "20")]
        .map(|(name, percent)| trigger(name, &active(name), percent))
        .into()
}

fn facts(amount: i64, product: Option<(&str, ProductStatus)>) -> Facts {
    Facts {
        transaction: Some(TransactionFacts {
            amount,
            currency: Currency::USD,
            category_key: None,
            product_key: None,
            metadata: vec![("plan".to_owned(), "pro".to_owned())],
            created: NOW,
        }),
        customer: CustomerFacts { created: NOW, test: false, transactions: 0 },
        partnership: PartnershipFacts {
            group: Some(("grup_1".to_owned(), "affiliates".to_owned())),
            tags: vec!["gold".to_owned()],
            joined: NOW.plus(-10 * Millis::DAY),
        },
        products: product.map(|(name, status)| has(name, status)).into_iter().collect(),
    }
}

fn has(name: &str, status: ProductStatus) -> ProductFacts {
    ProductFacts {
        name: name.to_owned(),
        product_book_key: format!("pbook_{}", name.replace(' ', "")),
        status,
        created: NOW,
    }
}

fn earned(facts: &Facts) -> Vec<i64> {
    evaluate(&gigakick(), facts, NOW).into_iter().map(|decision| decision.amount).collect()
}

#[test]
fn each_product_pays_its_own_commission_and_no_other() {
    assert_eq!(earned(&facts(4900, Some(("Live Chat", ProductStatus::Active)))), [490]);
    assert_eq!(earned(&facts(9900, Some(("Inbox", ProductStatus::Active)))), [1980]);
}

#[test]
fn a_churned_product_earns_nothing_and_says_why() {
    let facts = facts(3900, Some(("Surveys", ProductStatus::Churned)));
    assert_eq!(earned(&facts), [] as [i64; 0]);
    let Outcome::Failed(failure) = &explain(&gigakick(), &facts, NOW)[2].outcome else { panic!("it fired") };
    assert_eq!(
        (failure.rule.as_str(), failure.wanted.as_str(), failure.found.as_str()),
        ("product.status", "is any of [active]", "churned")
    );
}

#[test]
fn without_a_linked_product_every_product_rule_is_false() {
    assert_eq!(earned(&facts(9900, None)), [] as [i64; 0]);
    let not_inbox = trigger(
        "t",
        &rule(r#"{"object":"product","field":"name","operator":"is_not","value":"Inbox"}"#),
        "10",
    );
    assert!(evaluate(&[not_inbox], &facts(9900, None), NOW).is_empty());
}

#[test]
fn a_trigger_without_product_rules_does_not_see_products() {
    let plain = trigger(
        "t",
        &rule(r#"{"object":"transaction","field":"amount","operator":"greater_than","value":100}"#),
        "10",
    );
    assert_eq!(evaluate(std::slice::from_ref(&plain), &facts(9900, None), NOW)[0].amount, 990);
    assert_eq!(evaluate(&[plain], &facts(9900, Some(("Inbox", ProductStatus::Churned))), NOW)[0].amount, 990);
}

#[test]
fn where_wants_one_product_to_satisfy_all_of_its_rules() {
    let mut facts = facts(100, Some(("Inbox", ProductStatus::Churned)));
    facts.products.push(has("Surveys", ProductStatus::Active));
    let scoped = compile(&active("Inbox")).unwrap();
    assert!(!scoped.holds(&facts, NOW));
    let loose = compile(&rule(
        r#"{"all":[{"object":"product","field":"name","operator":"is","value":"Inbox"},{"object":"product","field":"status","operator":"is","value":"active"}]}"#,
    ));
    assert!(loose.unwrap().holds(&facts, NOW), "unscoped rules may be satisfied by different products");
}

#[test]
fn eligibility_asks_for_group_and_tag() {
    let mut inbox = trigger("t", &active("Inbox"), "20");
    inbox.eligibility = Eligibility { groups: vec!["affiliates".to_owned()], tags: vec!["gold".to_owned()] };
    let facts = facts(9900, Some(("Inbox", ProductStatus::Active)));
    assert_eq!(evaluate(std::slice::from_ref(&inbox), &facts, NOW).len(), 1);
    inbox.eligibility.tags = vec!["silver".to_owned()];
    assert_eq!(explain(&[inbox], &facts, NOW)[0].outcome, Outcome::NotEligible);
}

#[test]
fn a_test_customer_earns_nobody_anything() {
    let mut facts = facts(9900, Some(("Inbox", ProductStatus::Active)));
    facts.customer.test = true;
    assert_eq!(earned(&facts), [] as [i64; 0]);
}

fn check(text: &str, expect: bool) {
    let facts = facts(9900, Some(("Inbox", ProductStatus::Active)));
    assert_eq!(compile(&rule(text)).unwrap().holds(&facts, NOW), expect, "{text}");
}

#[test]
fn every_operator_compares() {
    let leaf = |object: &str, field: &str, operator: &str, value: &str| {
        format!(r#"{{"object":"{object}","field":"{field}","operator":"{operator}","value":{value}}}"#)
    };
    check(&leaf("transaction", "amount", "between", "[9900, 9901]"), true);
    check(&leaf("transaction", "amount", "less_than", "9900"), false);
    check(&leaf("transaction", "amount", "is_none_of", "[1, 9900]"), false);
    check(&leaf("transaction", "currency", "is", "\"usd\""), true);
    check(&leaf("transaction", "metadata.plan", "starts_with", "\"pr\""), true);
    check(&leaf("transaction", "metadata.other", "exists", "null"), false);
    check(&leaf("transaction", "category_key", "is_not", "\"x\""), true);
    check(&leaf("partnership", "group", "is", "\"affiliates\""), true);
    check(&leaf("partnership", "tags", "contains", "\"ol\""), true);
    check(&leaf("partnership", "joined", "older_than", "9"), true);
    check(&leaf("partnership", "joined", "newer_than", "10"), false);
    check(&leaf("product", "created", "within", "\"current_day\""), true);
    check(r#"{"any":[]}"#, false);
    check(r#"{"all":[]}"#, true);
}

fn refused(text: &str, field: &str, message: &str) {
    let error = compile(&rule(text)).unwrap_err();
    assert_eq!(error.field, field, "{error:?}");
    assert!(error.message.contains(message), "{}", error.message);
}

#[test]
fn a_bad_rule_names_its_place_and_what_is_allowed() {
    refused(
        r#"{"all":[{"object":"deal","field":"x","operator":"is","value":1}]}"#,
        "rules.all[0].object",
        "product, transaction",
    );
    refused(r#"{"field":"name","operator":"is","value":"x"}"#, "rules.object", "required");
    refused(
        r#"{"object":"product","field":"colour","operator":"is","value":"x"}"#,
        "rules.field",
        "name, product_book_key, status, created",
    );
    refused(
        r#"{"object":"product","field":"status","operator":"is","value":"gone"}"#,
        "rules.value",
        "trial, active or churned",
    );
    refused(
        r#"{"object":"product","field":"name","operator":"between","value":[1,2]}"#,
        "rules.operator",
        "starts_with",
    );
    refused(
        r#"{"object":"transaction","field":"amount","operator":"is","value":19.99}"#,
        "rules.value",
        "integer",
    );
    refused(
        r#"{"object":"transaction","field":"amount","operator":"between","value":[2,1]}"#,
        "rules.value",
        "[low, high]",
    );
    let deep = format!("{}{}{}", r#"{"all":["#.repeat(9), r#"{"any":[]}"#, "]}".repeat(9));
    assert!(compile(&rule(&deep)).unwrap_err().message.contains("8 deep"));
}
