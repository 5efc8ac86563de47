//! Why a payment's `subscription_key` matches none of its customer's products.

use serde::Deserialize;

/// The names of a product, as API v2 shows them.
#[derive(Deserialize)]
pub(super) struct NamedProduct {
    pub(super) key: String,
    #[serde(default)]
    external_subscription_key: Option<String>,
    #[serde(default)]
    product_book_key: Option<String>,
}

/// The likely cause, with what to do.
pub(super) fn likely_cause(wanted: &str, products: &[NamedProduct]) -> String {
    if products.is_empty() {
        return "the customer has no product: POST /api/v2/products makes one".to_owned();
    }
    let named = || products.iter().filter_map(|product| product.external_subscription_key.as_deref());
    if named().any(|known| known == wanted) {
        return "a product has this subscription now; it was made or changed after the payment".to_owned();
    }
    if products.iter().any(|product| product.key == wanted) {
        return "this is the product's own key; send its external_subscription_key".to_owned();
    }
    if products.iter().any(|product| product.product_book_key.as_deref() == Some(wanted)) {
        return "this is the catalogue entry's key; send the product's external_subscription_key".to_owned();
    }
    let without_spaces = |text: &str| text.split_whitespace().collect::<String>();
    if let Some(known) = named().find(|known| known.to_lowercase() == wanted.to_lowercase()) {
        return format!("differs only in case from '{known}'");
    }
    if let Some(known) = named().find(|known| without_spaces(known) == without_spaces(wanted)) {
        return format!("differs only in spaces from '{known}'");
    }
    let nearest = named().map(|known| (strsim::osa_distance(known, wanted), known)).min();
    match nearest {
        Some((distance, known)) if distance * 3 <= wanted.chars().count() => {
            format!("the nearest subscription of the customer is '{known}'")
        }
        Some(_) => "no product of the customer has a subscription like this".to_owned(),
        None => "the customer's products have no external_subscription_key".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(subscription: Option<&str>) -> NamedProduct {
        NamedProduct {
            key: "prod_1".to_owned(),
            external_subscription_key: subscription.map(str::to_owned),
            product_book_key: Some("pbook_1".to_owned()),
        }
    }

    #[test]
    fn the_cause_is_the_nearest_mistake() {
        let known = [product(Some("Sub_Inbox")), product(None)];
        let causes = [
            ("Sub_Inbox", "after the payment"),
            ("prod_1", "the product's own key"),
            ("pbook_1", "the catalogue entry's key"),
            ("sub_inbox", "only in case from 'Sub_Inbox'"),
            (" Sub_Inbox", "only in spaces from 'Sub_Inbox'"),
            ("Sub_Imbox", "the nearest subscription of the customer is 'Sub_Inbox'"),
            ("something else", "like this"),
        ];
        for (wanted, cause) in causes {
            let found = likely_cause(wanted, &known);
            assert!(found.contains(cause), "{wanted}: {found}");
        }
        assert!(likely_cause("Sub_Inbox", &[]).contains("has no product"));
        assert!(likely_cause("Sub_Inbox", &[product(None)]).contains("no external_subscription_key"));
    }
}
