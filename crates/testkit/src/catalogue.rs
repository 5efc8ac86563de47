//! The usual content of a program: two partners, and the four products of seed 001 with their prices and commissions.

use serde_json::json;

use crate::TestProgram;

/// A product that the company sells by the month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TestOffer {
    /// `external_key` of its catalogue entry, and its product id at the billing provider.
    pub key: &'static str,
    /// Its name, which the trigger compares.
    pub name: &'static str,
    /// US cents a month.
    pub amount: i64,
    /// Percent of each payment that the partner earns.
    pub percent: i64,
}

/// The products that the company sells.
pub const CATALOGUE: [TestOffer; 4] = [
    TestOffer { key: "live_chat", name: "Live Chat", amount: 4900, percent: 10 },
    TestOffer { key: "knowledge_base", name: "Knowledge Base", amount: 7900, percent: 15 },
    TestOffer { key: "surveys", name: "Surveys", amount: 3900, percent: 10 },
    TestOffer { key: "inbox", name: "Inbox", amount: 9900, percent: 20 },
];

/// Partner keys: of an honest partner, and of one who tries to get the other's commissions.
pub const PARTNERS: [&str; 2] = ["robin", "mallory"];

impl TestProgram {
    /// Makes the partners of [`PARTNERS`] with a link each, the catalogue, and for each product a trigger that pays
    /// while it is active.
    pub async fn set_up_catalogue(&self) {
        let vendor = self.vendor();
        for partner in PARTNERS {
            let body = json!({"email": format!("{partner}@partner.example"), "partner_key": partner});
            vendor.post("partnerships", body).await.data();
            let link = json!({"partnership_key": partner, "slug": self.slug(partner),
                "dest": "https://www.example.com/"});
            vendor.post("links", link).await.data();
        }
        for offer in CATALOGUE {
            let entry = json!({"name": offer.name, "external_key": offer.key});
            vendor.post("product_book", entry).await.data();
            let rules = json!({"where": {"object": "product", "rules": [
                {"field": "name", "operator": "is_any_of", "value": [offer.name]},
                {"field": "status", "operator": "is_any_of", "value": ["active"]},
            ]}});
            let trigger = json!({
                "name": format!("{}% of every active {}", offer.percent, offer.name),
                "offer_description": format!("Earn {}% for every {} sale", offer.percent, offer.name),
                "event": "transaction_created",
                "rules": rules,
                "action": {"type": "commission_percent", "percent": offer.percent.to_string()},
            });
            vendor.post("triggers", trigger).await.data();
        }
    }
}
