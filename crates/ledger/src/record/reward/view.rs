//! Rewards as they are shown: to the vendor, and to the partner who earned them (api.md section 7).

use headwater_protocol::v2::{Reward, RewardCustomer, RewardStatus};
use headwater_protocol::{Currency, Millis};

use super::super::list::ListRequest;
use super::super::resource::Resource;
use super::super::{Ctx, Refusal};
use crate::store::list::{Condition, Listing};
use crate::store::reward::{self, RewardRow};

/// What partners earned.
pub(crate) struct Rewards;

impl Resource for Rewards {
    const NAME: &'static str = "reward";
    const LISTING: &'static Listing = &reward::LISTING;
    type Row = RewardRow;
    type Wire = Reward;

    fn render(_: &Ctx, viewer: Option<i64>, row: RewardRow) -> Result<Reward, Refusal> {
        Ok(render(row, viewer.is_some()))
    }

    /// Scheduled rewards are listed only when asked for.
    fn implied(request: &ListRequest) -> Vec<Condition> {
        let given = request.asked("status").or(request.asked("reward_status"));
        let hidden = || Condition::text("reward.status <>", RewardStatus::Scheduled.name());
        given.is_none().then(hidden).into_iter().collect()
    }
}

/// A reward as the API shows it. A partner sees neither the trigger nor who the customer is.
pub(super) fn render(row: RewardRow, for_partner: bool) -> Reward {
    let names = row.names;
    let status = RewardStatus::from_name(&row.status).unwrap_or(RewardStatus::Hold);
    let customer = names.customer_key.map(|key| RewardCustomer {
        key,
        email: names.customer_email.filter(|_| !for_partner),
        external_key: names.customer_site_key.filter(|_| !for_partner),
    });
    Reward {
        key: row.key,
        amount: row.amount,
        currency: row.currency.parse().unwrap_or(Currency::USD),
        description: row.description.clone(),
        reward_status: status,
        status,
        action: None,
        customer,
        offer: Some(row.description),
        partnership: names.partnership_key,
        transaction: names.transaction_key,
        trigger: names.trigger_key.filter(|_| !for_partner),
        reverses: names.reverses_key,
        reason: row.reason,
        invoice: None,
        created_at: Millis(row.created_at),
        updated_at: Millis(row.updated_at),
        ready_at: row.ready_at.map(Millis),
    }
}
