//! `/triggers`: for the vendor only. Partners see a trigger's offer description on their rewards.

use axum::extract::State;
use headwater_protocol::v2::{
    AdvanceTestClock, DryRun, DryRunTrigger, PastRange, Replay, RulesSchema, TestClockState,
};

use super::auth::Vendor;
use super::body::{Key, Posted};
use super::envelope::{Answer, ApiResult};
use super::routes::Routes;
use super::write::{Writes, create, update, without_body};
use crate::Ledger;
use crate::record::trigger::{self, Triggers};
use crate::record::{past, test_clock};

pub(crate) fn routes() -> Routes {
    let one = "/api/v2/triggers/{key}";
    Routes::of("triggers")
        .reads::<Triggers>("/api/v2/triggers")
        .post(
            "/api/v2/triggers",
            "Create a trigger",
            create(Writes::Shared, "Trigger created", trigger::record),
        )
        .patch(one, "Change a trigger", update(Writes::Shared, "Trigger updated", trigger::update))
        .delete(one, "Archive a trigger", without_body(Writes::Shared, "Trigger archived", trigger::archive))
        .get("/api/v2/triggers/schema", "Get the JSON schema of rules", get_schema)
        .post("/api/v2/triggers/{key}/dry_run", "Try a trigger on payments of the past", dry_run)
        .post("/api/v2/triggers/{key}/replay", "Let a trigger pay for payments of the past", replay)
        .merge(test_clock_routes())
}

/// `/test_clock`, for the vendor's test keys.
fn test_clock_routes() -> Routes {
    Routes::of("test_clock")
        .get("/api/v2/test_clock", "Get the test clock", get_test_clock)
        .post("/api/v2/test_clock", "Move the test clock forward", advance_test_clock)
        .delete("/api/v2/test_clock", "Take the test clock out of use", reset_test_clock)
}

async fn get_schema(State(_): State<Ledger>, _: Vendor) -> ApiResult<RulesSchema> {
    Ok(Answer::found(RulesSchema(headwater_attribution::rule::schema())))
}

async fn dry_run(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    Key(key): Key,
    posted: Posted<DryRunTrigger>,
) -> ApiResult<DryRun> {
    let ctx = vendor.ctx(&ledger);
    let found = ledger.read(move |unit| past::dry_run(unit, &ctx, &key, &posted.value)).await?;
    Ok(Answer::found(found))
}

async fn replay(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    Key(key): Key,
    posted: Posted<PastRange>,
) -> ApiResult<Replay> {
    Ok(Answer::found(ledger.replay(vendor.ctx(&ledger), key, posted.value).await?))
}

async fn get_test_clock(State(ledger): State<Ledger>, vendor: Vendor) -> ApiResult<TestClockState> {
    Ok(Answer::found(test_clock::get(&vendor.ctx(&ledger))?))
}

async fn advance_test_clock(
    State(ledger): State<Ledger>,
    vendor: Vendor,
    posted: Posted<AdvanceTestClock>,
) -> ApiResult<TestClockState> {
    let ctx = vendor.ctx(&ledger);
    Ok(Answer::found(ledger.advance_test_clock(ctx, posted.value.advance_to).await?))
}

async fn reset_test_clock(State(ledger): State<Ledger>, vendor: Vendor) -> ApiResult<TestClockState> {
    let ctx = vendor.ctx(&ledger);
    Ok(Answer::found(ledger.reset_test_clock(ctx).await?))
}
