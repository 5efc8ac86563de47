//! The invariants of a journal, each with a query for the entries that break it.

use headwater_store::{StoreError, Unit};

/// How many violations of one invariant are reported.
const TOLD_MAX: i64 = 20;

/// Each invariant's name, and a query that describes the entries which break it.
const INVARIANTS: &[(&str, &str)] = &[
    (
        "a lane has one head",
        "SELECT 'lane ' || lane || ' has ' || count(*) FROM entry WHERE state = 1 GROUP BY lane HAVING count(*) > 1 \
         LIMIT $1",
    ),
    (
        "a waiting entry has a head before it in its lane",
        "SELECT 'lane ' || waiting.lane || ' waits from ' || min(waiting.seq) FROM entry AS waiting \
         LEFT JOIN entry AS head ON head.lane = waiting.lane AND head.state = 1 AND head.seq < waiting.seq \
         WHERE waiting.state = 0 AND head.seq IS NULL GROUP BY waiting.lane LIMIT $1",
    ),
    (
        "a head is marked as followed when an entry waits behind it",
        "SELECT 'entry ' || head.seq || ' of lane ' || head.lane FROM entry AS head WHERE head.state = 1 \
         AND head.followed = 0 AND EXISTS (SELECT 1 FROM entry AS waiting WHERE waiting.lane = head.lane \
         AND waiting.state = 0) LIMIT $1",
    ),
    (
        "settled_at is set for settled entries and for no open one",
        "SELECT 'entry ' || seq || ' of lane ' || lane FROM entry WHERE (state >= 3) <> (settled_at IS NOT NULL) \
         LIMIT $1",
    ),
    (
        "an open entry has its text",
        "SELECT 'entry ' || seq || ' of lane ' || lane FROM entry WHERE state < 3 AND body = '' LIMIT $1",
    ),
];

/// Describes every violation in one line; empty when the journal is sound.
///
/// # Errors
/// When the store fails.
pub fn check(unit: &mut Unit<'_>) -> Result<Vec<String>, StoreError> {
    let mut found = Vec::new();
    for (name, broken) in INVARIANTS {
        let rows = unit.query::<String, StoreError>(broken, &[TOLD_MAX.into()], |row| row.get(0))?;
        found.extend(rows.into_iter().map(|row| format!("{name}: {row}")));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use headwater_store::{StoreError, Unit};

    use super::check;
    use crate::MIGRATIONS;

    const FILL: &str = "INSERT INTO entry (seq, id, program, test, lane, kind, source, body, state, attempts, due_at, received_at, \
         settled_at, followed) VALUES (1, $1, 1, 0, 'a', 'signup', 'page', '{}', 1, 0, 0, 0, NULL, 1), \
         (2, $2, 1, 0, 'a', 'signup', 'page', '{}', 0, 0, 0, 0, NULL, 0), \
         (3, $3, 1, 0, 'b', 'signup', 'page', '', 3, 0, 0, 0, 7, 0)";

    #[tokio::test]
    async fn each_damage_to_a_journal_is_named_and_a_sound_one_has_none() {
        let damages = [
            ("", ""),
            (
                "DROP INDEX entry_head; UPDATE entry SET state = 1 WHERE seq = 2",
                "a lane has one head: lane a has 2",
            ),
            (
                "UPDATE entry SET state = 3, settled_at = 1 WHERE seq = 1",
                "a waiting entry has a head before it in its lane: lane a waits from 2",
            ),
            (
                "UPDATE entry SET followed = 0",
                "a head is marked as followed when an entry waits behind it: entry 1 of lane a",
            ),
            (
                "UPDATE entry SET settled_at = NULL",
                "settled_at is set for settled entries and for no open one: entry 3 of lane b",
            ),
            ("UPDATE entry SET body = '' WHERE seq = 2", "an open entry has its text: entry 2 of lane a"),
        ];
        for (damage, expected) in damages {
            let directory = tempfile::tempdir().unwrap();
            let store = headwater_teststore::open(directory.path(), "journal", MIGRATIONS);
            let work = move |unit: &mut Unit<'_>| {
                unit.execute(FILL, &[(&[1; 1]).into(), (&[2; 1]).into(), (&[3; 1]).into()])?;
                let statements = damage.split("; ").filter(|text| !text.is_empty());
                statements
                    .map(|statement| unit.execute(statement, &[]))
                    .collect::<Result<Vec<_>, StoreError>>()
            };
            store.write(work).await.unwrap();
            let found = store.read(check).await.unwrap();
            let expected: Vec<_> =
                Some(expected.to_owned()).filter(|told| !told.is_empty()).into_iter().collect();
            assert_eq!(found, expected, "{damage}");
        }
    }
}
