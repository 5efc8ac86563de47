//! What a migration makes of the rows of an older ledger.

use headwater_protocol::v2::BillingProvider;
use headwater_store::StoreError;

use super::MIGRATIONS;
use crate::store::program;

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
