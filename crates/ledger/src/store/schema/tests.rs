//! What a migration makes of the rows of an older ledger.

use std::collections::BTreeSet;

use headwater_protocol::v2::{BillingProvider, SalesCycle};
use headwater_store::StoreError;

use super::MIGRATIONS;
use crate::store::{check, program, stage};

#[tokio::test]
async fn a_stripe_secret_of_an_older_ledger_becomes_the_secret_of_the_provider() {
    const SECRET: &str = r#"whsec_"quoted"\example"#;
    let directory = tempfile::tempdir().unwrap();
    let version = MIGRATIONS.iter().position(|script| script.contains("test_webhook_secrets")).unwrap();
    let older = headwater_teststore::open(directory.path(), "ledger", &MIGRATIONS[..version]);
    let insert =
        "INSERT INTO program (id, name, company_key, public_key, test_public_key, origins, link_destinations,
        checkout_amounts, stripe_webhook_secret, created_at, updated_at)
        VALUES (1, 'GigaKick', 'k', 'pk', 'pk_test', '[]', '[]', 'confirm', $1, 0, 0)";
    older.write(|unit| unit.execute(insert, &[SECRET.into()]).map(drop)).await.unwrap();
    drop(older);
    let store = headwater_teststore::open(directory.path(), "ledger", MIGRATIONS);
    let found = store.read(|unit| program::find(unit, 1)).await.map_err(|error: StoreError| error).unwrap();
    let found = found.unwrap();
    assert_eq!(found.webhook_secrets[&BillingProvider::Stripe], SECRET);
    assert_eq!((found.webhook_secrets.len(), found.test_webhook_secrets.len()), (1, 0));
}

const OLDER_PROGRAM: &str = "INSERT INTO program (id, name, company_key, public_key, test_public_key, origins,
    link_destinations, checkout_amounts, created_at, updated_at) VALUES (1000, 'G', 'k', 'pk', 'pk_test', '[]', '[]',
    'confirm', 5, 5)";

#[tokio::test]
async fn tags_stages_and_totals_of_an_older_ledger_are_what_its_rows_say() {
    let directory = tempfile::tempdir().unwrap();
    let version = MIGRATIONS.iter().position(|script| script.contains("CREATE TABLE stage")).unwrap();
    let older = headwater_teststore::open(directory.path(), "ledger", &MIGRATIONS[..version]);
    let tags: [&[&str]; 4] = [&[], &["eu"], &["a\"b", "c\\", "d,e", "\",\"", "eu", "eu"], &["ö", "\\\""]];
    older
        .write(move |unit| {
            unit.execute(OLDER_PROGRAM, &[])?;
            for (id, tags) in (1..).zip(tags) {
                let (name, tags) = (format!("p{id}"), serde_json::to_string(tags).unwrap());
                let insert = "INSERT INTO partnership (id, program, key, partner_key, email, tags, approved_status,
                    archived, created_at, updated_at) VALUES ($1, 1000, $2, $2, $2, $3, 'approved', 0, 0, 0)";
                // Each parameter is used once.
                let insert = insert.replacen("$2, $2, $2, $3", "$2, $3, $4, $5", 1);
                unit.execute(
                    &insert,
                    &[i64::from(id).into(), (&name).into(), (&name).into(), (&name).into(), (&tags).into()],
                )?;
            }
            for text in [
                "INSERT INTO link (id, program, key, partnership, dest, slug, archived, created_at, updated_at)
                    VALUES (1, 1000, 'l', 2, 'd', 's', 0, 0, 0)",
                "INSERT INTO click (id, program, key, xid, link, partnership, sub_ids, bot, created_at, updated_at)
                    VALUES (1, 1000, 'a', 'a', 1, 2, '[]', 0, 0, 0), (2, 1000, 'b', 'b', 1, 2, '[]', 1, 0, 0)",
                "INSERT INTO customer (id, program, test, key, email, source_type, sub_ids, archived, created_at,
                    updated_at) VALUES (1, 1000, 0, 'c', '', 'api', '[]', 0, 0, 0)",
                "INSERT INTO txn (id, program, test, key, customer, by_site_key, partnership, amount, currency,
                    refunded_total, archived, created_at, updated_at) VALUES (1, 1000, 0, 't', 1, 0, 2, 900, 'USD',
                    100, 0, 0, 0)",
                "INSERT INTO customer_total (customer, currency, payments, revenue) VALUES (1, 'USD', 1, 800)",
                "INSERT INTO reward (id, program, test, key, partnership, amount, currency, description, status,
                    archived, created_at, updated_at) VALUES (1, 1000, 0, 'r', 2, 90, 'USD', '', 'pending', 0, 0, 0),
                    (2, 1000, 0, 'd', 2, 50, 'USD', '', 'declined', 0, 0, 0)",
            ] {
                unit.execute(text, &[])?;
            }
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
    drop(older);
    let store = headwater_teststore::open(directory.path(), "ledger", MIGRATIONS);
    let (found, stages, broken) = store
        .read(|unit| {
            let sql = "SELECT partnership, tag FROM partnership_tag";
            let found =
                unit.query::<_, StoreError>(sql, &[], |row| Ok((row.get::<i64>(0)?, row.get::<String>(1)?)))?;
            let stages = stage::list_of_cycle(unit, 1000, SalesCycle::Deal)?;
            Ok::<_, StoreError>((found, stages, check(unit)?))
        })
        .await
        .unwrap();
    let expected: BTreeSet<(i64, String)> =
        (1..).zip(tags).flat_map(|(id, tags)| tags.iter().map(move |tag| (id, (*tag).to_owned()))).collect();
    assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), expected);
    let names: Vec<_> = stages.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names, ["open", "qualified", "proposal", "negotiation", "closed won", "closed lost"]);
    assert_eq!((stages[0].key.as_str(), stages[0].created_at), ("stag_1000n1", 5));
    assert_eq!(broken, Vec::<String>::new());
}
