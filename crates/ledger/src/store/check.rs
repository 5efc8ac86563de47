//! The invariants between the ledger's rows, each as a query for the rows that break it. The queries read whole
//! tables, on a snapshot, so that writers do not wait.

use headwater_store::{StoreError, Unit, joined};

use super::totals::MONEY;

/// Rows reported for each invariant: a few are enough to start an investigation.
const TOLD_MAX: i64 = 20;

/// An invariant, and a query for the rows that break it. The query yields one text for each row, which says what was
/// found and what was expected.
struct Invariant {
    name: &'static str,
    broken: &'static str,
}

const INVARIANTS: &[Invariant] = &[
    Invariant {
        name: "a partner's kept number of customers is what a count finds",
        broken: "SELECT partnership.key || ' keeps ' || coalesce(partner_total.customers, 0) || ', a count finds ' \
                 || coalesce(counted.customers, 0) FROM partnership \
                 LEFT JOIN partner_total ON partner_total.partnership = partnership.id \
                 LEFT JOIN (SELECT partnership, count(*) AS customers FROM customer WHERE test = 0 \
                 AND archived = 0 GROUP BY partnership) AS counted ON counted.partnership = partnership.id \
                 WHERE coalesce(partner_total.customers, 0) <> coalesce(counted.customers, 0)",
    },
    Invariant {
        name: "a partner's kept number of clicks is what a count finds",
        broken: "SELECT partnership.key || ' keeps ' || (coalesce(clicks, 0) - coalesce(pruned_clicks, 0)) \
                 || ' clicks, a count finds ' || coalesce(counted.found, 0) FROM partnership \
                 LEFT JOIN partner_total ON partner_total.partnership = partnership.id \
                 LEFT JOIN (SELECT partnership, count(*) AS found FROM click WHERE bot = 0 GROUP BY partnership) \
                 AS counted ON counted.partnership = partnership.id \
                 WHERE coalesce(clicks, 0) - coalesce(pruned_clicks, 0) <> coalesce(counted.found, 0)",
    },
    Invariant {
        name: "a partner's kept revenue and commission are what a sum finds",
        broken: joined!(
            "",
            "SELECT partnership.key || ' keeps a revenue of ' || sum(revenue) || ' and a commission of ' \
             || sum(commission) || ' ' || currency || ' more than a sum finds' FROM (SELECT partnership, currency, \
             revenue, commission FROM partner_money UNION ALL SELECT partnership, currency, -revenue, -commission \
             FROM (",
            MONEY,
            ") AS moved) AS difference JOIN partnership ON partnership.id = difference.partnership \
             GROUP BY partnership.id, partnership.key, currency HAVING sum(revenue) <> 0 OR sum(commission) <> 0"
        ),
    },
    Invariant {
        name: "a customer's kept payments and revenue are what a sum finds",
        broken: "SELECT customer.key || ' keeps ' || sum(payments) || ' payments of ' || sum(revenue) || ' ' || currency \
                 || ' more than a sum finds' FROM (SELECT customer, currency, payments, revenue FROM customer_total \
                 UNION ALL SELECT customer, currency, -1, refunded_total - amount FROM txn WHERE archived = 0) \
                 AS difference JOIN customer ON customer.id = difference.customer \
                 GROUP BY customer.id, customer.key, currency HAVING sum(payments) <> 0 OR sum(revenue) <> 0",
    },
    Invariant {
        name: "the kept numbers of actions are what a count finds",
        broken: "SELECT 'of program ' || program || ' and partnership ' || partnership || ' ' || sum(actions) \
                 || ' more than a count finds' FROM (SELECT program, test, partnership, actions FROM action_total \
                 UNION ALL SELECT program, test, 0, -1 FROM action WHERE archived = 0 \
                 UNION ALL SELECT program, test, partnership, -1 FROM action WHERE archived = 0 \
                 AND partnership IS NOT NULL) AS difference \
                 GROUP BY program, test, partnership HAVING sum(actions) <> 0",
    },
    Invariant {
        name: "no payment was given back more than once",
        broken: "SELECT key || ' of ' || amount || ' gave back ' || refunded_total FROM txn \
                 WHERE abs(refunded_total) > abs(amount) OR (refunded_total < 0) <> (amount < 0 AND refunded_total <> 0)",
    },
    Invariant {
        name: "a payment's product is its customer's own",
        broken: "SELECT txn.key || ' is linked to ' || product.key || ' of another customer' FROM txn \
                 JOIN product ON product.id = txn.product WHERE product.customer <> txn.customer",
    },
    Invariant {
        name: "a trigger pays once for each event",
        broken: "SELECT min(key) || ' and ' || max(key) || ' are both for ' || event_key FROM reward \
                 WHERE reverses IS NULL AND retired_at IS NULL AND trigger_id IS NOT NULL GROUP BY trigger_id, event_key \
                 HAVING count(*) > 1",
    },
    Invariant {
        name: "the kept total of a cap is what a sum of the rewards it counts finds",
        broken: "SELECT trigger_rule.key || ' keeps ' || sum(difference.amount) || ' ' || currency || ' in ' \
                 || sum(difference.rewards) || ' rewards more than a sum finds per ' || per || ' and ' || period \
                 FROM (SELECT trigger_id, test, per, subject, period, starts, currency, amount, rewards FROM cap_total \
                 UNION ALL SELECT trigger_id, test, per, subject, period, starts, currency, -amount, -1 FROM cap_use \
                 JOIN reward ON reward.id = cap_use.reward) AS difference \
                 JOIN trigger_rule ON trigger_rule.id = difference.trigger_id GROUP BY trigger_rule.key, test, per, \
                 subject, period, starts, currency HAVING sum(difference.amount) <> 0 \
                 OR sum(difference.rewards) <> 0",
    },
    Invariant {
        name: "what is scheduled has a time when it is due, and something that waits for it",
        broken: "SELECT reward.key || ' is scheduled and nothing waits for it' FROM reward \
                 WHERE status = 'scheduled' AND reverses IS NULL AND (ready_at IS NULL OR NOT EXISTS \
                 (SELECT 1 FROM due WHERE due.kind = 'drip' AND due.subject = reward.id))",
    },
    Invariant {
        name: "reversals take no more than their reward gave",
        broken: "SELECT reward.key || ' of ' || reward.amount || ' has reversals of ' || sum(taken.amount) \
                 FROM reward JOIN reward AS taken ON taken.reverses = reward.id \
                 GROUP BY reward.id, reward.key, reward.amount HAVING abs(sum(taken.amount)) > abs(reward.amount) \
                 OR (sum(taken.amount) <> 0 AND (sum(taken.amount) < 0) = (reward.amount < 0))",
    },
    Invariant {
        name: "an invoice is the sum of its rewards, which are paid with it",
        broken: "SELECT invoice.key || ' of ' || invoice.amount || ' holds rewards of ' \
                 || coalesce(sum(reward.amount), 0) FROM invoice LEFT JOIN reward ON reward.invoice = invoice.id \
                 GROUP BY invoice.id, invoice.key, invoice.amount, invoice.rewards, invoice.status \
                 HAVING coalesce(sum(reward.amount), 0) <> invoice.amount OR count(reward.id) <> invoice.rewards \
                 OR sum(CASE WHEN reward.status = CASE WHEN invoice.status = 'paid' THEN 'paid' ELSE 'approved' END \
                 THEN 0 ELSE 1 END) <> 0",
    },
    Invariant {
        name: "a reversal is of its reward's partner and currency, and nothing reverses it",
        broken: "SELECT taken.key || ' reverses ' || reward.key FROM reward AS taken \
                 JOIN reward ON reward.id = taken.reverses WHERE taken.partnership <> reward.partnership \
                 OR taken.currency <> reward.currency OR reward.reverses IS NOT NULL",
    },
    Invariant {
        name: "what a payment or a reward points to is of its own program and mode",
        broken: "SELECT txn.key || ' points to ' || customer.key FROM txn JOIN customer ON customer.id = txn.customer \
                 WHERE txn.program <> customer.program OR txn.test <> customer.test \
                 UNION ALL SELECT reward.key || ' points to ' || txn.key FROM reward JOIN txn ON txn.id = reward.txn \
                 WHERE txn.program <> reward.program OR txn.test <> reward.test \
                 UNION ALL SELECT reward.key || ' points to ' || partnership.key FROM reward \
                 JOIN partnership ON partnership.id = reward.partnership \
                 WHERE partnership.program <> reward.program",
    },
];

/// Checks every invariant. One line for each row that breaks one: the invariant, then the row.
///
/// # Errors
/// When the store fails.
pub fn check(unit: &mut Unit<'_>) -> Result<Vec<String>, StoreError> {
    let mut found = Vec::new();
    for Invariant { name, broken } in INVARIANTS {
        // The limit must not reach the query. PostgreSQL would expect the first rows soon and compare each customer with
        // every payment, where there is no row to find and all are compared.
        let sql = format!("WITH broken (line) AS MATERIALIZED ({broken}) SELECT line FROM broken LIMIT $1");
        let rows = unit.query::<String, StoreError>(&sql, &[TOLD_MAX.into()], |row| row.get(0))?;
        found.extend(rows.into_iter().map(|row| format!("{name}: {row}")));
    }
    Ok(found)
}
