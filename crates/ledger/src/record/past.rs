//! Triggers over payments of the past: a dry run says what they would pay, and finds what a replay has to look at. The
//! rules are asked as of the time of each payment.

use std::collections::BTreeMap;

use headwater_attribution::{
    CapUses, CompiledTrigger, CustomerFacts, Facts, PartnershipFacts, ProductFacts, TransactionFacts,
    TriggerDecision, explain,
};
use headwater_protocol::limits::{DRY_RUN_EXAMPLES, DRY_RUN_STEP};
use headwater_protocol::v2::{
    DryRun, DryRunExample, DryRunTrigger, PastRange, ProductClaims, ProductStatus, Rule, TriggerEvent,
};
use headwater_protocol::{Currency, FieldError, Millis, Source};
use headwater_store::Unit;

use super::evaluate::{self, History};
use super::paid_for::was_active;
use super::trigger::{self, ListeningTrigger, Triggers};
use super::{Ctx, Refusal, RefusalKind, program, resource};
use crate::store::past_payment::{self, PastPage, PastPayment};
use crate::store::transaction;

/// A payment of the past that a trigger pays for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PaidPast {
    /// The payment's number.
    pub(crate) txn: i64,
    /// The customer's payments and revenue then.
    pub(crate) history: History,
}

/// What several triggers make of one page of payments.
#[derive(Debug, Default)]
pub(crate) struct PastStep {
    pub(crate) examined: u32,
    /// Time and number of the last payment, when there are more.
    pub(crate) next: Option<(i64, i64)>,
}

/// Shows each payment of a page to `visit`, with its facts; reads all of them in one statement, whatever the number of
/// triggers.
pub(crate) fn each(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    (range, history): (&PastRange, bool),
    mut visit: impl FnMut(&PastPayment, &Facts, History),
) -> Result<PastStep, Refusal> {
    let limit = range.limit.unwrap_or(DRY_RUN_STEP);
    if !(1..=DRY_RUN_STEP).contains(&limit) {
        let message = format!("limit must lie from 1 to {DRY_RUN_STEP}, got {limit}");
        return Err(FieldError::new("out_of_range", "limit", message).into());
    }
    let after = match &range.cursor {
        Some(cursor) => parse_cursor(cursor)?,
        None => (range.min_created.map_or(i64::MIN, |at| at.0.saturating_sub(1)), i64::MAX),
    };
    let until = range.max_created.map_or(i64::MAX, |at| at.0);
    let page = PastPage { after, until, limit: i64::from(limit) + 1, history };
    let ignores_claims = program::find(unit, ctx.program)?.claims.products == ProductClaims::Ignore;
    let mut rows = past_payment::list(unit, ctx.scope(), page)?;
    let has_more = rows.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    if has_more {
        rows.pop();
    }
    let mut step = PastStep::default();
    if has_more {
        step.next = rows.last().map(|(row, _)| (row.created_at, row.id));
    }
    for (mut row, history) in rows {
        step.examined += 1;
        if let Some(facts) = facts(ctx, &mut row, history, ignores_claims)? {
            visit(&row, &facts, history);
        }
    }
    Ok(step)
}

fn parse_cursor(cursor: &str) -> Result<(i64, i64), FieldError> {
    let parts = cursor.split_once('-').and_then(|(at, id)| Some((at.parse().ok()?, id.parse().ok()?)));
    parts.ok_or_else(|| {
        let message = "cursor must be the cursor of an earlier answer";
        FieldError::new("unknown_cursor", "cursor", message)
    })
}

/// Where the next step goes on, as text.
pub(crate) fn cursor(next: Option<(i64, i64)>) -> Option<String> {
    next.map(|(at, id)| format!("{at}-{id}"))
}

/// The facts of a payment; `None` when no partner earns with it. Moves texts out of the row.
fn facts(
    ctx: &Ctx,
    row: &mut PastPayment,
    (transaction_count, total_revenue): History,
    ignores_claims: bool,
) -> Result<Option<Facts>, Refusal> {
    let Some(partner) = row.partner.take() else { return Ok(None) };
    if partner.archived || partner.approved_status == "declined" {
        return Ok(None);
    }
    let linked = row.product.take().filter(|product| !(ignores_claims && product.confirmed_at.is_none()));
    let product = linked.map(|product| {
        let other = product.paid_for.is_some_and(|entry| entry != product.book);
        let known = (product.status.as_str(), product.occurred_at, product.then.as_deref());
        let active = was_active((row.source, row.created_at), other, known);
        let over = !active && row.source == Source::Billing;
        let status = ProductStatus::from_name(&product.status).unwrap_or_default();
        ProductFacts {
            key: product.key,
            name: product.book_name,
            product_book_key: product.book_key,
            status: match (active, over) {
                (true, _) => ProductStatus::Active,
                (_, true) => ProductStatus::Churned,
                _ => status,
            },
            created_at: Millis(product.created_at),
        }
    });
    Ok(Some(Facts {
        event: TriggerEvent::TransactionCreated,
        test_clock: ctx.test_clock,
        transaction: Some(TransactionFacts {
            amount: row.amount,
            currency: row.currency.parse()?,
            category_key: row.category_key.take(),
            product_key: row.product_text.take(),
            metadata: row.metadata.take().unwrap_or_default(),
            test: row.test,
            created_at: Millis(row.created_at),
        }),
        customer: Some(CustomerFacts {
            fields: row.customer_meta.take().unwrap_or_default(),
            test: row.customer_test,
            created_at: Millis(row.customer_created_at),
            total_revenue,
            transaction_count,
        }),
        partnership: PartnershipFacts {
            group: partner.group_key.zip(partner.group_slug),
            tags: partner.tags,
            tier: partner.tier_key.zip(partner.tier_name),
            created_at: Millis(partner.created_at),
        },
        products: product.into_iter().collect(),
        record: None,
    }))
}

