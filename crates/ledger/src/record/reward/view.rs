//! Rewards as they are shown: to the vendor, and to the partner who earned them (api.md sections 7 and 8).

use headwater_protocol::v2::{
    Reward, RewardAction, RewardCustomer, RewardInvoice, RewardOffer, RewardPartnership, RewardStatus,
    RewardTransaction, RewardTrigger,
};
use headwater_protocol::{Currency, Millis};

use crate::record::list::ListRequest;
use crate::record::partnership::view::{full_name, group_summary};
use crate::record::resource::Resource;
use crate::record::{Ctx, Refusal};
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

/// A reward as the API shows it. A partner sees neither the trigger nor the customer's address and own id.
pub(super) fn render(row: RewardRow, for_partner: bool) -> Reward {
    let names = row.names;
    let status = RewardStatus::from_name(&row.status).unwrap_or(RewardStatus::Hold);
    let action = names.action_key.zip(names.action_kind);
    Reward {
        key: row.key,
        amount: row.amount,
        currency: currency(&row.currency),
        reward_status: status,
        status,
        action: action.map(|(key, kind)| RewardAction { key, r#type: kind }),
        customer: names.customer_key.map(|key| RewardCustomer {
            key,
            email: names.customer_email.filter(|_| !for_partner),
            name: names.customer_name,
            external_key: names.customer_site_key.filter(|_| !for_partner),
        }),
        offer: names
            .trigger_key
            .as_deref()
            .map(|trigger| RewardOffer { key: offer_key(trigger), description: row.description.clone() }),
        description: row.description,
        partnership: RewardPartnership {
            key: names.partnership_key,
            email: names.partner_email,
            name: full_name(names.first_name.as_deref(), names.last_name.as_deref()),
            group: names.group.map(group_summary),
        },
        transaction: names.transaction_key.map(|key| RewardTransaction {
            key,
            amount: names.transaction_amount.unwrap_or_default(),
            currency: currency(&names.transaction_currency.unwrap_or_default()),
        }),
        trigger: names.trigger_key.filter(|_| !for_partner).map(|key| RewardTrigger { key }),
        reverses: names.reverses_key,
        reason: row.reason,
        invoice: names.invoice_key.map(|key| RewardInvoice {
            key,
            payment_date: names.paid_at.map(Millis),
            status: names.invoice_status.unwrap_or_default(),
        }),
        created_at: Millis(row.created_at),
        updated_at: Millis(row.updated_at),
        ready_at: row.ready_at.map(Millis),
    }
}

fn currency(code: &str) -> Currency {
    code.parse().unwrap_or(Currency::USD)
}

/// What partners are offered is what a trigger pays, so an offer has its trigger's key under a prefix of its own.
pub(crate) fn offer_key(trigger: &str) -> String {
    format!("offr_{}", trigger.strip_prefix("trig_").unwrap_or(trigger))
}
