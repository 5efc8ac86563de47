//! What pages do right after they signed somebody up.

use super::{ADA, TAG, accepted, signup_by_ada, tagged};
use crate::style::{Style, style};

/// Every row.
pub(super) fn rows() -> Vec<Style> {
    [forms(), elsewhere(), back()].into_iter().flatten().collect()
}

/// A page whose `leave` signs up and then does this, in the same tick.
fn leaves(how: &str) -> String {
    tagged(&format!(
        "growsumo.data.customer_key = 'customer-1'; growsumo.data.name = 'Ada Example';
         growsumo.data.email = 'ada@buyer.example';
         var leave = () => {{ growsumo.createSignup(); {how} }};"
    ))
}

fn forms() -> Vec<Style> {
    let form = "<form action='/thanks'><button>Sign up</button></form>
                <script>document.querySelector('form').addEventListener('submit', () => {
                  growsumo.data.customer_key = 'customer-1'; growsumo.data.name = 'Ada Example';
                  growsumo.data.email = 'ada@buyer.example'; growsumo.createSignup();
                });</script>";
    vec![
        style("a form that navigates in the same tick, to a page without the script")
            .page("/", format!("{TAG}{form}"))
            .page("/thanks", "Thank you.")
            .open("/?{ada}")
            .act("document.querySelector('button').click()")
            .is("location.pathname", "/thanks")
            .taken("signup", signup_by_ada("customer-1")),
        style("a form that navigates in the same tick, to a page with the script")
            .page("/", format!("{TAG}{form}"))
            .page("/thanks", TAG)
            // The second page cannot know whether the relay has answered the first one, and may send the event again.
            .repeats()
            .open("/?{ada}")
            .act("document.querySelector('button').click()")
            .is("location.pathname", "/thanks")
            .taken("signup", signup_by_ada("customer-1"))
            .is(super::NOTHING_WAITS, true),
    ]
}

fn elsewhere() -> Vec<Style> {
    vec![
        style("another site in the same tick")
            .page("/", leaves("location.href = '{other}/thanks';"))
            .page("/thanks", "Thank you.")
            .open("/?{ada}")
            .act("leave()")
            .is("location.pathname", "/thanks")
            .taken("signup", signup_by_ada("customer-1")),
        style("another page after 50 milliseconds")
            .page("/", leaves("setTimeout(() => { location.href = '/thanks'; }, 50);"))
            .page("/thanks", "Thank you.")
            .open("/?{ada}")
            .act("leave()")
            .is("location.pathname", "/thanks")
            .taken("signup", signup_by_ada("customer-1")),
        style("pushState in the same tick")
            .page("/", tagged("signUp(); history.pushState({}, '', '/thanks');"))
            .open("/?{ada}")
            .taken("signup", signup_by_ada("customer-1"))
            .said("called back", accepted("customer-1"))
            .is("location.pathname", "/thanks")
            .cookies(&ADA),
        style("a signup is sent so that it outlives the page")
            .page(
                "/",
                format!(
                    "<script>
                       const original = window.fetch;
                       window.fetch = (url, options) => {{
                         if (url.endsWith('/events')) say('keepalive', options.keepalive);
                         return original(url, options);
                       }};
                     </script>{}",
                    tagged("signUp();")
                ),
            )
            .open("/?{ada}")
            .said("keepalive", true)
            .taken("signup", signup_by_ada("customer-1"))
            .said("called back", accepted("customer-1")),
        style("a signup while the page goes away")
            .page(
                "/",
                leaves("").replace("var leave", "addEventListener('pagehide', () => leave()); var leave"),
            )
            .page("/thanks", "Thank you.")
            .open("/?{ada}")
            .act("location.href = '/thanks'")
            .is("location.pathname", "/thanks")
            .taken("signup", signup_by_ada("customer-1")),
    ]
}

fn back() -> Vec<Style> {
    vec![
        style("back out of the browser's page cache")
            .page(
                "/",
                tagged("addEventListener('pageshow', (event) => say('shown', event.persisted)); signUp();"),
            )
            .page("/thanks", "Thank you.")
            .open("/?{ada}")
            .said("shown", false)
            .taken("signup", signup_by_ada("customer-1"))
            .said("called back", accepted("customer-1"))
            .open("/thanks")
            .back()
            .said("shown", true)
            .act("growsumo._spk(); signUp('customer-2')")
            .taken("signup", signup_by_ada("customer-2"))
            .said("called back", accepted("customer-2"))
            .cookies(&ADA),
    ]
}
