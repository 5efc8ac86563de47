//! Every form in which a link names a partner or a click.

use headwater_protocol::referral::{encode_partner_key, percent_encode};
use serde_json::json;

use super::{TAG, tagged, tagged_with};
use crate::style::{Style, style};

/// Every row.
pub(super) fn rows() -> Vec<Style> {
    [forms(), nothing(), keys(), aliases()].into_iter().flatten().collect()
}

/// The cookies of a partner key, a click id and a link domain, each where there is one.
fn cookies<'a>(key: &'a str, xid: &'a str, domain: &'a str) -> Vec<(&'static str, &'a str)> {
    let all = [
        ("growSumoPartnerKey", key),
        ("ps_partner_key", key),
        ("gsxid", xid),
        ("ps_xid", xid),
        ("pscd", domain),
    ];
    all.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

fn forms() -> Vec<Style> {
    const XID: &str = "abcDEF123456";
    let forms: [(&str, &str, &str, &str, &str); 13] = [
        ("the current names, without padding", "ps_partner_key=YW55YQ&ps_xid=abcDEF123456", "anya", XID, ""),
        ("the older name, copied with the space behind it", "gspk=YW55YQ%20", "anya", "", ""),
        ("padding that was kept", "ps_partner_key=YW55YQ==&ps_xid=abcDEF123456", "anya", XID, ""),
        ("padding that was escaped", "ps_partner_key=YW55YQ%3D%3D&ps_xid=abcDEF123456", "anya", XID, ""),
        ("the older names", "gspk=YW55YQ&gsxid=abcDEF123456", "anya", XID, ""),
        (
            "the order of 2021 behind parameters of the site's",
            "utm_source=x&pscd=go.partner.example&gspk=YW55YQ&gsxid=abcDEF123456",
            "anya",
            XID,
            "go.partner.example",
        ),
        ("the URL-safe alphabet", "ps_partner_key=YT8-fn4_&ps_xid=abcDEF123456", "a?>~~?", XID, ""),
        (
            "the standard alphabet, whose plus was not escaped",
            "ps_partner_key=YT8+fn4/&ps_xid=abcDEF123456",
            "a?>~~?",
            XID,
            "",
        ),
        ("the oldest name, with the plain key", "gspid=anya", "anya", "", ""),
        (
            "a click id of fourteen characters",
            "ps_partner_key=YW55YQ&ps_xid=abcDEF12345678",
            "anya",
            "abcDEF12345678",
            "",
        ),
        ("a click id alone", "ps_xid=abcDEF123456", "", XID, ""),
        ("a parameter that is empty in front of the same one", "gspk=&gspk=YW55YQ", "anya", "", ""),
        (
            "a partner key alone, and a click id that is none",
            "ps_partner_key=YW55YQ&ps_xid=not-an-id",
            "anya",
            "",
            "",
        ),
    ];
    let form = |(name, query, key, xid, domain): (&str, &str, &str, &str, &str)| {
        let text = |value: &str| if value.is_empty() { json!(null) } else { json!(value) };
        style(format!("a link in {name}"))
            .page("/", TAG)
            .open(format!("/?{query}"))
            .is("growsumo.data.partner_key || null", text(key))
            .is("growsumo.data.ps_xid || null", text(xid))
            .cookies(&cookies(key, xid, domain))
    };
    forms.into_iter().map(form).collect()
}

fn nothing() -> Vec<Style> {
    let ignored = [
        ("plain text for base64", "ps_partner_key=plain-text!"),
        ("bytes that are no text", "ps_partner_key=_____w"),
        ("a broken escape", "ps_partner_key=%E0%A4%A&gspk=%"),
        ("a key without a parameter's name", "=anya"),
        ("an empty key", "ps_partner_key=&gspk=&gspid=&ps_xid="),
        ("a click id that is none", "ps_xid=..%2F..%2Fetc"),
        ("a domain and sub-ids alone", "pscd=go.partner.example&sid=a&sid1=b"),
        ("a key of control characters", "ps_partner_key=AQIDDQo"),
        ("a key whose second line looks like a parameter", "gspid=a%0A?ps_xid=abcDEF123456"),
        ("a key whose second line looks like a cookie", "gspk=YQo7cHNfeGlkPWFiY0RFRjEyMzQ1Ng"),
    ];
    let row = |(name, query): (&str, &str)| {
        style(format!("a link with {name} refers nobody"))
            .page("/", tagged("signUp();"))
            .open(format!("/?{query}"))
            .said("called back", super::unsent("customer-1"))
            .settled()
            .is("Boolean(growsumo.data.partner_key || growsumo.data.xid)", false)
            .cookies(&[])
    };
    ignored.into_iter().map(row).collect()
}

fn keys() -> Vec<Style> {
    let keys = [
        ("a semicolon, a comma and a space", "a;b, c", "a%3Bb%2C%20c"),
        ("a percent sign", "100%25", "100%2525"),
        ("a plus sign", "a+b c", "a+b%20c"),
        ("umlauts", "jürgen-münz", "j%C3%BCrgen-m%C3%BCnz"),
        ("letters of two code units", "🦊fox", "%F0%9F%A6%8Afox"),
        ("a URL", "https://partner.example/?a=b&c=d#e", "https://partner.example/?a=b&c=d#e"),
        ("quotes and a backslash", "\"a\"\\b", "%22a%22%5Cb"),
    ];
    let row = |(name, key, cookie): (&str, &str, &str)| {
        let query = percent_encode(&encode_partner_key(key));
        style(format!("a partner key with {name}"))
            .page("/", tagged(""))
            .page("/next", tagged("signUp();"))
            .open(format!("/?ps_partner_key={query}"))
            .cookies(&[("growSumoPartnerKey", cookie), ("ps_partner_key", cookie)])
            .is("growsumo.data.partner_key", key)
            // The next page knows it from the cookie alone.
            .open("/next")
            .taken("signup", json!({ "partner_key": key }))
            .said("called back", super::accepted("customer-1"))
    };
    keys.into_iter().map(row).collect()
}

fn aliases() -> Vec<Style> {
    vec![
        style("a parameter of the site's own")
            .page("/", tagged_with("data-aliases='via,ref'", ""))
            .open("/?ref=anya")
            .cookies(&cookies("anya", "", ""))
            .is("growsumo.data.partner_key", "anya"),
        style("two parameters of the site's own, of which the first it named wins")
            .page("/", tagged_with("data-aliases='via,ref'", ""))
            .open("/?ref=other&via=anya")
            .cookies(&cookies("anya", "", "")),
        style("a parameter that the site did not name")
            .page("/", tagged_with("data-aliases='via'", ""))
            .open("/?ref=anya&vi=x&viaa=y")
            .settled()
            .cookies(&[]),
        style("a parameter of the site's own next to the usual one, which wins")
            .page("/", tagged_with("data-aliases='via'", ""))
            .open("/?via=other&ps_partner_key=YW55YQ")
            .cookies(&cookies("anya", "", "")),
    ]
}
