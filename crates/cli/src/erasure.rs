//! Customers the ledger forgot are forgotten by the journal too. The ledger remembers whom it has still to tell of, so
//! that a crash in between loses nothing.

use std::time::Duration;

use headwater_ledger::Books;
use headwater_relay::Relay;
use tokio::sync::watch;

/// Between two looks when nothing was told: the last try may have failed.
const LOOK_EVERY: Duration = Duration::from_mins(1);

/// Erases what the ledger asks for until `stop` turns true, and then once more.
pub(crate) async fn follow(books: Books, relay: Relay, mut stop: watch::Receiver<bool>) {
    let mut news = books.erasures();
    loop {
        let stopping = *stop.borrow();
        if let Err(error) = erase_pending(&books, &relay).await {
            tracing::warn!(%error, "texts of deleted customers stay in the journal for now; trying again");
        }
        if stopping {
            return;
        }
        tokio::select! {
            _ = news.changed() => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }
}

async fn erase_pending(books: &Books, relay: &Relay) -> anyhow::Result<()> {
    for erasure in books.pending_erasures().await? {
        relay.erase(erasure.program, erasure.test, &erasure.names).await?;
        books.erased(erasure.id).await?;
    }
    Ok(())
}
