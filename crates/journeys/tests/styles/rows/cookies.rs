//! The cookies' values and lifetimes, and cookies of others beside them.

use serde_json::json;

use super::{ADA, BEA, TAG, accepted, ada_data, signup_by_ada, tagged, tagged_with};
use crate::style::{Style, style};

const DAY: i64 = 86_400;
/// Seconds that a new click's cookies last, give or take a minute.
const FULL: std::ops::Range<i64> = 90 * DAY - 60..90 * DAY + 60;

/// Lets the cookies expire in 1000 seconds, as if the click was long ago.
const AGE: &str = "
    for (const pair of document.cookie.split('; ')) {
      document.cookie = `${pair}; path=/; domain=${location.hostname}; max-age=1000; samesite=lax`;
    }";

/// Every row.
pub(super) fn rows() -> Vec<Style> {
    [lifetimes(), hosts(), jars()].into_iter().flatten().collect()
}

fn lifetimes() -> Vec<Style> {
    vec![
        style("cookies last 90 days")
            .page("/", TAG)
            .open("/?{ada}")
            .cookies(&ADA)
            .ends("growSumoPartnerKey", FULL)
            .ends("ps_xid", FULL)
            .ends("pscd", FULL),
        style("a visit without parameters extends nothing")
            .page("/", TAG)
            .open("/?{ada}")
            .cookies(&ADA)
            .act(AGE)
            .open("/")
            .is("growsumo.data", ada_data())
            .settled()
            .ends("ps_partner_key", 900..1060)
            .ends("gsxid", 900..1060),
        style("the same click loaded again extends nothing")
            .page("/", TAG)
            .open("/?{ada}")
            .cookies(&ADA)
            .act(AGE)
            .reload()
            .is("growsumo.data", ada_data())
            .settled()
            .ends("ps_partner_key", 900..1060),
        style("a second click takes the place of the first, and begins anew")
            .page("/", TAG)
            .open("/?{ada}")
            .cookies(&ADA)
            .act(AGE)
            .open("/?{bea}")
            .cookies(&BEA)
            .is("growsumo.data.xid", "bcdEFG12345678")
            .ends("ps_partner_key", FULL)
            .ends("gsxid", FULL),
        style("what a second click does not name is gone")
            .page("/", TAG)
            .open("/?{ada}")
            .cookies(&ADA)
            .open("/?gspid=bea")
            .cookies(&[("growSumoPartnerKey", "bea"), ("ps_partner_key", "bea")])
            .is("growsumo.data.xid || ''", ""),
        style("where the first click wins, a second one changes nothing")
            .page("/", tagged_with("data-model='first'", ""))
            .open("/?{ada}")
            .cookies(&ADA)
            .act(AGE)
            .open("/?{bea}")
            .is("growsumo.data", ada_data())
            .settled()
            .cookies(&ADA)
            .ends("ps_partner_key", 900..1060),
    ]
}

fn hosts() -> Vec<Style> {
    vec![
        style("cookies are on the registrable domain")
            .page("/", TAG)
            .open("{www}/?{ada}")
            .cookies(&ADA)
            .open("/")
            .cookies(&ADA)
            .is("growsumo.data", ada_data()),
        style("a host without a domain above it").host("localhost").page("/", TAG).open("/?{ada}").cookies(&ADA),
        style("a host that is an IP address").host("127.0.0.1").page("/", TAG).open("/?{ada}").cookies(&ADA),
        style("a page that deletes the cookies with its host name as their domain")
            .page("/", tagged(""))
            .open("/?{ada}")
            .cookies(&ADA)
            .act(
                "for (const pair of document.cookie.split('; ')) {
                   document.cookie = pair.split('=')[0] + '=; path=/; domain=' + location.hostname + '; expires=Thu, 01 Jan 1970 00:00:00 GMT';
                 }",
            )
            .cookies(&[])
            .open("/")
            .settled()
            .is("growsumo.data.partner_key || ''", "")
            .cookies(&[]),
        style("a click that the link host noted on the way here")
            .page_with(
                "/",
                &[
                    ("set-cookie", "_ps_xid_AbCdEfGh_r4nd=abcDEF123456; Path=/; Domain={host}"),
                    ("set-cookie", "_ps_partner_key_AbCdEfGh=ada; Path=/; Domain={host}"),
                ],
                tagged("signUp();"),
            )
            .open("/")
            .taken("signup", signup_by_ada("customer-1"))
            .said("called back", accepted("customer-1")),
    ]
}

fn jars() -> Vec<Style> {
    vec![
        style("a jar with a hundred cookies of others")
            .page("/", "<script>for (let at = 0; at < 100; at++) document.cookie = `foreign_${at}=a=b%20${at}; path=/`;</script>".to_owned() + TAG)
            .open("/?{ada}")
            .is("growsumo.data", ada_data())
            .is("document.cookie.split('; ').filter((pair) => pair.startsWith('foreign_')).length", 100)
            .is("document.cookie.split('; ').length", 105),
        style("cookies of others whose names end like ours")
            .page("/", "<script>document.cookie = 'xps_xid=zzzzzz999999; path=/'; document.cookie = 'my_ps_partner_key=zoe; path=/'; document.cookie = 'nameless; path=/';</script>".to_owned() + TAG)
            .open("/")
            .settled()
            .is("growsumo.data.partner_key || ''", "")
            .is("document.cookie.split('; ').length", 3),
        style("cookies another script wrote without escaping")
            .page("/", "<script>document.cookie = 'growSumoPartnerKey=100%; path=/'; document.cookie = 'ps_partner_key=100%; path=/';</script>".to_owned() + TAG)
            .open("/")
            .is("growsumo.data.partner_key", "100%"),
        style("a page that reads the cookies through decodeURIComponent")
            .page("/", TAG)
            .open("/?ps_partner_key=MTAwJQ")
            .is("decodeURIComponent(document.cookie).split('; ').sort()", json!(["growSumoPartnerKey=100%", "ps_partner_key=100%"])),
    ]
}
