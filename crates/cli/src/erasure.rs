//! Deletes the texts of deleted customers from the journal too. The ledger stores which erasures are still to be
//! done, so that none is lost in a crash.

use std::time::Duration;

use headwater_ledger::Ledger;
use headwater_relay::Relay;
use tokio::sync::watch;

/// The longest pause between two attempts without a notification, because the last attempt may have failed.
const LOOK_EVERY: Duration = Duration::from_mins(1);

/// Carries out the ledger's erasures until `stop` turns true, and then once more, so that a normal stop leaves none.
pub(crate) async fn follow(ledger: Ledger, relay: Relay, mut stop: watch::Receiver<bool>) {
    let mut news = ledger.erasures();
    loop {
        let stopping = *stop.borrow();
        if let Err(error) = erase_pending(&ledger, &relay).await {
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

async fn erase_pending(ledger: &Ledger, relay: &Relay) -> anyhow::Result<()> {
    for erasure in ledger.pending_erasures().await? {
        relay.erase(erasure.program, erasure.test, &erasure.names).await?;
        ledger.erased(erasure.id).await?;
    }
    Ok(())
}
