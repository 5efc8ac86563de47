//! The bound on dead entries of pages. Dead entries are kept for a person to inspect. Anybody can make a page send
//! events, so without a bound strangers could fill the disk.

use headwater_store::{Row, StoreError, Unit};

/// Keeps the newest `most` dead entries of pages of each program and mode, and deletes older ones. Entries of billing
/// providers and of the vendor all stay, because they are about money. Returns how many were deleted.
pub(crate) fn dead_claims(unit: &mut Unit<'_>, most: i64) -> Result<usize, StoreError> {
    let pair = |row: &Row<'_>| Ok::<_, StoreError>((row.get::<i64>(0)?, row.get::<bool>(1)?));
    let pairs = unit.query("SELECT DISTINCT program, test FROM entry WHERE state = 4", &[], pair)?;
    let mut gone = 0;
    for (program, test) in pairs {
        gone += unit.execute(
            "DELETE FROM entry WHERE program = $1 AND test = $2 AND state = 4 AND source = 'page' AND seq <= (
                SELECT seq FROM entry WHERE program = $1 AND test = $2 AND state = 4 AND source = 'page'
                ORDER BY seq DESC LIMIT 1 OFFSET $3)",
            &[program.into(), test.into(), most.into()],
        )?;
    }
    Ok(gone)
}

#[cfg(test)]
mod tests {
    use super::dead_claims;
    use crate::{Filter, Journal, MIGRATIONS, NewEntry, Outcome, State};

    #[tokio::test]
    async fn dead_claims_of_pages_are_bounded_and_what_billing_said_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let store = headwater_teststore::open(directory.path(), "journal", MIGRATIONS);
        let journal = Journal::open(store.clone());
        let entry = |id: u8, source: &'static str| NewEntry {
            id: [id; 16],
            program: 1,
            test: false,
            lane: format!("1:c:{id}"),
            kind: "signup",
            source,
            body: "{}".to_owned(),
            received_at: 0,
        };
        let sources = ["page", "billing", "page", "page", "vendor", "page"];
        let entries = (1u8..).zip(sources).map(|(id, source)| entry(id, source)).collect();
        journal.append(entries).await.unwrap();
        let dead = |seq: i64| (seq, Outcome::Dead { reason: "400".to_owned() });
        journal.settle((1..=5).map(dead).collect(), 0).await.unwrap();
        let kept = async || {
            let filter = Filter { program: 1, limit: 10, ..Filter::default() };
            let list = journal.list(filter).await.unwrap();
            list.iter().map(|entry| (entry.id[0], entry.state == State::Dead)).collect::<Vec<_>>()
        };
        let all = kept().await;
        assert_eq!(store.write(|unit| dead_claims(unit, 3)).await.unwrap(), 0);
        assert_eq!(kept().await, all);
        assert_eq!(store.write(|unit| dead_claims(unit, 2)).await.unwrap(), 1);
        assert_eq!(kept().await, [(6, false), (5, true), (4, true), (3, true), (2, true)]);
        assert_eq!(store.write(|unit| dead_claims(unit, 0)).await.unwrap(), 2);
        assert_eq!(kept().await, [(6, false), (5, true), (2, true)]);
    }
}
