//! Who is credited: the table of trust.md section 2, and random histories against a model of it. The browser suite runs
//! the same table through the tracker.

use headwater_protocol::credit::{Credit, decide, of_page};
use headwater_protocol::event::{Data, Event};
use headwater_protocol::lines;
use headwater_protocol::referral::Referral;
use proptest::prelude::*;
use serde::Deserialize;

#[path = "credit/browser.rs"]
mod browser;
#[path = "credit/model.rs"]
mod model;

use browser::Browser;
use model::Model;

const TABLE: &str = include_str!("../../../tests/fixtures/credit.json");

/// A row: what the page wrote, its address, its cookies, what the browser remembers, and the expected credit.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    #[serde(default)]
    page: serde_json::Map<String, serde_json::Value>,
    #[serde(default)]
    query: String,
    #[serde(default)]
    cookies: String,
    #[serde(default)]
    seen: String,
    #[serde(default)]
    model: String,
    expect: Expected,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    partner_key: Option<String>,
    xid: Option<String>,
    credited_by: Option<String>,
}

/// Who is credited, whether the address named it, and whether it is written.
fn decided(query: &str, jar: &str, seen: &str, first: bool) -> (Referral, bool, bool) {
    let lines = lines::of_query(query, "") + &lines::of_cookies(jar);
    let decision = decide(lines.as_bytes(), first, |_| seen.to_owned());
    (decision.click.read(lines.as_bytes()), decision.named, decision.write)
}

#[test]
fn the_table_of_credits_holds() {
    let cases: Vec<Case> = serde_json::from_str(TABLE).unwrap();
    for case in &cases {
        let found = decided(&case.query, &case.cookies, &case.seen, case.model == "first").0;
        let page = |name: &str| case.page.get(name)?.as_str().map(str::to_owned);
        let Expected { partner_key, xid, credited_by } = &case.expect;
        let expected =
            Credit { partner_key: partner_key.clone(), xid: xid.clone(), credited_by: credited_by.clone() };
        assert_eq!(of_page(page, &found), expected, "{}", case.name);
    }
    assert!(cases.len() > 30, "{}", cases.len());
}

#[test]
fn cookies_are_written_only_when_they_hold_another_click() {
    let xid = "Vbd4dSihwAAAAA";
    let own = format!("ps_partner_key=ada; gsxid={xid}; ps_xid={xid}");
    let newer = "_ps_xid_AbCdEfGh_r4nd=VbdJjzEhwBBBBB; _ps_partner_key_AbCdEfGh=bea";
    let check = |query: &str, jar: &str, first: bool, named: bool, write: bool| {
        let (_, is_named, is_written) = decided(query, jar, "", first);
        assert_eq!((is_named, is_written), (named, write), "{query} {jar}");
    };
    check("", "", false, false, false);
    check("?gspk=YWRh&gsxid=Vbd4dSihwAAAAA", "", false, true, true);
    // A reload must not extend the lifetime of the cookies.
    check("?gspk=YWRh&gsxid=Vbd4dSihwAAAAA", &own, false, true, false);
    check("?gspk=YWRh&gsxid=Vbd4dSihwAAAAA", &own, true, false, false);
    check("", &own, false, false, false);
    // Sites read our cookies too, so these must name the click that we credit.
    check("", &format!("{own}; {newer}"), false, false, true);
    check("", &format!("{own}; {newer}"), true, false, false);
    // The link host's cookies are not copied into ours: in Safari they live longer anyway.
    check("", newer, false, false, false);
}

#[test]
fn a_signup_says_that_the_page_itself_wrote_whom_to_credit() {
    for (said, kept) in [(r#""page""#, Some("page")), (r#""a stranger""#, None), ("7", None), ("null", None)]
    {
        let text = format!(
            r#"{{"id":"019365b2-7c00-7abc-8def-0123456789ab","type":"signup","occurred_at":1775514585468,
                "data":{{"customer_key":"c","partner_key":"own","credited_by":{said}}}}}"#
        );
        let Data::Signup(signup) = Event::read(&text).unwrap().data else { panic!("it is a signup") };
        assert_eq!(signup.credited_by.as_deref(), kept, "{said}");
        let written = serde_json::to_string(&signup).unwrap();
        assert_eq!(written.contains("credited_by"), kept.is_some(), "{written}");
    }
}

/// What a visitor, a page or a browser does.
#[derive(Debug, Clone)]
enum Step {
    /// A link of a partner, whose landing page has the script and keeps the parameters, or loses them, or has no
    /// script.
    Click(u8, Landing),
    /// A link that names a partner and no click.
    KeyLink(u8),
    /// Another page with the script.
    Page,
    /// A page calls `_spk` in the tab of this number.
    Ask(usize),
    /// Safari deletes the cookies that scripts wrote.
    Expire,
    /// A page deletes our cookies; the next page has the script.
    Take,
}

#[derive(Debug, Clone, Copy)]
enum Landing {
    Named,
    Stripped,
    Bare,
}

fn step() -> impl Strategy<Value = Step> {
    let landing = prop_oneof![Just(Landing::Named), Just(Landing::Stripped), Just(Landing::Bare)];
    prop_oneof![
        4 => (0..5_u8, landing).prop_map(|(partner, landing)| Step::Click(partner, landing)),
        1 => (0..5_u8).prop_map(Step::KeyLink),
        3 => Just(Step::Page),
        3 => (0..4_usize).prop_map(Step::Ask),
        1 => Just(Step::Expire),
        2 => Just(Step::Take),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn any_history_credits_whom_the_model_credits(steps in prop::collection::vec(step(), 1..24)) {
        let (mut browser, mut model) = (Browser::default(), Model::default());
        for step in &steps {
            match *step {
                Step::Click(partner, landing) => {
                    let click = browser.redirect(partner);
                    model.click(click.clone());
                    match landing {
                        Landing::Named => { browser.land(&click); model.land(click); }
                        Landing::Stripped => { browser.page(); model.page(); }
                        Landing::Bare => continue,
                    }
                }
                Step::KeyLink(partner) => {
                    let click = Referral { partner_key: Some(format!("p{partner}")), ..Referral::default() };
                    browser.land(&click);
                    model.land(click);
                }
                Step::Page => { browser.page(); model.page(); }
                Step::Ask(tab) => {
                    let Some(tab) = tab.checked_rem(browser.tabs.len()) else { continue };
                    browser.ask(tab);
                    model.ask(tab);
                }
                Step::Expire => { browser.expire(); model.expire(); }
                Step::Take => { browser.take(); model.take(); browser.page(); model.page(); }
            }
            prop_assert_eq!(&browser.tabs, &model.tabs);
        }
    }

    #[test]
    fn a_key_and_a_click_id_are_always_of_one_click(
        own in prop::option::of((any::<bool>(), any::<bool>())),
        companies in prop::collection::vec(prop::collection::vec(any::<bool>(), 1..4), 0..3),
        seen in any::<bool>(), first in any::<bool>(), turned in any::<bool>(),
    ) {
        let (jar, pairs) = browser::mixed(own, &companies, turned);
        let memory = if seen { "9,".to_owned() } else { String::new() };
        let Referral { partner_key, xid, .. } = decided("", &jar, &memory, first).0;
        let of_one = |(key, id): &(Option<String>, Option<String>)| {
            (partner_key.is_none() || partner_key == *key) && (xid.is_none() || xid == *id)
        };
        prop_assert!(pairs.iter().any(of_one) || partner_key.is_none() && xid.is_none(), "{jar} {partner_key:?} {xid:?}");
        prop_assert_eq!(pairs.is_empty(), partner_key.is_none() && xid.is_none());
    }
}
