//! Messages that triggers send to partners. The ledger sends no mail: partners read them in their view, and the company's
//! own system may send them on by the webhook event `message.created` (triggers.md section 1).

use headwater_attribution::MessageText;
use headwater_protocol::Millis;
use headwater_protocol::key::Prefix;
use headwater_protocol::v2::{PartnerMessage, WebhookEvent};
use headwater_store::Unit;

use super::resource::{Resource, get};
use super::{Ctx, Refusal, outgoing};
use crate::store::list::Listing;
use crate::store::message::{self, MessageRow};

/// Messages to partners.
pub(crate) struct Messages;

impl Resource for Messages {
    const NAME: &'static str = "message";
    const LISTING: &'static Listing = &message::LISTING;
    type Row = MessageRow;
    type Wire = PartnerMessage;

    fn render(_: &Ctx, viewer: Option<i64>, row: MessageRow) -> Result<PartnerMessage, Refusal> {
        Ok(PartnerMessage {
            key: row.key,
            partnership_key: row.partnership_key,
            // Partners see nothing of triggers but what they offer (api.md section 7).
            trigger_key: viewer.is_none().then_some(row.trigger_key),
            subject: row.subject,
            text: row.text,
            test: row.test,
            created_at: Millis(row.created_at),
            updated_at: Millis(row.created_at),
        })
    }
}

/// Stores a message, and queues its event for webhooks.
pub(crate) fn send(
    unit: &mut Unit<'_>,
    ctx: &Ctx,
    (trigger, partnership): (i64, i64),
    given: MessageText,
) -> Result<(), Refusal> {
    let row = MessageRow {
        id: ctx.next_id(),
        key: ctx.mint(Prefix::Message),
        test: ctx.test,
        partnership,
        trigger,
        subject: given.subject,
        text: given.text,
        created_at: ctx.now.0,
        partnership_key: String::new(),
        trigger_key: String::new(),
    };
    message::insert(unit, ctx.program, &row)?;
    if outgoing::listens(unit, ctx, WebhookEvent::MessageCreated)? {
        let made = get::<Messages>(unit, ctx, None, &row.key)?;
        outgoing::queue(unit, ctx, WebhookEvent::MessageCreated, &made)?;
    }
    Ok(())
}
