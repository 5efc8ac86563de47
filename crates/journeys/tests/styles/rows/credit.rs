//! Who is credited, where a visitor came more than once or a page writes a credit itself (trust.md section 2).

use serde_json::{Value, json};

use super::{SIGN_UP, TAG, accepted, tagged, tagged_with, unsent};
use crate::style::{Style, style};

/// A click of ada's, and her link with it.
const A: &str = "Vbd4dSihwAAAAA";
const ADA_LINK: &str = "ps_partner_key=YWRh&ps_xid=Vbd4dSihwAAAAA&gsxid=Vbd4dSihwAAAAA&gspk=YWRh";
/// A click of bea's, an hour later.
const B: &str = "VbdJjzEhwBBBBB";
const BEA_LINK: &str = "ps_partner_key=YmVh&ps_xid=VbdJjzEhwBBBBB&gsxid=VbdJjzEhwBBBBB&gspk=YmVh";

type Header = (&'static str, &'static str);
/// The cookies that the link host sets for these clicks.
const ADA_NOTED: [Header; 2] = [
    ("set-cookie", "_ps_xid_AbCdEfGh_one=Vbd4dSihwAAAAA; Path=/; Domain={host}"),
    ("set-cookie", "_ps_partner_key_AbCdEfGh=ada; Path=/; Domain={host}"),
];
const BEA_NOTED: [Header; 2] = [
    ("set-cookie", "_ps_xid_AbCdEfGh_two=VbdJjzEhwBBBBB; Path=/; Domain={host}"),
    ("set-cookie", "_ps_partner_key_AbCdEfGh=bea; Path=/; Domain={host}"),
];
/// Deletes the script's own cookies by their names; the link host's stay.
const TAKE: &str = "
    for (const name of ['growSumoPartnerKey', 'ps_partner_key', 'gsxid', 'ps_xid', 'pscd']) {
      document.cookie = name + '=; path=/; domain=' + location.hostname + '; max-age=0';
    }";

/// Every row.
pub(super) fn rows() -> Vec<Style> {
    [pages(), clicks(), taken(), tabs()].into_iter().flatten().collect()
}

/// The data of a signup with this credit.
fn credited(partner_key: Option<&str>, xid: Option<&str>, by: Option<&str>) -> Value {
    json!({ "customer_key": "customer-1", "partner_key": partner_key, "xid": xid, "credited_by": by })
}

fn pages() -> Vec<Style> {
    let writes = |name: &str, script: &str, expected: Value| {
        style(name)
            .page("/", tagged(&format!("{script} signUp();")))
            .open(format!("/?{ADA_LINK}"))
            .taken("signup", expected)
            .said("called back", accepted("customer-1"))
    };
    let bea = || credited(Some("bea"), None, Some("page"));
    vec![
        writes(
            "a page that credits another partner than the link: the click of the link does not go with it",
            "growsumo.data.partner_key = 'bea';",
            bea(),
        ),
        writes(
            "a page that credits another partner by the older name: what we filled in does not win",
            "growsumo.data.partnerKey = 'bea';",
            bea(),
        ),
        writes(
            "a page that credits another click: the partner of the link does not go with it",
            "growsumo.data.xid = 'VbdJjzEhwBBBBB';",
            credited(None, Some(B), Some("page")),
        ),
        writes(
            "a page that writes what we filled in has credited nobody itself",
            "growsumo.data.partnerKey = growsumo.data.partner_key;",
            credited(Some("ada"), Some(A), None),
        ),
        style("a page that credits a partner where nobody was found")
            .page("/", tagged("growsumo.data.partnerKey = 'bea'; signUp();"))
            .open("/")
            .taken("signup", bea())
            .said("called back", accepted("customer-1")),
    ]
}

