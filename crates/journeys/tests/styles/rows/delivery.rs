//! Relays that fail, pages that navigate away, and events in storage.

use serde_json::json;

use super::{NOTHING_WAITS, TAG, accepted, failed, signup_by_ada, tagged};
use crate::relay::RelayBehaviour;
use crate::style::{Style, style};

/// A `Retry-After` longer than any row: what is sent within it is sent by another page.
const LONG: Option<u32> = Some(3600);

/// Every row.
pub(super) fn rows() -> Vec<Style> {
    [failures(), refusals(), storage(), tabs()].into_iter().flatten().collect()
}

fn failures() -> Vec<Style> {
    let kept = |status| {
        failed("customer-1", status, if status == 0 { "network" } else { "refused" }, "kept, and tried again")
    };
    let next_page = |name: &str, behaviour: RelayBehaviour, status: u16| {
        style(format!("a relay {name}: the next page sends the event again, with the same id"))
            .page("/", tagged("signUp();"))
            .page("/next", TAG)
            .relay(behaviour)
            .open("/?{ada}")
            .said("called back", kept(status))
            .requests(1..=9)
            .relay(RelayBehaviour::Works)
            .open("/next")
            .taken("signup", signup_by_ada("customer-1"))
            .is(NOTHING_WAITS, true)
    };
    vec![
        next_page("that asks for patience", RelayBehaviour::Fails(429, LONG), 429),
        next_page("with an error", RelayBehaviour::Fails(500, LONG), 500),
        next_page("that is down", RelayBehaviour::Down, 0),
        style("a relay that comes back: the same page sends the event again")
            .page("/", tagged("signUp();"))
            .relay(RelayBehaviour::Fails(503, None))
            .open("/?{ada}")
            .said("called back", kept(503))
            .relay(RelayBehaviour::Works)
            .taken("signup", signup_by_ada("customer-1"))
            .is(NOTHING_WAITS, true),
        style("a relay that failed gets the event again while the page goes away")
            .page("/", tagged("signUp();"))
            .page("/thanks", "Thank you.")
            .relay(RelayBehaviour::Fails(429, LONG))
            .open("/?{ada}")
            .said("called back", kept(429))
            .relay(RelayBehaviour::Works)
            .open("/thanks")
            .taken("signup", signup_by_ada("customer-1")),
        style("a relay so slow that the visitor goes on")
            .page("/", tagged("signUp();"))
            .page("/next", TAG)
            .relay(RelayBehaviour::Slow)
            .open("/?{ada}")
            .heard("signup", signup_by_ada("customer-1"))
            .open("/next")
            .requests(2..=9)
            .relay(RelayBehaviour::Works)
            .is(NOTHING_WAITS, true),
        style("a page left before the relay failed")
            .page("/", tagged("growsumo.data.customer_key = 'customer-1'; growsumo.createSignup(); location.href = '/next';"))
            .page("/next", TAG)
            .relay(RelayBehaviour::Down)
            .open("/?{ada}")
            .is("location.pathname", "/next")
            .requests(2..=9)
            .relay(RelayBehaviour::Works)
            .taken("signup", json!({ "customer_key": "customer-1", "partner_key": "ada" }))
            .is(NOTHING_WAITS, true),
    ]
}

