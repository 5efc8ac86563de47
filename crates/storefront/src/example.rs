//! The GigaKick example of seed 001 as data: four products, their prices, what each pays a partner.

/// A product the company sells by the month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offer {
    /// `external_key` of its catalogue entry, and its product id at the billing provider.
    pub key: &'static str,
    /// Shown to people, and what the trigger rules compare.
    pub name: &'static str,
    /// One line for the catalogue.
    pub description: &'static str,
    /// US cents a month.
    pub amount: i64,
    /// Percent of each payment that the referring partner earns.
    pub percent: i64,
}

impl Offer {
    /// Its price id at the billing provider.
    pub fn price(&self) -> String {
        format!("price_{}", self.key)
    }
}

/// Everything GigaKick sells.
pub const OFFERS: [Offer; 4] = [
    Offer {
        key: "live_chat",
        name: "Live Chat",
        description: "Talk to visitors while they are on your site",
        amount: 4900,
        percent: 10,
    },
    Offer {
        key: "knowledge_base",
        name: "Knowledge Base",
        description: "Answers your customers find by themselves",
        amount: 7900,
        percent: 15,
    },
    Offer {
        key: "surveys",
        name: "Surveys",
        description: "Short questions at the right moment",
        amount: 3900,
        percent: 10,
    },
    Offer {
        key: "inbox",
        name: "Inbox",
        description: "One shared inbox for the whole team",
        amount: 9900,
        percent: 20,
    },
];

/// The partner whose link the demo follows.
pub const PARTNER: (&str, &str, &str) = ("Robin", "Vale", "robin@partner.example");

/// Slug of the partner's link.
pub const LINK_SLUG: &str = "robin";

/// Name and slug of the partner's group.
pub const GROUP: (&str, &str) = ("Founding partners", "founding-partners");

/// The offer of that key.
pub fn offer(key: &str) -> Option<&'static Offer> {
    OFFERS.iter().find(|offer| offer.key == key)
}
