//! A trigger's rules, checked once and then evaluated without failing.

mod field;
mod object;
mod schema;
mod test;

use headwater_protocol::Millis;
use headwater_protocol::field::FieldError;
use headwater_protocol::limits::{RULE_DEPTH_MAX, RULE_LEAVES_MAX};
use headwater_protocol::v2::{FailedRule, Rule, RuleLeaf, TriggerEvent};

use self::field::Field;
use self::object::Object;
use self::test::Comparison;
use crate::facts::{Facts, ProductFacts};

pub use self::schema::schema;

/// Rules that were checked: every name is known, every value has its operator's type.
#[derive(Debug, Clone, PartialEq)]
pub struct CompiledRule(CompiledNode);

#[derive(Debug, Clone, PartialEq)]
enum CompiledNode {
    All(Vec<CompiledNode>),
    Any(Vec<CompiledNode>),
    /// Rules that one and the same product must satisfy. There is only one record of each other object, so a scope of
    /// those compiles to `All`.
    OneProduct(Vec<CompiledNode>, String),
    Leaf(Leaf),
}

#[derive(Debug, Clone, PartialEq)]
struct Leaf {
    /// Its path, as `rules.all[0]`.
    path: String,
    field: Field,
    test: Comparison,
    /// As it was written, for explanations.
    written: RuleLeaf,
}

/// Why rules did not hold.
struct FailedCheck<'a> {
    leaf: Option<&'a Leaf>,
    path: &'a str,
    product: Option<&'a ProductFacts>,
}

/// Checks a rule tree for a trigger that listens for `event`.
///
/// # Errors
/// Names the path below `rules`, and what is allowed there.
pub fn compile(rule: &Rule, event: TriggerEvent) -> Result<CompiledRule, FieldError> {
    let mut compiler = Compiler { event, leaves: 0 };
    compiler.node(rule, "rules", None, 1).map(CompiledRule)
}

struct Compiler {
    event: TriggerEvent,
    leaves: usize,
}

impl Compiler {
    fn node(
        &mut self,
        rule: &Rule,
        path: &str,
        scope: Option<Object>,
        depth: usize,
    ) -> Result<CompiledNode, FieldError> {
        if depth > RULE_DEPTH_MAX {
            let message = format!("rules must nest at most {RULE_DEPTH_MAX} deep");
            return Err(FieldError::new("out_of_range", path, message));
        }
        match rule {
            Rule::All(rules) => {
                self.nodes(rules, &format!("{path}.all"), scope, depth).map(CompiledNode::All)
            }
            Rule::Any(rules) if rules.is_empty() => {
                let message = "'any' needs one rule at least: with none it would never hold";
                Err(FieldError::new("out_of_range", &format!("{path}.any"), message))
            }
            Rule::Any(rules) => {
                self.nodes(rules, &format!("{path}.any"), scope, depth).map(CompiledNode::Any)
            }
            Rule::Where(inner) => {
                let object = self.object(&inner.object, &format!("{path}.where.object"))?;
                let rules = self.nodes(&inner.rules, &format!("{path}.where.rules"), Some(object), depth)?;
                Ok(match object {
                    Object::Product => CompiledNode::OneProduct(rules, format!("{path}.where")),
                    _ => CompiledNode::All(rules),
                })
            }
            Rule::Leaf(leaf) => self.leaf(leaf, path, scope).map(CompiledNode::Leaf),
        }
    }

    fn nodes(
        &mut self,
        rules: &[Rule],
        path: &str,
        scope: Option<Object>,
        depth: usize,
    ) -> Result<Vec<CompiledNode>, FieldError> {
        let node = |(at, rule)| self.node(rule, &format!("{path}[{at}]"), scope, depth + 1);
        rules.iter().enumerate().map(node).collect()
    }

    fn object(&self, name: &str, path: &str) -> Result<Object, FieldError> {
        let object = Object::parse(name).ok_or_else(|| {
            let message = format!("object must be {}, got '{name}'", Object::names());
            FieldError::new("unknown_object", path, message)
        })?;
        if !object.events().contains(&self.event) {
            let events: Vec<_> = object.events().iter().map(|event| event.name()).collect();
            let message = format!("object '{name}' is known to the event {} only", events.join(", "));
            return Err(FieldError::new("unknown_object", path, message));
        }
        Ok(object)
    }

