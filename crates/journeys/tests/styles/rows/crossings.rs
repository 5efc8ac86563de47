//! Sites of more than one domain: cookies do not cross, so links and forms carry the referral.

use super::{ADA, TAG, tagged_with};
use crate::style::{Style, style};

/// The site's other domain.
const DOMAINS: &str = "data-domains='shop.example, {elsewhere}'";
/// The cookies on the other domain: partner and click, without the link domain.
const CARRIED: [(&str, &str); 4] = [ADA[0], ADA[1], ADA[2], ADA[3]];

/// Every row.
pub(super) fn rows() -> Vec<Style> {
    let site = |settings: &str, html: &str| {
        let page = format!("{}{html}", tagged_with(settings, ""));
        style("").page("/", page).page("/there", TAG).open("/?{ada}").cookies(&ADA)
    };
    let named = |name: &str, style: Style| Style { name: name.to_owned(), ..style };
    let click = "document.querySelector('a, button').click()";
    vec![
        named(
            "a link to a domain of the same company",
            site(DOMAINS, "<a href='{other}/there?keep=1#part'>Shop</a>")
                .act(click)
                .is("location.pathname", "/there")
                .is("location.hash + new URLSearchParams(location.search).get('keep')", "#part1")
                .cookies(&CARRIED),
        ),
        named(
            "a link to a domain of the same company, which was added later",
            site(DOMAINS, "")
                .act("document.body.innerHTML = '<a href=\"{other}/there\"><b>Shop</b></a>'; document.querySelector('b').click()")
                .is("location.pathname", "/there")
                .cookies(&CARRIED),
        ),
        named(
            "a link to somebody else",
            site("data-domains='shop.example,localhost.example'", "<a href='{other}/there'>Elsewhere</a>")
                .act(click)
                .is("location.pathname + location.search", "/there")
                .settled()
                .cookies(&[]),
        ),
        named(
            "a link to a domain of the same company, before consent is given",
            style("")
                .page("/", format!("{}<a href='{{other}}/there'>Shop</a>", tagged_with(&format!("{DOMAINS} data-consent='required'"), "")))
                .page("/there", TAG)
                .open("/?{ada}")
                .act(click)
                .is("location.pathname + location.search", "/there")
                .settled()
                .cookies(&[]),
        ),
        named(
            "a GET form that leads to a domain of the same company",
            site(DOMAINS, "<form action='{other}/there'><input name='plan' value='pro'><button>Go</button></form>")
                .act(click)
                .is("location.pathname", "/there")
                .is("new URLSearchParams(location.search).get('plan')", "pro")
                .cookies(&CARRIED),
        ),
        named(
            "a form that is posted to a domain of the same company",
            site(DOMAINS, "<form method='post' action='{other}/there'><button>Go</button></form>")
                .act(click)
                .is("location.pathname", "/there")
                .cookies(&CARRIED),
        ),
    ]
}
