//! Redirects: what is appended, and who may remember.

use super::{Shared, is_bot, location, shared_domain};

fn check(dest: &str, sub_ids: &[(&str, &str)], expected: &str) {
    let given: Vec<_> =
        sub_ids.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    assert_eq!(location(dest, &given, "gigakick", "abcdefghijkl12"), expected);
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
fn cookies_go_only_to_a_domain_both_hosts_share() {
    let check = |link: &str, dest: &str, expected: Shared| {
        assert_eq!(shared_domain(link, dest), expected, "{link} {dest}");
    };
    let example = || Shared::Domain("example.com".to_owned());
    check("https://go.example.com", "https://www.example.com/x", example());
    check("https://go.example.com", "https://example.com/x", example());
    check("https://go.example.com", "https://example.org/", Shared::Nothing);
    check("https://links.example", "https://www.example/", Shared::Nothing);
    check("https://ample.com", "https://www.example.com/", Shared::Nothing);
    check("http://localhost:8787", "http://localhost:3000/", Shared::Host);
    check("http://127.0.0.1:8787", "http://127.0.0.1:3000/", Shared::Host);
    check("http://127.0.0.1:8787", "http://1.127.0.0/", Shared::Nothing);
    check("http://127.0.0.1:8787", "http://localhost/", Shared::Nothing);
    check("", "http://localhost/", Shared::Nothing);
}

#[test]
fn a_program_is_told_from_a_person_by_what_it_calls_itself() {
    assert!(is_bot(None));
    assert!(is_bot(Some("Mozilla/5.0 (compatible; Googlebot/2.1)")));
    assert!(is_bot(Some("curl/8.5.0")));
    assert!(!is_bot(Some("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140 Safari/537.36")));
}