/// What a trigger makes of a page of payments, without changing anything.
pub(crate) fn dry_run(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    key: &str,
    wanted: &DryRunTrigger,
) -> Result<DryRun, Refusal> {
    let compiled = tried(unit, ctx, key, wanted)?;
    let mut tally = Tally::default();
    let (mut pays, mut pays_not) = (Vec::new(), Vec::new());
    let step = each(unit, ctx, (&wanted.range(), compiled.needs_history()), |row, facts, _| {
        let examples = if tally.add(&compiled, facts) { &mut pays } else { &mut pays_not };
        if examples.len() < DRY_RUN_EXAMPLES {
            let at = Millis(row.created_at);
            let explanation = explain(&compiled, facts, &CapUses::new(), at);
            examples.push(DryRunExample { transaction: row.key.clone(), created_at: at, explanation });
        }
    })?;
    pays.append(&mut pays_not);
    Ok(DryRun {
        examined: step.examined,
        fired: tally.fired,
        sums: tally.sums,
        examples: pays,
        has_more: step.next.is_some(),
        cursor: cursor(step.next),
    })
}

/// What one trigger pays for several payments.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) fired: u32,
    pub(crate) sums: BTreeMap<Currency, i64>,
}

impl Tally {
    /// Adds a payment, asked as of its own time; whether the trigger fires for it.
    pub(crate) fn add(&mut self, compiled: &CompiledTrigger, facts: &Facts) -> bool {
        let Some(payment) = &facts.transaction else { return false };
        match compiled.decide(facts, payment.created_at) {
            None => return false,
            Some(TriggerDecision::GroupMove(_) | TriggerDecision::Message(_)) => {}
            Some(TriggerDecision::Pay(amount, currency)) => *self.sums.entry(currency).or_default() += amount,
        }
        self.fired += 1;
        true
    }
}

/// The trigger to try: a stored one with what the body gives in its place, or a draft.
fn tried(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    key: &str,
    wanted: &DryRunTrigger,
) -> Result<CompiledTrigger, Refusal> {
    let stored = if key == "draft" { None } else { Some(resource::get::<Triggers>(unit, ctx, None, key)?) };
    let event = stored.as_ref().map_or(TriggerEvent::TransactionCreated, |stored| stored.event);
    require_payments(event)?;
    let of_stored = stored.as_ref();
    let action = wanted.action.as_ref().or(of_stored.map(|stored| &stored.action));
    let action = action.ok_or_else(|| FieldError::required("action"))?;
    let always = Rule::All(Vec::new());
    let rules = wanted.rules.as_ref().or(of_stored.map(|stored| &stored.rules)).unwrap_or(&always);
    let eligibility = wanted.eligibility.clone();
    let eligibility = eligibility.or(of_stored.map(|stored| stored.eligibility.clone())).unwrap_or_default();
    let name = of_stored.map_or("draft", |stored| stored.name.as_str());
    Ok(CompiledTrigger::compile((key, name), event, rules, action, &eligibility)?)
}

fn require_payments(event: TriggerEvent) -> Result<(), Refusal> {
    if event == TriggerEvent::TransactionCreated {
        return Ok(());
    }
    let message = format!(
        "past payments are tried with triggers of transaction_created only; this one is of {}",
        event.name()
    );
    Err(Refusal::new(RefusalKind::Conflict, "trigger_without_payments", message))
}

/// The trigger that a replay is of; an inactive one pays nothing.
pub(crate) fn replayed(unit: &mut Unit<'_>, ctx: &Ctx, key: &str) -> Result<ListeningTrigger, Refusal> {
    let stored = resource::get::<Triggers>(unit, ctx, None, key)?;
    require_payments(stored.event)?;
    let ready = trigger::ready(unit, ctx, stored.event)?;
    ready.iter().find(|ready| ready.compiled.key == stored.key).cloned().ok_or_else(|| {
        Refusal::new(
            RefusalKind::Conflict,
            "trigger_inactive",
            "an inactive or archived trigger pays nothing",
        )
        .hint(format!("PATCH /api/v2/triggers/{} {{\"active\": true}} first", stored.key))
    })
}

/// Lets a trigger pay for payments of the past that it has not paid for; returns the rewards it added.
pub(crate) fn replay(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    key: &str,
    paid: &[PaidPast],
) -> Result<Vec<(i64, Currency)>, Refusal> {
    let ready = replayed(unit, ctx, key)?;
    let mut added = Vec::new();
    for past in paid {
        let Some(txn) = transaction::find_by_id(unit, past.txn)? else { continue };
        added.extend(evaluate::replay(unit, ctx, &txn, (&ready, past.history))?.added);
    }
    Ok(added)
}
