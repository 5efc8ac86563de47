//! Forms of other services, which report by a message that they were sent.

use super::{accepted, tagged};
use crate::style::{Style, style};
use serde_json::json;

/// What HubSpot's embed documentation has pages listen for.
const LISTEN: &str = "
    addEventListener('message', (event) => {
      if (event.data.type !== 'hsFormCallback' || event.data.eventName !== 'onFormSubmitted') return;
      const values = event.data.data.submissionValues;
      growsumo.data.email = values.email;
      growsumo.data.customer_key = values.email;
      growsumo.createSignup((result) => say('called back', result));
    });";

/// Every row.
pub(super) fn rows() -> Vec<Style> {
    let signup =
        || json!({ "customer_key": "ada@buyer.example", "email": "ada@buyer.example", "partner_key": "ada" });
    let message = "{ type: 'hsFormCallback', eventName: 'onFormSubmitted', id: 'form-1',
                     data: { submissionValues: { email: 'ada@buyer.example' } } }";
    vec![
        style("a HubSpot form that was sent")
            .page("/", tagged(LISTEN))
            .open("/?{ada}")
            .act("postMessage({ type: 'hsFormCallback', eventName: 'onFormReady', id: 'form-1' }, '*')")
            .act(format!("postMessage({message}, '*')"))
            .taken("signup", signup())
            .said("called back", accepted("ada@buyer.example")),
        style("a HubSpot form in a frame of another site")
            .page("/", format!("{}<iframe src='{{other}}/form'></iframe>", tagged(LISTEN)))
            .page("/form", format!("<script>parent.postMessage({message}, '*');</script>"))
            .open("/?{ada}")
            .taken("signup", signup())
            .said("called back", accepted("ada@buyer.example")),
        style("a message that looks like one of ours and comes from a site that nobody listed")
            .page("/", format!("{}<iframe src='{{other}}/form'></iframe>", tagged("")))
            .page(
                "/form",
                "<script>
                   for (const message of ['x', null, 7, { headwater: { customer_key: 'forged' } }, { type: 'headwater-signup', data: { customer_key: 'forged' } }])
                     parent.postMessage(message, '*');
                   say('sent', true);
                 </script>",
            )
            .open("/?{ada}")
            .said("sent", true)
            .settled()
            .requests(0..=0),
    ]
}
