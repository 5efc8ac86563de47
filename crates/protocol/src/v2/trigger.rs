//! Triggers: an event, rules and an action (triggers.md). **We** give them an API, so that a program is code.
//!
//! These are the wire types; `attribution` compiles and evaluates them.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::TriggerAction;
use crate::{Currency, Millis};

/// What a trigger listens for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TriggerEvent {
    /// A signup was recorded.
    CustomerCreated,
    /// A payment was recorded, or linked to its product later.
    TransactionCreated,
    /// An action of a customer or a partner was recorded.
    ActionRecorded,
    /// A product's status or catalogue entry has changed.
    ProductUpdated,
    /// A partner has joined the program, or moved to another group.
    PartnershipCreated,
    /// A person has followed a partner's link.
    LinkClicked,
    /// A deal has changed.
    DealUpdated,
    /// A lead has changed.
    LeadUpdated,
}

impl TriggerEvent {
    /// Every event.
    pub const ALL: [Self; 8] = [
        Self::CustomerCreated,
        Self::TransactionCreated,
        Self::ActionRecorded,
        Self::ProductUpdated,
        Self::PartnershipCreated,
        Self::LinkClicked,
        Self::DealUpdated,
        Self::LeadUpdated,
    ];

    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::CustomerCreated => "customer_created",
            Self::TransactionCreated => "transaction_created",
            Self::ActionRecorded => "action_recorded",
            Self::ProductUpdated => "product_updated",
            Self::PartnershipCreated => "partnership_created",
            Self::LinkClicked => "link_clicked",
            Self::DealUpdated => "deal_updated",
            Self::LeadUpdated => "lead_updated",
        }
    }

    /// The event with this name; `None` if there is none.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.name() == name)
    }
}

/// A tree of rules. On the wire each node is an object with one of `all`, `any` or `where`, or a leaf's
/// `object`, `field`, `operator`, `value`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Node", into = "Node")]
pub enum Rule {
    /// Holds when every rule below does; an empty list holds.
    All(Vec<Rule>),
    /// Holds when one rule below does.
    Any(Vec<Rule>),
    /// Holds when one record satisfies all rules below at once.
    Where(RuleScope),
    /// One comparison.
    Leaf(RuleLeaf),
}

/// Rules about the same record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RuleScope {
    /// `product`, `transaction`, `customer`, `partnership`, or the record of the event: `action`, `deal`, `lead`, `link`.
    pub object: String,
    /// What one record must satisfy; leaves may leave `object` out.
    pub rules: Vec<Rule>,
}

/// One comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RuleLeaf {
    /// As in `where`; inside it, its object when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// The field, as `status` or `metadata.plan`.
    pub field: String,
    /// How to compare.
    pub operator: Operator,
    /// With what: text, number, or a list of them.
    #[serde(default)]
    pub value: Value,
}

/// How a leaf compares (triggers.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Operator {
    /// Equal.
    Is,
    /// Not equal.
    IsNot,
    /// Equal to one of a list.
    IsAnyOf,
    /// Equal to none of a list.
    IsNoneOf,
    /// Text contains.
    Contains,
    /// Text begins with.
    StartsWith,
    /// Number is greater.
    GreaterThan,
    /// Number is less.
    LessThan,
    /// Number lies within `[low, high]`, both included.
    Between,
    /// A time lies further back than a number of days.
    OlderThan,
    /// A time lies less far back than a number of days.
    NewerThan,
    /// There is a value.
    Exists,
    /// A time lies in a calendar window, as `current_month` or `previous_day`, or `rolling_30_days`.
    Within,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Node {
    #[serde(skip_serializing_if = "Option::is_none")]
    all: Option<Vec<Rule>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    any: Option<Vec<Rule>>,
    #[serde(rename = "where", skip_serializing_if = "Option::is_none")]
    scope: Option<RuleScope>,
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operator: Option<Operator>,
    #[serde(skip_serializing_if = "Value::is_null")]
    value: Value,
}

impl TryFrom<Node> for Rule {
    type Error = String;

    fn try_from(node: Node) -> Result<Self, String> {
        match (node.all, node.any, node.scope, node.field, node.operator) {
            (Some(rules), None, None, None, None) => Ok(Self::All(rules)),
            (None, Some(rules), None, None, None) => Ok(Self::Any(rules)),
            (None, None, Some(scope), None, None) => Ok(Self::Where(scope)),
            (None, None, None, Some(field), Some(operator)) => {
                Ok(Self::Leaf(RuleLeaf { object: node.object, field, operator, value: node.value }))
            }
            _ => Err("a rule has exactly one of 'all', 'any', 'where', or a leaf's 'field' and 'operator'"
                .to_owned()),
        }
    }
}