    fn leaf(&mut self, leaf: &RuleLeaf, path: &str, scope: Option<Object>) -> Result<Leaf, FieldError> {
        self.leaves += 1;
        if self.leaves > RULE_LEAVES_MAX {
            let message = format!("rules must have at most {RULE_LEAVES_MAX} comparisons");
            return Err(FieldError::new("out_of_range", path, message));
        }
        let object = match (&leaf.object, scope) {
            (Some(name), _) => self.object(name, &format!("{path}.object"))?,
            (None, Some(object)) => object,
            (None, None) => return Err(FieldError::required(&format!("{path}.object"))),
        };
        let field = Field::parse(object, &leaf.field).ok_or_else(|| {
            let message =
                format!("field of {} must be {}, got '{}'", object.name(), field::names(object), leaf.field);
            FieldError::new("unknown_field", &format!("{path}.field"), message)
        })?;
        let test = Comparison::compile(&field, leaf, path)?;
        let written = RuleLeaf { object: Some(object.name().to_owned()), ..leaf.clone() };
        Ok(Leaf { path: path.to_owned(), field, test, written })
    }
}

/// Which rules a correction asks again of a trigger that has paid. The others held when the event was evaluated, and what
/// they ask about was not corrected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskedAgain {
    /// Those about the partner, and for whom the offer is: another is credited.
    Partner,
    /// Those about the product.
    Product,
}

/// One evaluation: the facts, and what of them is asked.
#[derive(Clone, Copy)]
struct RuleEvaluation<'a> {
    facts: &'a Facts,
    now: Millis,
    asked: AskedRules,
}

/// Which rules are asked; the others are taken to hold.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AskedRules {
    All,
    /// What can change after the event: not sums over payments, nor the record of an event that is over.
    Lasting,
    Partner,
    Product,
}

impl AskedRules {
    fn skips(self, leaf: &Leaf, facts: &Facts) -> bool {
        match self {
            Self::All => false,
            Self::Lasting => leaf.is_over(facts),
            Self::Partner => leaf.field.object != Object::Partnership,
            Self::Product => leaf.field.object != Object::Product,
        }
    }
}

impl CompiledRule {
    /// Whether the rules hold.
    pub fn matches(&self, facts: &Facts, now: Millis) -> bool {
        check(&self.0, RuleEvaluation { facts, now, asked: AskedRules::All }, None).is_ok()
    }

    /// The first rule that does not hold, with the values compared; `None` when all hold.
    pub fn failed(&self, facts: &Facts, now: Millis) -> Option<FailedRule> {
        let asked = RuleEvaluation { facts, now, asked: AskedRules::All };
        check(&self.0, asked, None).err().map(|miss| miss.explain(asked))
    }

    /// The first rule that no longer holds for an event of the past. Times are compared with `earned_at`, when the
    /// event was evaluated; sums over payments are not asked, because later payments change them.
    pub fn ended(&self, facts: &Facts, earned_at: Millis) -> Option<FailedRule> {
        let asked = RuleEvaluation { facts, now: earned_at, asked: AskedRules::Lasting };
        check(&self.0, asked, None).err().map(|miss| miss.explain(asked))
    }

    /// Whether the rules that a correction asks again hold, as of the time when the event was evaluated.
    pub(crate) fn holds(&self, facts: &Facts, at: Millis, asked: AskedAgain) -> bool {
        let asked = match asked {
            AskedAgain::Partner => AskedRules::Partner,
            AskedAgain::Product => AskedRules::Product,
        };
        check(&self.0, RuleEvaluation { facts, now: at, asked }, None).is_ok()
    }

    /// Whether a rule asks for sums over the customer's payments.
    pub fn needs_history(&self) -> bool {
        some_leaf(&self.0, |leaf| leaf.field.is_history())
    }

    /// Whether a rule is about products.
    pub fn asks_products(&self) -> bool {
        has_scope(&self.0) || some_leaf(&self.0, |leaf| leaf.field.object == Object::Product)
    }
}

impl Leaf {
    /// Whether it asks for what an event of the past no longer tells.
    fn is_over(&self, facts: &Facts) -> bool {
        let of_record =
            matches!(self.field.object, Object::Action | Object::Deal | Object::Lead | Object::Link);
        self.field.is_history() || (of_record && facts.record.is_none())
    }
}

