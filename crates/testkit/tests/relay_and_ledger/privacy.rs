//! What remains of a customer who asked to be forgotten (trust.md section 4).

use headwater_testkit::KitOptions;

use crate::stage::signed_up;

#[tokio::test]
async fn erasing_a_customer_empties_the_journal_too() {
    let headwater = signed_up(KitOptions::default()).await;
    headwater.program(0).vendor().delete("customers/gk_1").await.expect(200);
    headwater.deliver().await;
    let mut bytes = Vec::new();
    for file in ["journal.sqlite", "journal.sqlite-wal"] {
        bytes.extend(std::fs::read(headwater.directory().join(file)).unwrap_or_default());
    }
    let address = b"ada@shop.example";
    let found = bytes.windows(address.len()).filter(|window| window == address).count();
    assert_eq!(found, 0, "the address is still in the journal's files");
}