impl From<Rule> for Node {
    fn from(rule: Rule) -> Self {
        match rule {
            Rule::All(rules) => Self { all: Some(rules), ..Self::default() },
            Rule::Any(rules) => Self { any: Some(rules), ..Self::default() },
            Rule::Where(scope) => Self { scope: Some(scope), ..Self::default() },
            Rule::Leaf(leaf) => Self {
                object: leaf.object,
                field: Some(leaf.field),
                operator: Some(leaf.operator),
                value: leaf.value,
                ..Self::default()
            },
        }
    }
}

/// Which partners an offer is for; an empty list admits every partner.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Eligibility {
    /// Keys or slugs of groups, one of which the partner must be in.
    pub groups: Vec<String>,
    /// Tags, one of which the partner must have.
    pub tags: Vec<String>,
}

/// `POST /triggers`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreateTrigger {
    /// For the program's own people; partners never see it.
    pub name: String,
    /// What partners see.
    pub offer_description: String,
    /// What it listens for.
    pub event: TriggerEvent,
    /// When it fires; absent: always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<Rule>,
    /// What it does.
    pub action: TriggerAction,
    /// For whom.
    #[serde(default)]
    pub eligibility: Eligibility,
}

/// `PATCH /triggers/{key}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UpdateTrigger {
    /// New name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// New text for partners.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer_description: Option<String>,
    /// New rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<Rule>,
    /// New action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<TriggerAction>,
    /// New eligibility.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eligibility: Option<Eligibility>,
    /// Switched on or off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
}

/// A trigger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Trigger {
    /// `trig_…`
    pub key: String,
    /// For the program's own people.
    pub name: String,
    /// What partners see.
    pub offer_description: String,
    /// What it listens for.
    pub event: TriggerEvent,
    /// When it fires.
    pub rules: Rule,
    /// What it does.
    pub action: TriggerAction,
    /// For whom.
    pub eligibility: Eligibility,
    /// Place in the order of evaluation.
    pub position: i64,
    /// Whether it is on.
    pub active: bool,
    /// Whether it is archived.
    pub archived: bool,
    /// Made at.
    pub created_at: Millis,
    /// Last changed at.
    pub updated_at: Millis,
}

/// `GET /triggers/schema`: the JSON schema of rules. **We** add it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = Object)]
pub struct RulesSchema(pub Value);

/// Why a trigger did not fire. **We** add it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FailedRule {
    /// The rule's path in its trigger, as `rules.where.rules[1]`.
    pub path: String,
    /// The comparison that failed, where one did.
    pub rule: Option<Rule>,
    /// The value it was compared with.
    pub actual: Value,
    /// A sentence for people.
    pub reason: String,
}

/// What one trigger makes of one transaction. **We** add it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Explanation {
    /// `trig_…`
    pub trigger: String,
    /// The trigger's name.
    pub name: String,
    /// Whether it fires.
    pub fired: bool,
    /// What it pays, in minor units.
    pub amount: Option<i64>,
    /// Currency of `amount`.
    pub currency: Option<Currency>,
    /// The first rule that failed.
    pub failed: Option<FailedRule>,
}

#[cfg(test)]
mod tests {
    use super::{Rule, RuleLeaf};
    use crate::field;

    #[test]
    fn the_vendors_example_reads_and_writes_back() {
        let text = r#"{"where":{"object":"product","rules":[{"field":"name","operator":"is_any_of","value":["Inbox"]},{"field":"status","operator":"is_any_of","value":["active"]}]}}"#;
        let rule: Rule = field::parse(text.as_bytes()).unwrap();
        let Rule::Where(scope) = &rule else { panic!("{rule:?}") };
        assert!(matches!(&scope.rules[1], Rule::Leaf(RuleLeaf { field, .. }) if field == "status"));
        assert_eq!(serde_json::to_string(&rule).unwrap(), text);
    }

    #[test]
    fn a_rule_that_is_two_things_is_refused() {
        let error = field::parse::<Rule>(br#"{"all":[],"any":[]}"#).unwrap_err();
        assert!(error.message.contains("exactly one of"), "{}", error.message);
    }
}