fn some_leaf(node: &CompiledNode, test: fn(&Leaf) -> bool) -> bool {
    match node {
        CompiledNode::All(nodes) | CompiledNode::Any(nodes) | CompiledNode::OneProduct(nodes, _) => {
            nodes.iter().any(|node| some_leaf(node, test))
        }
        CompiledNode::Leaf(leaf) => test(leaf),
    }
}

fn has_scope(node: &CompiledNode) -> bool {
    match node {
        CompiledNode::All(nodes) | CompiledNode::Any(nodes) => nodes.iter().any(has_scope),
        CompiledNode::OneProduct(..) => true,
        CompiledNode::Leaf(_) => false,
    }
}

/// Evaluates a node; the error says which rule failed. [`CompiledRule::matches`] and [`CompiledRule::failed`] both use it,
/// so that an explanation cannot differ from the decision.
fn check<'a>(
    node: &'a CompiledNode,
    asked: RuleEvaluation<'a>,
    bound: Option<&'a ProductFacts>,
) -> Result<(), FailedCheck<'a>> {
    let products = &asked.facts.products;
    match node {
        CompiledNode::All(nodes) => nodes.iter().try_for_each(|node| check(node, asked, bound)),
        // An empty `any` does not compile, so there is always a first result.
        CompiledNode::Any(nodes) => first_of(nodes.iter().map(|node| check(node, asked, bound)))
            .unwrap_or(Err(FailedCheck { leaf: None, path: "rules", product: bound })),
        CompiledNode::OneProduct(..) if asked.asked == AskedRules::Partner => Ok(()),
        CompiledNode::OneProduct(nodes, path) => {
            let one = |product| nodes.iter().try_for_each(|node| check(node, asked, Some(product)));
            first_of(products.iter().map(one)).unwrap_or(Err(FailedCheck { leaf: None, path, product: None }))
        }
        CompiledNode::Leaf(leaf) if asked.asked.skips(leaf, asked.facts) => Ok(()),
        CompiledNode::Leaf(leaf) if leaf.field.object == Object::Product => {
            let one = |product| compare(leaf, asked, Some(product));
            let found = match bound {
                Some(product) => Some(one(product)),
                None => first_of(products.iter().map(one)),
            };
            found.unwrap_or(Err(FailedCheck { leaf: Some(leaf), path: &leaf.path, product: None }))
        }
        CompiledNode::Leaf(leaf) => compare(leaf, asked, None),
    }
}

/// The first success, else the first failure; `None` if there are no results.
fn first_of<'a>(
    mut results: impl Iterator<Item = Result<(), FailedCheck<'a>>>,
) -> Option<Result<(), FailedCheck<'a>>> {
    let first = results.next()?;
    if first.is_ok() || results.any(|result| result.is_ok()) { Some(Ok(())) } else { Some(first) }
}

fn compare<'a>(
    leaf: &'a Leaf,
    asked: RuleEvaluation<'a>,
    product: Option<&'a ProductFacts>,
) -> Result<(), FailedCheck<'a>> {
    if leaf.test.holds(&leaf.field.read(asked.facts, product, asked.now), asked.now) {
        return Ok(());
    }
    Err(FailedCheck { leaf: Some(leaf), path: &leaf.path, product })
}

impl FailedCheck<'_> {
    fn explain(&self, asked: RuleEvaluation<'_>) -> FailedRule {
        let nothing = match self.leaf {
            None => true,
            Some(leaf) => leaf.field.object == Object::Product && self.product.is_none(),
        };
        let read = |leaf: &Leaf| leaf.field.read(asked.facts, self.product, asked.now).show();
        let actual = self.leaf.map_or(serde_json::Value::Null, read);
        let reason = if nothing {
            "no product is linked to this transaction, so no rule about products can hold".to_owned()
        } else {
            let leaf = self.leaf.expect("a miss of a known record is a leaf's");
            let operator = serde_json::to_value(leaf.written.operator).unwrap_or_default();
            format!(
                "{} {} is {actual}, and the rule wants {} {}",
                leaf.field.object.name(),
                leaf.written.field,
                operator.as_str().unwrap_or_default(),
                leaf.written.value
            )
        };
        FailedRule {
            path: self.path.to_owned(),
            rule: self.leaf.map(|leaf| Rule::Leaf(leaf.written.clone())),
            actual,
            reason,
        }
    }
}

#[cfg(test)]
mod tests;
