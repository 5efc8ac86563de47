//! `/leads`.

use super::routes::Routes;
use super::write::{Writes, act, create_for, update, without_body};
use crate::record::lead::{self, Leads};
use crate::record::sale;

pub(crate) fn routes() -> Routes {
    let one = "/api/v2/leads/{key}";
    Routes::of("leads")
        .reads::<Leads>("/api/v2/leads")
        .post("/api/v2/leads", "Create a lead", create_for(Writes::OwnMode, "Lead created", lead::record))
        .patch(one, "Change a lead", update(Writes::OwnMode, "Lead updated", lead::update))
        .delete(one, "Archive a lead", without_body(Writes::OwnMode, "Lead archived", sale::archive::<Leads>))
        .post(
            "/api/v2/leads/{key}/convert",
            "Make a customer of a lead",
            act(Writes::OwnMode, "Customer created", sale::convert::<Leads>),
        )
}