fn clicks() -> Vec<Style> {
    let noted = |cookies: &[Header]| style("").page_with("/", cookies, tagged("signUp();")).open("/");
    let named = |name: &str, style: Style| Style { name: name.to_owned(), ..style };
    let bea = || credited(Some("bea"), Some(B), None);
    let [ada_click, _] = ADA_NOTED;
    let [bea_click, bea_key] = BEA_NOTED;
    vec![
        named(
            "two clicks that the link host noted: the newest counts, with its own partner",
            noted(&[ada_click, bea_click, bea_key])
                .taken("signup", bea())
                .said("called back", accepted("customer-1")),
        ),
        named(
            "two clicks that the link host noted, the newest first",
            noted(&[bea_click, ada_click, bea_key])
                .taken("signup", bea())
                .said("called back", accepted("customer-1")),
        ),
        style("a link without a click id is not paired with the click before it")
            .page_with("/", &ADA_NOTED, TAG)
            .page("/next", tagged("signUp();"))
            .open(format!("/?{ADA_LINK}"))
            .is("growsumo.data.xid", A)
            .open("/next?gspk=YmVh")
            .taken("signup", credited(Some("bea"), None, None))
            .said("called back", accepted("customer-1"))
            .open("/next")
            .taken("signup", credited(Some("bea"), None, None))
            .said("called back", accepted("customer-1")),
        style("a newer click whose landing page has no script beats the script's own cookies")
            .page("/", TAG)
            .page_with("/bare", &BEA_NOTED, "Welcome.")
            .page("/next", tagged("signUp();"))
            .open(format!("/?{ADA_LINK}"))
            .is("growsumo.data.xid", A)
            .open("/bare")
            .open("/next")
            .taken("signup", bea())
            .said("called back", accepted("customer-1"))
            // Sites read our cookies too, so these must name the credited click.
            .cookies(&[
                ("growSumoPartnerKey", "bea"),
                ("ps_partner_key", "bea"),
                ("gsxid", B),
                ("ps_xid", B),
                ("_ps_xid_AbCdEfGh_two", B),
                ("_ps_partner_key_AbCdEfGh", "bea"),
            ]),
        style("an older click of the link host does not beat the script's own cookies")
            .page_with("/", &ADA_NOTED, TAG)
            .page("/next", tagged("signUp();"))
            .open(format!("/?{BEA_LINK}"))
            .is("growsumo.data.xid", B)
            .open("/next")
            .taken("signup", bea())
            .said("called back", accepted("customer-1")),
        style("where the first click wins, a newer one of the link host does not")
            .page("/", tagged_with("data-model='first'", ""))
            .page_with("/bare", &BEA_NOTED, "Welcome.")
            .page("/next", tagged_with("data-model='first'", "signUp();"))
            .open(format!("/?{ADA_LINK}"))
            .is("growsumo.data.xid", A)
            .open("/bare")
            .open("/next")
            .taken("signup", credited(Some("ada"), Some(A), None))
            .said("called back", accepted("customer-1")),
    ]
}

fn taken() -> Vec<Style> {
    let taken = |name: &str| {
        style(name)
            .page_with("/", &ADA_NOTED, TAG)
            .page("/next", tagged("signUp();"))
            .page_with("/bare", &BEA_NOTED, "Welcome.")
            .open(format!("/?{ADA_LINK}"))
            .is("growsumo.data.xid", A)
            .act(TAKE)
    };
    vec![
        taken("a page that deletes our cookies: the next does not bring the credit back")
            .open("/next")
            .said("called back", unsent("customer-1"))
            .is("growsumo.data.partner_key || ''", "")
            .open("/next")
            .said("called back", unsent("customer-1"))
            .settled()
            .requests(0..=0),
        taken("a page that deletes our cookies: a click after that counts")
            .open("/next")
            .said("called back", unsent("customer-1"))
            .open("/bare")
            .open("/next")
            .taken("signup", credited(Some("bea"), Some(B), None))
            .said("called back", accepted("customer-1")),
        style("cookies that ended by themselves come back from the link host's")
            .page_with("/", &ADA_NOTED, TAG)
            .page("/next", tagged("signUp();"))
            .open(format!("/?{ADA_LINK}"))
            .is("growsumo.data.xid", A)
            .act(TAKE)
            // As in Safari after eight days: the stored time, until which our cookies certainly last, is over.
            .act("localStorage.hw_clicks = localStorage.hw_clicks.replace(/\\d+/, (until) => until - 8 * 864e5)")
            .open("/next")
            .taken("signup", credited(Some("ada"), Some(A), None))
            .said("called back", accepted("customer-1")),
    ]
}

fn tabs() -> Vec<Style> {
    let old_tab = |ask: &str| {
        style("")
            .page("/", format!("{TAG}<script>{SIGN_UP}</script>"))
            .open(format!("/?{ADA_LINK}"))
            .is("growsumo.data.xid", A)
            .tab()
            .open(format!("/?{BEA_LINK}"))
            .is("growsumo.data.xid", B)
            .switch(0)
            .act(ask)
            .is("growsumo.data.partner_key", "bea")
            .act("signUp()")
            .taken("signup", credited(Some("bea"), Some(B), None))
            .said("called back", accepted("customer-1"))
            .cookies(&[("growSumoPartnerKey", "bea"), ("ps_partner_key", "bea"), ("gsxid", B), ("ps_xid", B)])
    };
    vec![Style {
        name: "an old tab that asks again does not put its click over a newer one".to_owned(),
        ..old_tab("growsumo._spk()")
    }]
}
