//! Redirects: the parameters appended, and which hosts get cookies.

use headwater_protocol::v2::RedirectOrder;

use super::{
    AppendedReferral, SharedDomain, USER_AGENT_MAX, custom_domain, expire_earlier, is_bot, location,
    shared_domain, shorten,
};

fn appended(dest: &str, sub_ids: &[(&str, &str)], domain: Option<&str>, order: RedirectOrder) -> String {
    let given: Vec<_> =
        sub_ids.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let referral = AppendedReferral { partner_key: "gigakick", xid: "abcdefghijkl12", domain };
    location(dest, &given, &referral, order)
}

fn check(dest: &str, sub_ids: &[(&str, &str)], expected: &str) {
    assert_eq!(appended(dest, sub_ids, None, RedirectOrder::Present), expected);
}

#[test]
fn the_referral_is_appended_in_the_contracts_order() {
    let own = "ps_partner_key=Z2lnYWtpY2s&ps_xid=abcdefghijkl12&gsxid=abcdefghijkl12&gspk=Z2lnYWtpY2s";
    check("https://www.example.com/", &[], &format!("https://www.example.com/?{own}"));
    check("https://www.example.com/p?", &[], &format!("https://www.example.com/p?{own}"));
    check("https://www.example.com/p?a=1&", &[], &format!("https://www.example.com/p?a=1&{own}"));
    check(
        "https://www.example.com/p?utm_source=x#top?not=query",
        &[("sid", "a b&c"), ("sid1", "d")],
        &format!("https://www.example.com/p?utm_source=x&sid=a%20b%26c&sid1=d&{own}#top?not=query"),
    );
}

#[test]
fn a_custom_link_domain_is_named_in_front_of_the_referral() {
    assert_eq!(
        appended(
            "https://www.example.com/?a=1",
            &[("sid", "m")],
            Some("go.partner.example"),
            RedirectOrder::Present
        ),
        "https://www.example.com/?a=1&sid=m&pscd=go.partner.example&ps_partner_key=Z2lnYWtpY2s\
         &ps_xid=abcdefghijkl12&gsxid=abcdefghijkl12&gspk=Z2lnYWtpY2s"
    );
    for (host, custom) in [
        ("go.partner.example", true),
        ("go.partner.example:8443", true),
        ("go.example.com", false),
        ("GO.example.com", false),
        ("go.example.com:443", false),
        ("localhost:8787", false),
        ("127.0.0.1:8787", false),
        ("[::1]", false),
        ("go.partner.example/path", false),
        ("user@go.partner.example", false),
        ("", false),
    ] {
        assert_eq!(custom_domain("https://go.example.com", host), custom.then_some(host), "{host}");
    }
}

#[test]
fn a_program_can_choose_the_parameter_order_of_2021() {
    assert_eq!(
        appended("https://www.example.com/", &[], None, RedirectOrder::Of2021),
        "https://www.example.com/?ps_partner_key=Z2lnYWtpY2s&ps_xid=abcdefghijkl12\
         &gspk=Z2lnYWtpY2s&gsxid=abcdefghijkl12"
    );
}

#[test]
fn no_cookie_of_an_earlier_click_stands_beside_the_new_key() {
    let jar = "_ps_xid_CK345678_a=x; _gsxidCK345678a=x; other=y; _ps_xid_OTHER678_a=x; _ps_xid_CK345678_é=x";
    let expired = expire_earlier("; Secure", "CK345678", jar);
    assert_eq!(
        expired,
        ["_ps_xid_CK345678_a=; Path=/; Max-Age=0; Secure", "_gsxidCK345678a=; Path=/; Max-Age=0; Secure"]
    );
}

#[test]
fn cookies_go_only_to_a_domain_both_hosts_share() {
    let check = |link: &str, dest: &str, expected: SharedDomain| {
        assert_eq!(shared_domain(link, dest), expected, "{link} {dest}");
    };
    let example = || SharedDomain::Domain("example.com".to_owned());
    check("https://go.example.com", "https://www.example.com/x", example());
    check("https://go.example.com", "https://example.com/x", example());
    check("https://go.example.com", "https://example.org/", SharedDomain::Nothing);
    check("https://links.example", "https://www.example/", SharedDomain::Nothing);
    check("https://ample.com", "https://www.example.com/", SharedDomain::Nothing);
    check("http://localhost:8787", "http://localhost:3000/", SharedDomain::Host);
    check("http://127.0.0.1:8787", "http://127.0.0.1:3000/", SharedDomain::Host);
    check("http://127.0.0.1:8787", "http://1.127.0.0/", SharedDomain::Nothing);
    check("http://127.0.0.1:8787", "http://localhost/", SharedDomain::Nothing);
    check("", "http://localhost/", SharedDomain::Nothing);
}

#[test]
fn a_bot_is_recognised_by_its_user_agent() {
    assert!(is_bot(None));
    assert!(is_bot(Some("Mozilla/5.0 (compatible; Googlebot/2.1)")));
    assert!(is_bot(Some("curl/8.5.0")));
    assert!(!is_bot(Some("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140 Safari/537.36")));
}

#[test]
fn a_user_agent_is_kept_without_control_characters_and_up_to_its_bound() {
    assert_eq!(shorten("Mozilla/5.0\r\n (X11)\u{7f}"), "Mozilla/5.0 (X11)");
    assert_eq!(shorten(&"ä".repeat(USER_AGENT_MAX + 1)), "ä".repeat(USER_AGENT_MAX));
}
