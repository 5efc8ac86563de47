//! `/messages`: what triggers have told partners.

use super::routes::Routes;
use crate::record::message::Messages;

pub(crate) fn routes() -> Routes {
    Routes::of("messages").reads::<Messages>("/api/v2/messages")
}
