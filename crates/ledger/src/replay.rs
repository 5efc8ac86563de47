//! Replays of triggers: a page of payments is read on a snapshot, and what has to be paid is paid in small units of work.

use std::collections::BTreeMap;

use headwater_protocol::limits::REPLAY_STEP;
use headwater_protocol::v2::{PastRange, Replay};
use headwater_store::Unit;

use crate::Ledger;
use crate::record::past::{self, PaidPast, Tally};
use crate::record::{Ctx, Refusal};

impl Ledger {
    /// Lets a trigger pay for a page of payments of the past that it has not paid for. If it fails on the way, what it
    /// has paid stays, and repeating it pays the rest.
    pub(crate) async fn replay(&self, ctx: Ctx, key: String, range: PastRange) -> Result<Replay, Refusal> {
        let (reader, name, program) = (ctx.clone(), key.clone(), ctx.program);
        let found = self.read(move |unit| {
            let ready = past::replayed(unit, &reader, &name)?;
            let (mut tally, mut paid) = (Tally::default(), Vec::new());
            let asks = ready.compiled.needs_history();
            let step = past::each(unit, &reader, (&range, asks), |row, facts, history| {
                if tally.add(&ready.compiled, facts) {
                    paid.push(PaidPast { txn: row.id, history });
                }
            })?;
            Ok::<_, Refusal>((step, tally.fired, paid))
        });
        let (step, fired, paid) = found.await?;
        let mut answer = Replay {
            examined: step.examined,
            fired,
            rewards: 0,
            sums: BTreeMap::new(),
            has_more: step.next.is_some(),
            cursor: past::cursor(step.next),
        };
        let queueing = ctx.clone();
        for some in paid.chunks(REPLAY_STEP) {
            let (ctx, key, some) = (ctx.clone(), key.clone(), some.to_vec());
            let work = move |unit: &mut Unit<'_>| past::replay(unit, &ctx, &key, &some);
            for (amount, currency) in self.change(program, work).await? {
                answer.rewards += 1;
                *answer.sums.entry(currency).or_default() += amount;
            }
            self.notify_queued(&queueing);
        }
        Ok(answer)
    }
}
