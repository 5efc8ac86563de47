//! The pages of `www/`: compiled into the binary, or read from a directory while they are being edited.

use std::path::PathBuf;

use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use super::Shop;

/// Name, media type and text of every page.
const PAGES: [(&str, &str, &str); 11] = [
    ("index.html", HTML, include_str!("../../../../www/index.html")),
    ("signup.html", HTML, include_str!("../../../../www/signup.html")),
    ("checkout.html", HTML, include_str!("../../../../www/checkout.html")),
    ("journey.html", HTML, include_str!("../../../../www/journey.html")),
    ("snippet.html", HTML, include_str!("../../../../www/snippet.html")),
    ("style.css", "text/css; charset=utf-8", include_str!("../../../../www/style.css")),
    ("landing.js", SCRIPT, include_str!("../../../../www/landing.js")),
    ("signup.js", SCRIPT, include_str!("../../../../www/signup.js")),
    ("checkout.js", SCRIPT, include_str!("../../../../www/checkout.js")),
    ("journey.js", SCRIPT, include_str!("../../../../www/journey.js")),
    ("icon.svg", "image/svg+xml", include_str!("../../../../www/icon.svg")),
];
const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Where pages come from and what fills their placeholders.
#[derive(Debug)]
pub struct PageFiles {
    /// The directory to read pages from; `None` for the ones in the binary.
    pub directory: Option<PathBuf>,
    /// `{{HEADWATER}}`: the address the script comes from.
    pub headwater: String,
    /// `{{PUBLIC_KEY}}`.
    pub public_key: String,
    /// `{{LINK}}`: the partner's link.
    pub link: String,
}

impl PageFiles {
    /// The page's media type and text; `None` for an unknown name.
    fn find(&self, path: &str) -> Option<(&'static str, String)> {
        let name = match path.trim_start_matches('/') {
            "" => "index.html",
            "favicon.ico" => "icon.svg",
            name => name,
        };
        let (file, kind, _) = PAGES.iter().find(|(page, _, _)| {
            *page == name || page.strip_suffix(".html").is_some_and(|stem| stem == name)
        })?;
        let text = self.text(file);
        if *kind != HTML {
            return Some((kind, text));
        }
        // The snippet is inserted first, because it contains placeholders too.
        let text = text.replace("{{SNIPPET}}", self.text("snippet.html").trim_end());
        let values = [
            ("{{HEADWATER}}", &self.headwater),
            ("{{PUBLIC_KEY}}", &self.public_key),
            ("{{LINK}}", &self.link),
        ];
        Some((kind, values.iter().fold(text, |text, (mark, value)| text.replace(mark, &escape(value)))))
    }

    fn text(&self, file: &str) -> String {
        let embedded = || PAGES.iter().find(|(page, _, _)| *page == file).map_or("", |(_, _, text)| text);
        let read =
            self.directory.as_ref().and_then(|directory| std::fs::read_to_string(directory.join(file)).ok());
        read.unwrap_or_else(|| embedded().to_owned())
    }
}

/// Values are inserted into attributes and into strings of inline scripts, so characters that could end either are
/// removed.
fn escape(value: &str) -> String {
    let dangerous = |found: char| matches!(found, '&' | '<' | '>' | '"' | '\'' | '\\' | '`');
    value.chars().filter(|found| !dangerous(*found) && !found.is_control()).collect()
}

pub(super) async fn get_page(State(shop): State<Shop>, uri: Uri) -> Response {
    let Some((kind, text)) = shop.pages.find(uri.path()) else {
        return (StatusCode::NOT_FOUND, "This page does not exist.\n").into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-cache"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, text).into_response()
}

#[cfg(test)]
mod tests {
    use super::{PAGES, PageFiles};
    use crate::example::OFFERS;

    fn pages() -> PageFiles {
        PageFiles {
            directory: None,
            headwater: "http://127.0.0.1:8787".to_owned(),
            public_key: "pk_test_example".to_owned(),
            link: "http://127.0.0.1:8787/robin".to_owned(),
        }
    }

    #[test]
    fn no_page_leaves_a_placeholder_unfilled() {
        for (name, _, _) in PAGES {
            let (_, text) = pages().find(name).unwrap();
            assert!(!text.contains("{{"), "{name}");
        }
    }

    #[test]
    fn every_page_of_the_site_carries_the_snippet_with_our_host_and_key() {
        for name in ["/", "signup", "checkout.html"] {
            let (_, text) = pages().find(name).unwrap();
            assert!(text.contains("http://127.0.0.1:8787/v1/"), "{name}");
            assert!(text.contains("growsumo._initialize('pk_test_example')"), "{name}");
        }
    }

    #[test]
    fn the_checkout_page_asks_the_prices_that_are_charged() {
        let (_, text) = pages().find("/checkout").unwrap();
        for offer in OFFERS {
            let input = format!(
                r#"id="buy-{}" name="products" value="{}" data-amount="{}""#,
                offer.key, offer.key, offer.amount
            );
            assert!(text.contains(&input), "{input}");
            assert!(text.contains(&format!("${}", offer.amount / 100)), "{}", offer.name);
        }
    }

    #[test]
    fn a_value_cannot_leave_its_string() {
        let evil = PageFiles { public_key: "k');alert(1)//<\\".to_owned(), ..pages() };
        let (_, text) = evil.find("/").unwrap();
        assert!(text.contains("growsumo._initialize('k);alert(1)//')"));
    }

    #[test]
    fn a_path_outside_the_list_is_no_page() {
        for path in ["/../Cargo.toml", "/etc/passwd", "/style.css/", "/index"] {
            assert_eq!(pages().find(path).is_some(), path == "/index", "{path}");
        }
    }
}