fn refusals() -> Vec<Style> {
    let report = "growsumo.data.customer_key = 'customer-1';
        growsumo.createSignup((result) => say('field', [result.ok, result.status, result.error.code, result.error.field]));";
    vec![
        style("a refusal names the field, and is final")
            .page("/", tagged(report))
            .page("/next", TAG)
            .relay(RelayBehaviour::Refuses("invalid_value", "data.customer_key"))
            .open("/?{ada}")
            .heard("signup", json!({ "customer_key": "customer-1" }))
            .said("field", json!([false, 400, "invalid_value", "data.customer_key"]))
            .is(NOTHING_WAITS, true)
            .open("/next")
            .settled()
            .requests(1..=1),
        style("a success that no relay gives, from something in between, is final as well")
            .page("/", tagged("signUp();"))
            .page("/next", TAG)
            .relay(RelayBehaviour::Babbles)
            .open("/?{ada}")
            .heard("signup", signup_by_ada("customer-1"))
            .said("called back", json!({ "ok": true, "status": 200, "customer_key": "customer-1" }))
            .is(NOTHING_WAITS, true)
            .open("/next")
            .settled()
            .requests(1..=1),
        style("an address where no relay is: the callback says that it is not tried again")
            .page("/", tagged("signUp();"))
            .page("/next", TAG)
            .relay(RelayBehaviour::Fails(404, None))
            .open("/?{ada}")
            .heard("signup", signup_by_ada("customer-1"))
            .said("called back", failed("customer-1", 404, "refused", "not tried again"))
            .open("/next")
            .settled()
            .requests(1..=1),
        style("a refusal's message says that it is not tried again")
            .page(
                "/",
                tagged(
                    "growsumo.data.customer_key = 'customer-1';
                growsumo.createSignup((result) => say('message', result.error.message));",
                ),
            )
            .relay(RelayBehaviour::Refuses("invalid_value", "data.customer_key"))
            .open("/?{ada}")
            .heard("signup", json!({ "customer_key": "customer-1" }))
            .said("message", "data.customer_key is refused; not tried again"),
        style("a refusal of an unknown key is final")
            .page("/", tagged("signUp();"))
            .page("/next", TAG)
            .relay(RelayBehaviour::Fails(401, None))
            .open("/?{ada}")
            .heard("signup", signup_by_ada("customer-1"))
            .said("called back", failed("customer-1", 401, "refused", "not tried again"))
            .is(NOTHING_WAITS, true)
            .open("/next")
            .settled()
            .requests(1..=1),
    ]
}

fn storage() -> Vec<Style> {
    let garbage = "<script>
        for (let at = 0; at < 100; at++) {
          const id = `01936000-0000-7000-8000-${String(at).padStart(12, '0')}`;
          localStorage.setItem(`hw_{key}_${id}`, ['', 'null', '{', '{\"id\":1}', '[1,2]'][at % 5]);
        }
        localStorage.setItem('hw_{key}_short', 'x');
        localStorage.setItem('theirs', 'kept');
      </script>";
    vec![
        style("a hundred entries of garbage in storage")
            .page("/", format!("{garbage}{}", tagged("signUp();")))
            .open("/?{ada}")
            .taken("signup", signup_by_ada("customer-1"))
            .said("called back", accepted("customer-1"))
            .settled()
            .requests(1..=1)
            .is("localStorage.getItem('theirs')", "kept"),
        style("an event of another program is not ours to send")
            .page(
                "/",
                "<script>localStorage.setItem('hw_pk_other_01936000-0000-7000-8000-000000000001',
                   '{\"id\":\"01936000-0000-7000-8000-000000000001\",\"type\":\"signup\",\"occurred_at\":1,\"data\":{}}');</script>"
                    .to_owned()
                    + TAG,
            )
            .open("/")
            .settled()
            .requests(0..=0),
        (10..30).fold(twenty(), |row, at| row.taken("signup", json!({ "customer_key": format!("customer-{at}") }))),
    ]
}

fn twenty() -> Style {
    style("twenty signups that waited come in one request")
            .page("/", tagged("for (let at = 10; at < 30; at++) { growsumo.data.customer_key = `customer-${at}`; growsumo.createSignup(); }"))
            .page("/next", TAG)
            .relay(RelayBehaviour::Fails(429, LONG))
            .open("/?{ada}")
            // One for each signup, and those of the script's first flush.
            .requests(20..=22)
            .open("/next")
            .requests(21..=25)
            .act("window.waited = Object.keys(localStorage).filter((name) => name.length > 36).length")
            .is("waited", 20)
            .relay(RelayBehaviour::Works)
            .open("/next")
            .is(NOTHING_WAITS, true)
}

fn tabs() -> Vec<Style> {
    vec![
        style("two tabs while the relay is down")
            .page("/", tagged("signUp();"))
            .page("/next", TAG)
            .relay(RelayBehaviour::Fails(503, None))
            .open("/?{ada}")
            .said("called back", failed("customer-1", 503, "refused", "kept, and tried again"))
            .tab()
            .open("/next")
            .requests(2..=99)
            .relay(RelayBehaviour::Works)
            .taken("signup", signup_by_ada("customer-1"))
            .is(NOTHING_WAITS, true)
            .switch(0)
            .is(NOTHING_WAITS, true),
        style("the cookies of one tab reach the other")
            .page("/", TAG)
            .open("/")
            .tab()
            .open("/?{ada}")
            .cookies(&super::ADA)
            .switch(0)
            .act("growsumo._spk()")
            .is("growsumo.data.partner_key", "ada"),
    ]
}
