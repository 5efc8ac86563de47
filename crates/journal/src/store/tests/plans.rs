//! The plans of the statements that run for each event.

use headwater_store::{Store, Value};

use super::BOUNDS;
use crate::store::{self, fact, list, settle};
use crate::{MIGRATIONS, State};

/// SQLite uses a partial index only for a condition that is written like the index's own. Without the index, the
/// statements for each event would read the whole backlog.
#[tokio::test]
async fn the_statements_of_every_event_use_an_index() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(&directory.path().join("journal.sqlite"), MIGRATIONS, BOUNDS).unwrap();
    let (parked, dead) = (list::count(State::Parked), list::count(State::Dead));
    let unattributed = list::count(State::Unattributed);
    let heads = store::append::heads_of(1);
    let listed = format!("{} AND state = 5 ORDER BY seq DESC LIMIT $3", store::LIST);
    let texts = [
        (heads.as_str(), 1, "INDEX entry_head (lane=?)"),
        (settle::NEXT, 2, "INDEX entry_waiting (<expr>=? AND lane=?)"),
        (settle::NEXT_STRETCH, 1, "INDEX entry_waiting (<expr>>?)"),
        (store::DUE, 2, "INDEX entry_due (due_at<?)"),
        (store::DUE_PARKED, 2, "INDEX entry_look (due_at<?)"),
        (settle::PARKED_FOR, 1, "INDEX waits_for_name (name=?)"),
        (settle::RELEASE_PARKED, 2, "USING INTEGER PRIMARY KEY (rowid=?)"),
        (store::CLAIMANTS, 0, "INDEX entry_claimed"),
        (store::RELEASE_DEAD, 2, "INDEX entry_claimed (claimed_by=?)"),
        (store::NEXT_DUE, 0, "INDEX entry_due"),
        (store::NEXT_DUE_PARKED, 0, "INDEX entry_look"),
        (store::AHEAD[0], 2, "INDEX entry_due (due_at>?)"),
        (store::AHEAD[1], 2, "INDEX entry_look (due_at>?)"),
        (parked.as_str(), 2, "COVERING INDEX entry_parked (program=? AND test=?)"),
        (dead.as_str(), 2, "COVERING INDEX entry_given_up (program=? AND test=?)"),
        (unattributed.as_str(), 2, "COVERING INDEX entry_unattributed (program=? AND test=?)"),
        (listed.as_str(), 3, "INDEX entry_unattributed (program=? AND test=?)"),
        (fact::FACTS, 2, "(scope=? AND name=?)"),
        (fact::NEWEST_CHANGE, 0, "INDEX fact_change"),
        (fact::FORGET, 2, "INDEX fact_stored (stored_at<?)"),
    ];
    for (text, params, index) in texts {
        let explain = async |how: &str, column: usize| {
            let plan = format!("{how} {text}");
            let plan = store.read(move |unit| {
                unit.query(&plan, &vec![Value::Null; params], |row| row.get::<String>(column))
            });
            plan.await.unwrap().join("; ")
        };
        let plan = explain("EXPLAIN QUERY PLAN", 3).await;
        assert!(plan.contains(index) && !plan.contains("B-TREE"), "{text}: {plan}");
        let steps = explain("EXPLAIN", 1).await;
        // These run rarely: once an hour, or when a process has died.
        let rare = store::AHEAD.contains(&text) || [store::RELEASE_DEAD, fact::FORGET].contains(&text);
        assert!(
            rare || !steps.contains("OpenEphemeral"),
            "it builds and frees a temporary table each time: {text}"
        );
    }
}
